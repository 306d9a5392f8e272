//! Events: into a file as the chain has them, and out of the table up to there.

use std::time::Instant as Moment;

use base::{Fault, Instant, ListPage, id::EventId};

use super::{
    Archiver, Done, Turn, pause,
    point::{self, Point},
    shelf::Name,
};
use crate::{
    args,
    event::Event,
    events::LogArchived,
    heads::{self, KeptHead},
    limits::{ARCHIVE_FILE_BYTES, ARCHIVE_FILE_ROWS, REMOVED_AT_ONCE, TOLD_LOOKED_AT},
    log::{self, Entry, Filter, Head},
    log_key::LogKey,
    mark::Left,
    tally::Tally,
    tx::Tx,
    work::Context,
};

/// Events that go into one file.
struct Stretch {
    lines: Vec<String>,
    bytes: usize,
    last: i64,
    hash: String,
    tally: Tally,
}

/// What a stretch may hold.
struct Bounds {
    /// Older ones only.
    before: Instant,
    /// The last number at most.
    to: i64,
}

impl Archiver {
    /// One turn: what was begun is finished, then the oldest events go into at most one file. None when another one has
    /// the turn.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database or a disk is out of reach. When no head is kept outside of the database that the log
    /// still has, when an event is not as it was written, and when a file is not: then nothing behind that is archived.
    pub async fn events(
        &self,
        context: &Context,
        before: Instant,
        kept: Option<&KeptHead>,
    ) -> Result<Option<Done>, Fault> {
        // Without the key nobody can tell whether what goes into a file is as it was written.
        let Some(key) = self.database.log_key() else { return Ok(Some(Done::default())) };
        let mut tx = self.database.read().await?;
        let point = point_of(&mut tx, key).await?;
        let is_left = oldest(&mut tx, 0).await?.is_some_and(|(number, _)| number <= point.sequence);
        let is_due = oldest(&mut tx, point.sequence).await?.is_some_and(|(_, at)| at < before.as_micros());
        drop(tx);
        if !is_left && !is_due {
            return Ok(Some(Done::default()));
        }
        let Some(turn) = self.turn(context.at).await? else { return Ok(None) };
        let done = self.at_turn(&turn, (context, key), (before, kept)).await;
        self.give_back().await?;
        done.map(Some)
    }

    async fn at_turn(
        &self,
        turn: &Turn<'_>,
        (context, key): (&Context, &LogKey),
        (before, kept): (Instant, Option<&KeptHead>),
    ) -> Result<Done, Fault> {
        let mut done = Done { removed: self.remove_entries(turn, key).await?, ..Done::default() };
        let mut tx = self.database.read().await?;
        let point = point_of(&mut tx, key).await?;
        let is_due = oldest(&mut tx, point.sequence).await?.is_some_and(|(_, at)| at < before.as_micros());
        if !is_due {
            return Ok(done);
        }
        let Some(head) = log::head(&mut tx).await? else {
            return Err(Fault::broken("the head of the event log is missing"));
        };
        let kept =
            kept.ok_or_else(|| Fault::broken("no head of the event log is kept outside: no event is archived"))?;
        if heads::is_missed(&mut tx, kept).await?.is_some() {
            return Err(Fault::broken("the log has not the head that was kept last: no event is archived"));
        }
        let first = point.sequence + 1;
        let mut stretch = collect(&mut tx, (key, &head), &point, &Bounds { before, to: kept.sequence }).await?;
        // Whoever was cut off behind writing a file has left it: its end is the end of this one. A name says nothing by
        // itself: the file has to be what would be written now.
        for (begin, last, name) in self.shelf.files_of_events()?.0 {
            if begin != first || last >= stretch.last {
                continue;
            }
            let shorter = collect(&mut tx, (key, &head), &point, &Bounds { before, to: last }).await?;
            if shorter.last == last && self.shelf.has(&name, &shorter.lines) {
                stretch = shorter;
            }
        }
        drop(tx);
        if stretch.lines.is_empty() {
            return Ok(done);
        }
        let name = Name::of_events(first, stretch.last);
        let sha256 = self.shelf.write(&name, &stretch.lines)?;
        let next = Point::new(key, stretch.last, stretch.hash.clone(), &stretch.tally);
        let mut work = self.database.begin(context.clone()).await?;
        if !turn.go_on(&mut work.tx).await? || !point::advance(&mut work.tx, point.sequence, &next).await? {
            return Err(Fault::conflict("another one archives now"));
        }
        let (last, file, hash) = (stretch.last, name.to_string(), stretch.hash);
        work.record(LogArchived { log: "log".to_owned(), first, last, file: file.clone(), sha256, hash });
        work.commit().await?;
        done.archived = stretch.lines.len();
        done.file = Some(file);
        done.removed += self.remove_entries(turn, key).await?;
        Ok(done)
    }

