//! The whole database, row by row: out of one, as it was at one moment, and into an empty one of either kind.

use base::Fault;
use sqlx::{FromRow, Row, TypeInfo, ValueRef, any::AnyRow};

use crate::{
    args,
    args::Value,
    database::Database,
    limits::{COPY_LONG_ROWS, COPY_ROWS},
    migrate,
    tx::Tx,
};

/// Rows that one statement writes: few sizes, so that each is prepared once.
const ROWS_PER_STATEMENT: [usize; 3] = [64, 8, 1];

/// The table that says which migrations there were. Its rows are no contents: whoever fills a database migrates it.
const MIGRATION: &str = "migration";

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// `bytea`
    Bytes,
    /// `bigint`
    Int,
    /// `text`
    Text,
}

impl ColumnKind {
    /// The kind of a column of this type, as either database names it.
    pub fn of(column_type: &str) -> Option<Self> {
        match column_type {
            "bytea" | "blob" => Some(Self::Bytes),
            "bigint" => Some(Self::Int),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    /// The type as migrations name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytea",
            Self::Int => "bigint",
            Self::Text => "text",
        }
    }

    /// Nothing, of this kind.
    pub fn null(self) -> Value {
        match self {
            Self::Bytes => Value::Bytes(None),
            Self::Int => Value::Int(None),
            Self::Text => Value::Text(None),
        }
    }

    fn holds(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Bytes, Value::Bytes(_)) | (Self::Int, Value::Int(_)) | (Self::Text, Value::Text(_))
        )
    }
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As statements name it.
    pub name: String,
    /// What it holds, or nothing.
    pub kind: ColumnKind,
}

/// A table with its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// As statements name it.
    pub name: String,
    /// Its columns, in the order in which they were made.
    pub columns: Vec<Column>,
}

impl Table {
    fn list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    }

    fn portion(&self) -> usize {
        let is_long = self.columns.iter().any(|column| column.kind == ColumnKind::Bytes);
        if is_long { COPY_LONG_ROWS } else { COPY_ROWS }
    }

    /// A row that is to be read as one of this table.
    pub(crate) fn check(&self, row: &[Value]) -> Result<(), Fault> {
        let fits = row.len() == self.columns.len()
            && row.iter().zip(&self.columns).all(|(value, column)| column.kind.holds(value));
        if fits { Ok(()) } else { Err(Fault::broken(format!("a row does not fit the table {}", self.name))) }
    }
}

/// Where the log ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event that has one.
    pub sequence: i64,
    /// Its chained hash, hexadecimal.
    pub hash: String,
    /// Events that have no number yet.
    pub waiting: i64,
}

/// One state of the whole database. Nobody waits for it, however long it is read.
pub struct Snapshot {
    tx: Tx,
    /// Where the log ended.
    pub head: Head,
    /// The migrations that had been applied, in their order.
    pub migrations: Vec<String>,
    /// Every table with contents.
    pub tables: Vec<Table>,
}

impl Snapshot {
    /// The database as it is now.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach, or is not one of ours.
    pub async fn of(database: &Database) -> Result<Self, Fault> {
        let mut tx = database.snapshot().await?;
        let head = head(&mut tx).await?;
        let migrations = migrate::applied(&mut tx).await?;
        let tables = tables(&mut tx).await?;
        Ok(Self { tx, head, migrations, tables })
    }

    /// Begins to read the rows of a table.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach.
    pub async fn rows<'a>(&'a mut self, table: &'a Table) -> Result<Rows<'a>, Fault> {
        if let Some(opening) = self.tx.dialect().open_rows(&table.name, &table.list()) {
            self.tx.script(&opening).await?;
        }
        Ok(Rows { tx: &mut self.tx, table, last: i64::MIN })
    }
}

/// The rows of one table, a portion at a time.
pub struct Rows<'a> {
    tx: &'a mut Tx,
    table: &'a Table,
    last: i64,
}

