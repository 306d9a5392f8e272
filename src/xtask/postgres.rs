//! A PostgreSQL server for one run of the tests, which is gone afterwards, however the run ends.

use std::{
    env, fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{install::is_root, step::say};

/// Starts the server, waits until its input is closed, stops it and removes its folder. The closing happens when
/// this program ends in any way at all, so no server outlives a run that was interrupted.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
"$1/initdb" --pgdata="$2/data" --username=postgres --auth=trust --no-locale --encoding=UTF8 --no-sync >"$2/log" 2>&1 || exit 1
"$1/postgres" -D "$2/data" -p 5432 -k "$2" -h "$3" \
  -c fsync=$4 -c synchronous_commit=$4 -c full_page_writes=$4 \
  -c max_connections=400 -c shared_buffers=64MB -c log_min_messages=fatal </dev/null >>"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$2/data"
"#;

/// How long the server may take to answer.
const START_MAX: Duration = Duration::from_mins(1);

/// What a power cut may cost.
#[derive(Clone, Copy, Debug)]
pub enum Durability {
    /// Everything: the tests' databases are thrown away anyhow.
    Off,
    /// Nothing, as in production: for measuring.
    On,
}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Postgres {
    /// Where it is, as a URL without a database name.
    pub url: String,
    /// Its first process, the parent of all others.
    pub pid: u32,
    child: Child,
    /// Closing it stops the server.
    lifeline: Option<ChildStdin>,
    folder: PathBuf,
}

impl Postgres {
    pub fn start(durability: Durability) -> Result<Self> {
        let programs = folder().context("PostgreSQL is not installed")?;
        let folder = env::temp_dir().join(format!("guosuo-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        // All of 127.0.0.0/8 is this machine: an address of this process's own, so that nobody else takes the port.
        // Process numbers have at most 22 bits.
        let [_, a, b, c] = (std::process::id() << 2 | 1).to_be_bytes();
        let address = Ipv4Addr::new(127, a, b, c);
        let begun = Instant::now();
        let mut command = if is_root() {
            // PostgreSQL refuses to run as root.
            let given = Command::new("chown").arg("postgres").arg(&folder).status()?;
            if !given.success() {
                bail!("there is no account `postgres` to run the server as");
            }
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", SCRIPT, "postgres"]).arg(&programs).arg(&folder).arg(address.to_string());
        command.arg(match durability {
            Durability::Off => "off",
            Durability::On => "on",
        });
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().context("cannot start PostgreSQL")?;
        let lifeline = child.stdin.take();
        let mut server = Self { url: format!("postgres://postgres@{address}:5432"), pid: 0, child, lifeline, folder };
        server.wait(&programs, address)?;
        let pid_file = fs::read_to_string(server.folder.join("data/postmaster.pid"))?;
        server.pid = pid_file.lines().next().context("PostgreSQL wrote no process number")?.trim().parse()?;
        say(&format!("ok     postgres ({:.1} s)", begun.elapsed().as_secs_f64()));
        Ok(server)
    }

    fn wait(&mut self, programs: &Path, address: Ipv4Addr) -> Result<()> {
        let until = Instant::now() + START_MAX;
        loop {
            let ready = Command::new(programs.join("pg_isready"))
                .args(["-q", "-p", "5432", "-h", &address.to_string()])
                .status();
            if ready.is_ok_and(|status| status.success()) {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() || Instant::now() > until {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start:\n{log}");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where the server's programs are: on Debian in a folder for each version, the newest wins.
pub fn folder() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, path)| path.join("initdb").is_file())
        .collect();
    versions.sort();
    if let Some((_, path)) = versions.pop() {
        return Some(path);
    }
    env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join("initdb").is_file())
}
