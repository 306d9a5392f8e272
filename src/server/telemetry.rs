//! Log lines: structured, to standard error, in the form the settings ask for.
//!
//! Whoever logs never waits: lines go into a queue with an end, and a thread of its own writes them. A line that finds no
//! room there, or cannot be written (a full disk, a reader that is gone), is counted, and the number said as soon as
//! something can be written again.
//!
//! Nothing here hides secrets: the rule is that no code gives one to a log line (types that hold one do not print
//! themselves), and a test reads a whole run's lines to see that it is kept.

use std::{
    collections::VecDeque,
    io::{self, Write},
    panic,
    sync::{
        Condvar, Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use base::Clock;
use tracing_subscriber::EnvFilter;

use crate::{
    limits::{LOG_BYTES_WAITING_MAX, LOG_END_WITHIN},
    system::SystemClock,
};

static QUEUE: Queue = Queue::new();
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// What checks certificates says of each that it refuses the same words, and not whose it is. Whoever called says it better.
const CERTIFICATES: &str = "rustls_platform_verifier";

/// Starts writing log lines. Called once, first thing.
///
/// # Errors
///
/// A filter that cannot be read, or an unknown format.
pub fn start(format: &str, filter: &str) -> anyhow::Result<()> {
    let mut filter = EnvFilter::builder().parse(filter).with_context(|| format!("log.filter {filter:?}"))?;
    if !filter.to_string().contains(CERTIFICATES) {
        filter = filter.add_directive(format!("{CERTIFICATES}=off").parse()?);
    }
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| &QUEUE);
    // It would say on standard error that standard error cannot be written, and end the thread that logs.
    let builder = builder.with_target(false).log_internal_errors(false);
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        "json" => {
            AS_JSON.store(true, Ordering::Relaxed);
            builder.json().flatten_event(true).with_span_list(false).try_init()
        }
        "text" => builder.with_ansi(false).try_init(),
        other => bail!("log.format must be text or json, not {other:?}"),
    };
    start_writing();
    // The standard library would write to standard error itself, and wait there for whoever does not read it.
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string).unwrap_or_default();
        let why = panicked.payload_as_str().unwrap_or_default();
        tracing::error!(place, why, "a panic");
        // It may be the last that this program does.
        if thread::current().name() == Some("main") {
            QUEUE.wait(LOG_END_WITHIN);
        }
    }));
    Ok(())
}

/// Before the program ends: writes what waits, how many lines were lost, and a last line if there is one. For a moment only:
/// there may be nobody who reads it.
pub fn end(last: Option<&str>) {
    if let Some(last) = last {
        start_writing();
        QUEUE.add(format!("{last}\n").as_bytes());
    }
    QUEUE.say_lost();
    QUEUE.wait(LOG_END_WITHIN);
}

fn start_writing() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // A machine that gives no thread has worse troubles than lines that are not written.
        let _ = thread::Builder::new().name("log".to_owned()).spawn(|| {
            let mut out = Lines::new(io::stderr());
            loop {
                QUEUE.write_next(&mut out);
            }
        });
    });
}

/// Lines that wait to be written.
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Lines that found no room or could not be written, and of which nothing was said yet.
    lost: u64,
    /// Whether one was taken out and is being written.
    writing: bool,
    /// Whether lost ones are to be said although no line comes.
    says_lost: bool,
}

