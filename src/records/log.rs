//! The event log: numbered without gaps and chained by hash, a moment after the events were written.
//!
//! An act writes its events inside its own transaction and waits for nobody. The sequencer then gives each event
//! the next number and the hash of itself and its predecessor, so that nothing can be taken out or changed unseen. Once
//! the database has the key of the log, hashes and the head are made with it.

use std::collections::BTreeMap;

use base::{
    Fault, Instant, ListPage, PageOf,
    fault::FaultKind,
    id::{EventId, RequestId},
};
use sqlx::{FromRow, any::AnyRow};

pub use crate::entry::Entry;
use crate::{
    archive::point,
    args,
    database::Database,
    limits::{EXAMINED_MAX, WAITING_MAX},
    log_key::{LogKey, is_code},
    mark::{Left, MARKS},
    strange::{self, NO_TEXT, needed_number, needed_text},
    tx::Tx,
};

/// How many events one turn of the sequencer takes. A turn that took so many is followed by the next at once; after
/// a smaller one it is worth waiting, because a turn costs one durable commit however few events it numbers.
pub const TURN_MAX: usize = 640;
// It stands in the statement that is asked in every turn: SQLite prepares one anew whenever its limit is bound.
const _: () = assert!(TURN_MAX == 640);

/// Of how many objects one statement asks.
const OBJECTS_ASKED: usize = 16;

/// How many rows one statement numbers: few sizes, so that each is prepared once.
const ROWS_PER_STATEMENT: [usize; 4] = [64, 16, 4, 1];

/// A statement that reads entries as [`Entry`] takes them: the columns, and then what is asked for.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "select event_id, at, actor_kind, actor, on_behalf, request_id, kind, object, data, marks, \
                    mac, sequence, hash
               from event ",
            $rest
        )
    };
}

/// The head of the log: the last number that was given.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub sequence: i64,
    pub hash: String,
    /// From which number on the chain is made with the key of the log.
    pub(crate) keyed_from: Option<i64>,
    /// Which of what marks cover all rows are marked with; none by a version that had one of them only.
    pub(crate) marks: Option<i64>,
    mac: Option<String>,
}

impl FromRow<'_, AnyRow> for Head {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            sequence: needed_number(row, 0)?,
            hash: needed_text(row, 1)?,
            keyed_from: strange::number(row, 2)?,
            marks: strange::number(row, 3)?,
            mac: strange::text(row, 4)?,
        })
    }
}

impl Head {
    pub(crate) fn code(&self, key: &LogKey) -> String {
        let (sequence, from) = (self.sequence.to_be_bytes(), self.keyed_from.unwrap_or_default().to_be_bytes());
        let marks = self.marks.map(i64::to_be_bytes);
        let mut parts = vec![Some(&sequence[..]), Some(self.hash.as_bytes()), Some(&from)];
        parts.extend(marks.as_ref().map(|marks| Some(&marks[..])));
        key.code("head", &parts)
    }

    /// Whether somebody wrote it who has the key.
    pub fn is_ours(&self, key: &LogKey) -> bool {
        self.keyed_from.is_some() && is_code(self.mac.as_deref(), &self.code(key))
    }
}

/// The head of now.
pub(crate) async fn head(tx: &mut Tx) -> Result<Option<Head>, Fault> {
    let sql = "select sequence, hash, keyed_from, marks, mac from event_head where one = 1";
    Ok(tx.all_whatever(sql, vec![]).await?.into_iter().next())
}

/// Whether an entry was written with a key.
pub(crate) async fn had_key(tx: &mut Tx) -> Result<bool, Fault> {
    let one: Option<(String,)> = tx.first("select event_id from event where mac is not null limit 1", vec![]).await?;
    Ok(one.is_some())
}

/// Entries that wait for a number, as many as one turn takes.
pub(crate) async fn waiting(tx: &mut Tx) -> Result<Vec<Entry>, Fault> {
    tx.all_whatever(
        entries!(
            "where sequence is null
              order by sequence, event_id
              limit 640"
        ),
        vec![],
    )
    .await
}

/// All entries that wait for a number, as many at most as would keep a reader too long.
pub(crate) async fn all_waiting(tx: &mut Tx) -> Result<Vec<Entry>, Fault> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let last = entries.last().map(|entry| entry.event_id.clone()).unwrap_or_default();
        let more: Vec<Entry> = tx
            .all_whatever(
                entries!(
                    "where sequence is null and event_id > $1
                  order by sequence, event_id
                  limit 640"
                ),
                args![last],
            )
            .await?;
        let is_last = more.len() < TURN_MAX;
        entries.extend(more);
        if is_last || entries.len() >= WAITING_MAX {
            return Ok(entries);
        }
    }
}

