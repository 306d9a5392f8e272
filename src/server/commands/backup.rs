//! `backup`: everything as it is now, beside a running server.

use std::{num::NonZeroU16, path::PathBuf};

use crate::{
    backup::{self, Wanted},
    settings::Settings,
    wiring::World,
};

/// Where to, and what.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder of all backups, which is made when it is not there; each is a folder in it.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// When this one is whole, remove the oldest, so that so many stay.
    #[arg(long, value_name = "NUMBER")]
    keep: Option<NonZeroU16>,
    /// Put the key files and the envelope key into it: who has such a backup has everything.
    #[arg(long)]
    with_keys: bool,
}

/// Takes a backup and prints where it is.
///
/// # Errors
///
/// A database that cannot be read, a folder that cannot be written; then nothing is left of it.
pub async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { to, keep, with_keys } = arguments;
    let wanted = Wanted { to, keep: keep.map(|keep| keep.get().into()), with_keys };
    super::print(&backup::take(settings, &World::default(), &wanted).await?)
}
