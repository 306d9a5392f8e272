//! The product as a process that ends with the test program, however that ends.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddrV4},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

/// Runs the product until its input is closed, which the system does when the test program is gone. Tells its number. It
/// leaves a file open for the product, as whoever starts a service may by mistake.
const LIFELINE: &str = r#"
trap '' INT
exec 9</dev/null
log=$1; out=$2; files=$3; shift 3
[ -z "$files" ] || ulimit $files
"$@" </dev/null >>"$out" 2>>"$log" &
product=$!
echo "$product"
cat >/dev/null
kill -TERM "$product" 2>/dev/null
wait "$product"
"#;

/// What a command left: how it ended, what it printed, what it complained of.
#[derive(Clone, Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs the program until it ends, for two minutes at most, with this on its standard input.
pub fn run(words: &[&str], input: &str) -> Ran {
    run_with(words, &[], input)
}

/// The same with variables of its environment.
pub fn run_with(words: &[&str], variables: &[(String, String)], input: &str) -> Ran {
    let mut command = Command::new("timeout");
    command.args(["120", "env"]).args(assigned(variables)).arg(program()).args(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input is no trouble.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Variables as `env` takes them.
fn assigned(variables: &[(String, String)]) -> impl Iterator<Item = String> {
    variables.iter().map(|(name, value)| format!("{name}={value}"))
}

/// A running product.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pid: String,
}

impl Process {
    /// Starts the program with these words; what it logs is appended to `log`, what it prints is kept beside that.
    pub fn start(words: &[&str], log: &Path) -> Self {
        Self::start_with(words, &[], log)
    }

    /// The same with variables of its environment.
    pub fn start_with(words: &[&str], variables: &[(String, String)], log: &Path) -> Self {
        Self::start_within(words, variables, "", log)
    }

    /// The same with a limit of open files, if one is given as `ulimit` takes it.
    pub fn start_within(words: &[&str], variables: &[(String, String)], files: &str, log: &Path) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", LIFELINE, "product"])
            .arg(log)
            .arg(log.with_extension("out"))
            .arg(files)
            .arg("env")
            .args(assigned(variables))
            .arg(program())
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        Self { child, pid: pid.trim().to_owned() }
    }

    /// Whether it runs.
    pub fn runs(&self) -> bool {
        // A process that has ended and was not yet waited for has the state Z.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(mut self) {
        self.signal("KILL");
        self.wait();
    }

    /// The same, if it has not ended by itself; tells whether it had not.
    pub fn kill_unless_ended(mut self) -> bool {
        let is_killed = signal(&self.pid, "KILL");
        self.wait();
        is_killed
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        assert!(signal(&self.pid, name), "there was nothing to send {name} to");
    }

    /// Ends it as an operator would, and tells how it ended.
    pub fn stop(mut self) -> Option<i32> {
        self.wait()
    }

    /// Asks it to end, as an operator would, and does not wait for that.
    pub fn ask_to_stop(&mut self) {
        drop(self.child.stdin.take());
    }

    /// The processes that it started and that run, by their numbers.
    pub fn children(&self) -> Vec<String> {
        let parent = |pid: &str| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).map(str::to_owned)
        };
        let all =
            fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        all.filter(|pid| parent(pid).as_ref() == Some(&self.pid)).collect()
    }

    /// What it may have of each thing, as the system says it.
    pub fn limits(&self) -> String {
        fs::read_to_string(format!("/proc/{}/limits", self.pid)).unwrap()
    }

    /// Memory in use, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    fn wait(&mut self) -> Option<i32> {
        self.ask_to_stop();
        self.child.wait().ok().and_then(|status| status.code())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.wait();
    }
}

/// Sends a signal to a process; tells whether it was there.
pub fn signal(pid: &str, name: &str) -> bool {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -\"$1\" \"$2\"", "kill", name, pid]).stderr(Stdio::null()).status().unwrap().success()
}

/// The program under test: beside the program that tests it, or above when that is one of `cargo test`.
pub fn program() -> PathBuf {
    let here = env::current_exe().unwrap();
    let folder = here.parent().unwrap();
    let folder = if folder.ends_with("deps") { folder.parent().unwrap() } else { folder };
    let program = folder.join("guosuo");
    assert!(program.exists(), "{} is missing; `cargo build --workspace` first", program.display());
    program
}

static COUNTER: AtomicU16 = AtomicU16::new(20_000);

/// A place to listen that nobody else takes. A port that is free when one looks may be taken when it is bound; but all
/// of 127.0.0.0/8 is this machine, so the number of this process makes an address of its own.
pub fn own_address() -> SocketAddrV4 {
    // Process numbers have at most 22 bits.
    let [_, a, b, c] = (std::process::id() << 2 | 2).to_be_bytes();
    SocketAddrV4::new(Ipv4Addr::new(127, a, b, c), COUNTER.fetch_add(1, Ordering::Relaxed))
}
