//! Rows of other tables that are over: into a file, whose digest the log says, and out of the table.

use std::{future::Future, time::Instant as Moment};

use base::{Fault, Instant, ListPage, id::EventId};

use super::{Archiver, Done, Turn, pause, shelf::Name};
use crate::{
    event::Event,
    events::RowsArchived,
    limits::{ARCHIVE_FILE_BYTES, ARCHIVE_FILE_ROWS, ARCHIVE_ROWS_READ, REMOVED_AT_ONCE, TOLD_LOOKED_AT},
    log::{self, Entry, Filter},
    log_key::LogKey,
    tx::Tx,
    work::Context,
};

/// Everything was over before this instant.
const EVER: Instant = Instant::from_micros(i64::MAX);

/// Rows that are kept for a time and then archived, in the order of a key that sorts by time.
pub trait Shelved: Sync {
    /// What they are, as the log and the names of files call them: letters, digits, dots and underscores.
    fn what(&self) -> String;

    /// The rows behind this key that were over before an instant, the oldest first, so many at most; empty is before the
    /// first key. It ends before the first row that was not over.
    fn over(
        &self,
        tx: &mut Tx,
        after: &str,
        before: Instant,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<OverRow>, Fault>> + Send;

    /// Removes the oldest rows up to this key, [`REMOVED_AT_ONCE`] at most. Returns how many.
    fn remove(&self, tx: &mut Tx, to: &str) -> impl Future<Output = Result<u64, Fault>> + Send;
}

/// One of the rows that go into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverRow {
    /// What names it, and sorts it among the others.
    pub key: String,
    /// All of it, as a line of JSON.
    pub line: String,
}

impl Archiver {
    /// One turn: what was begun is finished, then the oldest rows that are over go into at most one file. None when
    /// another one has the turn.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database or a disk is out of reach, or a file is not as it was written.
    pub async fn rows(
        &self,
        context: &Context,
        before: Instant,
        shelved: &impl Shelved,
    ) -> Result<Option<Done>, Fault> {
        let Some(key) = self.database.log_key() else { return Ok(Some(Done::default())) };
        let mut tx = self.database.read().await?;
        let told = told(&mut tx, key, &shelved.what()).await?;
        let after = told.as_ref().map_or("", |told| told.last.as_str());
        let is_due = !shelved.over(&mut tx, after, before, 1).await?.is_empty();
        let is_left = is_left(&mut tx, shelved, after).await?;
        drop(tx);
        if !is_due && !is_left {
            return Ok(Some(Done::default()));
        }
        let Some(turn) = self.turn(context.at).await? else { return Ok(None) };
        let done = self.rows_at_turn(&turn, (context, key), (before, shelved)).await;
        self.give_back().await?;
        done.map(Some)
    }

