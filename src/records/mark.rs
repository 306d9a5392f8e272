//! Marks: a keyed code over each row that others rest on, made with the act that leaves the row so.
//!
//! The event of the act says which rows it left, in which version, under which mark. So an audit finds rows that were
//! changed, put there or taken away by somebody who has the database alone: a changed row has no mark that is right, and
//! one that was put back as it was before has an older version than the log says.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

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
    strange::{self, IN_HEX, NO_TEXT, needed_number, of_hex},
    tx::Tx,
    written::Written,
};

/// How many rows are read at once.
const ROWS_AT_ONCE: i64 = 500;

/// How many rows are marked anew at once: one event names all of them.
const ROWS_ANEW: i64 = 100;

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
    /// What an act does that leaves a row which was changed past the product before.
    pub if_changed: IfChanged,
    /// What a row lets somebody do.
    pub acts: Option<Acts>,
    /// How rows were marked before the present version.
    pub older: Older,
    /// What the log alone says cannot be, of what stands in the table or hangs on it.
    pub rules: &'static [Rule],
}

/// What cannot follow what, whatever rows say: an audit asks it of the log alone.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// What is over is done nothing with.
    Ends {
        /// What it is of, by its table.
        what: &'static str,
        /// After these events it is over,
        ends: &'static [After],
        /// and after these it is not any more.
        begins: &'static [After],
        /// What is not done with it when it is over.
        acts: &'static [After],
        /// Whose acts name it as their actor, and are none when it is over.
        actors: &'static [&'static str],
        /// Whether it ends but once.
        is_once: bool,
        /// For how many days somebody could do something with it: then it may be forgotten.
        kept_days: i64,
    },
    /// Whoever is given one of these powers is not treated as somebody without.
    Holds {
        /// What gives them, by its table: the object of these two events.
        what: &'static str,
        /// They are given to a person, with a list of powers, which these details name.
        given: After,
        /// The detail that lists the powers, with spaces between.
        listed: &'static str,
        /// Those that matter.
        powers: &'static [&'static str],
        /// They end.
        ended: After,
        /// What is done with people without, whom these details name.
        without: &'static [After],
    },
    /// The next one has a higher number, and no less of something else.
    Counts {
        /// What it is of, by its table.
        what: &'static str,
        /// The events.
        after: &'static [After],
        /// The detail that counts up.
        number: &'static str,
        /// The detail that becomes no less.
        least: &'static str,
    },
}

impl Rule {
    /// For ever, as far as audits go.
    pub const EVER_DAYS: i64 = 36_500;

    /// What waits for a second person: it is decided once, within days.
    pub const fn decided_once(what: &'static str, ends: &'static [After]) -> Self {
        Self::Ends { what, ends, begins: &[], acts: &[], actors: &[], is_once: true, kept_days: 366 }
    }

    /// What it is of, by its table.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Ends { what, .. } | Self::Holds { what, .. } | Self::Counts { what, .. } => what,
        }
    }
}

/// How the rows of a table were marked by a version that marked less. Such rows are marked anew, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    /// As they are now.
    AsNow,
    /// By the first so many of their columns.
    First(usize),
    /// Not at all.
    Unmarked,
}

/// What marks cover: whoever marks more of the rows that there are already, or rows of another table, counts this up, and
/// says in [`Marked::older`] how those are marked.
pub(crate) const MARKS: i64 = 1;

/// Events of these kinds of actors name a row of the table as their actor, and happened while it was in force.
#[derive(Clone, Copy, Debug)]
pub struct Acts {
    /// The kinds of actors.
    pub kinds: &'static [&'static str],
    /// The column that says from when on it is in force.
    pub from: &'static str,
    /// The column that says until when; null while it is.
    pub until: &'static str,
}

