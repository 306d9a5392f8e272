//! Who hands files to the processes that read them.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base::Fault;
use documents::pdf::findings::Limit;
use rustix::param::clock_ticks_per_second;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Semaphore,
    time::{Instant, timeout_at},
};
use verify::pdf::{Examined, examine};

use crate::{limits, wire};

/// Why a file was not examined.
#[derive(Debug)]
pub enum Refused {
    /// Too many files wait already, or the machine has no time for this one.
    Busy,
    /// No process can be started.
    Fault(Fault),
}

/// Examines files. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Examiner(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    place: Place,
    /// How long the reading of one file may take.
    time: Duration,
    turns: Semaphore,
    waiting: AtomicUsize,
    idle: Mutex<Vec<Worker>>,
}

#[derive(Debug)]
enum Place {
    /// On a thread of this process that may block.
    Here,
    /// In processes of this program, started with these arguments.
    Apart(PathBuf, &'static [&'static str]),
}

/// One process that reads files. It ends when this value is dropped.
#[derive(Debug)]
struct Worker {
    process: Child,
    questions: ChildStdin,
    answers: ChildStdout,
}

/// Why a process gave no answer.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    /// The time ended, and the process had not had its share of a core: that says nothing of the file.
    Starved,
    /// It ended: the file took its memory, or it was gone before.
    Died,
    /// The time ended.
    Late,
}

/// Counts who waits for a turn, until it is dropped.
struct Queued<'a>(&'a AtomicUsize);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Examiner {
    /// Reads files in processes of a program that is started with these arguments and then calls [`crate::worker::run`].
    pub fn apart(program: &Path, arguments: &'static [&'static str]) -> Self {
        Self::new(Place::Apart(program.to_owned(), arguments), limits::TIME_MAX)
    }

    /// Reads files in this process, whose memory and time they may take: for programs that read their own files only.
    pub fn here() -> Self {
        Self::new(Place::Here, limits::TIME_MAX)
    }

    fn new(place: Place, time: Duration) -> Self {
        let turns = Semaphore::new(limits::AT_ONCE_MAX);
        Self(Arc::new(Inner { place, time, turns, waiting: AtomicUsize::new(0), idle: Mutex::default() }))
    }

    /// What can be told of a file. A file that takes too much time or memory is over a limit. When the caller goes away,
    /// the process that reads for it ends and its turn is free.
    ///
    /// # Errors
    ///
    /// [`Refused::Busy`] when too many files wait, [`Refused::Fault`] when no process can be started.
    pub async fn examine(&self, file: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Examined, Refused> {
        let inner = &self.0;
        // Counted first, so that whoever is refused is counted off again.
        let before = inner.waiting.fetch_add(1, Ordering::AcqRel);
        let _queued = Queued(&inner.waiting);
        if before >= limits::AT_ONCE_MAX + limits::WAITING_MAX {
            return Err(Refused::Busy);
        }
        let _turn = inner.turns.acquire().await.map_err(broken)?;
        let file = Arc::new(file);
        let limit = match &inner.place {
            Place::Here => {
                let read = tokio::task::spawn_blocking(move || examine((*file).as_ref()));
                return read.await.map_err(broken);
            }
            Place::Apart(program, arguments) => match self.ask(program, arguments, (*file).as_ref()).await? {
                Ok(examined) => return Ok(examined),
                Err(limit) => limit,
            },
        };
        tokio::task::spawn_blocking(move || Examined::over_limit((*file).as_ref(), limit)).await.map_err(broken)
    }

    /// Asks a process that waits for work and, when there is none or it has died, a new one.
    async fn ask(&self, program: &Path, arguments: &[&str], file: &[u8]) -> Result<Result<Examined, Limit>, Refused> {
        let end = Instant::now() + self.0.time;
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut was_idle = idle.is_some();
        let mut next = idle;
        loop {
            let mut worker = match next.take() {
                Some(worker) => worker,
                None => Worker::start(program, arguments, end).await?,
            };
            return match worker.ask(file, end).await {
                Ok(examined) => Ok(Ok(self.keep(worker, file, examined))),
                // While it waited it may have been ended by somebody else.
                Err(Ending::Died) if std::mem::take(&mut was_idle) => continue,
                Err(Ending::Died) => Ok(Err(Limit::Memory)),
                Err(Ending::Late) => Ok(Err(Limit::Time)),
                Err(Ending::Starved) => Err(Refused::Busy),
            };
        }
    }

    /// Keeps a process for the next file, unless this one was large or could not be read.
    fn keep(&self, worker: Worker, file: &[u8], examined: Examined) -> Examined {
        if file.len() <= limits::KEPT_BYTES_MAX && examined.problem.is_none() {
            self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        }
        examined
    }
}

