//! A connection in use, and the statements that run on it.

use std::sync::Arc;

use base::{Fault, fault::FaultKind};
#[cfg(feature = "testing")]
use sqlx::Row;
use sqlx::{AssertSqlSafe, FromRow, SqlSafeStr, SqlStr, any::AnyRow};

use crate::{
    args::Value,
    dialect::Dialect,
    limits::MIGRATION_WITHIN,
    log_key::LogKey,
    mark::{Ledger, Seen},
    pool::Lease,
};

/// A connection on which statements run: inside a transaction if it came from [`Database::begin`](crate::Database::begin)
/// or [`Database::housekeeping`](crate::Database::housekeeping). Dropping it without committing undoes everything.
#[derive(Debug)]
pub struct Tx {
    lease: Lease,
    dialect: Dialect,
    ledger: Arc<Ledger>,
    rows_changed: u64,
    raised: Vec<&'static str>,
}

impl Tx {
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn new(lease: Lease, dialect: Dialect, ledger: Arc<Ledger>) -> Self {
        Self { lease, dialect, ledger, rows_changed: 0, raised: Vec::new() }
    }

    /// Whether a row of a table whose rows are marked is as the last act left it, where this process can tell: it has the
    /// key of the log. `fields` are the values of its key and of its marked columns, in the order of
    /// [`Marked`](crate::Marked), as they were read; then how often it was marked, and its mark. It takes no statement.
    pub fn is_as_left(&self, table: &str, fields: Vec<Value>, mark: (i64, Option<&str>)) -> bool {
        let Some(key) = self.ledger.not_as_left(table, fields, mark) else { return true };
        // What a transaction changed itself is not marked yet.
        if !self.lease.is_in_transaction() {
            tracing::error!(table, key, "a row was changed past the product");
        }
        false
    }