/// What an act does that leaves a row which somebody changed past the product since the last one. It never takes over what
/// they wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfChanged {
    /// It is refused.
    Refuse,
    /// Each act writes all of the row that counts: it is right again.
    Replace,
    /// It is done, and the row stays wrong: acts only end what the row gives.
    Keep,
}

/// An event after which a row is marked, and where it names the row.
#[derive(Clone, Copy, Debug)]
pub struct After {
    pub(crate) kind: &'static str,
    pub(crate) names: &'static [&'static str],
    is_first: bool,
}

/// The object of an event, beside the names of its details.
pub const OBJECT: &str = "";

impl After {
    /// Events of this type, whose object is the row.
    pub const fn object<E: Event>() -> Self {
        Self { kind: E::KIND.name, names: &[OBJECT], is_first: false }
    }

    /// Events of this type, which name the row in these details, or as their [`OBJECT`].
    pub const fn details<E: Event>(names: &'static [&'static str]) -> Self {
        Self { kind: E::KIND.name, names, is_first: false }
    }

    /// Of which a row that was never marked is one that the act has put there: nobody can have changed it before.
    pub const fn first(self) -> Self {
        Self { is_first: true, ..self }
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
    pub(crate) written: Written,
    right: Right,
}

impl Ledger {
    pub(crate) fn new(marked: &'static [&'static [Marked]]) -> Self {
        let tables = marked.iter().copied().flatten().map(Table::of).collect();
        Self { key: OnceLock::new(), tables, written: Written::default(), right: Right::default() }
    }

    pub(crate) fn key(&self) -> Option<&LogKey> {
        self.key.get()
    }

    /// Which row it is, when it is not as the last act left it, as far as anybody can tell: without the key nobody can.
    /// `fields` are the values of its key and of its columns, in their order.
    pub(crate) fn not_as_left(
        &self,
        table: &str,
        fields: Vec<args::Value>,
        (marked, mark): (i64, Option<&str>),
    ) -> Option<String> {
        let key = self.key()?;
        let table = self.table(table)?;
        let row = Row::read(fields, marked, mark);
        (!self.right.is_right(key, table, &row)).then(|| row.key(table).join(" "))
    }

    /// Whether the row of this key is as the last act left it and says what was read of it, as far as anybody can tell.
    pub(crate) async fn is_as_read(&self, tx: &mut Tx, table: &str, seen: Seen<'_>) -> Result<bool, Fault> {
        let Some(key) = self.key() else { return Ok(true) };
        let Some(table) = self.table(table) else { return Ok(true) };
        let name: Vec<String> = seen.key.iter().map(|part| (*part).to_owned()).collect();
        let Some(row) = one(tx, table, &name).await? else { return Ok(false) };
        let is_right = self.right.is_right(key, table, &row) || self.is_own(tx, key, table, &name).await?;
        Ok(is_right && seen.columns.into_iter().all(|seen| row.says(table, seen)))
    }

    /// Whether a row is as the last act left it, or this transaction changed it itself.
    pub(crate) async fn is_as_left_before(
        &self,
        tx: &mut Tx,
        table: &str,
        fields: Vec<args::Value>,
        (marked, mark): (i64, Option<&str>),
    ) -> Result<bool, Fault> {
        let Some(key) = self.key() else { return Ok(true) };
        let Some(table) = self.table(table) else { return Ok(true) };
        let row = Row::read(fields, marked, mark);
        if self.right.is_right(key, table, &row) {
            return Ok(true);
        }
        self.is_own(tx, key, table, &row.key(table)).await
    }

    /// Whether a row that is not as it was left is so by this transaction: what was committed is right, or not there yet.
    async fn is_own(&self, tx: &mut Tx, key: &LogKey, table: &Table, name: &[String]) -> Result<bool, Fault> {
        let is_own = match tx.beside().await? {
            Some(mut beside) => {
                let before = one(&mut beside, table, name).await?;
                before.is_none_or(|row| self.right.is_right(key, table, &row))
            }
            None => false,
        };
        if !is_own {
            tracing::error!(table = table.marked.table, key = name.join(" "), "a row was changed past the product");
        }
        Ok(is_own)
    }

    fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|known| known.marked.table == name)
    }

    /// The first one stays.
    pub(crate) fn give(&self, key: LogKey) {
        let _ = self.key.set(key);
    }
}

