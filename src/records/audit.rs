//! An audit: whether the log is whole, and everything else as the log says.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use base::Fault;
use serde_json::Value;

use crate::{
    args,
    database::Database,
    entry::Entry,
    events::LossAcknowledged,
    heads::KeptHead,
    log::{self, Head},
    mark::{self, RowState, Table},
    tx::Tx,
};

/// So many things are named; of more it is said that there are more.
const NAMED_MAX: usize = 100;

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many events it read.
    pub events: i64,
    /// How many rows it held against the log.
    pub rows: u64,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// Whether there is more of it than is named.
    pub is_more: bool,
    /// What is wrong and was acknowledged by somebody who answers for it.
    pub acknowledged: Vec<Finding>,
}

/// One thing that is not as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The entries with these numbers, the first and the last, are not there.
    Missing(i64, i64),
    /// The entry with this number is not as it was written, or not at its place, or the one before it is not.
    Changed(i64),
    /// The entry with this number was not written by the product, or changed since.
    Foreign(i64),
    /// An event that waits for its number was not written by the product: its identifier.
    ForeignWaiting(String),
    /// The log ends at the first number although the head says the second: its end was cut off.
    Cut(i64, i64),
    /// There are entries with numbers above the head's, up to this one: the head was put back.
    Beyond(i64),
    /// The head is not as it was written.
    Head,
    /// A head that was kept outside says something else of this number than the log.
    Contradicted(i64),
    /// A head that was kept outside has this number, and the log ends before it, at the second: an older copy was put in
    /// its place, or its end was cut off and the head with it.
    PutBack(i64, i64),
    /// A row was not left so by any act: its table and its key.
    Row(&'static str, String, RowFault),
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// It was changed past the product.
    Changed,
    /// It was put there past the product.
    Inserted,
    /// It is as an earlier act left it: what happened since was undone past the product.
    PutBack,
    /// It was taken away past the product.
    Removed,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(first, last) if first == last => write!(f, "event {first} is missing"),
            Self::Missing(first, last) => write!(f, "events {first} to {last} are missing"),
            Self::Changed(number) => write!(f, "event {number} was changed or moved, or stands behind one that was"),
            Self::Foreign(number) => write!(f, "event {number} was not written by the product, or was changed"),
            Self::ForeignWaiting(id) => {
                write!(f, "event {id}, which has no number yet, was not written by the product")
            }
            Self::Cut(last, head) => write!(f, "the log was cut off: it ends at {last}, but its head says {head}"),
            Self::Beyond(number) => write!(f, "the head was put back: there are events up to {number} above it"),
            Self::Head => write!(f, "the head of the log was changed"),
            Self::Contradicted(number) => {
                write!(f, "event {number} is another one than when a head was kept: the log was written anew")
            }
            Self::PutBack(kept, last) => write!(
                f,
                "the log ends at {last}, and a head was kept of {kept}: an older copy was put in its place, or it was cut off"
            ),
            Self::Row(table, key, fault) => match fault {
                RowFault::Changed => write!(f, "{table} {key} was changed past the product"),
                RowFault::Inserted => write!(f, "{table} {key} was put there past the product"),
                RowFault::PutBack => write!(f, "{table} {key} was put back to what it was before its last change"),
                RowFault::Removed => write!(f, "{table} {key} was taken away past the product"),
            },
        }
    }
}

impl Audit {
    /// Whether nothing is wrong that nobody answers for.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < NAMED_MAX {
            self.findings.push(finding);
        } else {
            self.is_more = true;
        }
    }
}

/// Walks the whole log and checks numbers, codes and hashes, holds it against the heads that were kept outside, and every
/// marked row against the log. What happens meanwhile disturbs nothing.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn audit(database: &Database, kept: &[KeptHead]) -> Result<Audit, Fault> {
    let mut tx = database.read().await?;
    let mut audit = Audit::default();
    let Some(head) = log::head(&mut tx).await? else {
        audit.find(Finding::Head);
        return Ok(audit);
    };
    if database.log_key().is_some_and(|key| !head.is_ours(key)) {
        audit.find(Finding::Head);
    }
    let losses = walk(database, &mut tx, (&head, 0, Some(String::new())), kept, &mut audit).await?;
    beyond(database, &mut tx, &head, &mut audit).await?;
    put_back(&head, kept, &losses, &mut audit);
    look_at_rows(database, &mut tx, &mut audit).await?;
    Ok(audit)
}

