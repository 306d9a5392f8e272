//! A connection in use, and the statements that run on it.

use base::Fault;
use sqlx::{AssertSqlSafe, FromRow, SqlSafeStr, SqlStr, any::AnyRow};

use crate::{args::Value, dialect::Dialect, limits::MIGRATION_WITHIN, pool::Lease};

/// A connection on which statements run: inside a transaction if it came from [`Database::begin`](crate::Database::begin)
/// or [`Database::housekeeping`](crate::Database::housekeeping). Dropping it without committing undoes everything.
#[derive(Debug)]
pub struct Tx {
    lease: Lease,
    dialect: Dialect,
    rows_changed: u64,
    raised: bool,
}

impl Tx {
    pub(crate) fn new(lease: Lease, dialect: Dialect) -> Self {
        Self { lease, dialect, rows_changed: 0, raised: false }
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
    pub(crate) fn has_raised(&mut self) {
        self.raised = true;
    }

    /// Whether a revision was raised.
    pub(crate) fn raised(&self) -> bool {
        self.raised
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
    pub(crate) async fn take_time(&mut self) -> Result<(), Fault> {
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