/// The rows that the events of these objects left, whoever wrote them.
pub(crate) async fn left_by(tx: &mut Tx, objects: &[&str]) -> Result<Vec<Left>, Fault> {
    let mut left = Vec::new();
    for asked in objects.chunks(OBJECTS_ASKED) {
        // A place that is left over asks for the first once more.
        let asked = asked.iter().chain(std::iter::repeat(asked.first().unwrap_or(&""))).take(OBJECTS_ASKED);
        let rows: Vec<(Option<String>,)> = tx
            .all(
                "select marks
                   from event
                  where object in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
                asked.map(|object| args::Value::from(*object)).collect(),
            )
            .await?;
        left.extend(rows.iter().flat_map(|(marks,)| Left::read(marks.as_deref())));
    }
    Ok(left)
}

/// Entries after one number up to another, as many as one turn takes: those that have a number.
pub(crate) async fn from(tx: &mut Tx, after: i64, to: i64) -> Result<Vec<Entry>, Fault> {
    tx.all_whatever(
        entries!(
            "where sequence > $1 and sequence <= $2 and sequence = cast(sequence as bigint)
              order by sequence
              limit $3"
        ),
        args![after, to, TURN_MAX as i64],
    )
    .await
}

/// The first entries with the least number that there is or one below: SQLite keeps numbers that no program can write.
pub(crate) async fn below_all(tx: &mut Tx) -> Result<Vec<Entry>, Fault> {
    tx.all_whatever(
        entries!(
            "where sequence <= $1
              order by sequence
              limit $2"
        ),
        args![i64::MIN, TURN_MAX as i64],
    )
    .await
}

/// The least number above nought that an entry has; none while none has one.
pub(crate) async fn first_number(tx: &mut Tx) -> Result<Option<i64>, Fault> {
    let first: Option<(i64,)> = tx
        .first(
            "select cast(sequence as bigint)
               from event
              where sequence > $1 and sequence = cast(sequence as bigint)
              order by sequence
              limit 1",
            args![0],
        )
        .await?;
    Ok(first.map(|(first,)| first))
}

/// Whether an entry has something for a number that is none.
pub(crate) async fn has_no_number(tx: &mut Tx) -> Result<bool, Fault> {
    let Some(sql) = tx.dialect().without_a_number() else { return Ok(false) };
    let found: Vec<(i64,)> = tx.all_composed(&sql, vec![]).await?;
    Ok(!found.is_empty())
}

/// Writes down from which number on the chain is made with a key, and that rows are marked as they are now; whether nobody
/// else did something meanwhile.
pub(crate) async fn key_from(tx: &mut Tx, key: &LogKey, mut head: Head) -> Result<bool, Fault> {
    (head.keyed_from, head.marks) = (Some(head.sequence + 1), Some(MARKS));
    let moved = tx
        .run(
            "update event_head
                set keyed_from = $1, marks = $2, mac = $3
              where one = 1 and sequence = $4 and keyed_from is null",
            args![head.keyed_from, head.marks, head.code(key), head.sequence],
        )
        .await?;
    Ok(moved > 0)
}

/// Writes down that all rows are marked as they are now; whether nobody else did something meanwhile.
pub(crate) async fn all_marked(tx: &mut Tx, key: &LogKey, mut head: Head) -> Result<bool, Fault> {
    head.marks = Some(MARKS);
    let moved = tx
        .run(
            "update event_head
                set marks = $1, mac = $2
              where one = 1 and sequence = $3 and keyed_from is not null",
            args![head.marks, head.code(key), head.sequence],
        )
        .await?;
    Ok(moved > 0)
}

/// Whether an entry has a number above the head.
pub(crate) async fn is_beyond(tx: &mut Tx, head: &Head) -> Result<bool, Fault> {
    let one: Option<(String,)> = tx
        .first(
            "select event_id
               from event
              where sequence > $1
              order by sequence
              limit 1",
            args![head.sequence],
        )
        .await?;
    Ok(one.is_some())
}

