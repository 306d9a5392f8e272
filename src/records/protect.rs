//! How a database gets the key of its log.

use base::{Fault, ListPage, id::EventId};

use crate::{
    archive::point,
    database::Database,
    entry::Entry,
    event::Event,
    event_row::EventRow,
    events::RowsMarked,
    log::{self, Filter, Head},
    log_key::LogKey,
    mark::{self, MARKS, Older, Table},
    tx::Tx,
    work::{self, Context},
};

/// From now on events, their chain and marked rows are made with this key. A database that had none gets it: what is there
/// already is marked, in small steps, and numbered first.
///
/// `was_protected` says that there is reason to know so, outside of the database: then nothing is marked that lies there.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach, and when its log had a key and lost it: somebody took that away who has
/// the database alone.
pub async fn protect(database: &Database, key: LogKey, was_protected: bool) -> Result<(), Fault> {
    let has_key = |head: Option<log::Head>| head.is_some_and(|head| head.keyed_from.is_some());
    let mut tx = database.read().await?;
    if !has_key(log::head(&mut tx).await?) {
        if log::had_key(&mut tx).await? {
            return Err(Fault::broken("the event log had a key, and its head says that it has none: it was changed"));
        }
        if was_protected && has_unmarked(database, &mut tx).await? {
            return Err(Fault::broken("heads of the event log were kept, and its database says that it has no key"));
        }
        drop(tx);
        mark_all(database, &key).await?;
        loop {
            while log::sequence_events(database).await? > 0 {}
            let mut tx = database.housekeeping().await?;
            let Some(head) = log::head(&mut tx).await? else {
                return Err(Fault::broken("the head of the event log is missing"));
            };
            // Another process may have been faster, with the same key.
            let is_done = head.keyed_from.is_some() || log::key_from(&mut tx, &key, head).await?;
            tx.commit().await?;
            if is_done {
                break;
            }
        }
    }
    database.ledger().give(key);
    Ok(())
}

async fn has_unmarked(database: &Database, tx: &mut Tx) -> Result<bool, Fault> {
    for table in database.tables() {
        if mark::has_unmarked(tx, table).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn mark_all(database: &Database, key: &LogKey) -> Result<(), Fault> {
    for table in database.tables() {
        loop {
            let mut tx = database.housekeeping().await?;
            let is_more = mark::mark_some(&mut tx, key, table).await?;
            tx.commit().await?;
            if !is_more {
                break;
            }
        }
    }
    Ok(())
}

/// Marks the rows that an older version left without a mark, or with one that covered less, as they lie there; once, and
/// events name them. From then on the head of the log says that it is done, under its code. How many rows there were.
///
/// It is for a log that has a key, and nothing is marked where its head was changed, or has entries above it: somebody put
/// back one from before. What lies there without its mark then counts for nothing.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn mark_older(database: &Database, context: &Context) -> Result<usize, Fault> {
    let Some(key) = database.log_key() else { return Ok(0) };
    let mut tx = database.snapshot().await?;
    let Some(head) = log::head(&mut tx).await? else { return Ok(0) };
    let archived = point::find(&mut tx).await?.map_or(0, |point| point.sequence);
    let is_put_back = log::is_beyond(&mut tx, &head).await? || archived > head.sequence;
    tx.commit().await?;
    if is_done(&head) {
        return Ok(0);
    }
    if is_put_back || !head.is_ours(key) {
        tracing::error!("the head of the event log was changed past the product: rows without a mark get none");
        return Ok(0);
    }
    if head.marks.is_none() && was_done(database, key).await? {
        tracing::error!("rows of an older version were marked before, and the head of the log is from before that");
        return Ok(0);
    }
    let mut count = 0;
    let older = || database.tables().iter().filter(|table| table.marked.older != Older::AsNow);
    for table in older() {
        count += mark_table(database, (context, key), table).await?;
    }
    if let Some(table) = older().next().filter(|_| count == 0) {
        // That it was done stands in the log, whatever there was to do.
        let event = EventRow::of(RowsMarked { table: table.marked.table.to_owned(), rows: 0 });
        let mut tx = database.housekeeping().await?;
        work::write(&mut tx, context, &event, None).await?;
        tx.commit().await?;
    }
    loop {
        while log::sequence_events(database).await? > 0 {}
        let mut tx = database.housekeeping().await?;
        let Some(head) = log::head(&mut tx).await? else {
            return Err(Fault::broken("the head of the event log is missing"));
        };
        let is_done = is_done(&head) || (head.is_ours(key) && log::all_marked(&mut tx, key, head).await?);
        tx.commit().await?;
        if is_done {
            return Ok(count);
        }
    }
}

/// Whether the log tells that rows were marked, and of something since: who was cut off while it marked did nothing else.
async fn was_done(database: &Database, key: &LogKey) -> Result<bool, Fault> {
    while log::sequence_events(database).await? > 0 {}
    let mut tx = database.read().await?;
    let Some(head) = log::head(&mut tx).await? else { return Ok(false) };
    let is_marking = |entry: &Entry| entry.is_ours(key) && entry.read::<RowsMarked>().is_some();
    if log::from(&mut tx, head.sequence - 1, head.sequence).await?.iter().any(is_marking) {
        return Ok(false);
    }
    let filter = Filter { kind: Some(RowsMarked::KIND.name.to_owned()), ..Filter::default() };
    let told = log::list(&mut tx, &filter, &ListPage::<EventId>::first(1)).await?;
    Ok(!told.items.is_empty())
}

fn is_done(head: &Head) -> bool {
    head.marks.is_some_and(|marks| marks >= MARKS)
}

async fn mark_table(database: &Database, (context, key): (&Context, &LogKey), table: &Table) -> Result<usize, Fault> {
    let (mut count, mut after) = (0, None);
    loop {
        let mut tx = database.housekeeping().await?;
        let Some(anew) = mark::mark_anew(&mut tx, key, table, after.as_deref()).await? else { return Ok(count) };
        if anew.count > 0 {
            let event = RowsMarked { table: table.marked.table.to_owned(), rows: anew.count };
            work::write(&mut tx, context, &EventRow::of(event), Some(anew.marks)).await?;
            tx.commit().await?;
        }
        count += anew.count;
        after = Some(anew.last);
    }
}
