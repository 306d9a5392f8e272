//! What runs beside requests: the sequencer, the watcher of revisions, the job queue, the schedule.

use std::{future::Future, sync::Arc, time::Duration};

use base::{Clock, Entropy, Fault, id::Ids};
use records::{Actor, Context, Database, jobs, jobs::Claimed, log};
use tokio::{sync::watch, task::JoinSet};

/// How often events are numbered and chained.
const SEQUENCE_EVERY: Duration = Duration::from_millis(250);

/// How often the queue is looked at when it was empty.
const QUEUE_EVERY: Duration = Duration::from_millis(500);

/// How many jobs are taken at once; they run at the same time.
const JOBS_AT_ONCE: i64 = 16;

/// How long one job may run. Less than the lease, so that no other node starts it meanwhile.
const JOB_TIMEOUT: Duration = Duration::from_secs(45);

/// What one kind of job does. An error is kept with the job, which is tried again later.
pub trait Runner: Send + Sync + 'static {
    /// Does the job.
    fn run(&self, job: Claimed) -> impl Future<Output = Result<(), String>> + Send;
}

/// The tasks beside requests. They end when `stop` turns true, each after its current turn.
pub struct Beside {
    tasks: JoinSet<()>,
    stop: watch::Receiver<bool>,
}

impl Beside {
    /// No tasks yet.
    pub fn new(stop: watch::Receiver<bool>) -> Self {
        Self { tasks: JoinSet::new(), stop }
    }

    /// Repeats `turn` every so often, and at once when it says that there is more to do.
    pub fn repeat<F, T>(&mut self, name: &'static str, every: Duration, turn: T)
    where
        T: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<bool, Fault>> + Send,
    {
        let mut stop = self.stop.clone();
        self.tasks.spawn(async move {
            let mut failing = false;
            while !*stop.borrow() {
                let more = match turn().await {
                    Ok(more) => {
                        if failing {
                            tracing::info!(task = name, "a task beside requests works again");
                        }
                        failing = false;
                        more
                    }
                    Err(fault) => {
                        // One line when trouble begins and one when it is over, not one for each turn while the
                        // database is away.
                        if failing {
                            tracing::debug!(task = name, %fault, "a task beside requests fails still");
                        } else {
                            tracing::error!(task = name, %fault, "a task beside requests failed and goes on trying");
                        }
                        failing = true;
                        false
                    }
                };
                if more {
                    continue;
                }
                tokio::select! {
                    () = tokio::time::sleep(every) => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
            }
        });
    }

    /// Numbers and chains events.
    pub fn sequence(&mut self, database: &Database) {
        let database = database.clone();
        self.repeat("sequencer", SEQUENCE_EVERY, move || {
            let database = database.clone();
            async move { Ok(log::sequence_events(&database).await? >= log::TURN_MAX) }
        });
    }

    /// Takes jobs from the queue and does them.
    pub fn queue(
        &mut self,
        database: &Database,
        clock: &Arc<dyn Clock>,
        entropy: &Arc<dyn Entropy>,
        runner: impl Runner,
    ) {
        let (database, clock, entropy) = (database.clone(), Arc::clone(clock), Arc::clone(entropy));
        let runner = Arc::new(runner);
        self.repeat("queue", QUEUE_EVERY, move || {
            let (database, clock, entropy) = (database.clone(), Arc::clone(&clock), Arc::clone(&entropy));
            let runner = Arc::clone(&runner);
            async move {
                let claimed = jobs::claim(&database, clock.now(), JOBS_AT_ONCE).await?;
                let more = claimed.len() as i64 == JOBS_AT_ONCE;
                let mut running = JoinSet::new();
                for job in claimed {
                    let (database, runner) = (database.clone(), Arc::clone(&runner));
                    let (clock, entropy) = (Arc::clone(&clock), Arc::clone(&entropy));
                    running.spawn(async move {
                        let context = || Context {
                            actor: Actor::Job("queue"),
                            at: clock.now(),
                            request: None,
                            entropy: Arc::clone(&entropy),
                            ids: Ids::default(),
                        };
                        let kept = match tokio::time::timeout(JOB_TIMEOUT, runner.run(job.clone())).await {
                            Ok(Ok(())) => jobs::done(&database, &job).await,
                            Ok(Err(error)) => jobs::failed(&database, context(), &job, &error).await,
                            Err(_) => jobs::failed(&database, context(), &job, "the job took too long").await,
                        };
                        if let Err(fault) = kept {
                            tracing::error!(job = job.job_id, %fault, "the outcome of a job was not kept; it will run again");
                        }
                    });
                }
                while running.join_next().await.is_some() {}
                Ok(more)
            }
        });
    }

    /// Waits until every task has ended.
    pub async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