/// Numbers and chains the events that are not yet; returns how many. Several nodes may call it at the same time.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach, when its log has a key and this process has not, and when the head is not
/// as it was written; the next call continues where this one stopped.
pub async fn sequence_events(database: &Database) -> Result<usize, Fault> {
    match number(database, false).await {
        // Somebody has a number that is not theirs.
        Err(fault) if fault.kind() == FaultKind::Broken => number(database, true).await,
        numbered => numbered,
    }
}

/// One turn. Which numbers are free is asked only when those behind the head are not: it takes a statement.
async fn number(database: &Database, is_taken: bool) -> Result<usize, Fault> {
    let mut tx = database.housekeeping().await?;
    let Some(before) = head(&mut tx).await? else {
        return Err(Fault::broken("the head of the event log is missing"));
    };
    let key = match (before.keyed_from, database.log_key()) {
        (None, None) => None,
        (Some(_), None) => return Err(Fault::broken("the event log has a key, which this process has not")),
        (Some(_), Some(key)) if before.is_ours(key) => Some(key),
        (_, Some(_)) => return Err(Fault::broken("the head of the event log was changed past the product")),
    };
    let waiting = waiting(&mut tx).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let places = places(&mut tx, &waiting).await?;
    let free = if is_taken {
        free_numbers(&mut tx, before.sequence, waiting.len()).await?
    } else {
        (before.sequence + 1..).take(waiting.len()).collect()
    };
    let mut free = free.into_iter();
    let mut after = before.clone();
    let mut numbered = Vec::with_capacity(waiting.len());
    let mut numbered_at_place = Vec::new();
    for (place, entry) in waiting.iter().enumerate() {
        if key.is_some_and(|key| !database.ledger().written.take(entry) && !entry.is_ours(key)) {
            // It gets its number like any other, so that an audit names it.
            tracing::error!(event = entry.event_id, "an event was not written by the product, or was changed");
        }
        let Some(next) = free.next() else { break };
        after.sequence = next;
        after.hash = entry.chained(key, &after.hash, after.sequence);
        match places.get(place).filter(|_| entry.event_id == NO_TEXT) {
            Some(place) => numbered_at_place.push((*place, after.sequence, after.hash.clone())),
            None => numbered.push((entry.event_id.clone(), after.sequence, after.hash.clone())),
        }
    }
    // Another node's sequencer may have been faster: then this turn changes nothing.
    let moved = tx
        .run(
            "update event_head
                set sequence = $1, hash = $2, mac = $3
              where one = 1 and sequence = $4",
            args![after.sequence, &after.hash, key.map(|key| after.code(key)), before.sequence],
        )
        .await?;
    if moved == 0 {
        return Ok(0);
    }
    write_numbers(&mut tx, &numbered).await?;
    for (place, sequence, hash) in &numbered_at_place {
        let Some(sql) = tx.dialect().number_at_place() else { break };
        tx.run_composed(&sql, args![*sequence, hash, *place]).await?;
    }
    tx.commit().await?;
    Ok(waiting.len())
}

/// Where these entries stand, when the identifier of one is no text.
async fn places(tx: &mut Tx, waiting: &[Entry]) -> Result<Vec<i64>, Fault> {
    let is_strange = waiting.iter().any(|entry| entry.event_id == NO_TEXT);
    let Some(sql) = tx.dialect().places_of_waiting(TURN_MAX).filter(|_| is_strange) else { return Ok(vec![]) };
    let places: Vec<(i64,)> = tx.all_composed(&sql, vec![]).await?;
    Ok(places.into_iter().map(|(place,)| place).collect())
}

/// So many numbers behind the head that no entry has. One that was put above the head past the product keeps its own, and
/// an audit names it: it stops the numbering of no other.
async fn free_numbers(tx: &mut Tx, head: i64, count: usize) -> Result<Vec<i64>, Fault> {
    let (mut free, mut last) = (Vec::with_capacity(count), head);
    loop {
        let taken: Vec<(i64,)> = tx
            .all(
                "select cast(sequence as bigint)
                   from event
                  where sequence > $1 and sequence = cast(sequence as bigint)
                  order by sequence
                  limit 640",
                args![last],
            )
            .await?;
        let is_all = taken.len() < TURN_MAX;
        let above = is_all.then_some(i64::MAX);
        for taken in taken.into_iter().map(|(taken,)| taken).chain(above) {
            free.extend((last + 1..taken).take(count - free.len()));
            last = taken;
        }
        if is_all || free.len() >= count {
            return Ok(free);
        }
    }
}

