//! The pool of connections and the statements that run on them.

use std::{sync::Arc, time::Duration};

use base::Fault;
use sqlx::{
    Any, FromRow,
    any::{AnyArguments, AnyRow},
    query::{Query, QueryAs},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    args::Value,
    consequence::{self, Consequence},
    dialect::Dialect,
    pool::{Lease, Pool},
    settings::DatabaseSettings,
    work::{self, Context, Event, Work},
};

/// The database. Cloning it is cheap and shares the pool.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    dialect: Dialect,
    /// SQLite has one writer: waiting here is fair and free, waiting inside SQLite is polling.
    writer: Option<Arc<Semaphore>>,
    acquire_timeout: Duration,
    consequences: &'static [Consequence],
}

impl Database {
    /// Opens the database and checks that it is one we can trust with records. Migrations are separate
    /// ([`crate::migrate::migrate`]).
    ///
    /// # Errors
    ///
    /// [`FaultKind::Unavailable`](base::fault::FaultKind::Unavailable) when it cannot be reached, [`FaultKind::Broken`] when its version is unsafe.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, Fault> {
        sqlx::any::install_default_drivers();
        let url = settings.url.expose();
        let dialect = Dialect::of(url)?;
        let pool = Pool::new(settings, dialect)?;
        let writer = (dialect == Dialect::Sqlite).then(|| Arc::new(Semaphore::new(1)));
        let (acquire_timeout, consequences) = (settings.acquire_timeout, settings.consequences);
        let database = Self { pool, dialect, writer, acquire_timeout, consequences };
        let mut tx = database.read().await?;
        let version: (String,) = tx.one(dialect.version_query(), vec![]).await?;
        dialect.check_version(&version.0)?;
        drop(tx);
        Ok(database)
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// For reading: each statement stands alone.
    ///
    /// # Errors
    ///
    /// [`FaultKind::Unavailable`](base::fault::FaultKind::Unavailable) when no connection becomes free in time.
    pub async fn read(&self) -> Result<Tx, Fault> {
        Ok(Tx { lease: self.pool.acquire().await?, dialect: self.dialect, rows_changed: 0 })
    }

    /// Begins a unit of work: a transaction that cannot be committed without an event if it changed a row.
    ///
    /// # Errors
    ///
    /// [`FaultKind::Unavailable`](base::fault::FaultKind::Unavailable) when no connection becomes free in time.
    pub async fn begin(&self, context: Context) -> Result<Work, Fault> {
        Ok(Work::new(self.transaction().await?, context, self.consequences))
    }

    /// Begins a transaction for what is derived or transient (last-seen times, expired rows, leases, caches of
    /// answers) and needs no event.
    ///
    /// # Errors
    ///
    /// [`FaultKind::Unavailable`](base::fault::FaultKind::Unavailable) when no connection becomes free in time.
    pub async fn housekeeping(&self) -> Result<Tx, Fault> {
        self.transaction().await
    }