    /// The same for what this transaction may have changed itself: then what was committed before is looked at.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    pub async fn is_as_left_before(
        &mut self,
        table: &str,
        fields: Vec<Value>,
        mark: (i64, Option<&str>),
    ) -> Result<bool, Fault> {
        let ledger = Arc::clone(&self.ledger);
        ledger.is_as_left_before(self, table, fields, mark).await
    }

    /// A connection that sees what was committed; none outside of a transaction, where every statement does.
    pub(crate) async fn beside(&mut self) -> Result<Option<Self>, Fault> {
        let Some(lease) = self.lease.beside().await? else { return Ok(None) };
        Ok(Some(Self::new(lease, self.dialect, Arc::clone(&self.ledger))))
    }

    /// Whether the row of this key is as the last act left it, where this process can tell, and says what was read of it.
    /// False too when there is none. It takes a statement.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    pub async fn is_as_read(&mut self, table: &str, seen: Seen<'_>) -> Result<bool, Fault> {
        let ledger = Arc::clone(&self.ledger);
        ledger.is_as_read(self, table, seen).await
    }

    /// Refuses to rest on what was read of a row, unless the last act left it so ([`Self::is_as_read`]).
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement, and when the row was changed past the product.
    pub async fn rely_on(&mut self, table: &str, seen: Seen<'_>) -> Result<(), Fault> {
        let key = seen.key.join(" ");
        if self.is_as_read(table, seen).await? {
            return Ok(());
        }
        Err(Fault::broken(format!("{table} {key} was changed past the product: nobody rests on it")))
    }

    /// The key of the log, when this process has it.
    pub(crate) fn log_key(&self) -> Option<&LogKey> {
        self.ledger.key()
    }

    /// Which database this is; only `records` itself may need to know.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Rows written so far.
    pub(crate) fn rows_changed(&self) -> u64 {
        self.rows_changed
    }

    /// Remembers that a revision was raised.
    pub(crate) fn has_raised(&mut self, name: &'static str) {
        self.raised.push(name);
    }

    /// The revisions that were raised.
    pub(crate) fn raised(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.raised)
    }

    /// All rows of a query.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    pub async fn all<T>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        self.lease.read(SqlStr::from_static(sql), args).await?.all()
    }

    /// The first row of a query, if there is one.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    pub async fn first<T>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Option<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        self.lease.read(SqlStr::from_static(sql), args).await?.first()
    }

    /// The row of a query that always has one.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement, and when there is no row.
    pub async fn one<T>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<T, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        self.first(sql, args).await?.ok_or_else(|| Fault::broken("a statement that always has a row had none"))
    }

    /// Runs a statement that changes rows and tells how many it changed.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    pub async fn run(&mut self, sql: &'static str, args: Vec<Value>) -> Result<u64, Fault> {
        let done = self.lease.change(SqlStr::from_static(sql), Some(args)).await?;
        self.rows_changed += done.rows_changed;
        Ok(done.rows_changed)
    }

    /// Runs a statement that changes rows and returns columns of them.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    pub async fn change<T>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let rows: Vec<T> = self.lease.change(SqlStr::from_static(sql), Some(args)).await?.all()?;
        self.rows_changed += rows.len() as u64;
        Ok(rows)
    }

    /// All rows of a query whose text was put together by this crate.
    pub(crate) async fn all_composed<T>(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        self.lease.read(AssertSqlSafe(sql).into_sql_str(), args).await?.all()
    }

    /// All rows of a query that lists its columns, whatever stands in them. A text of bytes that are none lets the driver
    /// read no row at all: then all texts are asked for in hexadecimal, as `strange` reads them.
    pub(crate) async fn all_whatever<T>(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        match self.all_composed(sql, args.clone()).await {
            Err(fault) if fault.kind() == FaultKind::Broken => match self.dialect.texts_in_hex(sql) {
                Some(sql) => self.all_composed(&sql, args).await,
                None => Err(fault),
            },
            rows => rows,
        }
    }

    /// Runs a statement whose text was put together by this crate.
    pub(crate) async fn run_composed(&mut self, sql: &str, args: Vec<Value>) -> Result<u64, Fault> {
        let done = self.lease.change(AssertSqlSafe(sql).into_sql_str(), Some(args)).await?;
        self.rows_changed += done.rows_changed;
        Ok(done.rows_changed)
    }

    /// Runs a statement whose text was put together by this crate and returns its rows.
    pub(crate) async fn change_composed<T>(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let rows: Vec<T> = self.lease.change(AssertSqlSafe(sql).into_sql_str(), Some(args)).await?.all()?;
        self.rows_changed += rows.len() as u64;
        Ok(rows)
    }

    /// Lets each statement of this transaction take as long as a change of the schema may.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    pub async fn take_time(&mut self) -> Result<(), Fault> {
        self.lease.take_time();
        match self.dialect.take_time(MIGRATION_WITHIN) {
            None => Ok(()),
            Some(setting) => self.script(&setting).await,
        }
    }

    /// Runs a script of several statements without arguments.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Fault> {
        self.lease.change(AssertSqlSafe(sql).into_sql_str(), None).await.map(|_| ())
    }

    /// Prepares a statement without running it: how `cargo xtask sql` checks every text on both databases.
    ///
    /// # Errors
    ///
    /// [`Fault`] with the database's own words when it does not accept the text.
    pub async fn check_statement(&mut self, sql: &str) -> Result<(), Fault> {
        self.lease.prepare(AssertSqlSafe(sql).into_sql_str()).await
    }

    /// How this database would carry out a statement, a line each; nothing is run.
    ///
    /// # Errors
    ///
    /// [`Fault`] with the database's own words when it does not accept the text.
    #[cfg(feature = "testing")]
    pub async fn plan(&mut self, sql: &str) -> Result<Vec<String>, Fault> {
        static COUNTER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let name = format!("planned_{}", COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let values = (1..=99).rev().find(|place| sql.contains(&format!("${place}"))).unwrap_or(0);
        let mut steps = self.dialect.explain(&name, sql, values);
        let last = steps.pop().unwrap_or_default();
        for step in steps {
            self.script(&step).await?;
        }
        let values = if last.starts_with("explain query plan") { values } else { 0 };
        let args = vec![Value::Text(None); values];
        let rows: Vec<Line> = self.lease.read(AssertSqlSafe(last).into_sql_str(), args).await?.all()?;
        Ok(rows.into_iter().map(|Line(text)| text).collect())
    }

    /// How many rows a text of a test finds.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    #[cfg(feature = "testing")]
    pub async fn read_text(&mut self, sql: &str, args: Vec<Value>) -> Result<usize, Fault> {
        let rows: Vec<Unread> = self.lease.read(AssertSqlSafe(sql).into_sql_str(), args).await?.all()?;
        Ok(rows.len())
    }

    /// Runs a text of a test that changes rows.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement.
    #[cfg(feature = "testing")]
    pub async fn run_text(&mut self, sql: &str, args: Vec<Value>) -> Result<u64, Fault> {
        self.run_composed(sql, args).await
    }

    /// Ends a housekeeping transaction. A [`Work`](crate::Work) is ended by its own `commit`.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database does not commit; then nothing was kept, or, when the connection broke at that very
    /// moment, it is unknown.
    pub async fn commit(mut self) -> Result<(), Fault> {
        self.lease.commit().await
    }
}

/// A line of a plan: the last column of its row, on both databases.
#[cfg(feature = "testing")]
struct Line(String);

#[cfg(feature = "testing")]
impl<'r> FromRow<'r, AnyRow> for Line {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        row.try_get(row.len().saturating_sub(1)).map(Self)
    }
}

/// A row of which it is enough that it is there.
#[cfg(feature = "testing")]
struct Unread;

#[cfg(feature = "testing")]
impl<'r> FromRow<'r, AnyRow> for Unread {
    fn from_row(_: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self)
    }
}
