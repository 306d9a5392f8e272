//! Log lines: structured, to standard error, in the form the settings ask for.
//!
//! Nothing here hides secrets: the rule is that no code gives one to a log line (types that hold one do not print
//! themselves), and a test reads a whole run's lines to see that it is kept.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use anyhow::{Context, bail};
use base::Clock;
use tracing_subscriber::EnvFilter;

use crate::system::SystemClock;

/// Starts writing log lines. Called once, first thing.
///
/// # Errors
///
/// A filter that cannot be read, or an unknown format.
pub fn start(format: &str, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse(filter).with_context(|| format!("log.filter {filter:?}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Line(io::stderr()));
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
    Ok(())
}

/// Lines that could not be written, and of which nothing was said yet.
static LOST: AtomicU64 = AtomicU64::new(0);
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// One line on its way. A line that cannot be written (a full disk, a reader that is gone) is counted and said when there
/// is room again; whoever logs goes on.
struct Line<W>(W);

impl<W: Write> Write for Line<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let lost = LOST.swap(0, Ordering::AcqRel);
        let said = if lost == 0 { Ok(()) } else { self.0.write_all(about_lost(lost).as_bytes()) };
        if said.is_err() {
            LOST.fetch_add(lost, Ordering::AcqRel);
        }
        if said.and_then(|()| self.0.write_all(line)).is_err() {
            LOST.fetch_add(1, Ordering::AcqRel);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
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

    /// Takes lines while there is room.
    struct Disk {
        room: bool,
        held: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            if !self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.held.write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_said_later() {
        let mut line = Line(Disk { room: false, held: Vec::new() });
        for _ in 0..3 {
            line.write_all(b"lost\n").unwrap();
        }
        line.0.room = true;
        line.write_all(b"first\n").unwrap();
        line.write_all(b"second\n").unwrap();
        let held = String::from_utf8(line.0.held).unwrap();
        let lines: Vec<&str> = held.lines().collect();
        assert!(lines[0].ends_with("WARN log lines could not be written lost=3"), "{held}");
        assert_eq!(lines[1..], ["first", "second"]);
    }
}
