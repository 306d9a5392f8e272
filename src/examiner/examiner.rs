//! Who hands files to the processes that read them.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    pin::pin,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    time::Duration,
};

use base::Fault;
use documents::pdf::findings::Limit;
use rustix::{
    param::{clock_ticks_per_second, page_size},
    pipe::fcntl_setpipe_size,
    process::{Pid, setpriority_process},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit, oneshot},
    time::{Instant, timeout_at},
};
use verify::pdf::{Examined, examine};

use crate::{Blocks, behind::Behind, limits, turn, wire, worker};

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
    /// How long a core may work on one file.
    time: Duration,
    /// Where a file is read first.
    first: Room,
    /// Where files are read that take long: with places of their own and fewer turns, so that however many there are the
    /// others go on.
    long: Room,
    /// Who sent files that took long.
    behind: Behind,
}

/// Files of which as many are read at once as there are turns.
#[derive(Debug)]
struct Room {
    /// Whoever has one of these waits for a turn or has it.
    places: Semaphore,
    turns: Semaphore,
    /// The processes that wait for a file.
    idle: Mutex<Vec<Worker>>,
    /// Whether they give way to all others.
    gives_way: bool,
}

#[derive(Debug)]
enum Place {
    /// On a thread of this process that may block.
    Here,
    /// In processes that are started there.
    Apart(Nursery),
}

/// Who starts the processes: a thread that gives way as they do. Each has its turn from its parent, so that its
/// beginning, which costs more than most files, takes no core from a request.
#[derive(Clone, Debug)]
struct Nursery(mpsc::Sender<Birth>);

/// A process that is asked for. When nobody waits for it any more, it is not started, or ends at once.
struct Birth {
    runtime: Handle,
    born: oneshot::Sender<io::Result<Worker>>,
}

/// One process that reads files. It ends when this value is dropped.
#[derive(Debug)]
struct Worker {
    process: Child,
    questions: ChildStdin,
    answers: ChildStdout,
}

/// Why a process gave no answer.
#[derive(Debug)]
enum Ending {
    /// It took more of a core than it may. What was told of the file before it was read, if it came so far.
    Late(Option<Examined>),
    /// It ended: the file took its memory, or it was gone before.
    Died(Option<Examined>),
    /// Much time has gone, and the process has had little of it: that says nothing of the file.
    Starved,
}

/// What came of a file.
enum Asked {
    Examined(Examined),
    /// It takes more of a core than this. What was told of it before it was read, if it came so far.
    Late(Option<Examined>),
}

impl Examiner {
    /// Reads files in processes of a program that is started with these arguments and then calls [`crate::worker::run`].
    pub fn apart(program: &Path, arguments: &'static [&'static str]) -> Self {
        Self::new(Place::Apart(Nursery::of(program.to_owned(), arguments)), limits::TIME_MAX)
    }

    /// Reads files in this process, whose memory and time they may take: for programs that read their own files only.
    pub fn here() -> Self {
        Self::new(Place::Here, limits::TIME_MAX)
    }

    fn new(place: Place, time: Duration) -> Self {
        let room = |places, turns, gives_way| Room {
            places: Semaphore::new(places),
            turns: Semaphore::new(turns),
            idle: Mutex::default(),
            gives_way,
        };
        let first = room(limits::AT_ONCE_MAX + limits::WAITING_MAX, limits::AT_ONCE_MAX, false);
        // Half of the cores, so that the other half is there for everything else.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let long = room(limits::LONG_MAX, (cores / 2).max(1), true);
        Self(Arc::new(Inner { place, time, first, long, behind: Behind::default() }))
    }

    /// What can be told of a file that this client sent. A file that takes too much time or memory is over a limit; one
    /// that takes long goes behind those that take less, and what its sender sends next does so from its beginning. When
    /// the caller goes away, the process that reads for it ends and its turn is free.
    ///
    /// # Errors
    ///
    /// [`Refused::Busy`] when too many files wait, [`Refused::Fault`] when no process can be started.
    pub async fn examine(&self, client: Option<IpAddr>, file: impl Into<Blocks>) -> Result<Examined, Refused> {
        let file = file.into();
        let inner = &self.0;
        let Place::Apart(nursery) = &inner.place else {
            let _turn = inner.first.turn().await?;
            return tokio::task::spawn_blocking(move || examine(&file.to_vec())).await.map_err(broken);
        };
        let is_behind = inner.behind.has(client);
        if !is_behind {
            let _turn = inner.first.turn().await?;
            let end = Instant::now() + inner.time * limits::PATIENCE;
            let slice = limits::SLICE.min(inner.time);
            if let Asked::Examined(examined) = inner.first.ask(nursery, &file, slice, end).await? {
                return Ok(examined);
            }
            inner.behind.put(client);
        }
        // It begins anew: a process that stood still meanwhile would hold memory.
        let read = inner.read_long(nursery, &file).await;
        if !is_behind {
            // From its end too: a busy machine may take all of that time for it.
            inner.behind.put(client);
        }
        read
    }
}

