//! Rows that were damaged, changed or taken away past the product, put back as the last act left them. They come from a
//! copy of the database, and nobody has to believe it: the entry of that act has the mark that the row had then.

use std::{collections::BTreeMap, sync::Arc};

use base::Fault;

use crate::{
    args::{self, Value},
    copy,
    database::Database,
    entry::Entry,
    events::RowPutBack,
    log,
    mark::{self, Left, RowState},
    work::Work,
};

/// A row of a copy: each column with its value.
pub type Copied = Vec<(String, Value)>;

/// A row as the last entry that names it says its act left it, and up to which number the log was read for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted(Left, i64);

impl Wanted {
    /// Where it is.
    pub fn table(&self) -> &str {
        &self.0.table
    }

    /// Its key, as findings name it.
    pub fn key(&self) -> String {
        self.0.name.join(" ")
    }

    /// Whether a row of a copy of its table has its key.
    pub fn is(&self, database: &Database, row: &Copied) -> bool {
        let Some(table) = database.tables().iter().find(|table| table.marked.table == self.0.table) else {
            return false;
        };
        let names = table.marked.key.iter().zip(&self.0.name);
        names.into_iter().all(|(column, name)| {
            row.iter().any(|(known, value)| known == column && *value == Value::Text(Some(name.clone())))
        })
    }
}

/// What the log says of these rows, each a table and a key as findings name them; none for one that no entry at hand names.
/// It reads the whole log.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach, or this process has not the key of the log.
pub async fn wanted(database: &Database, rows: &[(String, String)]) -> Result<Vec<Option<Wanted>>, Fault> {
    let key = database.log_key().ok_or_else(|| Fault::broken("the key of the event log is not at hand"))?;
    let mut tx = database.read().await?;
    let mut last: BTreeMap<(String, String), Left> = BTreeMap::new();
    let mut hear = |entries: &[Entry]| {
        for left in
            entries.iter().filter(|entry| entry.is_ours(key)).flat_map(|entry| Left::read(entry.marks.as_deref()))
        {
            let row = (left.table.clone(), left.name.join(" "));
            if rows.contains(&row) && last.get(&row).is_none_or(|known| known.version <= left.version) {
                last.insert(row, left);
            }
        }
    };
    let head = log::head(&mut tx).await?.ok_or_else(|| Fault::broken("the head of the event log is missing"))?;
    let mut after = 0;
    while after < head.sequence {
        let entries = log::from(&mut tx, after, head.sequence).await?;
        let Some(number) = entries.last().and_then(|entry| entry.sequence) else { break };
        hear(&entries);
        after = number;
    }
    hear(&log::all_waiting(&mut tx).await?);
    Ok(rows.iter().map(|row| last.get(row).cloned().map(|left| Wanted(left, head.sequence))).collect())
}

/// Puts a row back from its copy, and writes down that it was; whether the copy is the row that the entry says, and no act
/// left the row since: else nothing is done. What it has beside marked columns is taken from the copy when the row is gone.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach or does not take it.
pub async fn put_back(
    work: &mut Work,
    (backup, reason): (&str, &str),
    (wanted, row): &(Wanted, Copied),
) -> Result<bool, Fault> {
    let all = copy::tables(&mut work.tx).await?;
    let Some(stored) = all.iter().find(|stored| stored.name == wanted.0.table) else { return Ok(false) };
    let is_done = !has_moved(work, wanted).await? && put_one(work, stored, &wanted.0, row).await?;
    if is_done {
        let (table, backup) = (stored.name.clone(), backup.to_owned());
        work.record(RowPutBack { row: wanted.key(), table, backup, reason: reason.to_owned() });
    }
    Ok(is_done)
}

/// Whether an act left the row since the log was read: nothing takes back what that wrote.
async fn has_moved(work: &mut Work, Wanted(left, read_to): &Wanted) -> Result<bool, Fault> {
    let ledger = Arc::clone(work.ledger());
    let Some(key) = ledger.key() else { return Ok(true) };
    let is_later = |entries: &[Entry]| {
        let entries = entries.iter().filter(|entry| entry.is_ours(key));
        let mut later = entries.flat_map(|entry| Left::read(entry.marks.as_deref()));
        later.any(|later| later.table == left.table && later.name == left.name && later.version > left.version)
    };
    let mut after = *read_to;
    loop {
        let entries = log::from(&mut work.tx, after, i64::MAX).await?;
        if is_later(&entries) {
            return Ok(true);
        }
        let Some(number) = entries.last().and_then(|entry| entry.sequence) else { break };
        after = number;
    }
    Ok(is_later(&log::all_waiting(&mut work.tx).await?))
}

async fn put_one(work: &mut Work, stored: &copy::Table, left: &Left, row: &Copied) -> Result<bool, Fault> {
    let ledger = Arc::clone(work.ledger());
    let (Some(key), Some(table)) = (ledger.key(), ledger.tables.iter().find(|known| known.marked.table == left.table))
    else {
        return Ok(false);
    };
    let value = |column: &copy::Column| match column.name.as_str() {
        "marked" => Value::Int(Some(left.version)),
        "mark" => Value::Text(Some(left.mark.clone())),
        name => {
            row.iter().find(|(known, _)| known == name).map_or_else(|| column.kind.null(), |(_, value)| value.clone())
        }
    };
    let values: Vec<Value> = stored.columns.iter().map(value).collect();
    stored.check(&values)?;
    let of = |name: &str| {
        let place = stored.columns.iter().position(|column| column.name == name);
        place.and_then(|place| values.get(place)).cloned().unwrap_or(Value::Text(None))
    };
    let marked = table.marked;
    let fields = marked.key.iter().chain(marked.columns).map(|name| of(name)).collect();
    if !mark::is_right(key, table, fields, left) {
        return Ok(false);
    }
    match mark::look(&mut work.tx, key, table, &left.name).await? {
        None => {
            work.tx.run_composed(&copy::insert(stored, 1), values).await?;
            return Ok(true);
        }
        // It is right as it stands.
        Some(RowState::Right(version)) if version >= left.version => return Ok(false),
        Some(_) => {}
    }
    let columns: Vec<&str> = marked.columns.iter().copied().chain(["marked", "mark"]).collect();
    let sets = columns.iter().zip(1..).map(|(name, place)| format!("{name} = ${place}")).collect::<Vec<_>>().join(", ");
    let keys = marked.key.iter().zip(columns.len() + 1..).map(|(name, place)| format!("{name} = ${place}"));
    let sql = format!("update {} set {sets} where {}", stored.name, keys.collect::<Vec<_>>().join(" and "));
    let mut changed: Vec<Value> = columns.into_iter().map(of).collect();
    changed.extend(left.name.iter().map(args::Value::from));
    work.tx.run_composed(&sql, changed).await?;
    Ok(true)
}