    /// Removes the events that are in a file, a few at a time.
    async fn remove_entries(&self, turn: &Turn<'_>, key: &LogKey) -> Result<u64, Fault> {
        let mut tx = self.database.read().await?;
        let point = point_of(&mut tx, key).await?;
        let Some((first, _)) = oldest(&mut tx, 0).await?.filter(|(number, _)| *number <= point.sequence) else {
            return Ok(0);
        };
        let filter = Filter { kind: Some(LogArchived::KIND.name.to_owned()), ..Filter::default() };
        // Clocks of nodes differ a little: the last one said is among the last ones listed.
        let listed = log::list(&mut tx, &filter, &ListPage::<EventId>::first(TOLD_LOOKED_AT)).await?.items;
        drop(tx);
        let mut told = listed.iter().filter(|entry| entry.is_ours(key)).filter_map(Entry::read::<LogArchived>);
        let Some(told) = told.find(|told| told.last == point.sequence) else {
            return Err(Fault::broken("the log does not say where the events are that may be removed: none is"));
        };
        self.check_file(&told.file, &told.sha256)?;
        let (mut after, mut removed) = (first - 1, 0);
        while after < point.sequence {
            let began = Moment::now();
            let to = (after + REMOVED_AT_ONCE).min(point.sequence);
            let mut tx = self.step(turn).await?;
            removed += remove(&mut tx, after, to).await?;
            tx.commit().await?;
            after = to;
            pause(began.elapsed()).await;
        }
        Ok(removed)
    }
}

async fn point_of(tx: &mut Tx, key: &LogKey) -> Result<Point, Fault> {
    let point = point::find(tx).await?.filter(|point| point.is_ours(key));
    point.ok_or_else(|| Fault::broken("up to which event the log is archived was changed past the product"))
}

/// The number of the first event behind another one, and when it happened.
pub(super) async fn oldest(tx: &mut Tx, after: i64) -> Result<Option<(i64, i64)>, Fault> {
    tx.first(
        "select sequence, at
           from event
          where sequence > $1
          order by sequence
          limit 1",
        args![after],
    )
    .await
}

async fn remove(tx: &mut Tx, after: i64, to: i64) -> Result<u64, Fault> {
    tx.run(
        "delete from event
          where event_id in (select over.event_id
                               from event over
                              where over.sequence > $1 and over.sequence <= $2
                              order by over.sequence
                              limit 500)",
        args![after, to],
    )
    .await
}

/// The events behind a point, each as the chain has it.
async fn collect(tx: &mut Tx, (key, head): (&LogKey, &Head), point: &Point, bounds: &Bounds) -> Result<Stretch, Fault> {
    let mut stretch =
        Stretch { lines: vec![], bytes: 0, last: point.sequence, hash: point.hash.clone(), tally: point.tally() };
    loop {
        let entries = log::from(tx, stretch.last, bounds.to).await?;
        if entries.is_empty() {
            return Ok(stretch);
        }
        for entry in &entries {
            let is_young = entry.at >= bounds.before.as_micros();
            if is_young || stretch.lines.len() >= ARCHIVE_FILE_ROWS || stretch.bytes >= ARCHIVE_FILE_BYTES {
                return Ok(stretch);
            }
            stretch.add(entry, head.keyed_from, key)?;
        }
    }
}

impl Stretch {
    fn add(&mut self, entry: &Entry, keyed_from: Option<i64>, key: &LogKey) -> Result<(), Fault> {
        let next = self.last + 1;
        let key_of_entry = Some(key).filter(|_| keyed_from.is_some_and(|from| next >= from));
        let is_whole = entry.sequence == Some(next)
            && key_of_entry.is_none_or(|key| entry.is_ours(key))
            && entry.hash.as_ref() == Some(&entry.chained(key_of_entry, &self.hash, next));
        if !is_whole {
            let wrong = format!("event {next} is not as it was written: neither it nor what is behind it is archived");
            return Err(Fault::broken(wrong));
        }
        for row in Left::read(entry.marks.as_deref()) {
            self.tally.left(key, &row);
        }
        let line = serde_json::to_string(entry).map_err(Fault::broken)?;
        self.bytes += line.len();
        self.lines.push(line);
        self.hash = entry.hash.clone().unwrap_or_default();
        self.last = next;
        Ok(())
    }
}
