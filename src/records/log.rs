//! The event log: numbered without gaps and chained by hash, a moment after the events were written.
//!
//! An act writes its events inside its own transaction and waits for nobody. The sequencer then gives each event
//! the next number and the hash of itself and its predecessor, so that nothing can be taken out or changed unseen.

use base::{
    Fault, ListPage, PageOf,
    id::{EventId, RequestId},
};
use sqlx::FromRow;

pub use crate::entry::Entry;
use crate::{args, database::Database, tx::Tx};

/// How many events one turn of the sequencer takes. A turn that took so many is followed by the next at once; after
/// a smaller one it is worth waiting, because a turn costs one durable commit however few events it numbers.
pub const TURN_MAX: usize = 640;

/// How many rows one statement numbers: few sizes, so that each is prepared once.
const ROWS_PER_STATEMENT: [usize; 3] = [64, 8, 1];

/// A statement that reads entries as [`Entry`] takes them: the columns, and then what is asked for.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "select event_id, at, actor_kind, actor, on_behalf, request_id, kind, object, data, \
                    sequence, hash
               from event ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Head {
    sequence: i64,
    hash: String,
}

/// Numbers and chains the events that are not yet; returns how many. Several nodes may call it at the same time.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach; the next call continues where this one stopped.
pub async fn sequence_events(database: &Database) -> Result<usize, Fault> {
    let mut tx = database.housekeeping().await?;
    let Some(head) = tx.first::<Head>("select sequence, hash from event_head where one = 1", vec![]).await? else {
        return Err(Fault::broken("the head of the event log is missing"));
    };
    let waiting: Vec<Entry> = tx
        .all(
            entries!(
                "where sequence is null
              order by event_id
              limit $1"
            ),
            args![TURN_MAX as i64],
        )
        .await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let mut sequence = head.sequence;
    let mut hash = head.hash;
    let mut numbered = Vec::with_capacity(waiting.len());
    for entry in &waiting {
        sequence += 1;
        hash = entry.chained(&hash, sequence);
        numbered.push((entry.event_id.clone(), sequence, hash.clone()));
    }
    // Another node's sequencer may have been faster: then this turn changes nothing.
    let moved = tx
        .run(
            "update event_head
                set sequence = $1, hash = $2
              where one = 1 and sequence = $3",
            args![sequence, &hash, head.sequence],
        )
        .await?;
    if moved == 0 {
        return Ok(0);
    }
    write_numbers(&mut tx, &numbered).await?;
    tx.commit().await?;
    Ok(waiting.len())
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
}

/// Entries, newest first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn list(tx: &mut Tx, filter: &Filter, page: &ListPage<EventId>) -> Result<PageOf<Entry, EventId>, Fault> {
    // Two texts, because a plan made once for both would read the whole log to find one object.
    let rows: Vec<Entry> = if let Some(object) = &filter.object {
        tx.all(
            entries!(
                "where object = $1
                and ($2 is null or request_id = $2)
                and ($3 is null or kind = $3)
                and event_id < coalesce($4, 'zzz')
              order by event_id desc
              limit $5"
            ),
            args![object, filter.request.as_ref(), filter.kind.as_deref(), page.after.as_ref(), page.limit + 1,],
        )
        .await?
    } else {
        tx.all(
            entries!(
                "where ($1 is null or request_id = $1)
                and ($2 is null or kind = $2)
                and event_id < coalesce($3, 'zzz')
              order by event_id desc
              limit $4"
            ),
            args![filter.request.as_ref(), filter.kind.as_deref(), page.after.as_ref(), page.limit + 1],
        )
        .await?
    };
    Ok(PageOf::from_rows(rows, page.limit, |entry| EventId::stored(entry.event_id.clone())))
}

/// What an audit of the whole log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Every event is there, in order and unchanged, up to this number.
    Sound(i64),
    /// The entry with this number is missing, or it or an earlier one was changed.
    Broken(i64),
    /// The log ends at the first number although the head says the second: its end was cut off.
    Truncated(i64, i64),
}

/// Walks the whole log and checks numbers and hashes.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn audit(tx: &mut Tx) -> Result<Finding, Fault> {
    let Some(head) = tx.first::<Head>("select sequence, hash from event_head where one = 1", vec![]).await? else {
        return Ok(Finding::Broken(0));
    };
    let (mut sequence, mut hash) = (0, String::new());
    loop {
        let entries: Vec<Entry> = tx
            .all(
                entries!(
                    "where sequence > $1 and sequence <= $2
                  order by sequence
                  limit $3"
                ),
                args![sequence, head.sequence, TURN_MAX as i64],
            )
            .await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            let expected = entry.chained(&hash, sequence + 1);
            if entry.sequence != Some(sequence + 1) || entry.hash.as_deref() != Some(&expected) {
                return Ok(Finding::Broken(sequence + 1));
            }
            sequence += 1;
            hash = expected;
        }
    }
    if sequence != head.sequence {
        return Ok(Finding::Truncated(sequence, head.sequence));
    }
    Ok(if hash == head.hash { Finding::Sound(sequence) } else { Finding::Broken(sequence) })
}
