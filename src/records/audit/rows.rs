//! The rows: whether each has a mark that is right, and whether they are those that the log left.

use base::Fault;

use super::{
    finding::{Audit, Finding, RowFault},
    walk::row,
};
use crate::{
    database::Database,
    limits::WAITING_MAX,
    log,
    log_key::LogKey,
    mark::{self, Left, RowState},
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
            let Some((last, _)) = rows.into_iter().next_back() else { break };
            after = Some(last);
        }
    }
    Ok(tally)
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

/// Whether the rows that are there are those that events left. A log that is not whole does not say which those are, and a
/// row that is named explains why they are not.
pub(super) fn compare(database: &Database, told: &Tally, there: &Tally, audit: &mut Audit) {
    let is_apart = |finding: &Finding| matches!(finding, Finding::Contradicted(_) | Finding::File(_));
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
