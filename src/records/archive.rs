//! The archive: what is older than it has to be at hand goes into files, and then out of the tables.
//!
//! A file is written and on the disk before anything says so; then the log says it, with the file's digest; then the rows
//! are removed, a few at a time. Whoever is cut off anywhere goes on there: nothing is lost, and nothing is in two files.

mod entries;
pub(crate) mod point;
mod rows;
pub(crate) mod shelf;

use std::time::{Duration, Instant as Moment};

use base::{Entropy, Fault, Instant};

pub use self::{
    rows::{OverRow, Shelved},
    shelf::Shelf,
};
use crate::{
    args,
    database::Database,
    limits::{ARCHIVE_PAUSE_MAX, ARCHIVE_PAUSE_MIN, ARCHIVE_TURN_SECONDS},
    tx::Tx,
};

/// Archives, while it is its turn.
#[derive(Clone, Debug)]
pub struct Archiver {
    database: Database,
    shelf: Shelf,
    /// Tells this one from others.
    holder: String,
}

/// What one turn did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows that are in a file now.
    pub archived: usize,
    /// Rows that were removed from their table.
    pub removed: u64,
    /// The file that was written.
    pub file: Option<String>,
}

impl Done {
    /// Whether there was anything to do: then there may be more.
    pub fn is_anything(&self) -> bool {
        *self != Self::default()
    }
}

/// The turn of this archiver.
struct Turn<'a> {
    holder: &'a str,
    at: Instant,
    since: Moment,
}

impl Turn<'_> {
    /// Says that whoever has the turn is at it still.
    async fn go_on(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let at = Instant::from_micros(self.at.as_micros() + self.since.elapsed().as_micros() as i64);
        let mine = tx
            .run(
                "update archive_turn
                    set holder = $1, ends_at = $2
                  where one = 1 and (holder = $1 or ends_at < $3)",
                args![self.holder, at.plus_seconds(ARCHIVE_TURN_SECONDS), at],
            )
            .await?;
        Ok(mine > 0)
    }
}

impl Archiver {
    /// Archives what is in this database into these files.
    pub fn new(database: &Database, shelf: Shelf, entropy: &dyn Entropy) -> Self {
        let holder = crypto::digest::hex(&entropy.bytes::<8>());
        Self { database: database.clone(), shelf, holder }
    }

    /// Takes the turn; none when another one has it.
    async fn turn(&self, at: Instant) -> Result<Option<Turn<'_>>, Fault> {
        let turn = Turn { holder: &self.holder, at, since: Moment::now() };
        let mut tx = self.database.housekeeping().await?;
        let is_mine = turn.go_on(&mut tx).await?;
        tx.commit().await?;
        if !is_mine {
            return Ok(None);
        }
        self.shelf.remove_unfinished();
        Ok(Some(turn))
    }

    /// Lets others have the turn. Whoever is cut off before keeps it for a few minutes.
    async fn give_back(&self) -> Result<(), Fault> {
        let mut tx = self.database.housekeeping().await?;
        tx.run("update archive_turn set ends_at = 0 where one = 1 and holder = $1", args![&self.holder]).await?;
        tx.commit().await
    }

    /// A transaction of a few rows that goes on with the turn.
    async fn step(&self, turn: &Turn<'_>) -> Result<Tx, Fault> {
        let mut tx = self.database.housekeeping().await?;
        if turn.go_on(&mut tx).await? { Ok(tx) } else { Err(Fault::conflict("another one archives now")) }
    }

    /// Whether a file is there as the log says it: only then is anything removed.
    fn check_file(&self, file: &str, sha256: &str) -> Result<(), Fault> {
        if self.shelf.digest(file)?.as_deref() == Some(sha256) {
            return Ok(());
        }
        let folder = self.shelf.folder().display();
        Err(Fault::broken(format!("{file} is not in {folder} as it was written: what it holds is not removed")))
    }
}

/// Leaves others time to write: as long as a step took.
async fn pause(step: Duration) {
    tokio::time::sleep(step.clamp(ARCHIVE_PAUSE_MIN, ARCHIVE_PAUSE_MAX)).await;
}

/// The number of the last event that is in the archive; 0 while none is.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn last(tx: &mut Tx) -> Result<i64, Fault> {
    Ok(point::find(tx).await?.map_or(0, |point| point.sequence))
}

/// When the oldest event happened that is in no file.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn oldest(tx: &mut Tx) -> Result<Option<Instant>, Fault> {
    let last = last(tx).await?;
    Ok(entries::oldest(tx, last).await?.map(|(_, at)| Instant::from_micros(at)))
}
