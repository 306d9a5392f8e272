//! `restore`: a backup is put back where there is nothing, or only looked at.

use std::path::PathBuf;

use crate::{backup, settings::Settings, wiring::World};

/// From where, and whether in earnest.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder of the backup.
    #[arg(value_name = "BACKUP")]
    from: PathBuf,
    /// Put nothing back: check every file, start a copy beside, and say what it lacks.
    #[arg(long)]
    verify: bool,
    /// Where the copy is made for as long as it is looked at, instead of beside the backup.
    #[arg(long, value_name = "FOLDER", requires = "verify")]
    drill_in: Option<PathBuf>,
    /// Write what was found into the event log of the running database, for the page of the operators.
    #[arg(long, requires = "verify")]
    record: bool,
    /// Only put rows back that an audit names, as the log proves them; the server may run.
    #[arg(long, conflicts_with = "verify", requires = "reason")]
    rows: bool,
    /// Why rows are put back, for the record.
    #[arg(long, value_name = "TEXT", requires = "rows")]
    reason: Option<String>,
}

/// Puts a backup back, or single rows of it, or looks at it.
///
/// # Errors
///
/// A backup that is not whole, a database or a folder of keys that is not empty; of rows, when one is not as the log says
/// still; when it is only looked at, anything that is wrong with it, after printing.
pub async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    if arguments.verify {
        let drill_in = arguments.drill_in.as_deref();
        return backup::verify(settings, &World::default(), &arguments.from, drill_in, arguments.record).await?.tell();
    }
    if arguments.rows {
        let reason = arguments.reason.unwrap_or_default();
        return super::print(&backup::put_rows_back(settings, &World::default(), &arguments.from, &reason).await?);
    }
    super::print(&backup::restore(settings, &World::default(), &arguments.from).await?)
}
