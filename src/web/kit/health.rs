//! Whether this node can take requests: its database answers, its tasks turn, and it is not about to stop.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use records::Database;
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    App,
    kit::{
        limits::{DATABASE_ANSWERS_WITHIN, DATABASE_ASKED_EVERY, FAILING_AFTER, TURNS_FAILED},
        problem::Told,
    },
};

/// Where a load balancer asks whether this node takes requests.
pub(crate) const READY: &str = "/healthz";

/// Where a supervisor asks whether this process answers.
pub(crate) const LIVES: &str = "/livez";

/// Where a monitoring system asks.
pub(crate) const METRICS: &str = "/metrics";

/// Whether a path is one of those that are asked by address, whatever the name of the host.
pub(crate) fn is_asked(path: &str) -> bool {
    [READY, LIVES, METRICS].contains(&path)
}

/// What is known of this node. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    leaving: AtomicBool,
    pulses: Mutex<Vec<Pulse>>,
    /// When the database was asked last, and whether it answered.
    asked: tokio::sync::Mutex<Option<(Instant, bool)>>,
    /// What the log was told last.
    told: Mutex<Vec<&'static str>>,
}

/// How a check of this node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Standing {
    Pass,
    /// Somebody has to see to it, and requests are answered all the same.
    Warn,
    /// This node takes no requests.
    Fail,
}

/// One task that has to turn again and again. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<Task>);

#[derive(Debug)]
struct Task {
    name: &'static str,
    limit: Duration,
    /// Whether this node takes no requests while its turns fail.
    is_needed: bool,
    turning: Mutex<Turning>,
}

#[derive(Debug)]
struct Turning {
    turned: Instant,
    is_lost: bool,
    failing: Option<Failing>,
}

/// Turns that failed, one after the other.
#[derive(Clone, Copy, Debug)]
struct Failing {
    since: Instant,
    turns: u32,
    /// Whether it is more than a mishap.
    is_kept: bool,
}

#[derive(Serialize)]
struct Report {
    status: Standing,
    checks: BTreeMap<&'static str, Standing>,
}

impl Health {
    /// A task that stands still when it has not turned for `limit`.
    pub fn pulse(&self, name: &'static str, limit: Duration) -> Pulse {
        self.keep(name, limit, false)
    }

    /// A task that requests rest on: while its turns fail this node takes none.
    pub fn needed_pulse(&self, name: &'static str, limit: Duration) -> Pulse {
        self.keep(name, limit, true)
    }

    fn keep(&self, name: &'static str, limit: Duration, is_needed: bool) -> Pulse {
        let turning = Mutex::new(Turning { turned: Instant::now(), is_lost: false, failing: None });
        let pulse = Pulse(Arc::new(Task { name, limit, is_needed, turning }));
        self.0.pulses.lock().unwrap_or_else(PoisonError::into_inner).push(pulse.clone());
        pulse
    }

    /// Says from now on that this node takes no more work, while it still does.
    pub fn leave(&self) {
        self.0.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether it was told to [`Health::leave`].
    pub fn is_leaving(&self) -> bool {
        self.0.leaving.load(Ordering::Relaxed)
    }

    /// Every check, and how it stands.
    pub(crate) async fn checks(&self, database: &Database) -> BTreeMap<&'static str, Standing> {
        let stands = |passed| if passed { Standing::Pass } else { Standing::Fail };
        let mut checks = BTreeMap::from([("database", stands(self.database_answers(database).await))]);
        checks.insert("serving", stands(!self.is_leaving()));
        for pulse in &*self.0.pulses.lock().unwrap_or_else(PoisonError::into_inner) {
            // Several tasks may have one name: each has to turn.
            let standing = checks.entry(pulse.0.name).or_insert(Standing::Pass);
            *standing = pulse.standing().max(*standing);
        }
        checks
    }

    /// Asked at most so often, whoever wants to know: strangers cannot make the database work.
    async fn database_answers(&self, database: &Database) -> bool {
        let mut asked = self.0.asked.lock().await;
        match *asked {
            Some((at, answered)) if at.elapsed() < DATABASE_ASKED_EVERY => answered,
            _ => {
                let answered = matches!(timeout(DATABASE_ANSWERS_WITHIN, database.answers()).await, Ok(Ok(())));
                *asked = Some((Instant::now(), answered));
                answered
            }
        }
    }

    /// One line when it changes what is wrong, not one for each time somebody asks.
    fn tell(&self, checks: &BTreeMap<&'static str, Standing>) {
        let failed = checks.iter().filter(|(_, standing)| **standing == Standing::Fail);
        let failed: Vec<&'static str> = failed.map(|(name, _)| *name).collect();
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told == failed {
            return;
        }
        if failed.is_empty() {
            tracing::info!("ready again");
        } else {
            tracing::warn!(failed = failed.join(", "), "not ready");
        }
        *told = failed;
    }
}

impl Pulse {
    /// The task's name.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The task has done a turn; whether it had been lost.
    pub fn turn(&self) -> bool {
        let mut turning = self.turning();
        turning.turned = Instant::now();
        std::mem::take(&mut turning.is_lost)
    }

    /// The task has ended or stands still, and is started again; whether that is news.
    pub fn lose(&self) -> bool {
        let mut turning = self.turning();
        turning.turned = Instant::now();
        !std::mem::replace(&mut turning.is_lost, true)
    }

    /// The turn that it has done went well; whether it is news, because its turns kept failing.
    pub fn succeed(&self) -> bool {
        self.turning().failing.take().is_some_and(|failing| failing.is_kept)
    }

    /// The turn that it has done failed; whether it is news that its turns keep failing.
    pub fn fail(&self) -> bool {
        let mut turning = self.turning();
        let before = turning.failing.unwrap_or(Failing { since: Instant::now(), turns: 0, is_kept: false });
        let turns = before.turns.saturating_add(1);
        let is_kept = turns >= TURNS_FAILED && before.since.elapsed() >= FAILING_AFTER;
        turning.failing = Some(Failing { turns, is_kept, ..before });
        is_kept && !before.is_kept
    }

    /// Whether its turns keep failing.
    pub fn is_failing(&self) -> bool {
        self.turning().failing.is_some_and(|failing| failing.is_kept)
    }

    fn standing(&self) -> Standing {
        match (self.is_lost(), self.is_failing()) {
            (true, _) => Standing::Fail,
            (false, true) if self.0.is_needed => Standing::Fail,
            (false, true) => Standing::Warn,
            (false, false) => Standing::Pass,
        }
    }

    /// Waits until the task stands still.
    pub async fn stands_still(&self) {
        loop {
            let until = self.turning().turned + self.0.limit;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    /// Whether it ended or stood still and has not turned since.
    pub fn is_lost(&self) -> bool {
        self.turning().is_lost
    }

    fn turning(&self) -> MutexGuard<'_, Turning> {
        self.0.turning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET /healthz`: 200 when a load balancer may send requests here, 503 when not, and which check says so.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let checks = app.health.checks(&app.database).await;
    app.health.tell(&checks);
    let status = checks.values().copied().max().unwrap_or(Standing::Pass);
    let report = Report { status, checks };
    // Names and words: nothing that could not be written.
    let body = serde_json::to_string(&report).unwrap_or_default() + "\n";
    let status = if status == Standing::Fail { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.extensions_mut().insert(Told);
    response
}

/// `GET /livez`: whether this process answers. It asks nobody: a database that is away is no reason to restart a node.
pub(crate) async fn lives() -> Response {
    "ok\n".into_response()
}
