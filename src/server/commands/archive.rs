//! `archive`: what is older than the settings say goes into files now.

use anyhow::{Context, ensure};

use crate::{
    archive::Archive,
    heads::Keeper,
    settings::Settings,
    wiring::{self, World},
};

/// Archives until nothing more is old enough, and says what it did.
///
/// # Errors
///
/// Why it stands still; what was done before stays done.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let product = wiring::find(settings, World::default()).await?;
    wiring::replace_what_ended(&product).await;
    // Nothing is archived that no head outside of the database covers.
    Keeper::new(settings)?.keep(&product.kit()).await.context("keeping a head of the event log")?;
    let archive = Archive::new(settings, &product);
    let (mut files, mut removed) = (0, 0);
    loop {
        let turned = archive.turn().await?;
        for (file, count) in &turned.files {
            super::print(&format!("{file}: {count} rows\n"))?;
        }
        files += turned.files.len();
        removed += turned.removed;
        if let Some(fault) = turned.failed {
            return Err(fault).context("archiving");
        }
        if !turned.is_more {
            ensure!(!turned.is_busy, "another one archives now");
            break;
        }
    }
    product.database.close().await;
    super::print(&format!("{files} files written, {removed} rows removed; nothing more is old enough\n"))
}
