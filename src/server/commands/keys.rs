//! `keys`: what is in custody. No command shows a private key.

use base::{Page, id::KeyId};
use pki::Custody;
use records::Database;

use crate::{
    foundation,
    settings::Settings,
    wiring::{self, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List every key with its purpose, state and dates.
    List,
    /// Print the root certificates that others need to check our documents, PEM.
    Roots,
}

/// Does it.
///
/// # Errors
///
/// The database or the key folder.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List => list(&foundation::find_database(settings).await?).await,
        Command::Roots => {
            let product = wiring::find(settings, World::default()).await?;
            super::print(&product.app.custody.roots_pem())
        }
    }
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let mut page = Page::first(Page::<KeyId>::LIMIT_MAX);
    loop {
        let keys = Custody::list(&mut database.read().await?, &page).await?;
        for key in keys.items {
            let revoked = if key.is_revoked { " (certificate revoked)" } else { "" };
            super::print(&format!(
                "{}  {:<18} {:<6} {:<13} {} – {}  {}{revoked}\n",
                key.key_id,
                key.purpose.as_str(),
                key.algorithm,
                key.state.as_str(),
                key.not_before.date(),
                key.not_after.date(),
                key.subject,
            ))?;
        }
        match keys.next {
            Some(next) => page = Page::after(next, page.limit),
            None => return Ok(()),
        }
    }
}
