//! Connections kept open between uses, and the one place where anything is asked of the database.
//!
//! The driver's own pool asks the server for a sign of life each time a connection is given back: for a request of a
//! single statement that is as much again (decision 0011). This one trusts a connection whose last statement was
//! answered a moment ago, and drops any other.
//!
//! A server may fall silent: it was frozen, or what lies on the way was. So nothing here waits without an end
//! ([`Pool::within`]), and who waited in vain throws the connection away without a goodbye. Dropping one closes its
//! socket and waits for nobody.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use base::{Fault, fault::FaultKind};
use futures_util::TryStreamExt;
use sqlx::{
    Any, AnyConnection, ConnectOptions, Connection, Either, Executor, FromRow, SqlStr,
    any::{AnyArguments, AnyConnectOptions, AnyRow},
    query::Query,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    args::Value,
    dialect::{Dialect, Left},
    driver::{fault, is_refused, left, not_let_in},
    limits::{
        ANSWER_MARGIN, GOODBYE_WITHIN, HURRIED_WITHIN, LIFETIME, LOOK_UP_EVERY, MIGRATION_WITHIN, PLACES_BESIDE,
        QUIET_AFTER, SIGN_OF_LIFE_WITHIN,
    },
    servers::{Servers, all_refused},
};

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
    servers: Servers,
    dialect: Dialect,
    limits: Limits,
    places: Arc<Semaphore>,
    /// For whoever has a place and needs another connection for one look: were it one of those, all who have one could
    /// wait for each other.
    places_beside: Arc<Semaphore>,
    idle: Mutex<VecDeque<Open>>,
    is_hurried: AtomicBool,
    is_closed: AtomicBool,
    #[cfg(feature = "testing")]
    asked: std::sync::atomic::AtomicU64,
}

#[derive(Debug)]
struct Open {
    connection: AnyConnection,
    since: Instant,
    /// When its last answer came.
    answered: Instant,
}

impl Pool {
    pub(crate) fn new(url: &str, limits: Limits, dialect: Dialect) -> Result<Self, Fault> {
        Ok(Self(Arc::new(Inner {
            servers: Servers::of(url, dialect)?,
            dialect,
            limits,
            places: Arc::new(Semaphore::new(limits.connections_max.max(2) as usize)),
            places_beside: Arc::new(Semaphore::new(PLACES_BESIDE)),
            idle: Mutex::default(),
            is_hurried: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            #[cfg(feature = "testing")]
            asked: std::sync::atomic::AtomicU64::new(0),
        })))
    }

    /// Opens the first connections, and says why if that cannot be.
    pub(crate) async fn open(&self) -> Result<(), Fault> {
        let first = self.connect().await?;
        if !self.0.dialect.is_elsewhere() {
            self.give_back(first);
            return Ok(());
        }
        // A pooler that lends a session out for one transaction gives this one what was set for the first; or it forgets
        // at once what was set.
        let second = self.connect().await?;
        let mut lease = self.lease(first, None, false);
        // Not prepared: that would be forgotten too.
        let sql = SqlStr::from_static(self.0.dialect.session_query());
        let told = lease.ask(Question { sql, values: None, aim: Aim::Read }).await.map_err(|failure| failure.fault)?;
        let session: Option<(String,)> = told.first()?;
        if session.is_none_or(|(mark,)| mark != "ours") {
            return Err(Fault::broken("what is set for a session is forgotten: a pooler stands before the database"));
        }
        self.give_back(second);
        Ok(())
    }

    /// A connection that nobody else uses.
    pub(crate) async fn acquire(&self) -> Result<Lease, Fault> {
        self.acquire_of(&self.0.places).await
    }

    /// Another one for somebody who has one: whoever takes it looks at something with it and gives it back.
    async fn acquire_beside(&self) -> Result<Lease, Fault> {
        self.acquire_of(&self.0.places_beside).await
    }

    async fn acquire_of(&self, places: &Arc<Semaphore>) -> Result<Lease, Fault> {
        let waiting = Arc::clone(places).acquire_owned();
        let place = timeout(self.0.limits.acquire_timeout, waiting)
            .await
            .map_err(|_| Fault::unavailable("no connection to the database became free in time"))?
            .map_err(|_| Fault::unavailable("the database was closed"))?;
        match self.take_idle().await {
            Some(open) => Ok(self.lease(open, Some(place), true)),
            None => Ok(self.lease(self.connect_for_now().await?, Some(place), false)),
        }
    }