impl Inner {
    /// Reads a file behind those that take less.
    async fn read_long(&self, nursery: &Nursery, file: &Blocks) -> Result<Examined, Refused> {
        let end = Instant::now() + self.time * limits::PATIENCE;
        let _turn = timeout_at(end, self.long.turn()).await.map_err(|_| Refused::Busy)??;
        match self.long.ask(nursery, file, self.time, end).await? {
            Asked::Examined(examined) => Ok(examined),
            Asked::Late(Some(unread)) => Ok(unread.over_limit(Limit::Time)),
            Asked::Late(None) => Err(Refused::Busy),
        }
    }
}

impl Room {
    /// A place, and a turn as soon as there is one.
    async fn turn(&self) -> Result<[SemaphorePermit<'_>; 2], Refused> {
        let place = self.places.try_acquire().map_err(|_| Refused::Busy)?;
        Ok([place, self.turns.acquire().await.map_err(broken)?])
    }

    /// Asks a process that waits for work and, when there is none or it has died, a new one.
    async fn ask(&self, nursery: &Nursery, file: &Blocks, time: Duration, end: Instant) -> Result<Asked, Refused> {
        let mut idle = self.idle().pop();
        loop {
            let was_idle = idle.is_some();
            let mut worker = match idle.take() {
                Some(worker) => worker,
                None => self.new_worker(nursery, end).await?,
            };
            return match worker.ask(file, time, end).await {
                Ok(examined) => {
                    if !worker.is_full() {
                        self.idle().push(worker);
                    }
                    Ok(Asked::Examined(examined))
                }
                // While it waited it may have been ended by somebody else.
                Err(Ending::Died(_)) if was_idle => continue,
                Err(Ending::Died(Some(unread))) => Ok(Asked::Examined(unread.over_limit(Limit::Memory))),
                Err(Ending::Died(None)) => Err(no_process(&io::ErrorKind::BrokenPipe.into())),
                Err(Ending::Late(unread)) => Ok(Asked::Late(unread)),
                Err(Ending::Starved) => Err(Refused::Busy),
            };
        }
    }