/// What was read of a marked row.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The values of its key.
    pub key: &'a [&'a str],
    /// Columns with the values that they had.
    pub columns: Vec<(&'static str, args::Value)>,
}

/// Rows whose marks were found right, the last ones, byte by byte: a code costs as much as the statement that read the row,
/// and most rows are read again and again.
struct Right(Box<[Mutex<Place>]>);

/// The table and the row that was found right last.
type Place = Option<(&'static str, Row)>;

/// As many as the first three digits of a mark can say.
const RIGHT_MAX: usize = 16 * 16 * 16;

impl Default for Right {
    fn default() -> Self {
        Self((0..RIGHT_MAX).map(|_| Mutex::default()).collect())
    }
}

impl std::fmt::Debug for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Right(..)")
    }
}

impl Right {
    /// Marks are as if drawn by lot, so their beginnings are places; what is no mark has none.
    fn place(&self, row: &Row) -> Option<MutexGuard<'_, Place>> {
        let place = usize::from_str_radix(row.mark.as_deref()?.get(..3)?, 16).ok()?;
        Some(self.0.get(place)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_right(&self, key: &LogKey, table: &Table, row: &Row) -> bool {
        if self.knows(table, row) {
            return true;
        }
        let is_right = matches!(row.state(key, table), RowState::Right(_));
        if is_right {
            self.remember(table, row);
        }
        is_right
    }

    fn knows(&self, table: &Table, row: &Row) -> bool {
        let Some(place) = self.place(row) else { return false };
        place.as_ref().is_some_and(|(known, right)| *known == table.marked.table && right == row)
    }

    fn remember(&self, table: &Table, row: &Row) {
        if row.size() > ROW_REMEMBERED_MAX {
            return;
        }
        if let Some(mut place) = self.place(row) {
            *place = Some((table.marked.table, row.clone()));
        }
    }
}

/// Bytes of a row that is remembered: 16 MiB in all.
const ROW_REMEMBERED_MAX: usize = 4096;

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

    /// The statement that walks on behind a row, with its values.
    fn behind(&self, after: Option<&[String]>, count: i64) -> (&str, Vec<args::Value>) {
        let mut values: Vec<args::Value> = after.into_iter().flatten().map(args::Value::from).collect();
        values.extend(args![count]);
        (if after.is_some() { &self.next } else { &self.first }, values)
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
#[derive(Clone, PartialEq, Eq)]
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
        let fields: Vec<Field> = (0..count).map(|place| field(row, place)).collect::<Result<_, _>>()?;
        let is_strange = fields.iter().any(|field| matches!(field, Field::Strange));
        let bytes = |field| match field {
            Field::Bytes(bytes) => bytes,
            Field::Strange => Some(NO_TEXT.as_bytes().to_vec()),
        };
        let fields = fields.into_iter().map(bytes).collect();
        let (marked, mark) = (needed_number(row, count)?, strange::text(row, count + 1)?);
        Ok(Self { fields, is_strange, marked, mark })
    }
}

/// What a column holds.
enum Field {
    Bytes(Option<Vec<u8>>),
    /// What no program of ours can write there.
    Strange,
}