/// Checks the last entries of the log, as many as this, and its head: what a page can afford.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn audit_end(database: &Database, count: i64) -> Result<Audit, Fault> {
    let mut tx = database.read().await?;
    let mut audit = Audit::default();
    let Some(head) = log::head(&mut tx).await? else {
        audit.find(Finding::Head);
        return Ok(audit);
    };
    if database.log_key().is_some_and(|key| !head.is_ours(key)) {
        audit.find(Finding::Head);
    }
    let from = (head.sequence - count).max(0);
    let hash = match log::from(&mut tx, from - 1, from).await?.pop() {
        Some(entry) => entry.hash,
        None if from == 0 => Some(String::new()),
        None => None,
    };
    walk(database, &mut tx, (&head, from, hash), &[], &mut audit).await?;
    Ok(audit)
}

/// From the entry after a number, of which this is the hash, to the head. Returns the losses that somebody answers for, each with its instant.
async fn walk(
    database: &Database,
    tx: &mut Tx,
    (head, mut number, mut hash): (&Head, i64, Option<String>),
    kept: &[KeptHead],
    audit: &mut Audit,
) -> Result<Vec<(i64, LossAcknowledged)>, Fault> {
    let mut losses = Vec::new();
    let mut kept = kept;
    loop {
        let entries = log::from(tx, number, head.sequence).await?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            let own = entry.sequence.unwrap_or_default();
            if own != number + 1 {
                audit.find(Finding::Missing(number + 1, own - 1));
                hash = None;
            }
            number = own;
            let key = database.log_key().filter(|_| head.keyed_from.is_some_and(|from| number >= from));
            let is_foreign = key.is_some_and(|key| !entry.is_ours(key));
            // Without the key nobody can tell whether what was made with it is right.
            let can_be_told = key.is_some() || head.keyed_from.is_none_or(|from| number < from);
            let chained = hash.as_ref().map(|hash| entry.chained(key, hash, number));
            let is_chained = !can_be_told || chained.is_none() || entry.hash == chained;
            if is_foreign {
                audit.find(Finding::Foreign(number));
            } else if !is_chained {
                audit.find(Finding::Changed(number));
            }
            while let Some((one, rest)) = kept.split_first().filter(|(one, _)| one.sequence <= number) {
                kept = rest;
                if one.sequence == number && entry.hash.as_ref() != Some(&one.hash) {
                    audit.find(Finding::Contradicted(number));
                }
            }
            if let Some(loss) = entry.read::<LossAcknowledged>().filter(|_| !is_foreign) {
                losses.push((entry.at, loss));
            }
            hash.clone_from(&entry.hash);
        }
        hold_against(database, tx, &entries, audit).await?;
    }
    audit.events = number;
    if number < head.sequence {
        audit.find(Finding::Cut(number, head.sequence));
    } else if hash.is_some_and(|hash| hash != head.hash) && !audit.findings.contains(&Finding::Head) {
        audit.find(Finding::Head);
    }
    Ok(losses)
}

/// Holds rows against what these entries say of them: each is there, and no older.
async fn hold_against(database: &Database, tx: &mut Tx, entries: &[Entry], audit: &mut Audit) -> Result<(), Fault> {
    let mut said: BTreeMap<(String, Vec<String>), i64> = BTreeMap::new();
    for (table, name, version) in entries.iter().filter_map(|entry| entry.marks.as_deref()).flat_map(marks_of) {
        let known = said.entry((table, name)).or_default();
        *known = version.max(*known);
    }
    let Some(key) = database.log_key() else { return Ok(()) };
    for ((name_of_table, name), version) in said {
        let table = database.tables().iter().find(|table| table.marked.table == name_of_table);
        let Some(table) = table else { continue };
        match mark::look(tx, key, table, &name).await? {
            None if !table.marked.is_removed => audit.find(row(table, &name, RowFault::Removed)),
            Some(RowState::Right(now)) if now < version => audit.find(row(table, &name, RowFault::PutBack)),
            // What is wrong with the row itself is found when all rows are walked.
            _ => {}
        }
    }
    Ok(())
}

