//! The database: its connections, and the units of work that begin on them.

use std::{sync::Arc, time::Duration};

use base::Fault;
use sqlx::{FromRow, any::AnyRow};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    args::Value,
    consequence::{self, Consequence},
    dialect::Dialect,
    event::Event,
    event_row::EventRow,
    kept::Memory,
    log_key::LogKey,
    mark::{Ledger, Table},
    pool::{Limits, Pool},
    settings::DatabaseSettings,
    tell::Telling,
    tx::Tx,
    work::{self, Context, Work},
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
    memory: Memory,
    ledger: Arc<Ledger>,
    telling: Arc<Telling>,
}

impl Database {
    /// Opens the database and checks that it is one we can trust with records. Migrations are separate
    /// ([`crate::migrate::migrate`]).
    ///
    /// # Errors
    ///
    /// [`FaultKind::Unavailable`](base::fault::FaultKind::Unavailable) when it cannot be reached now,
    /// [`FaultKind::Broken`](base::fault::FaultKind::Broken) when it lets us never in like this, or is unsafe.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, Fault> {
        sqlx::any::install_default_drivers();
        let url = settings.url.expose();
        let dialect = Dialect::of(url)?;
        let limits = Limits {
            connections_max: settings.connections_max,
            acquire_timeout: settings.acquire_timeout,
            statement_timeout: settings.statement_timeout,
        };
        let pool = Pool::new(url, limits, dialect)?;
        let writer = (dialect == Dialect::Sqlite).then(|| Arc::new(Semaphore::new(1)));
        let (acquire_timeout, consequences) = (settings.acquire_timeout, settings.consequences);
        let memory = Memory::default();
        let (ledger, telling) = (Arc::new(Ledger::new(settings.marked)), Arc::default());
        let database = Self { pool, dialect, writer, acquire_timeout, consequences, memory, ledger, telling };
        database.pool.open().await?;
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

    /// Refuses an event that has to be part of a unit of work.
    pub(crate) fn check_tells_only(&self, kind: &str) -> Result<(), Fault> {
        if consequence::has_any(self.consequences, kind) {
            return Err(Fault::broken(format!("something follows from {kind}: it needs a unit of work")));
        }
        if self.tables().iter().any(|table| table.is_marked_after(kind)) {
            return Err(Fault::broken(format!("a row is marked after {kind}: it needs a unit of work")));
        }
        Ok(())
    }

    pub(crate) fn telling(&self) -> &Telling {
        &self.telling
    }

    pub(crate) fn log_key(&self) -> Option<&LogKey> {
        self.ledger.key()
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.ledger.tables
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// For reading: each statement stands alone.
    ///
    /// # Errors
    ///
    /// [`FaultKind::Unavailable`](base::fault::FaultKind::Unavailable) when no connection becomes free in time.
    pub async fn read(&self) -> Result<Tx, Fault> {
        Ok(Tx::new(self.pool.acquire().await?, self.dialect, Arc::clone(&self.ledger)))
    }

    /// For reading one state of the whole database, whatever is written meanwhile.
    pub(crate) async fn snapshot(&self) -> Result<Tx, Fault> {
        let mut lease = self.pool.acquire().await?;
        lease.begin_snapshot().await?;
        Ok(Tx::new(lease, self.dialect, Arc::clone(&self.ledger)))
    }

    /// Whether it answers, however many wait for a connection.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it does not.
    pub async fn answers(&self) -> Result<(), Fault> {
        self.pool.is_answered().await
    }

    /// Begins a unit of work: a transaction that cannot be committed without an event if it changed a row.
    ///
    /// # Errors
    ///
    /// [`FaultKind::Unavailable`](base::fault::FaultKind::Unavailable) when no connection becomes free in time.
    pub async fn begin(&self, context: Context) -> Result<Work, Fault> {
        let (ledger, memory) = (Arc::clone(&self.ledger), Box::new(self.clone()));
        Ok(Work::new(self.transaction().await?, context, self.consequences, ledger, memory))
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
    /// from which something follows, or after which a row is marked, is refused: that needs a [`Work`].
    pub async fn act<T>(
        &self,
        context: &Context,
        sql: &'static str,
        mut args: Vec<Value>,
        event: impl Event,
    ) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let event = EventRow::of(event);
        self.check_tells_only(event.kind())?;
        if let Some(text) = self.dialect.act((sql, ""), args.len()) {
            args.extend(work::event_values(self.ledger(), context, &event, None));
            return self.read().await?.change_composed(&text, args).await;
        }
        let mut tx = self.transaction().await?;
        let rows = tx.change(sql, args).await?;
        if !rows.is_empty() {
            work::write(&mut tx, context, &event, None).await?;
            tx.commit().await?;
        }
        Ok(rows)
    }

    /// The same for a statement of which only is asked whether it changed a row, and which returns none: SQLite puts what
    /// is returned into a table that it makes for that.
    ///
    /// # Errors
    ///
    /// [`Fault`], as for [`act`](Self::act).
    pub async fn act_if(
        &self,
        context: &Context,
        sql: &'static str,
        mut args: Vec<Value>,
        event: impl Event,
    ) -> Result<bool, Fault> {
        let event = EventRow::of(event);
        self.check_tells_only(event.kind())?;
        if let Some(text) = self.dialect.act((sql, " returning 1 as one"), args.len()) {
            args.extend(work::event_values(self.ledger(), context, &event, None));
            let rows: Vec<(i32,)> = self.read().await?.change_composed(&text, args).await?;
            return Ok(!rows.is_empty());
        }
        let mut tx = self.transaction().await?;
        let has_changed = tx.run(sql, args).await? > 0;
        if has_changed {
            work::write(&mut tx, context, &event, None).await?;
            tx.commit().await?;
        }
        Ok(has_changed)
    }

    async fn transaction(&self) -> Result<Tx, Fault> {
        let turn = match &self.writer {
            None => None,
            Some(semaphore) => Some(self.writer_turn(Arc::clone(semaphore)).await?),
        };
        let mut lease = self.pool.acquire().await?;
        lease.begin(turn).await?;
        Ok(Tx::new(lease, self.dialect, Arc::clone(&self.ledger)))
    }

    async fn writer_turn(&self, semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Fault> {
        tokio::time::timeout(self.acquire_timeout, semaphore.acquire_owned())
            .await
            .map_err(|_| Fault::unavailable("the writer of the database is busy"))?
            .map_err(Fault::broken)
    }

    /// How often the database was asked: statements, and each beginning and end of a transaction.
    #[cfg(feature = "testing")]
    pub fn asked(&self) -> u64 {
        self.pool.asked()
    }

    /// From now on no answer is waited for long: the program stops.
    pub fn hurry(&self) {
        self.pool.hurry();
    }

    /// Closes all connections after their current statements.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