    /// A unit of work of one statement and one event: when the statement returns rows, it is committed with the event;
    /// when it returns none, nothing happened. Where the database can do that in one round trip, it takes one.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for every statement; then nothing was kept, or, when the connection broke, it is unknown. An event
    /// from which something follows is refused: what follows needs a [`Work`].
    pub async fn act<T>(
        &self,
        context: &Context,
        sql: &'static str,
        mut args: Vec<Value>,
        event: Event,
    ) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        if consequence::has_any(self.consequences, event.kind()) {
            return Err(Fault::broken(format!("something follows from {}: it needs a unit of work", event.kind())));
        }
        if let Some(text) = self.dialect.act(sql, args.len()) {
            args.extend(work::event_values(context, &event));
            return self.read().await?.change_composed(&text, args).await;
        }
        let mut tx = self.transaction().await?;
        let rows = tx.change(sql, args).await?;
        if !rows.is_empty() {
            work::write(&mut tx, context, &event).await?;
            tx.commit().await?;
        }
        Ok(rows)
    }

    async fn transaction(&self) -> Result<Tx, Fault> {
        let turn = match &self.writer {
            None => None,
            Some(semaphore) => Some(self.writer_turn(Arc::clone(semaphore)).await?),
        };
        let mut lease = self.pool.acquire().await?;
        lease.begin(turn).await?;
        Ok(Tx { lease, dialect: self.dialect, rows_changed: 0 })
    }

    async fn writer_turn(&self, semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Fault> {
        tokio::time::timeout(self.acquire_timeout, semaphore.acquire_owned())
            .await
            .map_err(|_| Fault::unavailable("the writer of the database is busy"))?
            .map_err(Fault::broken)
    }

    /// Closes all connections after their current statements.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A connection on which statements run: inside a transaction if it came from [`Database::begin`] or
/// [`Database::housekeeping`]. Dropping it without committing undoes everything.
#[derive(Debug)]
pub struct Tx {
    lease: Lease,
    dialect: Dialect,
    rows_changed: u64,
}

impl Tx {
    /// Which database this is; only `records` itself may need to know.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Rows written so far.
    pub(crate) fn rows_changed(&self) -> u64 {
        self.rows_changed
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
        self.lease.run(async |connection| bind_as(sqlx::query_as(sql), args).fetch_all(connection).await).await
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
        self.lease.run(async |connection| bind_as(sqlx::query_as(sql), args).fetch_optional(connection).await).await
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
        let done = self.lease.run(async |connection| bind(sqlx::query(sql), args).execute(connection).await).await?;
        self.rows_changed += done.rows_affected();
        Ok(done.rows_affected())
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
        let rows: Vec<T> =
            self.lease.run(async |connection| bind_as(sqlx::query_as(sql), args).fetch_all(connection).await).await?;
        self.rows_changed += rows.len() as u64;
        Ok(rows)
    }

    /// Runs a statement whose text was put together by this crate.
    pub(crate) async fn run_composed(&mut self, sql: &str, args: Vec<Value>) -> Result<u64, Fault> {
        let query = bind(sqlx::query(sqlx::AssertSqlSafe(sql)), args);
        let done = self.lease.run(async |connection| query.execute(connection).await).await?;
        self.rows_changed += done.rows_affected();
        Ok(done.rows_affected())
    }

    /// Runs a statement whose text was put together by this crate and returns its rows.
    pub(crate) async fn change_composed<T>(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let query = bind_as(sqlx::query_as(sqlx::AssertSqlSafe(sql)), args);
        let rows: Vec<T> = self.lease.run(async |connection| query.fetch_all(connection).await).await?;
        self.rows_changed += rows.len() as u64;
        Ok(rows)
    }

    /// Runs a script of several statements without arguments.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Fault> {
        let script = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        self.lease.run(async |connection| script.execute(connection).await.map(|_| ())).await
    }

    /// Prepares a statement without running it: how `cargo xtask sql` checks every text on both databases.
    ///
    /// # Errors
    ///
    /// [`Fault`] with the database's own words when it does not accept the text.
    pub async fn check_statement(&mut self, sql: &str) -> Result<(), Fault> {
        use sqlx::Executor;
        let text = sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(sql));
        self.lease.run(async |connection| connection.prepare(text).await.map(|_| ())).await
    }

    /// Ends a housekeeping transaction. A [`Work`] is ended by its own `commit`.
    ///
    /// # Errors
    ///
    /// [`Fault`]; then nothing was kept, or, when the connection broke at that very moment, it is unknown.
    pub async fn commit(mut self) -> Result<(), Fault> {
        self.lease.commit().await
    }
}

fn bind(mut query: Query<'_, Any, AnyArguments>, args: Vec<Value>) -> Query<'_, Any, AnyArguments> {
    for value in args {
        query = match value {
            Value::Bytes(value) => query.bind(value),
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
        };
    }
    query
}

fn bind_as<T>(mut query: QueryAs<'_, Any, T, AnyArguments>, args: Vec<Value>) -> QueryAs<'_, Any, T, AnyArguments> {
    for value in args {
        query = match value {
            Value::Bytes(value) => query.bind(value),
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
        };
    }
    query
}
