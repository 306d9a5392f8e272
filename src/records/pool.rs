//! Connections kept open between uses.
//!
//! The driver's own pool asks the server for a sign of life each time a connection is given back: for a request of a
//! single statement that is as much again (decision 0011). This one trusts a connection whose last
//! statement was answered, and drops any other.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use base::{Fault, fault::FaultKind};
use sqlx::{AnyConnection, ConnectOptions, Connection, Executor, any::AnyConnectOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{dialect::Dialect, driver::fault};

/// A connection is replaced after so long, so that memory the server keeps for it does not grow for ever.
const LIFETIME: Duration = Duration::from_mins(30);

/// How long a new connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many connections, and how long anything about them may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most connections held open.
    pub connections_max: u32,
    /// How long a request waits for a free one.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
}

/// The connections of one database. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: AnyConnectOptions,
    dialect: Dialect,
    statement_timeout: Duration,
    acquire_timeout: Duration,
    places: Arc<Semaphore>,
    idle: Mutex<VecDeque<Open>>,
    closed: AtomicBool,
    #[cfg(feature = "testing")]
    asked: std::sync::atomic::AtomicU64,
}

#[derive(Debug)]
struct Open {
    connection: AnyConnection,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(url: &str, limits: Limits, dialect: Dialect) -> Result<Self, Fault> {
        let url = dialect.connect_url(url);
        let options: AnyConnectOptions = url.parse().map_err(fault)?;
        Ok(Self(Arc::new(Inner {
            // A statement's text is no secret, but thousands of lines a second help nobody.
            options: options.disable_statement_logging(),
            dialect,
            statement_timeout: limits.statement_timeout,
            acquire_timeout: limits.acquire_timeout,
            places: Arc::new(Semaphore::new(limits.connections_max.max(2) as usize)),
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
            #[cfg(feature = "testing")]
            asked: std::sync::atomic::AtomicU64::new(0),
        })))
    }

    /// A connection that nobody else uses.
    pub(crate) async fn acquire(&self) -> Result<Lease, Fault> {
        let waiting = Arc::clone(&self.0.places).acquire_owned();
        let place = tokio::time::timeout(self.0.acquire_timeout, waiting)
            .await
            .map_err(|_| Fault::unavailable("no connection to the database became free in time"))?
            .map_err(|_| Fault::unavailable("the database was closed"))?;
        let open = match self.take_idle() {
            Some(open) => open,
            None => self.connect().await?,
        };
        Ok(Lease {
            open: Some(open),
            pool: self.clone(),
            place: Some(place),
            turn: None,
            is_answered: true,
            in_transaction: false,
        })
    }

    fn take_idle(&self) -> Option<Open> {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The one used last is the one whose caches are warm.
        while let Some(open) = idle.pop_back() {
            if open.since.elapsed() < LIFETIME {
                return Some(open);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Open, Fault> {
        let connecting = async {
            let mut connection = self.0.options.connect().await?;
            self.0.dialect.prepare_connection(&mut connection, self.0.statement_timeout).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_| Fault::unavailable("the database does not answer"))?
            // Whatever its reason, a database that lets nobody in is one that may do so later.
            .map_err(Fault::unavailable)?;
        Ok(Open { connection, since: Instant::now() })
    }

    fn give_back(&self, open: Open) {
        if !self.0.closed.load(Ordering::Acquire) {
            self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(open);
        }
    }

    /// Forgets idle connections: one that broke is seldom alone.
    fn forget_idle(&self) {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How often anything was sent to the database and its answer awaited.
    #[cfg(feature = "testing")]
    pub(crate) fn asked(&self) -> u64 {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// Lets nobody in any more and closes what is idle; what is in use is closed when it is given back.
    pub(crate) async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.places.close();
        let idle = std::mem::take(&mut *self.0.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for open in idle {
            let _ = open.connection.close().await;
        }
    }
}

/// A connection in use. Dropping it gives it back, after undoing a transaction that was not ended.
#[derive(Debug)]
pub(crate) struct Lease {
    open: Option<Open>,
    pool: Pool,
    place: Option<OwnedSemaphorePermit>,
    /// The turn of SQLite's one writer, kept until its transaction is over.
    turn: Option<OwnedSemaphorePermit>,
    /// False from the moment a statement is sent until its answer was read to the end.
    is_answered: bool,
    in_transaction: bool,
}

impl Lease {
    /// Runs one statement on the connection. When this future is dropped half-way, or the answer does not come, the
    /// connection is not used again.
    pub(crate) async fn run<T>(
        &mut self,
        statement: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, Fault> {
        let Some(open) = self.open.as_mut() else { return Err(Fault::broken("a connection was used after its end")) };
        if !self.is_answered {
            return Err(Fault::unavailable("the connection to the database broke"));
        }
        self.is_answered = false;
        #[cfg(feature = "testing")]
        self.pool.0.asked.fetch_add(1, Ordering::Relaxed);
        match statement(&mut open.connection).await {
            Ok(answer) => {
                self.is_answered = true;
                Ok(answer)
            }
            Err(error) => {
                // The server's own refusal leaves the connection in order; anything else does not.
                let fault = fault(error);
                match fault.kind() {
                    FaultKind::Unavailable | FaultKind::Unknown => self.pool.forget_idle(),
                    FaultKind::Conflict | FaultKind::Broken => self.is_answered = true,
                }
                Err(fault)
            }
        }
    }

    /// Runs a statement that changes something, which outside of a transaction is kept by itself.
    pub(crate) async fn change<T>(
        &mut self,
        statement: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, Fault> {
        let is_alone = !self.in_transaction;
        self.run(statement).await.map_err(|fault| if is_alone { fault.while_keeping() } else { fault })
    }

    pub(crate) async fn begin(&mut self, turn: Option<OwnedSemaphorePermit>) -> Result<(), Fault> {
        self.turn = turn;
        let begin = self.pool.0.dialect.begin();
        self.in_transaction = true;
        self.run(async |connection| connection.execute(begin).await.map(|_| ())).await
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Fault> {
        if !self.in_transaction {
            return Ok(());
        }
        let committed = self.run(async |connection| connection.execute("commit").await.map(|_| ())).await;
        committed.map_err(Fault::while_keeping)?;
        self.in_transaction = false;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(mut open), Some(place)) = (self.open.take(), self.place.take()) else { return };
        if !self.is_answered {
            // Closing it is what tells the server to undo whatever was open.
            return;
        }
        let (pool, turn) = (self.pool.clone(), self.turn.take());
        if !self.in_transaction {
            pool.give_back(open);
            drop(place);
            return;
        }
        // Locks must go now, not when somebody happens to use the connection next.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if open.connection.execute("rollback").await.is_ok() {
                    pool.give_back(open);
                }
                drop((place, turn));
            });
        }
    }
}