    fn lease(&self, open: Open, place: Option<OwnedSemaphorePermit>, is_untried: bool) -> Lease {
        Lease {
            open: Some(open),
            pool: self.clone(),
            place,
            turn: None,
            limit: self.0.limits.statement_timeout + ANSWER_MARGIN,
            is_answered: true,
            in_transaction: false,
            is_untried,
        }
    }

    /// An idle connection that we have reason to trust.
    async fn take_idle(&self) -> Option<Open> {
        while let Some(mut open) = self.pop_idle() {
            if !self.0.dialect.is_elsewhere() || open.answered.elapsed() < QUIET_AFTER {
                return Some(open);
            }
            let sign = self.within(self.0.servers.patience.sign_of_life, open.connection.ping()).await;
            if matches!(sign, Some(Ok(()))) {
                return Some(open);
            }
            self.forget_idle();
        }
        None
    }

    fn pop_idle(&self) -> Option<Open> {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The one used last is the one whose caches are warm.
        while let Some(open) = idle.pop_back() {
            if open.since.elapsed() < LIFETIME {
                return Some(open);
            }
        }
        None
    }

    /// Whether the database answers: it did a moment ago, or answers now on a connection that takes nobody's place.
    pub(crate) async fn is_answered(&self) -> Result<(), Fault> {
        if self.0.is_closed.load(Ordering::Acquire) {
            return Err(Fault::unavailable("the database was closed"));
        }
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).back().map(|open| open.answered);
        if idle.is_some_and(|answered| answered.elapsed() < QUIET_AFTER) {
            return Ok(());
        }
        let open = self.connect_for_now().await?;
        self.within(GOODBYE_WITHIN, open.connection.close()).await;
        Ok(())
    }

    /// Whatever its reason, a database that lets nobody in now is one that may do so later.
    async fn connect_for_now(&self) -> Result<Open, Fault> {
        self.connect().await.map_err(|fault| match fault.kind() {
            FaultKind::Broken => Fault::unavailable(fault),
            _ => fault,
        })
    }

    async fn connect(&self) -> Result<Open, Fault> {
        let servers = &self.0.servers;
        let mut faults = Vec::new();
        for (place, options) in servers.in_turn() {
            match self.connect_to(options).await {
                Ok(connection) => {
                    servers.found(place);
                    let now = Instant::now();
                    return Ok(Open { connection, since: now, answered: now });
                }
                Err(fault) => faults.push((place, fault)),
            }
        }
        Err(all_refused(faults))
    }

    async fn connect_to(&self, options: &AnyConnectOptions) -> Result<AnyConnection, Fault> {
        let connecting = async {
            let mut connection = options.connect().await.map_err(not_let_in)?;
            let (dialect, timeout) = (self.0.dialect, self.0.limits.statement_timeout);
            let session = dialect.prepare_connection(&mut connection, timeout).await.map_err(not_let_in)?;
            self.0.servers.check(session)?;
            Ok(connection)
        };
        let connected = self.within(self.0.servers.patience.connect, connecting).await;
        connected.unwrap_or_else(|| Err(Fault::unavailable("the database does not answer")))
    }

    /// Waits for an answer, but no longer than this; none when none came. While the program stops it waits less.
    async fn within<T>(&self, limit: Duration, answer: impl Future<Output = T>) -> Option<T> {
        let mut answer = pin!(answer);
        let begun = Instant::now();
        loop {
            let limit = if self.0.is_hurried.load(Ordering::Relaxed) { limit.min(HURRIED_WITHIN) } else { limit };
            let left = limit.saturating_sub(begun.elapsed());
            match timeout(left.min(LOOK_UP_EVERY), answer.as_mut()).await {
                Ok(answer) => return Some(answer),
                Err(_) if begun.elapsed() >= limit => return None,
                Err(_) => {}
            }
        }
    }

    fn give_back(&self, mut open: Open) {
        if !self.0.is_closed.load(Ordering::Acquire) {
            open.answered = Instant::now();
            self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(open);
        }
    }

    /// Forgets idle connections: one that broke or fell silent is seldom alone.
    fn forget_idle(&self) {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How often anything was sent to the database and its answer awaited.
    #[cfg(feature = "testing")]
    pub(crate) fn asked(&self) -> u64 {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// From now on nobody waits long for another process: this one stops.
    pub(crate) fn hurry(&self) {
        self.0.is_hurried.store(self.0.dialect.is_elsewhere(), Ordering::Relaxed);
    }

    /// Lets nobody in any more and closes what is idle; what is in use is closed when it is given back.
    pub(crate) async fn close(&self) {
        self.0.is_closed.store(true, Ordering::Release);
        self.0.places.close();
        self.0.places_beside.close();
        let idle = std::mem::take(&mut *self.0.idle.lock().unwrap_or_else(PoisonError::into_inner));
        let goodbyes = async {
            for open in idle {
                let _ = open.connection.close().await;
            }
        };
        self.within(GOODBYE_WITHIN, goodbyes).await;
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
    /// How long an answer is waited for.
    limit: Duration,
    /// False from the moment a statement is sent until its answer was read to the end.
    is_answered: bool,
    in_transaction: bool,
    /// The connection was idle and nothing was asked on it since: it may have been closed meanwhile.
    is_untried: bool,
}

impl Lease {
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Another connection, which sees what was committed; none outside of a transaction.
    pub(crate) async fn beside(&mut self) -> Result<Option<Self>, Fault> {
        if self.in_transaction { Ok(Some(self.pool.acquire_beside().await?)) } else { Ok(None) }
    }
}

/// A statement with its values, or a script without any.
#[derive(Clone)]
struct Question {
    sql: SqlStr,
    values: Option<Vec<Value>>,
    aim: Aim,
}

/// What a statement does, should it be carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// Nothing that stays.
    Read,
    /// It changes something, which outside of a transaction is kept by itself.
    Change,
}

/// What the database answered to one statement.
#[derive(Default)]
pub(crate) struct Answer {
    rows: Vec<AnyRow>,
    pub rows_changed: u64,
    /// Whether anything of it came.
    is_begun: bool,
}

impl Answer {
    /// Its rows.
    pub(crate) fn all<T>(&self) -> Result<Vec<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow>,
    {
        self.rows.iter().map(T::from_row).collect::<Result<_, _>>().map_err(fault)
    }

    /// Its first row, if it has any.
    pub(crate) fn first<T>(&self) -> Result<Option<T>, Fault>
    where
        T: for<'r> FromRow<'r, AnyRow>,
    {
        self.rows.first().map(T::from_row).transpose().map_err(fault)
    }
}

/// Why there is no answer.
struct Failure {
    fault: Fault,
    left: Left,
    /// Whether it is certain that nothing was kept of what was asked.
    kept_nothing: bool,
}

impl Failure {
    /// Nobody asked anything.
    fn before_asking(fault: Fault) -> Self {
        Self { fault, left: Left::InOrder, kept_nothing: true }
    }

    /// Whether what was the first on its connection may be asked again on another one.
    fn may_be_repeated(&self, aim: Aim) -> bool {
        match (self.left, aim) {
            (Left::Ended | Left::Lost, Aim::Read) => true,
            (Left::Ended, Aim::Change) => self.kept_nothing,
            _ => false,
        }
    }

    /// The fault of something that is kept when it is done.
    fn while_keeping(self) -> Fault {
        if self.kept_nothing { self.fault } else { self.fault.while_keeping() }
    }
}

impl Lease {
    /// Asks for rows.
    pub(crate) async fn read(&mut self, sql: SqlStr, values: Vec<Value>) -> Result<Answer, Fault> {
        let question = Question { sql, values: Some(values), aim: Aim::Read };
        self.ask(question).await.map_err(|failure| failure.fault)
    }

    /// Runs a statement that changes something, which outside of a transaction is kept by itself.
    pub(crate) async fn change(&mut self, sql: SqlStr, values: Option<Vec<Value>>) -> Result<Answer, Fault> {
        let is_alone = !self.in_transaction;
        let answer = self.ask(Question { sql, values, aim: Aim::Change }).await;
        answer.map_err(|failure| if is_alone { failure.while_keeping() } else { failure.fault })
    }

    /// Has a statement prepared, and not run.
    pub(crate) async fn prepare(&mut self, sql: SqlStr) -> Result<(), Fault> {
        let limit = self.limit;
        let Some(open) = self.open.as_mut() else { return Err(used_after_its_end()) };
        self.is_answered = false;
        match self.pool.within(limit, open.connection.prepare(sql)).await {
            Some(Err(error)) if left(&error) == Left::InOrder => {
                self.is_answered = true;
                Err(fault(error))
            }
            Some(prepared) => {
                self.is_answered = prepared.is_ok();
                prepared.map(|_| ()).map_err(fault)
            }
            None => Err(silent(limit)),
        }
    }

    /// From now on a statement may take as long as a change of the schema.
    pub(crate) fn take_time(&mut self) {
        self.limit = MIGRATION_WITHIN + ANSWER_MARGIN;
    }

    pub(crate) async fn begin(&mut self, turn: Option<OwnedSemaphorePermit>) -> Result<(), Fault> {
        self.turn = turn;
        let sql = SqlStr::from_static(self.pool.0.dialect.begin());
        let question = Question { sql, values: None, aim: Aim::Read };
        self.ask(question).await.map_err(|failure| failure.fault)?;
        self.in_transaction = true;
        Ok(())
    }

    pub(crate) async fn begin_snapshot(&mut self) -> Result<(), Fault> {
        let sql = SqlStr::from_static(self.pool.0.dialect.begin_snapshot());
        let question = Question { sql, values: None, aim: Aim::Read };
        self.ask(question).await.map_err(|failure| failure.fault)?;
        self.in_transaction = true;
        Ok(())
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Fault> {
        if !self.in_transaction {
            return Ok(());
        }
        let question = Question { sql: SqlStr::from_static("commit"), values: None, aim: Aim::Change };
        self.ask(question).await.map_err(Failure::while_keeping)?;
        self.in_transaction = false;
        Ok(())
    }

    /// Asks, and asks once more on a new connection when this one had been closed before anybody asked anything on it.
    async fn ask(&mut self, question: Question) -> Result<Answer, Failure> {
        let again = self.is_untried.then(|| question.clone());
        match (self.ask_once(question).await, again) {
            (Err(failure), Some(question)) if failure.may_be_repeated(question.aim) => {
                // Its place is kept; the connection itself goes before the next one comes.
                self.open = None;
                self.open = Some(self.pool.connect_for_now().await.map_err(Failure::before_asking)?);
                self.is_answered = true;
                self.ask_once(question).await
            }
            (answer, _) => answer,
        }
    }

    /// Asks, and waits for the answer to its end. When this future is dropped half-way, or the answer does not come, the
    /// connection is not used again.
    async fn ask_once(&mut self, question: Question) -> Result<Answer, Failure> {
        let Some(open) = self.open.as_mut() else { return Err(Failure::before_asking(used_after_its_end())) };
        if !self.is_answered {
            return Err(Failure::before_asking(Fault::unavailable("the connection to the database broke")));
        }
        self.is_answered = false;
        self.is_untried = false;
        #[cfg(feature = "testing")]
        self.pool.0.asked.fetch_add(1, Ordering::Relaxed);
        let mut answer = Answer::default();
        let is_prepared = question.values.is_some();
        let limit = self.limit;
        let told = self.pool.within(limit, answered(&mut open.connection, question, &mut answer)).await;
        let is_refused = matches!(&told, Some(Err(error)) if is_refused(error));
        let (fault, left) = match told {
            Some(Ok(())) => {
                self.is_answered = true;
                return Ok(answer);
            }
            Some(Err(error)) => {
                let left = left(&error);
                (fault(error), left)
            }
            None => (silent(limit), Left::Silent),
        };
        match left {
            Left::InOrder => self.is_answered = true,
            Left::Ended | Left::Lost | Left::Silent => self.pool.forget_idle(),
        }
        let kept_nothing = match left {
            Left::InOrder => true,
            _ if is_refused => true,
            // The server says that a prepared statement is done before it keeps it, and that the connection ends after
            // both. (What is not prepared, such as a commit, it keeps first.)
            Left::Ended => is_prepared && !answer.is_begun,
            Left::Lost | Left::Silent => false,
        };
        Err(Failure { fault, left, kept_nothing })
    }
}

fn silent(limit: Duration) -> Fault {
    Fault::unavailable(format!("the database was silent for {} ms", limit.as_millis()))
}

fn used_after_its_end() -> Fault {
    Fault::broken("a connection was used after its end")
}

/// Reads the whole answer.
async fn answered(connection: &mut AnyConnection, question: Question, answer: &mut Answer) -> Result<(), sqlx::Error> {
    let Question { sql, values, .. } = question;
    let mut items = match values {
        Some(values) => connection.fetch_many(bind(sqlx::query(sql), values)),
        None => connection.fetch_many(sqlx::raw_sql(sql)),
    };
    while let Some(item) = items.try_next().await? {
        answer.is_begun = true;
        match item {
            Either::Left(done) => answer.rows_changed += done.rows_affected(),
            Either::Right(row) => answer.rows.push(row),
        }
    }
    Ok(())
}

fn bind(mut query: Query<'_, Any, AnyArguments>, values: Vec<Value>) -> Query<'_, Any, AnyArguments> {
    for value in values {
        query = match value {
            Value::Bytes(value) => query.bind(value),
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
        };
    }
    query
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(mut open), place) = (self.open.take(), self.place.take()) else { return };
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
                match pool.within(SIGN_OF_LIFE_WITHIN, open.connection.execute("rollback")).await {
                    Some(Ok(_)) => pool.give_back(open),
                    _ => pool.forget_idle(),
                }
                drop((place, turn));
            });
        }
    }
}