impl Worker {
    /// A new process that says it is ready. It is told nothing but what it is for: settings and secrets stay here.
    ///
    /// # Errors
    ///
    /// [`Refused::Fault`] when it cannot be started or ends before it is ready, which is no fault of any file;
    /// [`Refused::Busy`] when the machine has no time for it until `end`.
    async fn start(program: &Path, arguments: &[&str], end: Instant) -> Result<Self, Refused> {
        let mut worker = Self::spawn(program, arguments).map_err(|error| no_process(&error))?;
        let mut said = [0; wire::READY.len()];
        match timeout_at(end, worker.answers.read_exact(&mut said)).await {
            Ok(Ok(_)) if said == wire::READY => Ok(worker),
            Ok(Ok(_)) => Err(no_process(&io::Error::other("it says something else than that it is ready"))),
            Ok(Err(error)) => Err(no_process(&error)),
            Err(_) => Err(Refused::Busy),
        }
    }

    fn spawn(program: &Path, arguments: &[&str]) -> io::Result<Self> {
        let mut process = Command::new(program)
            .args(arguments)
            .env_clear()
            // The allocator takes memory when it needs it and not before, so that the limit of the process is its own.
            .envs([("MIMALLOC_ARENA_EAGER_COMMIT", "0"), ("MIMALLOC_EAGER_COMMIT", "0")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (questions, answers) = (process.stdin.take(), process.stdout.take());
        let (Some(questions), Some(answers)) = (questions, answers) else {
            return Err(io::Error::other("it has no pipes"));
        };
        Ok(Self { process, questions, answers })
    }

    async fn ask(&mut self, file: &[u8], end: Instant) -> Result<Examined, Ending> {
        let (begun, before) = (Instant::now(), self.worked());
        match timeout_at(end, self.exchange(file)).await {
            Ok(answer) => answer.map_err(|_| Ending::Died),
            Err(_) if self.worked().saturating_sub(before) >= begun.elapsed() / 2 => Err(Ending::Late),
            Err(_) => Err(Ending::Starved),
        }
    }

    /// How long a core has worked for the process, as far as the system says it.
    fn worked(&self) -> Duration {
        let stat = self.process.id().map(|id| std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default());
        let stat = stat.unwrap_or_default();
        // The name of the program stands in brackets and may hold anything; user and system time are the twelfth and the
        // thirteenth word after it (proc_pid_stat(5)).
        let words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = words.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks.saturating_mul(1_000) / clock_ticks_per_second().max(1))
    }

    async fn exchange(&mut self, file: &[u8]) -> io::Result<Examined> {
        let file = file.get(..limits::QUESTION_BYTES_MAX).unwrap_or(file);
        self.questions.write_all(&wire::head(file)).await?;
        self.questions.write_all(file).await?;
        let mut head = [0; 4];
        self.answers.read_exact(&mut head).await?;
        let length = wire::length(head, limits::ANSWER_BYTES_MAX).ok_or(io::ErrorKind::InvalidData)?;
        let mut message = vec![0; length];
        self.answers.read_exact(&mut message).await?;
        Ok(serde_json::from_slice(&message)?)
    }
}

fn no_process(error: &io::Error) -> Refused {
    Refused::Fault(Fault::unavailable(format!("no process to read files: {error}")))
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Refused {
    Refused::Fault(Fault::broken(error))
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Waker},
    };

