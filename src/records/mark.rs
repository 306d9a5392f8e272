//! Marks: a keyed code over each row that others rest on, made with the act that leaves the row so.
//!
//! The event of the act says which rows it left, in which version, under which mark. So an audit finds rows that were
//! changed, put there or taken away by somebody who has the database alone: a changed row has no mark that is right, and
//! one that was put back as it was before has an older version than the log says.

use std::{collections::BTreeMap, sync::OnceLock};

use base::Fault;
use serde_json::Value;
use sqlx::{
    Column as _, ColumnIndex, FromRow, Row as _,
    any::{AnyRow, AnyTypeInfoKind, AnyValueRef},
};

use crate::{
    args,
    event::Event,
    event_row::EventRow,
    log_key::{LogKey, is_code},
    tx::Tx,
};

/// How many rows are read at once.
const ROWS_AT_ONCE: i64 = 500;

/// A table whose rows are marked. Each has the columns `marked` (how often) and `mark`.
#[derive(Clone, Copy, Debug)]
pub struct Marked {
    /// Its name in the database.
    pub table: &'static str,
    /// The columns that name a row, all of them text.
    pub key: &'static [&'static str],
    /// The columns that others rest on. One that comes later stands behind the others.
    pub columns: &'static [&'static str],
    /// After which events a row is marked.
    pub after: &'static [After],
    /// Whether rows are removed when they are over, without an event.
    pub is_removed: bool,
}

/// An event after which a row is marked, and where it names the row.
#[derive(Clone, Copy, Debug)]
pub struct After {
    kind: &'static str,
    names: &'static [&'static str],
}

/// The object of an event, beside the names of its details.
pub const OBJECT: &str = "";

impl After {
    /// Events of this type, whose object is the row.
    pub const fn object<E: Event>() -> Self {
        Self { kind: E::KIND.name, names: &[OBJECT] }
    }

    /// Events of this type, which name the row in these details, or as their [`OBJECT`].
    pub const fn details<E: Event>(names: &'static [&'static str]) -> Self {
        Self { kind: E::KIND.name, names }
    }

    fn key(&self, event: &EventRow) -> Option<Vec<String>> {
        let text = |name: &&str| event.named(name).map(str::to_owned);
        self.names.iter().map(text).collect()
    }
}

/// What makes the log, and what it says of rows, hard to change.
#[derive(Debug)]
pub struct Ledger {
    key: OnceLock<LogKey>,
    pub(crate) tables: Vec<Table>,
}

impl Ledger {
    pub(crate) fn new(marked: &'static [&'static [Marked]]) -> Self {
        Self { key: OnceLock::new(), tables: marked.iter().copied().flatten().map(Table::of).collect() }
    }

    pub(crate) fn key(&self) -> Option<&LogKey> {
        self.key.get()
    }

    /// Whether a row is as the last act left it, as far as anybody can tell: without the key nobody can. `fields` are the
    /// values of its key and of its columns, in their order.
    pub(crate) fn is_as_left(
        &self,
        table: &str,
        fields: Vec<args::Value>,
        (marked, mark): (i64, Option<&str>),
    ) -> bool {
        let Some(key) = self.key() else { return true };
        let Some(table) = self.tables.iter().find(|known| known.marked.table == table) else { return true };
        let bytes = |value| match value {
            args::Value::Bytes(bytes) => bytes,
            args::Value::Int(number) => number.map(|number| number.to_string().into_bytes()),
            args::Value::Text(text) => text.map(String::into_bytes),
        };
        let fields = fields.into_iter().map(bytes).collect();
        let row = Row { fields, is_strange: false, marked, mark: mark.map(str::to_owned) };
        matches!(row.state(key, table), RowState::Right(_))
    }

    /// The first one stays.
    pub(crate) fn give(&self, key: LogKey) {
        let _ = self.key.set(key);
    }
}

/// A table with the statements that it takes.
#[derive(Debug)]
pub struct Table {
    pub(crate) marked: &'static Marked,
    one: String,
    set: String,
    first: String,
    next: String,
    unmarked: String,
}

impl Table {
    /// Whether an event of this kind leaves a row to be marked.
    pub(crate) fn is_marked_after(&self, kind: &str) -> bool {
        self.marked.after.iter().any(|after| after.kind == kind)
    }