async fn write_numbers(tx: &mut Tx, mut rows: &[(String, i64, String)]) -> Result<(), Fault> {
    while let Some(size) = ROWS_PER_STATEMENT.into_iter().find(|size| *size <= rows.len()) {
        let (now, later) = rows.split_at(size);
        rows = later;
        let mut lines = Vec::with_capacity(size);
        let mut values = Vec::with_capacity(size * 3);
        for (place, (id, sequence, hash)) in now.iter().enumerate() {
            let n = place * 3;
            lines.push(format!(
                "select ${} as event_id, cast(${} as bigint) as sequence, ${} as hash",
                n + 1,
                n + 2,
                n + 3
            ));
            values.extend(args![id, *sequence, hash]);
        }
        let sql = format!(
            "update event
                set sequence = numbered.sequence, hash = numbered.hash
               from ({}) as numbered
              where event.event_id = numbered.event_id",
            lines.join(" union all ")
        );
        tx.run_composed(&sql, values).await?;
    }
    Ok(())
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that happened to this object.
    pub object: Option<String>,
    /// Only those of this request.
    pub request: Option<RequestId>,
    /// Only those of this kind.
    pub kind: Option<String>,
    /// Only what this member of staff did, on a page or by command.
    pub actor: Option<String>,
}

impl Filter {
    fn admits(&self, entry: &Entry) -> bool {
        let request = self.request.as_ref().map(RequestId::as_str);
        self.object.as_ref().is_none_or(|object| *object == entry.object)
            && request.is_none_or(|request| entry.request_id.as_deref() == Some(request))
            && self.kind.as_ref().is_none_or(|kind| *kind == entry.kind)
            && self.actor.as_ref().is_none_or(|actor| *actor == entry.actor)
    }

    fn conditions(&self) -> usize {
        let given = [self.request.is_some(), self.object.is_some(), self.kind.is_some(), self.actor.is_some()];
        given.into_iter().filter(|given| *given).count()
    }
}

/// Entries that the product wrote, newest first: what somebody put there who has the database alone is told to auditors,
/// who list [`all`], and nobody rests on it.
///
/// # Errors
///
/// As for [`all`].
pub async fn list(tx: &mut Tx, filter: &Filter, page: &ListPage<EventId>) -> Result<PageOf<Entry, EventId>, Fault> {
    let mut found = all(tx, filter, page).await?;
    let is_ours = ours(tx, &found.items).await?;
    let mut is_ours = is_ours.into_iter();
    found.items.retain(|_| is_ours.next().unwrap_or_default());
    Ok(found)
}

/// Of each of these entries, whether the product wrote it as it is, as far as anybody can tell: without the key nobody can.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn ours(tx: &mut Tx, entries: &[Entry]) -> Result<Vec<bool>, Fault> {
    let Some(key) = tx.log_key() else { return Ok(vec![true; entries.len()]) };
    let mut is_ours: Vec<bool> = entries.iter().map(|entry| entry.is_ours(key)).collect();
    if is_ours.contains(&false) {
        // What is older than the key has no code.
        let keyed_from = head(tx).await?.and_then(|head| head.keyed_from).unwrap_or(i64::MAX);
        let is_older = |entry: &Entry| entry.sequence.is_some_and(|number| (1..keyed_from).contains(&number));
        is_ours.iter_mut().zip(entries).for_each(|(is_ours, entry)| *is_ours |= is_older(entry));
    }
    Ok(is_ours)
}

/// Entries, newest first, whoever wrote them.
///
/// With several conditions a page may hold fewer than asked for and yet have a next one: one condition finds entries by
/// its index, the others are compared here, and no page looks at more than `EXAMINED_MAX`.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn all(tx: &mut Tx, filter: &Filter, page: &ListPage<EventId>) -> Result<PageOf<Entry, EventId>, Fault> {
    if filter.conditions() < 2 {
        let rows = found_by_one(tx, filter, page.below(), page.limit + 1).await?;
        return Ok(PageOf::from_rows(rows, page.limit, |entry| EventId::stored(entry.event_id.clone())));
    }
    let mut below = page.below().to_owned();
    let mut items = Vec::new();
    let mut examined = 0;
    loop {
        let rows = found_by_one(tx, filter, &below, ListPage::<EventId>::LIMIT_MAX).await?;
        let is_last = (rows.len() as i64) < ListPage::<EventId>::LIMIT_MAX;
        examined += rows.len();
        for entry in rows {
            below.clone_from(&entry.event_id);
            if filter.admits(&entry) {
                items.push(entry);
            }
            if items.len() as i64 >= page.limit {
                return Ok(PageOf { items, next: Some(EventId::stored(below)) });
            }
        }
        if is_last || examined >= EXAMINED_MAX {
            return Ok(PageOf { items, next: (!is_last).then(|| EventId::stored(below)) });
        }
    }
}

