//! What runs beside requests: the sequencer, the watcher of revisions, the job queue, the schedule.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base::{Clock, Entropy, Fault, id::Ids};
use records::{Actor, Context, Database, jobs, jobs::Claimed, log};
use tokio::{sync::watch, task::JoinSet, time::timeout};
use web::kit::health::{Health, Pulse};

use crate::{
    limits::{JOB_TIMEOUT, JOBS_AT_ONCE, JOBS_CLAIMED_AT_ONCE, LANE_JOBS_MAX, SIGNING_TURN_TIME_MAX, TURN_TIME_MAX},
    watched,
};

/// How often events are numbered and chained.
const SEQUENCE_EVERY: Duration = Duration::from_millis(250);

/// How often the queue is looked at when nothing more could be taken from it.
const QUEUE_EVERY: Duration = Duration::from_millis(500);

/// What one kind of job does. An error is kept with the job, which is tried again later.
pub trait Runner: Send + Sync + 'static {
    /// Does the job.
    fn run(&self, job: Claimed) -> impl Future<Output = Result<(), String>> + Send;
}

/// The tasks beside requests, each watched. They end when `stop` turns true, each after its current turn.
pub struct Beside {
    tasks: JoinSet<()>,
    jobs: Arc<Running>,
    health: Health,
    stop: watch::Receiver<bool>,
}

/// How often a task turns, and how long one turn may take.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    pub every: Duration,
    pub turn: Duration,
    /// Whether requests rest on it: a node where it keeps failing takes none.
    pub is_needed: bool,
}

impl Rhythm {
    /// A turn that is a few statements.
    pub const fn every(every: Duration) -> Self {
        Self { every, turn: TURN_TIME_MAX, is_needed: false }
    }

    /// A turn that makes signatures.
    pub const fn signing_every(every: Duration) -> Self {
        Self { every, turn: SIGNING_TURN_TIME_MAX, is_needed: false }
    }

    /// The same of what requests rest on.
    pub const fn needed(self) -> Self {
        Self { is_needed: true, ..self }
    }
}

impl Beside {
    /// No tasks yet.
    pub fn new(health: Health, stop: watch::Receiver<bool>) -> Self {
        Self { tasks: JoinSet::new(), jobs: Arc::default(), health, stop }
    }

    /// Repeats `turn` every so often, and at once when it says that there is more to do.
    pub fn repeat<F, T>(&mut self, name: &'static str, rhythm: Rhythm, turn: T)
    where
        T: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<bool, Fault>> + Send + 'static,
    {
        let limit = rhythm.every + rhythm.turn;
        let pulse =
            if rhythm.is_needed { self.health.needed_pulse(name, limit) } else { self.health.pulse(name, limit) };
        let (stop, turn) = (self.stop.clone(), Arc::new(turn));
        self.keep(pulse.clone(), move || turns(Arc::clone(&turn), rhythm.every, pulse.clone(), stop.clone()));
    }

    /// Keeps a task going that says by its pulse that it turns.
    pub fn keep<F>(&mut self, pulse: Pulse, start: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(watched::keep(pulse, self.stop.clone(), start));
    }

    /// Numbers and chains events.
    pub fn sequence(&mut self, database: &Database) {
        let database = database.clone();
        self.repeat("sequencer", Rhythm::every(SEQUENCE_EVERY).needed(), move || {
            let database = database.clone();
            async move { Ok(log::sequence_events(&database).await? >= log::TURN_MAX) }
        });
    }

    /// Takes jobs from the queue and does them, each beside the others.
    pub fn queue(
        &mut self,
        database: &Database,
        clock: &Arc<dyn Clock>,
        entropy: &Arc<dyn Entropy>,
        runner: impl Runner,
    ) {
        let queue = Arc::new(Queue {
            database: database.clone(),
            clock: Arc::clone(clock),
            entropy: Arc::clone(entropy),
            runner: Arc::new(runner),
            jobs: Arc::clone(&self.jobs),
        });
        self.repeat("queue", Rhythm::every(QUEUE_EVERY), move || {
            let queue = Arc::clone(&queue);
            async move { queue.take().await }
        });
    }

    /// Waits until every task has ended, and every job that was begun.
    pub async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
        let mut begun = std::mem::take(&mut *self.jobs.begun());
        while begun.join_next().await.is_some() {}
    }
}