    pub(crate) fn of(marked: &'static Marked) -> Self {
        let Marked { table, key, columns, .. } = marked;
        let (count, keys) = (key.len(), key.join(", "));
        let wanted = key.iter().zip(1..).map(|(column, place)| format!("{column} = ${place}"));
        let wanted = wanted.collect::<Vec<_>>().join(" and ");
        let places = (1..=count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let select = format!("select {keys}, {}, marked, mark from {table}", columns.join(", "));
        Self {
            marked,
            one: format!("{select} where {wanted}"),
            set: format!("update {table} set marked = ${}, mark = ${} where {wanted}", count + 1, count + 2),
            first: format!("{select} order by {keys} limit $1"),
            next: format!("{select} where ({keys}) > ({places}) order by {keys} limit ${}", count + 1),
            unmarked: format!("{select} where marked = 0 limit $1"),
        }
    }
}

/// Marked columns that hold bytes. SQLite keeps a value of any type in any column, and one of bytes is greater than every
/// number and like no text, whatever they say: in another column it is a change.
const OF_BYTES: [&str; 3] = ["der", "identity_sealed", "spki"];

/// A marked row as it is stored.
struct Row {
    fields: Vec<Option<Vec<u8>>>,
    /// Whether a column holds what it cannot.
    is_strange: bool,
    marked: i64,
    mark: Option<String>,
}

impl FromRow<'_, AnyRow> for Row {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let count = row.columns().len().saturating_sub(2);
        let fields = (0..count).map(|place| field(row, place)).collect::<Result<_, _>>()?;
        let is_strange = row.columns().iter().take(count).any(|column| {
            let is_bytes = row.try_get_raw(column.ordinal()).is_ok_and(|raw| kind_of(&raw) == AnyTypeInfoKind::Blob);
            is_bytes && !OF_BYTES.contains(&column.name())
        });
        Ok(Self { fields, is_strange, marked: row.try_get("marked")?, mark: row.try_get("mark")? })
    }
}

/// A value of any type as bytes; the same on both databases.
fn field(row: &AnyRow, place: usize) -> Result<Option<Vec<u8>>, sqlx::Error>
where
    usize: ColumnIndex<AnyRow>,
{
    let raw = row.try_get_raw(place)?;
    Ok(match kind_of(&raw) {
        AnyTypeInfoKind::Null => None,
        AnyTypeInfoKind::Blob => row.try_get::<Option<Vec<u8>>, _>(place)?,
        AnyTypeInfoKind::Text => row.try_get::<Option<String>, _>(place)?.map(String::into_bytes),
        _ => row.try_get::<Option<i64>, _>(place)?.map(|number| number.to_string().into_bytes()),
    })
}

fn kind_of(raw: &AnyValueRef<'_>) -> AnyTypeInfoKind {
    sqlx::ValueRef::type_info(raw).kind()
}

impl Row {
    fn code(&self, key: &LogKey, table: &Table, version: i64) -> String {
        let version = version.to_be_bytes();
        // A column that came later is null in older rows, and changes none of their codes.
        let told = self.fields.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let mut parts = vec![Some(table.marked.table.as_bytes()), Some(&version[..])];
        parts.extend(self.fields.iter().take(told).map(Option::as_deref));
        key.code("row", &parts)
    }

    fn key(&self, table: &Table) -> Vec<String> {
        let text = |field: &Option<Vec<u8>>| String::from_utf8_lossy(field.as_deref().unwrap_or_default()).into_owned();
        self.fields.iter().take(table.marked.key.len()).map(text).collect()
    }

    fn state(&self, key: &LogKey, table: &Table) -> RowState {
        if self.marked == 0 {
            return RowState::Unmarked;
        }
        if !self.is_strange && is_code(self.mark.as_deref(), &self.code(key, table, self.marked)) {
            RowState::Right(self.marked)
        } else {
            RowState::Wrong
        }
    }
}

/// What a row's mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// Nobody with the key has marked it.
    Unmarked,
    /// It is as the last act left it that it knows of: its version.
    Right(i64),
    /// It was changed since.
    Wrong,
}

/// A row as an entry says that its act left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Where it is.
    pub table: String,
    /// The values of its key.
    pub name: Vec<String>,
    /// How often it had been marked then.
    pub version: i64,
}