    use verify::pdf::FileProblem;

    use super::*;

    /// A program of this machine in the place of ours.
    fn by(program: &str, arguments: &'static [&'static str], time: Duration) -> Examiner {
        Examiner::new(Place::Apart(program.into(), arguments), time)
    }

    /// One that never gets ready.
    fn standing_still() -> Examiner {
        by("/bin/sleep", &["600"], Duration::from_mins(1))
    }

    /// A reader whose work is this script.
    fn reader(script: &'static [&'static str; 2], time: Duration) -> Examiner {
        by("/bin/sh", script, time)
    }

    /// Looks once whether it is there.
    fn waits(future: Pin<&mut impl Future>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn a_reader_that_dies_or_stands_still_is_a_limit_of_the_file() {
        let (file, minute) = (b"%PDF-1.7 1.2.156".as_slice(), Duration::from_mins(1));
        let died = reader(&["-c", "echo ready"], minute).examine(file).await.unwrap();
        assert_eq!(died.problem, Some(FileProblem::OverLimit(Limit::Memory)));
        assert_eq!(died.sha256, examine(file).sha256, "the records are asked all the same");
        // It gives the question back, which is no answer.
        let nonsense = reader(&["-c", "echo ready; exec cat"], minute).examine(file).await.unwrap();
        assert_eq!(nonsense.problem, Some(FileProblem::OverLimit(Limit::Memory)));
        let busy = reader(&["-c", "echo ready; while :; do :; done"], Duration::from_millis(500));
        let mut late = busy.examine(file).await;
        while matches!(late, Err(Refused::Busy)) {
            late = busy.examine(file).await;
        }
        assert_eq!(late.unwrap().problem, Some(FileProblem::OverLimit(Limit::Time)));
    }

    #[tokio::test]
    async fn what_is_no_fault_of_the_file_is_not_said_of_it() {
        let (file, minute, blink) = (b"%PDF".as_slice(), Duration::from_mins(1), Duration::from_millis(10));
        // It sleeps: the machine had no time for it, as far as can be told.
        let starved = reader(&["-c", "echo ready; exec sleep 600"], Duration::from_millis(200)).examine(file).await;
        assert!(matches!(starved, Err(Refused::Busy)), "{starved:?}");
        let unready = by("/bin/sleep", &["600"], blink).examine(file).await;
        assert!(matches!(unready, Err(Refused::Busy)), "{unready:?}");
        let broken = [by("/nowhere/guosuo", &["examine"], minute), by("/bin/true", &[], minute)];
        for examiner in broken.iter().chain([&reader(&["-c", "echo steady"], minute)]) {
            let refused = examiner.examine(file).await;
            assert!(matches!(refused, Err(Refused::Fault(_))), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_frees_its_turn() {
        let examiner = standing_still();
        for _ in 0..3 * limits::AT_ONCE_MAX {
            let mut one = std::pin::pin!(examiner.examine(b"%PDF".as_slice()));
            assert!(waits(one.as_mut()));
        }
        assert_eq!(examiner.0.turns.available_permits(), limits::AT_ONCE_MAX);
        assert_eq!(examiner.0.waiting.load(Ordering::Acquire), 0);
    }

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_told_to_come_again() {
        let examiner = standing_still();
        let mut all: Vec<_> = (0..limits::AT_ONCE_MAX + limits::WAITING_MAX)
            .map(|_| Box::pin(examiner.examine(b"%PDF".as_slice())))
            .collect();
        for one in &mut all {
            assert!(waits(one.as_mut()));
        }
        assert!(matches!(examiner.examine(b"%PDF".as_slice()).await, Err(Refused::Busy)));
        drop(all);
        assert_eq!(examiner.0.waiting.load(Ordering::Acquire), 0);
    }
}