/// Entries below a bound that one condition finds: the one that fewest entries meet.
async fn found_by_one(tx: &mut Tx, filter: &Filter, below: &str, limit: i64) -> Result<Vec<Entry>, Fault> {
    if let Some(request) = &filter.request {
        tx.all_whatever(
            entries!(
                "where request_id >= $1
                and (request_id, event_id) < ($1, $2)
              order by request_id desc, event_id desc
              limit $3"
            ),
            args![request, below, limit],
        )
        .await
    } else if let Some(object) = &filter.object {
        tx.all_whatever(
            entries!(
                "where object >= $1
                and (object, event_id) < ($1, $2)
              order by object desc, event_id desc
              limit $3"
            ),
            args![object, below, limit],
        )
        .await
    } else if let Some(actor) = &filter.actor {
        tx.all_whatever(
            entries!(
                "where actor_kind in ('staff', 'operator')
                and actor >= $1
                and (actor, event_id) < ($1, $2)
              order by actor desc, event_id desc
              limit $3"
            ),
            args![actor, below, limit],
        )
        .await
    } else if let Some(kind) = &filter.kind {
        tx.all_whatever(
            entries!(
                "where kind >= $1
                and (kind, event_id) < ($1, $2)
              order by kind desc, event_id desc
              limit $3"
            ),
            args![kind, below, limit],
        )
        .await
    } else {
        tx.all_whatever(
            entries!(
                "where event_id < $1
              order by event_id desc
              limit $2"
            ),
            args![below, limit],
        )
        .await
    }
}

/// When the first event happened that the log has; none while there is none.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub(crate) async fn first_at(tx: &mut Tx) -> Result<Option<Instant>, Fault> {
    let first: Option<(i64,)> = tx
        .first(
            "select at
               from event
              where event_id > $1
              order by event_id
              limit 1",
            args![""],
        )
        .await?;
    Ok(first.map(|(at,)| Instant::from_micros(at)))
}

/// What a log has beyond one of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The hash of that event, hexadecimal; none when the table has no event of that number.
    pub hash: Option<String>,
    /// Whether that event is in the archive, and not the last there: then nobody can tell its hash here.
    pub is_archived: bool,
    /// When the first event after it happened.
    pub first_at: Option<Instant>,
    /// How many events of which kind came after it, those that wait for a number too as far as one turn takes them.
    pub kinds: Vec<(String, i64)>,
}

/// What the log has beyond the event of this number; 0 is before the first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn beyond(tx: &mut Tx, sequence: i64) -> Result<Beyond, Fault> {
    let hash: Option<(Option<String>,)> =
        tx.first("select hash from event where sequence = $1", args![sequence]).await?;
    let first: Option<(i64,)> = tx
        .first(
            "select at
               from event
              where sequence > $1
              order by sequence
              limit 1",
            args![sequence],
        )
        .await?;
    let numbered: Vec<(String, i64)> = tx
        .all(
            "select kind, count(event_id)
               from event
              where sequence > $1
              group by kind
              order by kind",
            args![sequence],
        )
        .await?;
    let waiting = waiting(tx).await?;
    let first_at = first.map(|(at,)| Instant::from_micros(at)).or_else(|| waiting.first().map(Entry::at));
    let mut kinds: BTreeMap<String, i64> = numbered.into_iter().collect();
    for entry in waiting {
        *kinds.entry(entry.kind).or_default() += 1;
    }
    let mut hash = hash.and_then(|(hash,)| hash);
    let point = point::find(tx).await?.filter(|point| sequence <= point.sequence);
    let is_archived = point.as_ref().is_some_and(|point| sequence < point.sequence);
    if let Some(point) = point.filter(|point| sequence == point.sequence && sequence > 0) {
        hash = Some(point.hash);
    }
    Ok(Beyond { hash, is_archived, first_at, kinds: kinds.into_iter().collect() })
}