impl Rows<'_> {
    /// The next ones; none when all were read.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach, or holds something that its schema does not allow.
    pub async fn next(&mut self) -> Result<Vec<Vec<Value>>, Fault> {
        let dialect = self.tx.dialect();
        let sql = dialect.next_rows(&self.table.name, &self.table.list(), self.table.portion());
        let after = if dialect.goes_on_after_a_place() { args![self.last] } else { vec![] };
        let read: Vec<Stored> = self.tx.all_composed(&sql, after).await?;
        let mut rows = Vec::with_capacity(read.len());
        for Stored { place, values } in read {
            self.last = place;
            let kinds = self.table.columns.iter().map(|column| column.kind);
            let row: Vec<Value> =
                values.into_iter().zip(kinds).map(|(value, kind)| value.unwrap_or_else(|| kind.null())).collect();
            self.table.check(&row)?;
            rows.push(row);
        }
        if rows.is_empty()
            && let Some(closing) = dialect.close_rows(&self.table.name)
        {
            self.tx.script(&closing).await?;
        }
        Ok(rows)
    }
}

/// A row as it is stored, whatever its table.
struct Stored {
    place: i64,
    /// None is null, of whatever kind.
    values: Vec<Option<Value>>,
}

impl FromRow<'_, AnyRow> for Stored {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let value = |place: usize| {
            let raw = row.try_get_raw(place)?;
            if raw.is_null() {
                return Ok(None);
            }
            let name = raw.type_info().name().to_owned();
            Ok::<_, sqlx::Error>(Some(match name.as_str() {
                "BLOB" => Value::Bytes(Some(row.try_get(place)?)),
                "TEXT" => Value::Text(Some(row.try_get(place)?)),
                _ => Value::Int(Some(row.try_get(place)?)),
            }))
        };
        let values = (1..row.len()).map(value).collect::<Result<_, _>>()?;
        Ok(Self { place: row.try_get(0)?, values })
    }
}

/// An empty database that is being filled, in one transaction.
pub struct Filling {
    tx: Tx,
    /// Its tables: what is put in has to be of one of them.
    pub tables: Vec<Table>,
}

impl Filling {
    /// Gives an empty database the schema that these migrations make, and begins to fill it. What they put into it is taken
    /// out: whoever fills it brings everything.
    ///
    /// # Errors
    ///
    /// [`Fault`] when something happened in this database already, one of the migrations is unknown, or it is out of
    /// reach.
    pub async fn begin(database: &Database, migrations: &[String]) -> Result<Self, Fault> {
        // Before its schema is touched: a running product's would be changed under it.
        let mut tx = database.read().await?;
        if tables(&mut tx).await?.iter().any(|table| table.name == "event") {
            check_unused(&mut tx).await?;
        }
        drop(tx);
        migrate::migrate_to(database, migrations).await?;
        let mut tx = database.housekeeping().await?;
        tx.take_time().await?;
        if let Some(alone) = tx.dialect().take_alone() {
            tx.script(alone).await?;
        }
        check_unused(&mut tx).await?;
        if migrate::applied(&mut tx).await? != migrations {
            return Err(Fault::broken("the database is not empty: it has the schema of another version"));
        }
        let tables = tables(&mut tx).await?;
        for table in tables.iter().rev() {
            let name = &table.name;
            tx.run_composed(&format!("delete from {name}"), vec![]).await?;
        }
        Ok(Self { tx, tables })
    }

    /// Puts rows into a table.
    ///
    /// # Errors
    ///
    /// [`Fault`] when one does not fit, is there already, or refers to one that is not there.
    pub async fn put(&mut self, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), Fault> {
        if !self.tables.contains(table) {
            return Err(Fault::broken(format!("there is no table {} with these columns", table.name)));
        }
        for row in &rows {
            table.check(row)?;
        }
        let mut left = rows.len();
        let mut rows = rows.into_iter();
        while let Some(size) = ROWS_PER_STATEMENT.into_iter().find(|size| *size <= left) {
            left -= size;
            let sql = insert(table, size);
            self.tx.run_composed(&sql, rows.by_ref().take(size).flatten().collect()).await?;
        }
        Ok(())
    }

    /// Where the log ends that was put in so far.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach, or no head was put in.
    pub async fn head(&mut self) -> Result<Head, Fault> {
        head(&mut self.tx).await
    }

    /// Keeps it all.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database does not commit.
    pub async fn commit(self) -> Result<(), Fault> {
        self.tx.commit().await
    }
}