    async fn new_worker(&self, nursery: &Nursery, end: Instant) -> Result<Worker, Refused> {
        let worker = nursery.worker(end).await?;
        if self.gives_way {
            worker.gives_way();
        }
        Ok(worker)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Nursery {
    /// Ends when nobody can ask any more.
    fn of(program: PathBuf, arguments: &'static [&'static str]) -> Self {
        let (asked, births) = mpsc::channel::<Birth>();
        std::thread::spawn(move || {
            turn::give_way();
            for birth in births {
                let _runtime = birth.runtime.enter();
                if !birth.born.is_closed() {
                    let _ = birth.born.send(Worker::spawn(&program, arguments));
                }
            }
        });
        Self(asked)
    }

    /// A new process that says it is ready. It is told nothing but what it is for: settings and secrets stay here.
    ///
    /// # Errors
    ///
    /// [`Refused::Fault`] when it cannot be started or ends before it is ready, which is no fault of any file;
    /// [`Refused::Busy`] when the machine has no time for it until `end`.
    async fn worker(&self, end: Instant) -> Result<Worker, Refused> {
        let (born, worker) = oneshot::channel();
        self.0.send(Birth { runtime: Handle::current(), born }).map_err(broken)?;
        let worker = timeout_at(end, worker).await.map_err(|_| Refused::Busy)?;
        let mut worker = worker.map_err(broken)?.map_err(|error| no_process(&error))?;
        let mut said = [0; wire::READY.len()];
        match timeout_at(end, worker.answers.read_exact(&mut said)).await {
            Ok(Ok(_)) if said == wire::READY => Ok(worker),
            Ok(Ok(_)) => Err(no_process(&io::Error::other("it says something else than that it is ready"))),
            Ok(Err(error)) => Err(no_process(&error)),
            Err(_) => Err(Refused::Busy),
        }
    }
}

impl Worker {
    fn spawn(program: &Path, arguments: &[&str]) -> io::Result<Self> {
        let mut process = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(worker::ENVIRONMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (questions, answers) = (process.stdin.take(), process.stdout.take());
        let (Some(questions), Some(answers)) = (questions, answers) else {
            return Err(io::Error::other("it has no pipes"));
        };
        // A file that has all its room at once is read without waiting for the rest: each wait costs the process a turn
        // of all others on its core. Where there is no more room, it waits.
        let _ = fcntl_setpipe_size(&questions, limits::PIPE_BYTES);
        Ok(Self { process, questions, answers })
    }

    /// Gives way to all others.
    fn gives_way(&self) {
        let id = self.process.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        // One that cannot be told to is ended in time all the same.
        let _ = setpriority_process(id, limits::NICENESS_LONG);
    }

    /// Whether it still has more memory than it may take along to the next file. Where the system does not say, it has.
    fn is_full(&self) -> bool {
        let told = self.process.id().and_then(|id| std::fs::read_to_string(format!("/proc/{id}/statm")).ok());
        // Pages that are resident, and those of them that are shared with others (proc_pid_statm(5)).
        let told = told.unwrap_or_default();
        let pages: Vec<usize> = told.split(' ').skip(1).take(2).filter_map(|pages| pages.parse().ok()).collect();
        let [resident, shared] = pages[..] else { return true };
        resident.saturating_sub(shared).saturating_mul(page_size()) > limits::KEPT_BYTES_MAX
    }

    /// Asks for a file, until a core has worked on it for this time.
    async fn ask(&mut self, file: &Blocks, time: Duration, end: Instant) -> Result<Examined, Ending> {
        let (id, before) = (self.process.id(), worked(self.process.id()));
        let unread = OnceLock::new();
        let is_late = {
            let mut answer = pin!(exchange(&mut self.questions, &mut self.answers, file, &unread));
            loop {
                let wait = Instant::now() + limits::SLICE;
                match timeout_at(wait.min(end), answer.as_mut()).await {
                    Ok(Ok(examined)) => return Ok(examined),
                    Ok(Err(_)) => break false,
                    Err(_) if worked(id).saturating_sub(before) >= time => break true,
                    Err(_) if Instant::now() >= end => return Err(Ending::Starved),
                    Err(_) => {}
                }
            }
        };
        let unread = unread.into_inner();
        Err(if is_late { Ending::Late(unread) } else { Ending::Died(unread) })
    }
}

/// How long a core has worked for a process, as far as the system says it.
fn worked(id: Option<u32>) -> Duration {
    let told = |file: &str| id.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/{file}")).ok());
    // In nanoseconds, from a system that counts them for each thread; reading has one.
    if let Some(nanos) =
        told("schedstat").and_then(|text| text.split(' ').next()?.parse().ok()).filter(|nanos| *nanos > 0)
    {
        return Duration::from_nanos(nanos);
    }
    // The name of the program stands in brackets and may hold anything; user and system time are the twelfth and the
    // thirteenth word after it (proc_pid_stat(5)).
    let stat = told("stat").unwrap_or_default();
    let words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = words.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks.saturating_mul(1_000) / clock_ticks_per_second().max(1))
}

/// Sends a file and waits for both answers; the first, which is there before the file is read, is left in its place.
async fn exchange(
    questions: &mut ChildStdin,
    answers: &mut ChildStdout,
    file: &Blocks,
    unread: &OnceLock<Examined>,
) -> io::Result<Examined> {
    questions.write_all(&wire::head(file.len().min(limits::QUESTION_BYTES_MAX))).await?;
    for block in file.up_to(limits::QUESTION_BYTES_MAX) {
        questions.write_all(block).await?;
    }
    let _ = unread.set(answer(answers).await?);
    answer(answers).await
}

async fn answer(answers: &mut ChildStdout) -> io::Result<Examined> {
    let mut head = [0; 4];
    answers.read_exact(&mut head).await?;
    let length = wire::length(head, limits::ANSWER_BYTES_MAX).ok_or(io::ErrorKind::InvalidData)?;
    let mut message = vec![0; length];
    answers.read_exact(&mut message).await?;
    Ok(serde_json::from_slice(&message)?)
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
        Examiner::new(Place::Apart(Nursery::of(program.into(), arguments)), time)
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

    /// A reader that tells of this file what can be told before it is read, and then does this.
    fn telling(file: &[u8], then: &str, time: Duration) -> Examiner {
        let message = serde_json::to_string(&Examined::unread(file)).unwrap();
        let head = wire::head(message.len()).map(|byte| format!("\\{byte:03o}")).concat();
        // It has read the beginning of the question: a length, and four bytes of the file.
        let script = format!(
            "tell() {{ printf '{head}'; printf %s '{message}'; }}; \
             echo ready; asked=$(dd bs=1 count=8 2>/dev/null | tail -c 4); tell; {then}"
        );
        reader(Box::leak(Box::new(["-c", script.leak()])), time)
    }

    #[tokio::test]
    async fn a_reader_that_dies_or_stands_still_is_a_limit_of_the_file() {
        let (file, minute) = (b"%PDF-1.7 1.2.156".as_slice(), Duration::from_mins(1));
        let died = telling(file, "exit", minute).examine(None, file).await.unwrap();
        assert_eq!(died.problem, Some(FileProblem::OverLimit(Limit::Memory)));
        assert_eq!(died.sha256, examine(file).sha256, "the records are asked all the same");
        // It gives the rest of the question back, which is no answer.
        let nonsense = telling(file, "exec cat", minute).examine(None, file).await.unwrap();
        assert_eq!(nonsense.problem, Some(FileProblem::OverLimit(Limit::Memory)));
        let busy = telling(file, "while :; do :; done", Duration::from_millis(500));
        let mut late = busy.examine(None, file).await;
        while matches!(late, Err(Refused::Busy)) {
            late = busy.examine(None, file).await;
        }
        let late = late.unwrap();
        assert_eq!(late.problem, Some(FileProblem::OverLimit(Limit::Time)));
        assert_eq!(late.sha256, died.sha256);
    }

    #[tokio::test]
    async fn what_is_no_fault_of_the_file_is_not_said_of_it() {
        let (file, minute, blink) = (b"%PDF".as_slice(), Duration::from_mins(1), Duration::from_millis(10));
        // It sleeps: the machine had no time for it, as far as can be told.
        let starved = reader(&["-c", "echo ready; exec sleep 600"], blink).examine(None, file).await;
        assert!(matches!(starved, Err(Refused::Busy)), "{starved:?}");
        let unready = by("/bin/sleep", &["600"], blink).examine(None, file).await;
        assert!(matches!(unready, Err(Refused::Busy)), "{unready:?}");
        let broken = [by("/nowhere/guosuo", &["examine"], minute), by("/bin/true", &[], minute)];
        // The last ones end before they have told anything of the file.
        let silent = [reader(&["-c", "echo steady"], minute), reader(&["-c", "echo ready"], minute)];
        for examiner in broken.iter().chain(&silent) {
            let refused = examiner.examine(None, file).await;
            assert!(matches!(refused, Err(Refused::Fault(_))), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_takes_long_goes_behind_those_that_take_less() {
        let then = "if [ \"$asked\" = long ]; then while :; do :; done; fi; tell";
        let examiner = telling(b"fast", then, Duration::from_mins(1));
        let long: Vec<_> = (0..2 * limits::AT_ONCE_MAX)
            .map(|_| {
                let examiner = examiner.clone();
                tokio::spawn(async move { examiner.examine(None, b"long".as_slice()).await })
            })
            .collect();
        for _ in 0..4 {
            assert_eq!(examiner.examine(None, b"fast".as_slice()).await.unwrap().problem, None);
        }
        // Those that take long have places of their own.
        while examiner.0.long.places.available_permits() > limits::LONG_MAX - long.len() {
            examiner.examine(None, b"fast".as_slice()).await.unwrap();
        }
        assert_eq!(examiner.0.first.places.available_permits(), limits::AT_ONCE_MAX + limits::WAITING_MAX);
        assert!(long.iter().all(|long| !long.is_finished()));
        long.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn what_a_client_sends_after_a_file_that_took_long_takes_no_turn_of_the_others() {
        let then = "if [ \"$asked\" = long ]; then while :; do :; done; fi; tell";
        let examiner = telling(b"fast", then, Duration::from_millis(500));
        let (one, other) = (Some(IpAddr::from([203, 0, 113, 1])), Some(IpAddr::from([203, 0, 113, 2])));
        while let Err(Refused::Busy) = examiner.examine(one, b"long".as_slice()).await {}
        let all = examiner.0.long.places.try_acquire_many(u32::try_from(limits::LONG_MAX).unwrap()).unwrap();
        assert!(matches!(examiner.examine(one, b"fast".as_slice()).await, Err(Refused::Busy)));
        assert_eq!(examiner.examine(other, b"fast".as_slice()).await.unwrap().problem, None);
        drop(all);
        assert_eq!(examiner.examine(one, b"fast".as_slice()).await.unwrap().problem, None);
    }

    #[tokio::test]
    async fn a_process_reads_the_next_file_too_unless_it_keeps_much_memory() {
        let (file, minute, client) = (b"%PDF".as_slice(), Duration::from_mins(1), Some(IpAddr::from([203, 0, 113, 1])));
        let waits = telling(file, "tell; read next", minute);
        let keeps = telling(file, "much=$(head -c 9000000 /dev/zero | tr '\\0' x); tell; read next", minute);
        for (examiner, kept) in [(waits, 1), (keeps, 0)] {
            assert_eq!(examiner.examine(client, file).await.unwrap().problem, None);
            // Beginning a process costs more than most files do, also one for those that take long.
            examiner.0.behind.put(client);
            assert_eq!(examiner.examine(client, file).await.unwrap().problem, None);
            assert_eq!([examiner.0.first.idle().len(), examiner.0.long.idle().len()], [kept; 2]);
        }
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_frees_its_turn() {
        let examiner = standing_still();
        for _ in 0..3 * limits::AT_ONCE_MAX {
            let mut one = std::pin::pin!(examiner.examine(None, b"%PDF".as_slice()));
            assert!(waits(one.as_mut()));
        }
        assert_eq!(examiner.0.first.turns.available_permits(), limits::AT_ONCE_MAX);
        assert_eq!(examiner.0.first.places.available_permits(), limits::AT_ONCE_MAX + limits::WAITING_MAX);
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_ends_the_process_that_reads_for_it() {
        let told = std::env::temp_dir().join(format!("guosuo-reader-{}", std::process::id()));
        let script = format!("echo ready; echo $$ >{0}.new; mv {0}.new {0}; exec sleep 600", told.display());
        let examiner = reader(Box::leak(Box::new(["-c", script.leak()])), Duration::from_mins(1));
        let mut one = Box::pin(examiner.examine(None, b"%PDF".as_slice()));
        let id = loop {
            // The process begins meanwhile.
            assert!(tokio::time::timeout(Duration::from_millis(1), one.as_mut()).await.is_err());
            if let Ok(id) = std::fs::read_to_string(&told) {
                break id;
            }
        };
        std::fs::remove_file(told).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
        assert_ne!(state(), "");
        drop(one);
        let end = Instant::now() + Duration::from_secs(30);
        // Gone, or ended and not yet looked at.
        while !state().is_empty() && !state().contains(") Z ") {
            assert!(Instant::now() < end, "{}", state());
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_told_to_come_again() {
        let examiner = standing_still();
        let mut all: Vec<_> = (0..limits::AT_ONCE_MAX + limits::WAITING_MAX)
            .map(|_| Box::pin(examiner.examine(None, b"%PDF".as_slice())))
            .collect();
        for one in &mut all {
            assert!(waits(one.as_mut()));
        }
        assert!(matches!(examiner.examine(None, b"%PDF".as_slice()).await, Err(Refused::Busy)));
        drop(all);
        assert_eq!(examiner.0.first.places.available_permits(), limits::AT_ONCE_MAX + limits::WAITING_MAX);
    }
}
