//! How a database gets the key of its log.

use base::Fault;

use crate::{database::Database, log, log_key::LogKey, mark, tx::Tx};

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