/// A value of any type as bytes; the same on both databases.
fn field(row: &AnyRow, place: usize) -> Result<Field, sqlx::Error>
where
    usize: ColumnIndex<AnyRow>,
{
    let name = row.columns().get(place).map_or("", |column| column.name());
    let own = name.strip_prefix(IN_HEX).unwrap_or(name);
    let raw = row.try_get_raw(place)?;
    Ok(Field::Bytes(match kind_of(&raw) {
        AnyTypeInfoKind::Null => None,
        AnyTypeInfoKind::Blob if OF_BYTES.contains(&own) => row.try_get::<Option<Vec<u8>>, _>(place)?,
        AnyTypeInfoKind::Text if own != name => match String::from_utf8(of_hex(row.try_get(place)?)) {
            Ok(text) => Some(text.into_bytes()),
            Err(_) => return Ok(Field::Strange),
        },
        AnyTypeInfoKind::Text => row.try_get::<Option<String>, _>(place)?.map(String::into_bytes),
        AnyTypeInfoKind::BigInt | AnyTypeInfoKind::Integer | AnyTypeInfoKind::SmallInt => {
            row.try_get::<Option<i64>, _>(place)?.map(|number| number.to_string().into_bytes())
        }
        _ => return Ok(Field::Strange),
    }))
}

fn kind_of(raw: &AnyValueRef<'_>) -> AnyTypeInfoKind {
    sqlx::ValueRef::type_info(raw).kind()
}

impl Row {
    /// From the values of its key and of its columns, in their order.
    fn read(fields: Vec<args::Value>, marked: i64, mark: Option<&str>) -> Self {
        let fields = fields.into_iter().map(args::Value::bytes).collect();
        Self { fields, is_strange: false, marked, mark: mark.map(str::to_owned) }
    }

    fn code(&self, key: &LogKey, table: &Table, version: i64) -> String {
        self.code_of(key, table, self.fields.len(), version)
    }

    /// The code over its first so many fields.
    fn code_of(&self, key: &LogKey, table: &Table, count: usize, version: i64) -> String {
        let version = version.to_be_bytes();
        let fields = self.fields.get(..count).unwrap_or(&self.fields);
        // A column that came later is null in older rows, and changes none of their codes.
        let told = fields.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let mut parts = vec![Some(table.marked.table.as_bytes()), Some(&version[..])];
        parts.extend(fields.iter().take(told).map(Option::as_deref));
        key.code("row", &parts)
    }

    /// Whether it is as a version left it that marked less.
    fn is_older(&self, key: &LogKey, table: &Table) -> bool {
        !self.is_strange
            && match table.marked.older {
                Older::AsNow => false,
                Older::First(columns) => {
                    let code = self.code_of(key, table, table.marked.key.len() + columns, self.marked);
                    self.marked > 0 && is_code(self.mark.as_deref(), &code)
                }
                Older::Unmarked => self.marked == 0 && self.mark.is_none(),
            }
    }

    fn size(&self) -> usize {
        self.fields.iter().flatten().map(Vec::len).sum()
    }

    fn field(&self, table: &Table, column: &str) -> Option<&Option<Vec<u8>>> {
        let Marked { key, columns, .. } = table.marked;
        let place = key.iter().chain(*columns).position(|known| *known == column)?;
        self.fields.get(place)
    }

    /// Whether a column has this value.
    fn says(&self, table: &Table, (column, value): (&str, args::Value)) -> bool {
        self.field(table, column).is_some_and(|field| *field == value.bytes())
    }

