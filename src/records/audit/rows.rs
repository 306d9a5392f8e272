//! The rows: whether each has a mark that is right, and whether they are those that the log left.

use std::collections::BTreeMap;

use base::Fault;

use super::{
    finding::{Audit, Finding, RowFault},
    walk::row,
};
use crate::{
    database::Database,
    events::LogArchived,
    limits::WAITING_MAX,
    log,
    log_key::LogKey,
    mark::{self, Left, RowState, Table},
    strange::NO_TEXT,
    tally::Tally,
    tx::Tx,
};

/// Every marked row has a mark that is right. The rows that are there.
pub(super) async fn look(database: &Database, tx: &mut Tx, key: &LogKey, audit: &mut Audit) -> Result<Tally, Fault> {
    let mut tally = Tally::default();
    for table in database.tables() {
        let mut after: Option<Vec<String>> = None;
        loop {
            let rows = mark::walk(tx, key, table, after.as_deref()).await?;
            for (name, state) in &rows {
                audit.rows += 1;
                match state {
                    RowState::Right(version) => tally.row(key, table.marked.table, name, *version),
                    RowState::Unmarked => audit.find(row(table, name, RowFault::Inserted)),
                    RowState::Wrong => audit.find(row(table, name, RowFault::Changed)),
                }
            }
            if table.marked.is_removed {
                undone(tx, table, &rows, audit).await?;
            }
            // Behind a key that is no text nobody can go on: it is named, and so is what stands behind it as far as it is
            // read with it.
            let is_key = |name: &Vec<String>| !name.iter().any(|part| part.contains(NO_TEXT));
            let Some((last, _)) = rows.into_iter().rfind(|(name, _)| is_key(name)) else { break };
            after = Some(last);
        }
    }
    Ok(tally)
}

/// Which of these rows are as an earlier event left them than the last one about them. Rows that go when they are over stand
/// in no tally, so that this is asked of each: a session that was closed would be open again.
async fn undone(tx: &mut Tx, table: &Table, rows: &[(Vec<String>, RowState)], audit: &mut Audit) -> Result<(), Fault> {
    let there: BTreeMap<&[String], i64> = rows
        .iter()
        .filter_map(|(name, state)| match state {
            RowState::Right(version) => Some((name.as_slice(), *version)),
            RowState::Unmarked | RowState::Wrong => None,
        })
        .collect();
    let objects: Vec<&str> = there.keys().filter_map(|name| name.first().map(String::as_str)).collect();
    for left in log::left_by(tx, &objects).await?.iter().filter(|left| left.table == table.marked.table) {
        if there.get(left.name.as_slice()).is_some_and(|version| *version < left.version) {
            audit.find(row(table, &left.name, RowFault::PutBack));
        }
    }
    Ok(())
}

/// The rows that events left which wait for their number. When there are too many of them to tell, that is a finding: what
/// is not looked at is not as the log says.
pub(super) async fn waiting(
    tx: &mut Tx,
    (key, is_keyed): (&LogKey, bool),
    audit: &mut Audit,
) -> Result<Vec<Left>, Fault> {
    let entries = log::all_waiting(tx).await?;
    if entries.len() >= WAITING_MAX {
        audit.find(Finding::Unnumbered(entries.len()));
    }
    if is_keyed {
        for entry in entries.iter().filter(|entry| !entry.is_ours(key)) {
            audit.find(Finding::ForeignWaiting(entry.event_id.clone()));
        }
    }
    Ok(entries.iter().flat_map(|entry| Left::read(entry.marks.as_deref())).collect())
}

/// The files that events name which wait for their number.
pub(super) async fn archived(tx: &mut Tx) -> Result<Vec<String>, Fault> {
    let told = log::all_waiting(tx).await?;
    Ok(told.iter().filter_map(|entry| Some(entry.read::<LogArchived>()?.file)).collect())
}

/// Whether the rows that are there are those that events left. A log that is not whole does not say which those are, and a
/// row that is named explains why they are not.
pub(super) fn compare(database: &Database, told: &Tally, there: &Tally, audit: &mut Audit) {
    let is_apart = |finding: &Finding| {
        matches!(finding, Finding::Contradicted(_) | Finding::File(_) | Finding::StrayFile(_) | Finding::HeadsGone)
    };
    if !audit.findings.iter().all(is_apart) {
        return;
    }
    for table in database.tables().iter().filter(|table| !table.marked.is_removed) {
        let name = table.marked.table;
        if told.of(name) != there.of(name) {
            audit.find(Finding::Rows(name));
        }
    }
}