/// Turns until `stop` turns true.
async fn turns<F>(
    turn: Arc<impl Fn() -> F + Send + Sync>,
    every: Duration,
    pulse: Pulse,
    mut stop: watch::Receiver<bool>,
) where
    F: Future<Output = Result<bool, Fault>> + Send,
{
    let name = pulse.name();
    let mut failing = false;
    while !*stop.borrow() {
        let more = match turn().await {
            Ok(more) => {
                if failing {
                    tracing::info!(task = name, "a task beside requests works again");
                }
                failing = false;
                pulse.succeed();
                more
            }
            Err(fault) => {
                // One line when trouble begins and one when it is over, not one for each turn while the
                // database is away.
                if pulse.fail() {
                    tracing::error!(task = name, %fault, "a task beside requests keeps failing: somebody has to see to it");
                } else if failing {
                    tracing::debug!(task = name, %fault, "a task beside requests fails still");
                } else {
                    tracing::error!(task = name, %fault, "a task beside requests failed and goes on trying");
                }
                failing = true;
                false
            }
        };
        watched::turned(&pulse);
        if more {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// What it takes to do jobs.
struct Queue<R> {
    database: Database,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    runner: Arc<R>,
    jobs: Arc<Running>,
}

/// The jobs that run. They belong to no turn of the queue: one that waits for somebody holds up no other.
#[derive(Default)]
struct Running {
    begun: Mutex<JoinSet<()>>,
    lanes: Mutex<HashMap<String, usize>>,
}

/// A job's place in its lane, until it is dropped.
struct Place {
    jobs: Arc<Running>,
    lane: String,
}

impl<R: Runner> Queue<R> {
    /// Takes jobs as far as there are places; whether there may be more.
    async fn take(&self) -> Result<bool, Fault> {
        let free = JOBS_AT_ONCE.saturating_sub(self.jobs.count());
        let limit = free.min(JOBS_CLAIMED_AT_ONCE);
        if limit == 0 {
            return Ok(false);
        }
        let claimed = jobs::claim(&self.database, self.clock.now(), limit as i64, &self.jobs.full_lanes()).await?;
        let more = claimed.len() == limit;
        for job in claimed {
            let place = self.jobs.enter(&job.lane);
            let (database, runner) = (self.database.clone(), Arc::clone(&self.runner));
            let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
            self.jobs.begun().spawn(async move {
                let _place = place;
                let context = || Context {
                    actor: Actor::Job("queue"),
                    at: clock.now(),
                    request: None,
                    entropy: Arc::clone(&entropy),
                    ids: Ids::default(),
                };
                let kept = match outcome(runner, job.clone()).await {
                    Ok(()) => jobs::done(&database, &job).await,
                    Err(error) => jobs::failed(&database, context(), &job, &error).await,
                };
                if let Err(fault) = kept {
                    tracing::error!(job = job.job_id, %fault, "the outcome of a job was not kept; it will run again");
                }
            });
        }
        Ok(more)
    }
}

/// Does one job, in a task of its own: one that panics has failed like any other, and is given up after as many tries.
async fn outcome(runner: Arc<impl Runner>, job: Claimed) -> Result<(), String> {
    let mut task = JoinSet::new();
    task.spawn(async move { runner.run(job).await });
    match timeout(JOB_TIMEOUT, task.join_next()).await {
        Ok(Some(Ok(outcome))) => outcome,
        Ok(_) => Err("the job panicked".to_owned()),
        Err(_) => Err("the job took too long".to_owned()),
    }
}

impl Running {
    fn begun(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many run.
    fn count(&self) -> usize {
        let mut begun = self.begun();
        while begun.try_join_next().is_some() {}
        begun.len()
    }

    /// The lanes that have no place left.
    fn full_lanes(&self) -> Vec<String> {
        let lanes = self.lanes();
        lanes.iter().filter(|(_, running)| **running >= LANE_JOBS_MAX).map(|(lane, _)| lane.clone()).collect()
    }

    fn enter(self: &Arc<Self>, lane: &str) -> Place {
        if !lane.is_empty() {
            *self.lanes().entry(lane.to_owned()).or_default() += 1;
        }
        Place { jobs: Arc::clone(self), lane: lane.to_owned() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lanes = self.jobs.lanes();
        if let Some(running) = lanes.get_mut(&self.lane) {
            *running -= 1;
            if *running == 0 {
                lanes.remove(&self.lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use base::{Instant, ManualClock, SeededEntropy};
    use oidc::logout::Fetch;
    use records::testing;
    use tokio::sync::mpsc;

    use super::*;
    use crate::fetch::{Outside, Reach};

    const AT: Instant = Instant::from_seconds(1_790_000_000);

    /// When the queue looks.
    const LATER: Instant = Instant::from_seconds(1_790_000_060);

    /// Tells which jobs were begun. One in the lane `silent` calls a party that takes the call and never answers, one in
    /// the lane `broken` panics.
    struct Telling {
        tell: mpsc::UnboundedSender<String>,
        outside: Outside,
        silent: std::net::TcpListener,
    }

    impl Runner for Telling {
        async fn run(&self, job: Claimed) -> Result<(), String> {
            let _ = self.tell.send(job.lane.clone());
            match job.lane.as_str() {
                "silent" => {
                    let url = format!("http://{}/", self.silent.local_addr().unwrap());
                    self.outside.post_form(&url, String::new()).await.map(|_| ())
                }
                "broken" => panic!("a job panics"),
                _ => Ok(()),
            }
        }
    }

    struct Begun {
        fresh: testing::Fresh,
        stop: watch::Sender<bool>,
        beside: Beside,
        told: mpsc::UnboundedReceiver<String>,
    }

    /// A queue with so many jobs of each lane, in this order.
    async fn begin(lanes: &[(&'static str, usize)]) -> Begun {
        let fresh = testing::fresh().await.unwrap();
        for (place, (lane, count)) in (0..).zip(lanes) {
            let context = testing::context(AT.plus_seconds(place), place.unsigned_abs());
            let mut work = fresh.database.begin(context).await.unwrap();
            for _ in 0..*count {
                jobs::enqueue(&mut work, "test", lane, &()).await.unwrap();
            }
            work.record(testing::Changed { what: "jobs".to_owned() });
            work.commit().await.unwrap();
        }
        let (stop, stopped) = watch::channel(false);
        let (tell, told) = mpsc::unbounded_channel();
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let runner = Telling { tell, outside: Outside::new(Reach::Anywhere, Vec::new()).unwrap(), silent };
        let mut beside = Beside::new(Health::default(), stopped);
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(LATER));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        beside.queue(&fresh.database, &clock, &entropy, runner);
        Begun { fresh, stop, beside, told }
    }

    #[tokio::test]
    async fn a_party_that_never_answers_has_few_places_and_delays_nobody_elses_notice() {
        let mut begun = begin(&[("silent", 2 * JOBS_AT_ONCE), ("quick", 1)]).await;
        let mut silent = 0;
        while begun.told.recv().await.unwrap() != "quick" {
            silent += 1;
        }
        // None of these has ended yet, or there would have been more.
        assert!((LANE_JOBS_MAX..LANE_JOBS_MAX + JOBS_CLAIMED_AT_ONCE).contains(&silent), "{silent}");
        begun.stop.send(true).unwrap();
        begun.beside.finish().await;
        let left = jobs::census(&mut begun.fresh.database.read().await.unwrap()).await.unwrap();
        assert_eq!(left, (2 * JOBS_AT_ONCE as i64, 0), "they are tried again");
    }

    #[tokio::test]
    async fn a_job_that_panics_has_failed_like_any_other() {
        let mut begun = begin(&[("broken", 1), ("quick", 1)]).await;
        for lane in ["broken", "quick"] {
            assert_eq!(begun.told.recv().await.unwrap(), lane);
        }
        begun.stop.send(true).unwrap();
        begun.beside.finish().await;
        // Long before its lease ends: it was put back.
        let again = jobs::claim(&begun.fresh.database, LATER.plus_seconds(10), 10, &[]).await.unwrap();
        assert_eq!(again.iter().map(|job| job.lane.as_str()).collect::<Vec<_>>(), ["broken"]);
    }

    /// Does nothing and ends never; whoever drops it is told.
    struct Endless(mpsc::UnboundedSender<&'static str>);

    struct Dropped<'a>(&'a mpsc::UnboundedSender<&'static str>);

    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }

    impl Runner for Endless {
        async fn run(&self, _: Claimed) -> Result<(), String> {
            let _dropped = Dropped(&self.0);
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn a_job_that_never_ends_has_failed_when_its_time_is_over() {
        let fresh = testing::fresh().await.unwrap();
        let mut work = fresh.database.begin(testing::context(AT, 1)).await.unwrap();
        jobs::enqueue(&mut work, "test", "", &()).await.unwrap();
        work.record(testing::Changed { what: "jobs".to_owned() });
        work.commit().await.unwrap();
        let job = jobs::claim(&fresh.database, LATER, 1, &[]).await.unwrap().remove(0);
        let (tell, mut told) = mpsc::unbounded_channel();
        // From here on nothing waits for anything but the clock.
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        // Twice as long: one that is waited for without end fails here, too.
        let ended = timeout(2 * JOB_TIMEOUT, outcome(Arc::new(Endless(tell)), job)).await;
        assert_eq!(ended.map_err(|_| "it still runs"), Ok(Err("the job took too long".to_owned())));
        let took = begun.elapsed();
        assert!((JOB_TIMEOUT..JOB_TIMEOUT + Duration::from_secs(1)).contains(&took), "{took:?}");
        assert_eq!(told.recv().await, Some("dropped"), "nothing of it goes on");
        // The lease of its place in the queue is longer: nobody else takes it up meanwhile.
        let after = |time: Duration| LATER.plus_seconds(time.as_secs() as i64);
        tokio::time::resume();
        assert!(jobs::claim(&fresh.database, after(JOB_TIMEOUT), 1, &[]).await.unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_whose_turns_keep_failing_is_told_until_one_goes_well_and_a_mishap_is_none() {
        let health = Health::default();
        let pulse = health.pulse("test", Duration::from_secs(10));
        let (stop, stopped) = watch::channel(false);
        let (tell, mut told) = mpsc::unbounded_channel();
        let (tries, own) = (AtomicU32::new(0), pulse.clone());
        let turn = move || {
            let count = tries.fetch_add(1, SeqCst);
            tell.send((count, own.is_failing())).unwrap();
            // The first one is a mishap; the others fail until the tenth.
            let outcome = if count == 1 || count >= 10 { Ok(false) } else { Err(Fault::broken("it fails")) };
            std::future::ready(outcome)
        };
        let turning = tokio::spawn(turns(Arc::new(turn), Duration::from_secs(2), pulse, stopped));
        let mut failing = Vec::new();
        while failing.len() < 12 {
            let (count, is_failing) = told.recv().await.unwrap();
            failing.extend(Some(count).filter(|_| is_failing));
            if count == 11 {
                break;
            }
        }
        assert_eq!(failing, [6, 7, 8, 9, 10], "after three turns and five seconds, and before the eleventh");
        stop.send(true).unwrap();
        turning.await.unwrap();
    }

    #[tokio::test]
    async fn a_full_lane_is_passed_over_and_no_other() {
        let fresh = testing::fresh().await.unwrap();
        let mut work = fresh.database.begin(testing::context(AT, 1)).await.unwrap();
        for lane in ["a", "b", "ab", ""] {
            jobs::enqueue(&mut work, "test", lane, &()).await.unwrap();
        }
        work.record(testing::Changed { what: "jobs".to_owned() });
        work.commit().await.unwrap();
        for (full, expected) in [(&["a", "b"][..], &["", "ab"][..]), (&["ab", "b"], &["a"]), (&[], &["b"])] {
            let full: Vec<String> = full.iter().map(|lane| (*lane).to_owned()).collect();
            let claimed = jobs::claim(&fresh.database, AT, 10, &full).await.unwrap();
            let mut lanes: Vec<_> = claimed.iter().map(|job| job.lane.as_str()).collect();
            lanes.sort_unstable();
            assert_eq!(lanes, expected, "{full:?}");
        }
    }
}