impl Queue {
    const fn new() -> Self {
        let waiting = Waiting { lines: VecDeque::new(), bytes: 0, lost: 0, writing: false, says_lost: false };
        Self { waiting: Mutex::new(waiting), changed: Condvar::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.bytes + line.len() > LOG_BYTES_WAITING_MAX {
            waiting.lost += 1;
            return;
        }
        waiting.bytes += line.len();
        waiting.lines.push_back(line.to_vec());
        self.changed.notify_all();
    }

    /// Has it said how many were lost, if any were.
    fn say_lost(&self) {
        let mut waiting = self.waiting();
        waiting.says_lost = waiting.lost != 0;
        self.changed.notify_all();
    }

    /// Waits for a line and writes it, after saying how many were lost.
    fn write_next(&self, out: &mut Lines<impl Write>) {
        let mut waiting = self.waiting();
        while waiting.lines.is_empty() && !waiting.says_lost {
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let line = waiting.lines.pop_front();
        let lost = std::mem::take(&mut waiting.lost);
        waiting.bytes -= line.as_ref().map_or(0, Vec::len);
        waiting.says_lost = false;
        waiting.writing = true;
        drop(waiting);
        let said = if lost == 0 { Ok(()) } else { out.write(about_lost(lost).as_bytes()) };
        let unsaid = if said.is_ok() { 0 } else { lost };
        let unwritten = line.map_or(0, |line| u64::from(said.and_then(|()| out.write(&line)).is_err()));
        let mut waiting = self.waiting();
        waiting.lost += unsaid + unwritten;
        waiting.writing = false;
        self.changed.notify_all();
    }

    /// Waits until everything is written, for so long at most.
    fn wait(&self, most: Duration) {
        let busy = |waiting: &mut Waiting| waiting.writing || waiting.says_lost || !waiting.lines.is_empty();
        drop(self.changed.wait_timeout_while(self.waiting(), most, busy));
    }
}

impl Write for &Queue {
    /// One line, as a whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where lines are written to.
struct Lines<W> {
    out: W,
    /// Whether the last one was written in part only.
    is_cut: bool,
}

impl<W: Write> Lines<W> {
    const fn new(out: W) -> Self {
        Self { out, is_cut: false }
    }

    /// Writes a line. When nothing but its beginning can be written, the next one stands alone all the same.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_cut {
            self.out.write_all(b"\n")?;
            self.is_cut = false;
        }
        let mut rest = line;
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    self.is_cut = !rest.is_empty();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn about_lost(lost: u64) -> String {
    let at = SystemClock.now().rfc3339();
    if AS_JSON.load(Ordering::Relaxed) {
        let line = serde_json::json!({
            "timestamp": at, "level": "WARN", "message": "log lines could not be written", "lost": lost,
        });
        format!("{line}\n")
    } else {
        format!("{at}  WARN log lines could not be written lost={lost}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes.
    struct Disk {
        room: usize,
        held: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let part = &line[..line.len().min(self.room)];
            if part.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= part.len();
            self.held.write(part)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn disk(room: usize) -> Lines<Disk> {
        Lines::new(Disk { room, held: Vec::new() })
    }

    fn written(disk: Lines<Disk>) -> Vec<String> {
        String::from_utf8(disk.out.held).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_said_later() {
        let (queue, mut disk) = (Queue::new(), disk(0));
        for _ in 0..3 {
            queue.add(b"lost\n");
            queue.write_next(&mut disk);
        }
        disk.out.room = usize::MAX;
        for line in ["first\n", "second\n"] {
            queue.add(line.as_bytes());
            queue.write_next(&mut disk);
        }
        let lines = written(disk);
        assert!(lines[0].ends_with("WARN log lines could not be written lost=3"), "{lines:?}");
        assert_eq!(lines[1..], ["first", "second"]);
    }

    #[test]
    fn lines_that_were_lost_last_are_counted_at_the_end() {
        let (queue, mut disk) = (Queue::new(), disk(0));
        queue.add(b"lost\n");
        queue.write_next(&mut disk);
        queue.say_lost();
        queue.write_next(&mut disk);
        queue.wait(Duration::from_mins(1));
        disk.out.room = usize::MAX;
        queue.say_lost();
        queue.write_next(&mut disk);
        queue.say_lost();
        queue.wait(Duration::from_mins(1));
        let lines = written(disk);
        assert!(lines.len() == 1 && lines[0].ends_with("lost=1"), "{lines:?}");
    }

    #[test]
    fn a_line_behind_one_that_was_cut_off_stands_alone() {
        let (queue, mut disk) = (Queue::new(), disk(3));
        queue.add(b"cut off\n");
        queue.write_next(&mut disk);
        disk.out.room = usize::MAX;
        queue.add(b"whole\n");
        queue.write_next(&mut disk);
        let lines = written(disk);
        assert!(lines[0] == "cut" && lines[1].ends_with("lost=1") && lines[2] == "whole", "{lines:?}");
    }

    #[test]
    fn whoever_logs_waits_for_nobody_and_what_finds_no_room_is_counted() {
        let (queue, line) = (Queue::new(), [b'x'; 1024]);
        // Nobody writes.
        for _ in 0..LOG_BYTES_WAITING_MAX / line.len() + 5 {
            queue.add(&line);
        }
        queue.wait(Duration::ZERO);
        let mut disk = disk(usize::MAX);
        queue.write_next(&mut disk);
        assert!(written(disk)[0].ends_with("lost=5"));
        assert!(queue.waiting().bytes < LOG_BYTES_WAITING_MAX);
    }
}