    /// The text of a column; none when it has none.
    fn text(&self, table: &Table, column: &str) -> Option<&str> {
        str::from_utf8(self.field(table, column)?.as_deref()?).ok()
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
    /// Its mark then.
    pub(crate) mark: String,
}

impl Left {
    /// The rows that an entry names in its column `marks`.
    pub fn read(marks: Option<&str>) -> Vec<Self> {
        let Some(Ok(Value::Array(marks))) = marks.map(serde_json::from_str) else { return vec![] };
        let read = |mark: &Value| {
            let [table, name, version, mark, ..] = mark.as_array()?.as_slice() else { return None };
            let name = name.as_array()?.iter().map(|part| part.as_str().map(str::to_owned)).collect::<Option<_>>()?;
            let (table, mark) = (table.as_str()?.to_owned(), mark.as_str()?.to_owned());
            Some(Self { table, name, version: version.as_i64()?, mark })
        };
        marks.iter().filter_map(read).collect()
    }
}

/// Marks the rows that these events leave, after a look at each as it was committed before. Of each event what goes into
/// its column `marks`.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach, and when a row was changed past the product and the act may not touch it.
pub async fn mark(
    tx: &mut Tx,
    key: &LogKey,
    tables: &[Table],
    events: &[EventRow],
) -> Result<Vec<Option<String>>, Fault> {
    // Of several events of one row the last one says how the act leaves it; that one of them began it is enough.
    let mut rows: BTreeMap<(usize, Vec<String>), (usize, bool)> = BTreeMap::new();
    for (event, place) in events.iter().zip(0..) {
        for (table, which) in tables.iter().zip(0..) {
            for after in table.marked.after.iter().filter(|after| after.kind == event.kind()) {
                let Some(name) = after.key(event) else { continue };
                let row = rows.entry((which, name)).or_default();
                *row = (place, row.1 || after.is_first);
            }
        }
    }
    let mut before = Before::default();
    let mut marks: Vec<Vec<Value>> = vec![Vec::new(); events.len()];
    for ((which, name), (place, is_first)) in rows {
        let (Some(table), Some(marks)) = (tables.get(which), marks.get_mut(place)) else { continue };
        let Some(row) = one_to_mark(tx, table, &name).await? else { continue };
        let version = row.marked.saturating_add(1);
        let is_new = is_first && row.marked == 0;
        let mark = if is_new || before.is_right(tx, key, table, &name).await? {
            row.code(key, table, version)
        } else {
            tracing::error!(table = table.marked.table, key = name.join(" "), "a row was changed past the product");
            match table.marked.if_changed {
                IfChanged::Refuse => {
                    let (table, name) = (table.marked.table, name.join(" "));
                    return Err(Fault::broken(format!(
                        "{table} {name} was changed past the product: nobody acts on it"
                    )));
                }
                IfChanged::Replace => row.code(key, table, version),
                IfChanged::Keep => CHANGED.to_owned(),
            }
        };
        set(tx, table, &name, version, &mark).await?;
        marks.push(told(table, name, version, mark));
    }
    let text = |marks: Vec<Value>| (!marks.is_empty()).then(|| Value::from(marks).to_string());
    Ok(marks.into_iter().map(text).collect())
}

/// What an event says of a row that its act leaves.
fn told(table: &Table, name: Vec<String>, version: i64, mark: String) -> Value {
    Value::from(vec![Value::from(table.marked.table), Value::from(name), Value::from(version), Value::from(mark)])
}

/// The mark of a row that was changed past the product and touched by an act since.
const CHANGED: &str = "changed";

/// Rows as they were committed before an act, read on a connection of its own.
#[derive(Default)]
struct Before(Option<Tx>);

impl Before {
    /// Whether a row is as the act before this one left it; one that is not there yet is.
    async fn is_right(&mut self, tx: &mut Tx, key: &LogKey, table: &Table, name: &[String]) -> Result<bool, Fault> {
        if self.0.is_none() {
            self.0 = tx.beside().await?;
        }
        let Some(tx) = &mut self.0 else { return Ok(false) };
        let row = one(tx, table, name).await?;
        Ok(row.is_none_or(|row| matches!(row.state(key, table), RowState::Right(_))))
    }
}

async fn one(tx: &mut Tx, table: &Table, name: &[String]) -> Result<Option<Row>, Fault> {
    let rows: Vec<Row> = tx.all_whatever(&table.one, name.iter().map(args::Value::from).collect()).await?;
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

/// Whether these fields, those of its key and its marked columns, are those of a row as an act left it.
pub(crate) fn is_right(key: &LogKey, table: &Table, fields: Vec<args::Value>, left: &Left) -> bool {
    let row = Row::read(fields, left.version, Some(&left.mark));
    row.state(key, table) == RowState::Right(left.version)
}

/// From when and until when a row lets its holder act; none when it is not there, or not as it was left.
pub async fn in_force(
    tx: &mut Tx,
    key: &LogKey,
    (table, acts): (&Table, &Acts),
    name: &str,
) -> Result<Option<(i64, i64)>, Fault> {
    let Some(row) = one(tx, table, &[name.to_owned()]).await? else { return Ok(None) };
    if !matches!(row.state(key, table), RowState::Right(_)) {
        return Ok(None);
    }
    let number = |column: &str| row.text(table, column).and_then(|text| text.parse().ok());
    Ok(Some((number(acts.from).unwrap_or(i64::MIN), number(acts.until).unwrap_or(i64::MAX))))
}

/// Walks a table by its key: the rows after this one, each with how it is; no more when there are none.
pub async fn walk(
    tx: &mut Tx,
    key: &LogKey,
    table: &Table,
    after: Option<&[String]>,
) -> Result<Vec<(Vec<String>, RowState)>, Fault> {
    let (sql, values) = table.behind(after, ROWS_AT_ONCE);
    let rows: Vec<Row> = tx.all_whatever(sql, values).await?;
    Ok(rows.iter().map(|row| (row.key(table), row.state(key, table))).collect())
}

/// Rows that were marked anew.
pub struct Anew {
    /// How far it came: the key of the last row that it looked at.
    pub last: Vec<String>,
    /// How many there are.
    pub count: usize,
    /// What goes into the column `marks` of their event.
    pub marks: String,
}

/// Marks the rows behind this one that are as a version left them that marked less, so many as one event tells; none when
/// there are no more rows. What is neither so nor as it is marked now was changed past the product and stays as it is.
pub async fn mark_anew(
    tx: &mut Tx,
    key: &LogKey,
    table: &Table,
    after: Option<&[String]>,
) -> Result<Option<Anew>, Fault> {
    let (sql, values) = table.behind(after, ROWS_ANEW);
    // Held, so that nobody changes one between the look and the mark.
    let rows: Vec<Row> = tx.all_whatever(&format!("{sql}{}", tx.dialect().lock_row()), values).await?;
    // Behind a key that is no text nobody can go on.
    let is_key = |row: &&Row| !row.key(table).iter().any(|part| part.contains(NO_TEXT));
    let Some(last) = rows.iter().rfind(is_key).map(|row| row.key(table)) else {
        return match rows.len() {
            0 => Ok(None),
            _ => Err(Fault::broken(format!(
                "rows of {} have keys that are no text: nothing is marked",
                table.marked.table
            ))),
        };
    };
    let mut marks = Vec::new();
    for row in rows.iter().filter(|row| row.is_older(key, table)) {
        let (name, version) = (row.key(table), row.marked.saturating_add(1));
        let mark = row.code(key, table, version);
        set(tx, table, &name, version, &mark).await?;
        marks.push(told(table, name, version, mark));
    }
    Ok(Some(Anew { last, count: marks.len(), marks: Value::from(marks).to_string() }))
}

/// Whether a row was never marked.
pub async fn has_unmarked(tx: &mut Tx, table: &Table) -> Result<bool, Fault> {
    let rows: Vec<Row> = tx.all_composed(&table.unmarked, args![1_i64]).await?;
    Ok(!rows.is_empty())
}

/// Marks so many rows that are not yet; whether there was one.
pub async fn mark_some(tx: &mut Tx, key: &LogKey, table: &Table) -> Result<bool, Fault> {
    let rows: Vec<Row> = tx.all_composed(&table.unmarked, args![ROWS_AT_ONCE]).await?;
    for row in &rows {
        set(tx, table, &row.key(table), 1, &row.code(key, table, 1)).await?;
    }
    Ok(!rows.is_empty())
}