/// The text that writes so many rows.
pub(crate) fn insert(table: &Table, size: usize) -> String {
    let width = table.columns.len();
    let row = |number: usize| {
        let places: Vec<String> = (1..=width).map(|place| format!("${}", number * width + place)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..size).map(row).collect();
    let (name, columns, rows) = (&table.name, table.list(), rows.join(", "));
    format!("insert into {name} ({columns}) values {rows}")
}

async fn head(tx: &mut Tx) -> Result<Head, Fault> {
    let head: Option<(i64, String, i64)> = tx
        .first(
            "select sequence, hash, (select count(event_id) from event where sequence is null)
               from event_head
              where one = 1",
            vec![],
        )
        .await?;
    let (sequence, hash, waiting) = head.ok_or_else(|| Fault::broken("the head of the event log is missing"))?;
    Ok(Head { sequence, hash, waiting })
}

/// Nothing is changed without an event: where there is none, nothing is that anybody would miss.
async fn check_unused(tx: &mut Tx) -> Result<(), Fault> {
    if is_unused(tx).await? { Ok(()) } else { Err(Fault::broken("the database is not empty: it has events")) }
}

/// Whether nothing happened in a database that has a log.
pub(crate) async fn is_unused(tx: &mut Tx) -> Result<bool, Fault> {
    let used: Option<(String,)> = tx.first("select event_id from event order by event_id limit 1", vec![]).await?;
    Ok(used.is_none())
}

/// The tables of a database that are ours, in an order in which they can be filled.
pub(crate) async fn tables(tx: &mut Tx) -> Result<Vec<Table>, Fault> {
    let sql = tx.dialect().columns_query(MIGRATION);
    let rows: Vec<(String, String, String)> = tx.all_composed(&sql, vec![]).await?;
    let mut tables: Vec<Table> = Vec::new();
    for name in migrate::tables_made() {
        if tables.iter().any(|table| table.name == name) {
            continue;
        }
        let mut columns = Vec::new();
        for (_, column, column_type) in rows.iter().filter(|(table, _, _)| table == name) {
            let kind = ColumnKind::of(column_type).ok_or_else(|| {
                Fault::broken(format!("{name}.{column} is a {column_type}, which no migration makes"))
            })?;
            columns.push(Column { name: column.clone(), kind });
        }
        if !columns.is_empty() {
            tables.push(Table { name: name.to_owned(), columns });
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use base::Instant;

    use super::*;
    use crate::{log, testing};

    async fn change(database: &Database, seed: u64, what: &str) -> Result<(), Fault> {
        let mut work = database.begin(testing::context(Instant::from_seconds(1_790_000_000), seed)).await?;
        work.record(testing::Changed { what: what.to_owned() });
        work.commit().await
    }

    /// Every row, table by table.
    async fn all(snapshot: &mut Snapshot) -> Result<Vec<(Table, Vec<Vec<Value>>)>, Fault> {
        let mut found = Vec::new();
        for table in snapshot.tables.clone() {
            let mut rows = snapshot.rows(&table).await?;
            let mut all = Vec::new();
            loop {
                let portion = rows.next().await?;
                if portion.is_empty() {
                    break;
                }
                all.extend(portion);
            }
            found.push((table, all));
        }
        Ok(found)
    }

    #[tokio::test]
    async fn a_snapshot_is_of_one_moment_and_holds_no_writer_up() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        for number in 0..COPY_ROWS as u64 + 3 {
            change(&fresh.database, number, "before").await?;
        }
        while log::sequence_events(&fresh.database).await? > 0 {}
        let mut snapshot = Snapshot::of(&fresh.database).await?;
        change(&fresh.database, 1_000_000, "meanwhile").await?;
        let found = all(&mut snapshot).await?;
        let (_, events) = found.iter().find(|(table, _)| table.name == "event").unwrap();
        assert_eq!(
            (events.len(), snapshot.head.sequence, snapshot.head.waiting),
            (COPY_ROWS + 3, COPY_ROWS as i64 + 3, 0)
        );
        assert!(!format!("{events:?}").contains("meanwhile"));
        let later = Snapshot::of(&fresh.database).await?;
        assert_eq!((later.head.sequence, later.head.waiting), (COPY_ROWS as i64 + 3, 1));
        Ok(())
    }

    #[tokio::test]
    async fn what_is_put_into_an_empty_database_is_read_back_from_it() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        for number in 0..COPY_ROWS as u64 + 3 {
            change(&fresh.database, number, "龘 \"𠮷\"").await?;
        }
        while log::sequence_events(&fresh.database).await? > 200 {}
        let mut snapshot = Snapshot::of(&fresh.database).await?;
        let wanted = all(&mut snapshot).await?;
        let (settings, folder) = testing::fresh_settings().await?;
        let empty = Database::open(&settings).await?;
        let mut filling = Filling::begin(&empty, &snapshot.migrations).await?;
        for (table, rows) in &wanted {
            filling.put(table, rows.clone()).await?;
        }
        assert_eq!(filling.head().await?, snapshot.head);
        filling.commit().await?;
        assert_eq!(all(&mut Snapshot::of(&empty).await?).await?, wanted);
        while log::sequence_events(&empty).await? > 0 {}
        let audited = crate::audit::audit(&empty, &[]).await?;
        assert_eq!((audited.findings, audited.events), (vec![], COPY_ROWS as i64 + 3));
        empty.close().await;
        folder.map_or(Ok(()), std::fs::remove_dir_all).map_err(Fault::broken)
    }

    #[tokio::test]
    async fn what_an_older_version_wrote_is_brought_up_to_date() -> Result<(), Fault> {
        let (settings, folder) = testing::fresh_settings().await?;
        let empty = Database::open(&settings).await?;
        let newest = Snapshot::of(&testing::fresh().await?.database).await?.migrations;
        let older = newest.get(..8).unwrap();
        let mut filling = Filling::begin(&empty, older).await?;
        let table = |filling: &Filling, name| filling.tables.iter().find(|table| table.name == name).unwrap().clone();
        let (head, job) = (table(&filling, "event_head"), table(&filling, "job"));
        let text = |text: &str| Value::Text(Some(text.to_owned()));
        filling.put(&head, vec![vec![Value::Int(Some(1)), Value::Int(Some(0)), text("")]]).await?;
        let number = || Value::Int(Some(0));
        let row = vec![
            text("job_1"),
            text("x"),
            text("{}"),
            number(),
            number(),
            Value::Int(None),
            number(),
            Value::Text(None),
        ];
        filling.put(&job, vec![row.clone()]).await?;
        filling.commit().await?;
        assert!(!migrate::is_current(&empty).await?);
        migrate::migrate(&empty).await?;
        let mut snapshot = Snapshot::of(&empty).await?;
        assert_eq!(snapshot.migrations, newest);
        let found = all(&mut snapshot).await?;
        let (job, rows) = found.iter().find(|(table, _)| table.name == "job").unwrap();
        assert!(job.columns.last().unwrap().name == "lane" && rows[0][..8] == row && rows[0][8] == text(""));
        drop(snapshot);
        empty.close().await;
        folder.map_or(Ok(()), std::fs::remove_dir_all).map_err(Fault::broken)
    }

    #[tokio::test]
    async fn only_an_empty_database_is_filled_and_only_with_what_fits() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        let snapshot = Snapshot::of(&fresh.database).await?;
        let refused = async |migrations: &[String]| {
            Filling::begin(&fresh.database, migrations).await.err().map_or_else(String::new, |fault| fault.to_string())
        };
        assert!(refused(&["9999_later".to_owned()]).await.contains("9999_later"));
        assert!(refused(snapshot.migrations.get(..3).unwrap()).await.contains("of another version"));
        let mut filling = Filling::begin(&fresh.database, &snapshot.migrations).await?;
        let table = filling.tables.iter().find(|table| table.name == "revision").unwrap().clone();
        let row = |value| vec![Value::Text(Some("keys".to_owned())), value];
        filling.put(&table, vec![row(Value::Int(Some(1)))]).await?;
        assert!(filling.put(&table, vec![row(Value::Text(None))]).await.is_err());
        assert!(filling.put(&table, vec![vec![Value::Int(Some(1))]]).await.is_err());
        let other = Table { columns: table.columns.get(..1).unwrap().to_vec(), ..table };
        assert!(filling.put(&other, vec![]).await.is_err());
        drop(filling);
        change(&fresh.database, 1, "something").await?;
        assert!(refused(&snapshot.migrations).await.contains("not empty"));
        Ok(())
    }
}