    async fn rows_at_turn(
        &self,
        turn: &Turn<'_>,
        (context, key): (&Context, &LogKey),
        (before, shelved): (Instant, &impl Shelved),
    ) -> Result<Done, Fault> {
        // Another one may have had its turn since it was looked whether there is anything to do.
        let told = told(&mut self.database.read().await?, key, &shelved.what()).await?;
        let mut done = Done::default();
        if let Some(told) = &told {
            done.removed = self.remove_rows(turn, shelved, told).await?;
        }
        let after = told.map(|told| told.last).unwrap_or_default();
        let rows = self.collect_rows(shelved, &after, before).await?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(done) };
        let name = Name { what: shelved.what(), first: first.key.clone(), last: last.key.clone() };
        let lines: Vec<String> = rows.iter().map(|row| row.line.clone()).collect();
        let sha256 = self.shelf.write(&name, &lines)?;
        let archived = RowsArchived {
            what: name.what.clone(),
            first: name.first.clone(),
            last: name.last.clone(),
            count: lines.len(),
            file: name.to_string(),
            sha256,
        };
        let mut work = self.database.begin(context.clone()).await?;
        if !turn.go_on(&mut work.tx).await? {
            return Err(Fault::conflict("another one archives now"));
        }
        work.record(archived.clone());
        work.commit().await?;
        done.removed += self.remove_rows(turn, shelved, &archived).await?;
        done.archived = archived.count;
        done.file = Some(archived.file);
        Ok(done)
    }

    /// The rows of the next file.
    async fn collect_rows(&self, shelved: &impl Shelved, after: &str, before: Instant) -> Result<Vec<OverRow>, Fault> {
        let mut tx = self.database.read().await?;
        let Some(first) = shelved.over(&mut tx, after, before, 1).await?.into_iter().next() else { return Ok(vec![]) };
        let left: Vec<Name> =
            self.shelf.names(&shelved.what())?.into_iter().filter(|name| name.first == first.key).collect();
        let mut rows = stretch(&mut tx, shelved, first, before).await?;
        // Whoever was cut off behind writing a file has left it: its end is the end of this one. A name says nothing by
        // itself: the file has to be what would be written now.
        for name in left {
            let Some(last) = rows.iter().position(|row| row.key == name.last) else { continue };
            let lines: Vec<String> = rows.iter().take(last + 1).map(|row| row.line.clone()).collect();
            if self.shelf.has(&name, &lines) {
                rows.truncate(last + 1);
            }
        }
        Ok(rows)
    }

    async fn remove_rows(&self, turn: &Turn<'_>, shelved: &impl Shelved, told: &RowsArchived) -> Result<u64, Fault> {
        if !is_left(&mut self.database.read().await?, shelved, &told.last).await? {
            return Ok(0);
        }
        self.check_file(&told.file, &told.sha256)?;
        let mut removed = 0;
        loop {
            let began = Moment::now();
            let mut tx = self.step(turn).await?;
            let count = shelved.remove(&mut tx, &told.last).await?;
            tx.commit().await?;
            removed += count;
            if count < REMOVED_AT_ONCE.unsigned_abs() {
                return Ok(removed);
            }
            pause(began.elapsed()).await;
        }
    }
}

/// As many rows as one file takes.
async fn stretch(tx: &mut Tx, shelved: &impl Shelved, first: OverRow, before: Instant) -> Result<Vec<OverRow>, Fault> {
    let (mut bytes, mut rows) = (first.line.len(), vec![first]);
    loop {
        let after = rows.last().map(|row| row.key.clone()).unwrap_or_default();
        let found = shelved.over(tx, &after, before, ARCHIVE_ROWS_READ).await?;
        let is_last = (found.len() as i64) < ARCHIVE_ROWS_READ;
        for row in found {
            if rows.len() >= ARCHIVE_FILE_ROWS || bytes >= ARCHIVE_FILE_BYTES {
                return Ok(rows);
            }
            bytes += row.line.len();
            rows.push(row);
        }
        if is_last {
            return Ok(rows);
        }
    }
}

/// Whether rows are there still that are in a file up to this key. They were over when they went into it, whatever counts
/// as over now.
async fn is_left(tx: &mut Tx, shelved: &impl Shelved, last: &str) -> Result<bool, Fault> {
    let first = shelved.over(tx, "", EVER, 1).await?.into_iter().next();
    Ok(first.is_some_and(|first| first.key.as_str() <= last))
}

/// What the log says last of rows of this kind.
async fn told(tx: &mut Tx, key: &LogKey, what: &str) -> Result<Option<RowsArchived>, Fault> {
    let (object, kind) = (Some(what.to_owned()), Some(RowsArchived::KIND.name.to_owned()));
    let filter = Filter { object, kind, ..Filter::default() };
    // Clocks of nodes differ a little: the last one said is among the last ones listed.
    let listed = log::list(tx, &filter, &ListPage::<EventId>::first(TOLD_LOOKED_AT)).await?.items;
    let told = listed.iter().filter(|entry| entry.is_ours(key)).filter_map(Entry::read::<RowsArchived>);
    Ok(told.max_by(|one, other| one.last.cmp(&other.last)))
}
