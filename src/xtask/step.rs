//! Steps: one line each with its time, the output kept in a file, the end of it shown when something fails.

use std::{
    env,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

/// How many lines of a failed step are shown from its end.
const TAIL_LINES: usize = 60;
/// How many lines are shown of each test that failed.
const FAILURE_LINES: usize = 25;
/// How many tests that failed are shown.
const FAILURES_MAX: usize = 8;

/// What was run and how it went.
#[derive(Debug, Default)]
pub struct Report {
    passed: u64,
    failed: u64,
    counting: bool,
    broken: Vec<String>,
}

impl Report {
    /// From now on the last line counts tests.
    pub fn count(&mut self) {
        self.counting = true;
    }

    pub fn counts(&self) -> bool {
        self.counting
    }

    pub fn is_good(&self) -> bool {
        self.failed == 0 && self.broken.is_empty()
    }

    /// The last line: a step that broke without counting a failed test counts as one.
    pub fn line(&self, finished: bool) -> String {
        let uncounted = u64::from(!finished);
        let failed = self.failed.max(self.broken.len() as u64).max(uncounted);
        if !self.broken.is_empty() {
            say(&format!("failed: {}", self.broken.join(", ")));
        }
        format!("{} passed, {failed} failed", self.passed)
    }

    /// Runs a step that everything after it needs.
    pub fn must(&mut self, name: &str, command: &mut Command) -> Result<()> {
        if !self.run(name, command)?.0 {
            bail!("{name} failed");
        }
        Ok(())
    }

    /// Runs a step; a failure is remembered and the next step runs all the same.
    pub fn may(&mut self, name: &str, command: &mut Command) -> Result<()> {
        self.run(name, command).map(|_| ())
    }

    /// Runs a step whose lines somebody should read, also when nothing is wrong.
    pub fn heard(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let (good, output) = self.run(name, command)?;
        for line in output.lines().filter(|_| good) {
            say(&format!("  | {line}"));
        }
        Ok(())
    }

    /// Runs a step that runs tests and adds what it counted.
    pub fn tests(&mut self, name: &str, command: &mut Command, read: fn(&str) -> Counted) -> Result<()> {
        let (good, output) = self.run(name, command)?;
        let counted = read(&output);
        self.passed += counted.passed;
        self.failed += counted.failed;
        if good && counted.passed == 0 {
            say(&format!("  {name} ran no test"));
            self.broken.push(name.to_owned());
        }
        say(&format!("  {} passed, {} failed", counted.passed, counted.failed));
        Ok(())
    }

    fn run(&mut self, name: &str, command: &mut Command) -> Result<(bool, String)> {
        let folder = target().join("xtask");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}.log", name.replace([' ', '/'], "-")));
        let log = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let begun = Instant::now();
        let status = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .status()
            .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
        let output = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        let word = if status.success() { "ok    " } else { "FAILED" };
        say(&format!("{word} {name} ({:.1} s)", begun.elapsed().as_secs_f64()));
        if !status.success() {
            self.broken.push(name.to_owned());
            for line in worth_showing(&output) {
                say(&format!("  | {line}"));
            }
            say(&format!("  the whole output is in {}", path.display()));
        }
        Ok((status.success(), output))
    }
}

/// Tests that ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub passed: u64,
    pub failed: u64,
}

impl Counted {
    /// Adds up the summary lines of `cargo test`.
    pub fn cargo(output: &str) -> Self {
        let mut counted = Self::default();
        for line in output.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
            counted.passed += number_before(line, " passed");
            counted.failed += number_before(line, " failed");
        }
        counted
    }

    /// Reads the summary of `node --test` with its TAP reporter.
    pub fn node(output: &str) -> Self {
        let number = |name: &str| {
            let line = output.lines().rev().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim().parse().ok()).unwrap_or(0)
        };
        Self { passed: number("# pass "), failed: number("# fail ") + number("# cancelled ") }
    }

    /// Reads the summary of Python's `unittest`.
    pub fn python(output: &str) -> Self {
        let ran = output.lines().rev().find_map(|line| line.strip_prefix("Ran ")).unwrap_or_default();
        let ran: u64 = ran.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let last = output.lines().rev().find(|line| line.starts_with("FAILED")).unwrap_or_default();
        let of = |name: &str| last.split(name).nth(1).map_or(0, |rest| number_before(rest, ""));
        let failed = (of("failures=") + of("errors=")).max(u64::from(!last.is_empty()));
        Self { passed: ran.saturating_sub(failed), failed }
    }
}

/// What each failed test said, in the words of the three runners; the end of the output when there is none.
fn worth_showing(output: &str) -> Vec<&str> {
    let lines: Vec<&str> = output.lines().collect();
    let begins = |line: &str| {
        (line.starts_with("---- ") && line.ends_with(" ----"))
            || line.trim_start().starts_with("not ok ")
            || line.starts_with("FAIL: ")
            || line.starts_with("ERROR: ")
    };
    let places: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| begins(line)).map(|(place, _)| place).take(FAILURES_MAX).collect();
    let mut shown = Vec::new();
    for (order, place) in places.iter().enumerate() {
        let until = places.get(order + 1).copied().unwrap_or(lines.len()).min(place + FAILURE_LINES);
        shown.extend(lines.iter().take(until).skip(*place).copied());
    }
    if shown.is_empty() {
        shown.extend(lines.iter().skip(lines.len().saturating_sub(TAIL_LINES)).copied());
    }
    shown
}

/// The number that ends just before `word`, or that the text begins with when there is no word.
fn number_before(text: &str, word: &str) -> u64 {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    if word.is_empty() {
        return digits(text).parse().unwrap_or(0);
    }
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().unwrap_or_default().parse().unwrap_or(0)
}

/// A command of cargo with quiet, uncoloured output.
pub fn cargo(words: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(words).current_dir(root()).env("CARGO_TERM_COLOR", "never").env("RUST_BACKTRACE", "0");
    command
}

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where everything built goes.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Writes a line for the person at the terminal.
pub fn say(line: &str) {
    let mut out = io::stdout().lock();
    // A closed terminal is no reason to stop.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summaries_of_three_runners_are_read() {
        let cargo = "test result: ok. 7 passed; 0 failed; 0 ignored\n..\ntest result: FAILED. 12 passed; 3 failed; 0";
        assert_eq!(Counted::cargo(cargo), Counted { passed: 19, failed: 3 });
        let node = "# tests 5\n# pass 3\n# fail 1\n# cancelled 1\n";
        assert_eq!(Counted::node(node), Counted { passed: 3, failed: 2 });
        let check =
            |text: &str, passed, failed| assert_eq!(Counted::python(text), Counted { passed, failed }, "{text}");
        check("Ran 4 tests in 1.0s\n\nOK\n", 4, 0);
        check("Ran 4 tests in 1.0s\n\nFAILED (failures=1, errors=2)\n", 1, 3);
        check("Traceback", 0, 0);
    }

    #[test]
    fn a_run_that_stopped_half_way_never_ends_with_zero_failed() {
        let report = Report { passed: 3, counting: true, ..Report::default() };
        assert_eq!(report.line(true), "3 passed, 0 failed");
        assert_eq!(report.line(false), "3 passed, 1 failed");
    }
}