/// The rows that an entry says that its act left: table, key, version.
fn marks_of(text: &str) -> Vec<(String, Vec<String>, i64)> {
    let Ok(Value::Array(marks)) = serde_json::from_str(text) else { return vec![] };
    let read = |mark: &Value| {
        let [table, name, version, ..] = mark.as_array()?.as_slice() else { return None };
        let name: Option<Vec<String>> = name.as_array()?.iter().map(|part| part.as_str().map(str::to_owned)).collect();
        Some((table.as_str()?.to_owned(), name?, version.as_i64()?))
    };
    marks.iter().filter_map(read).collect()
}

fn row(table: &Table, name: &[String], fault: RowFault) -> Finding {
    Finding::Row(table.marked.table, name.join(" "), fault)
}

/// What stands above the head, and what waits for its number.
async fn beyond(database: &Database, tx: &mut Tx, head: &Head, audit: &mut Audit) -> Result<(), Fault> {
    // A sequencer may have gone on since.
    let now = log::head(tx).await?.map_or(head.sequence, |now| now.sequence.max(head.sequence));
    let last: Option<(i64,)> =
        tx.first("select sequence from event where sequence > $1 order by sequence desc limit 1", args![now]).await?;
    let again = log::head(tx).await?.map_or(now, |head| head.sequence);
    if let Some((last,)) = last.filter(|(last,)| *last > again) {
        audit.find(Finding::Beyond(last));
    }
    if let (Some(key), Some(_)) = (database.log_key(), head.keyed_from) {
        for entry in log::waiting(tx).await?.iter().filter(|entry| !entry.is_ours(key)) {
            audit.find(Finding::ForeignWaiting(entry.event_id.clone()));
        }
    }
    Ok(())
}

/// Heads that were kept of what the log has no more.
fn put_back(head: &Head, kept: &[KeptHead], losses: &[(i64, LossAcknowledged)], audit: &mut Audit) {
    // Each time the log was put back is one finding: the highest head that was kept before.
    let above = kept.iter().filter(|kept| kept.sequence > head.sequence);
    let is_known = |kept: &KeptHead| losses.iter().any(|(at, loss)| kept.at <= *at && kept.sequence <= loss.kept);
    let (known, open): (Vec<&KeptHead>, Vec<&KeptHead>) = above.partition(|kept| is_known(kept));
    if let Some(highest) = open.iter().map(|kept| kept.sequence).max() {
        audit.find(Finding::PutBack(highest, head.sequence));
    }
    if let Some(highest) = known.iter().map(|kept| kept.sequence).max() {
        audit.acknowledged.push(Finding::PutBack(highest, head.sequence));
    }
    // What was contradicted because of a loss that somebody answers for is known too.
    let numbers: HashSet<i64> = kept.iter().filter(|kept| is_known(kept)).map(|kept| kept.sequence).collect();
    let (known, open) = std::mem::take(&mut audit.findings)
        .into_iter()
        .partition(|finding| matches!(finding, Finding::Contradicted(number) if numbers.contains(number)));
    audit.findings = open;
    audit.acknowledged.extend::<Vec<Finding>>(known);
}

/// Every marked row has a mark that is right.
async fn look_at_rows(database: &Database, tx: &mut Tx, audit: &mut Audit) -> Result<(), Fault> {
    let Some(key) = database.log_key() else { return Ok(()) };
    for table in database.tables() {
        let mut after: Option<Vec<String>> = None;
        loop {
            let rows = mark::walk(tx, key, table, after.as_deref()).await?;
            for (name, state) in &rows {
                audit.rows += 1;
                match state {
                    RowState::Right(_) => {}
                    RowState::Unmarked => audit.find(row(table, name, RowFault::Inserted)),
                    RowState::Wrong => audit.find(row(table, name, RowFault::Changed)),
                }
            }
            let Some((last, _)) = rows.into_iter().next_back() else { break };
            after = Some(last);
        }
    }
    Ok(())
}
