//! `audit`: the event log from its first entry to its head.

use anyhow::bail;
use records::log::{self, Finding};

use crate::{foundation, settings::Settings};

/// Checks every number and hash.
///
/// # Errors
///
/// The first entry that is missing or changed.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let database = foundation::find_database(settings).await?;
    // What commands wrote while no server ran has no number yet.
    while log::sequence_events(&database).await? >= log::TURN_MAX {}
    let finding = log::audit(&mut database.read().await?).await?;
    database.close().await;
    match finding {
        Finding::Sound(count) => super::print(&format!("sound: {count} events, none removed, none changed\n")),
        Finding::Broken(number) => bail!("broken: event {number} is missing, or it or an earlier one was changed"),
        Finding::Truncated(last, head) => bail!("truncated: the log ends at {last}, but its head says {head}"),
    }
}
