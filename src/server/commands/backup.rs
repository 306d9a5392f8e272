//! `backup`: everything as it is now, beside a running server; and which backups there were.

use std::{num::NonZeroU16, path::PathBuf};

use anyhow::Context;
use base::{ListPage, id::EventId};
use records::backups::{self, BackupSeen, Drilled};

use crate::{
    backup::{self, Wanted},
    foundation,
    settings::Settings,
    wiring::World,
};

/// Where to, and what.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder of all backups, which is made when it is not there; each is a folder in it.
    #[arg(long, value_name = "FOLDER", required_unless_present = "list")]
    to: Option<PathBuf>,
    /// When this one is whole, remove the oldest, so that so many stay.
    #[arg(long, value_name = "NUMBER")]
    keep: Option<NonZeroU16>,
    /// Put the key files and the envelope key into it: who has such a backup has everything.
    #[arg(long)]
    with_keys: bool,
    /// Make none, and list those that the event log knows, the newest first.
    #[arg(long, conflicts_with_all = ["to", "keep", "with_keys"])]
    list: bool,
}

/// Takes a backup and prints where it is.
///
/// # Errors
///
/// A database that cannot be read, a folder that cannot be written; then nothing is left of it.
pub async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { to, keep, with_keys, list } = arguments;
    if list {
        return print_all(settings).await;
    }
    let to = to.context("--to FOLDER")?;
    let wanted = Wanted { to, keep: keep.map(|keep| keep.get().into()), with_keys };
    super::print(&backup::take(settings, &World::default(), &wanted).await?)
}

async fn print_all(settings: &Settings) -> anyhow::Result<()> {
    let database = foundation::find_database(settings).await?;
    let mut page = ListPage::<EventId>::first(ListPage::<EventId>::LIMIT_MAX);
    loop {
        let found = backups::list(&mut database.read().await?, &page).await?;
        if found.items.is_empty() && page.after.is_none() {
            super::print("the event log knows of no backup\n")?;
        }
        for seen in &found.items {
            super::print(&format!("{}\n", line(seen)))?;
        }
        match found.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => break,
        }
    }
    database.close().await;
    Ok(())
}

/// A backup as a line: what became of it, and what a drill found; by the clock that its name is by, which is UTC.
pub(super) fn line(seen: &BackupSeen) -> String {
    let mut said = vec![seen.name.clone()];
    said.push(match (&seen.ended, &seen.failed) {
        (Some((at, ended)), _) => {
            let (bytes, seconds) = (ended.bytes, ended.seconds);
            format!("whole on {}, {bytes} bytes in {seconds} seconds", at.rfc3339())
        }
        (None, Some(error)) => format!("failed: {error}"),
        (None, None) if seen.restored_at.is_some() => "whole, and ended after what is in it".to_owned(),
        (None, None) => "under way, or cut off".to_owned(),
    });
    said.push(match &seen.drilled {
        Some(Drilled { at, findings: 0, .. }) => format!("a drill found nothing wrong on {}", at.rfc3339()),
        Some(Drilled { at, findings, why }) => {
            format!("a drill found {findings} wrong on {}: {}", at.rfc3339(), why.as_deref().unwrap_or_default())
        }
        None => "no drill looked at it".to_owned(),
    });
    said.extend(seen.removed_at.map(|at| format!("removed on {}", at.rfc3339())));
    said.extend(seen.restored_at.map(|at| format!("this was put back from it on {}", at.rfc3339())));
    said.join("; ")
}