impl Left {
    /// The rows that an entry names in its column `marks`.
    pub fn read(marks: Option<&str>) -> Vec<Self> {
        let Some(Ok(Value::Array(marks))) = marks.map(serde_json::from_str) else { return vec![] };
        let read = |mark: &Value| {
            let [table, name, version, ..] = mark.as_array()?.as_slice() else { return None };
            let name = name.as_array()?.iter().map(|part| part.as_str().map(str::to_owned)).collect::<Option<_>>()?;
            Some(Self { table: table.as_str()?.to_owned(), name, version: version.as_i64()? })
        };
        marks.iter().filter_map(read).collect()
    }
}

/// Marks the rows that these events leave. Of each event what goes into its column `marks`.
pub async fn mark(
    tx: &mut Tx,
    key: &LogKey,
    tables: &[Table],
    events: &[EventRow],
) -> Result<Vec<Option<String>>, Fault> {
    // Of several events of one row the last one says how the act leaves it.
    let mut rows: BTreeMap<(usize, Vec<String>), usize> = BTreeMap::new();
    for (event, place) in events.iter().zip(0..) {
        for (table, which) in tables.iter().zip(0..) {
            let after = table.marked.after.iter().filter(|after| after.kind == event.kind());
            rows.extend(after.filter_map(|after| after.key(event)).map(|name| ((which, name), place)));
        }
    }
    let mut marks: Vec<Vec<Value>> = vec![Vec::new(); events.len()];
    for ((which, name), place) in rows {
        let (Some(table), Some(marks)) = (tables.get(which), marks.get_mut(place)) else { continue };
        let Some(row) = one_to_mark(tx, table, &name).await? else { continue };
        let version = row.marked + 1;
        let mark = row.code(key, table, version);
        set(tx, table, &name, version, &mark).await?;
        marks.push(Value::from(vec![
            Value::from(table.marked.table),
            Value::from(name),
            Value::from(version),
            Value::from(mark),
        ]));
    }
    let text = |marks: Vec<Value>| (!marks.is_empty()).then(|| Value::from(marks).to_string());
    Ok(marks.into_iter().map(text).collect())
}

async fn one(tx: &mut Tx, table: &Table, name: &[String]) -> Result<Option<Row>, Fault> {
    let rows: Vec<Row> = tx.all_composed(&table.one, name.iter().map(args::Value::from).collect()).await?;
    Ok(rows.into_iter().next())
}

/// The row with nobody else marking it before this act is kept: two acts would count up to the same version.
async fn one_to_mark(tx: &mut Tx, table: &Table, name: &[String]) -> Result<Option<Row>, Fault> {
    let sql = format!("{}{}", table.one, tx.dialect().lock_row());
    let rows: Vec<Row> = tx.all_composed(&sql, name.iter().map(args::Value::from).collect()).await?;
    Ok(rows.into_iter().next())
}

async fn set(tx: &mut Tx, table: &Table, name: &[String], version: i64, mark: &str) -> Result<(), Fault> {
    let mut values: Vec<args::Value> = name.iter().map(args::Value::from).collect();
    values.extend(args![version, mark]);
    tx.run_composed(&table.set, values).await.map(|_| ())
}

/// How a row is; none when it is not there.
pub async fn look(tx: &mut Tx, key: &LogKey, table: &Table, name: &[String]) -> Result<Option<RowState>, Fault> {
    Ok(one(tx, table, name).await?.map(|row| row.state(key, table)))
}

/// Walks a table by its key: the rows after this one, each with how it is; no more when there are none.
pub async fn walk(
    tx: &mut Tx,
    key: &LogKey,
    table: &Table,
    after: Option<&[String]>,
) -> Result<Vec<(Vec<String>, RowState)>, Fault> {
    let rows: Vec<Row> = match after {
        None => tx.all_composed(&table.first, args![ROWS_AT_ONCE]).await?,
        Some(name) => {
            let mut values: Vec<args::Value> = name.iter().map(args::Value::from).collect();
            values.extend(args![ROWS_AT_ONCE]);
            tx.all_composed(&table.next, values).await?
        }
    };
    Ok(rows.iter().map(|row| (row.key(table), row.state(key, table))).collect())
}

/// Marks so many rows that are not yet; whether there was one.
pub async fn mark_some(tx: &mut Tx, key: &LogKey, table: &Table) -> Result<bool, Fault> {
    let rows: Vec<Row> = tx.all_composed(&table.unmarked, args![ROWS_AT_ONCE]).await?;
    for row in &rows {
        set(tx, table, &row.key(table), 1, &row.code(key, table, 1)).await?;
    }
    Ok(!rows.is_empty())
}
