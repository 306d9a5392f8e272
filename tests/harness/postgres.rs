//! A PostgreSQL server of one's own, to be killed in the middle of work. It ends with the test program, however that
//! ends.

use std::{
    env, fs,
    net::SocketAddrV4,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use records::{Database, DatabaseSettings};

use crate::{
    process::own_address,
    wait::{comes, until},
};

/// Serves from the folder until its input is closed.
const SERVE: &str = r#"
trap '' INT
"$1/postgres" -D "$2/data" -p "$4" -k "$2" -h "$3" -c log_min_messages=fatal </dev/null >>"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
"#;

/// A copy of the server at $3:$4 that follows it.
const COPY: &str = r#"exec "$1/pg_basebackup" --pgdata="$2/data" --username=postgres --host="$3" --port="$4" --checkpoint=fast --write-recovery-conf >"$2/log" 2>&1"#;

const PROMOTE: &str = r#"exec "$1/pg_ctl" --pgdata="$2/data" --wait promote >>"$2/log" 2>&1"#;

const PREPARE: &str = r#"exec "$1/initdb" --pgdata="$2/data" --username=postgres --auth=trust --no-locale --encoding=UTF8 >"$2/log" 2>&1"#;

/// How long it may take to answer.
const START_MAX: Duration = Duration::from_mins(1);

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The server. It keeps what was committed over each kill.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    address: SocketAddrV4,
    programs: PathBuf,
    process: Option<Child>,
}

impl Postgres {
    pub fn start() -> Self {
        let mut server = Self::in_a_folder();
        assert!(server.shell(PREPARE, server.address).status().unwrap().success(), "{}", server.log());
        server.start_again();
        server
    }

    /// A server that follows another one and takes no changes itself.
    pub fn standby_of(primary: &Self) -> Self {
        let mut server = Self::in_a_folder();
        assert!(server.shell(COPY, primary.address).status().unwrap().success(), "{}", server.log());
        server.start_again();
        server
    }

    /// From now on a primary acknowledges nothing that its standby does not have.
    pub async fn wait_for_standby(&self) {
        let database = Database::open(&DatabaseSettings::new(self.url("x"))).await.unwrap();
        let mut tx = database.read().await.unwrap();
        for statement in ["alter system set synchronous_standby_names = '*'", "select pg_reload_conf()"] {
            tx.run(statement, vec![]).await.unwrap();
        }
        until("a synchronous standby", START_MAX, async || {
            let states: Vec<(String,)> = tx.all("select sync_state from pg_stat_replication", vec![]).await.unwrap();
            (states == [("sync".to_owned(),)]).then_some(())
        })
        .await;
        drop(tx);
        database.close().await;
    }

    /// Makes a standby the primary, and waits until it is.
    pub fn promote(&self) {
        assert!(self.shell(PROMOTE, self.address).status().unwrap().success(), "{}", self.log());
    }

    fn in_a_folder() -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("guosuo-own-postgres-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let server = Self { folder, address: own_address(), programs: programs(), process: None };
        if is_root() {
            // PostgreSQL refuses to run as root.
            assert!(Command::new("chown").arg("postgres").arg(&server.folder).status().unwrap().success());
        }
        server
    }

    /// A URL with a password, which the server does not ask for and nobody may repeat.
    pub fn url(&self, password: &str) -> String {
        self.url_at(password, self.address)
    }

    /// The same for what stands before the server.
    pub fn url_at(&self, password: &str, address: SocketAddrV4) -> String {
        format!("postgres://postgres:{password}@{address}/postgres")
    }

    pub fn address(&self) -> SocketAddrV4 {
        self.address
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(&mut self) {
        let pid_file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let pid = pid_file.lines().next().unwrap();
        let killed = Command::new("sh").args(["-c", "kill -KILL \"$1\"", "kill", pid]).status().unwrap();
        assert!(killed.success());
        self.end();
    }

    /// Starts it on what it had committed, and waits until it answers.
    pub fn start_again(&mut self) {
        let until = Instant::now() + START_MAX;
        let mut patience = Duration::from_secs(2);
        loop {
            // Processes of the one that was killed may still hold its memory for a moment: it then ends at once. On a
            // busy machine it may also just take its time.
            self.process = Some(self.shell(SERVE, self.address).stdin(Stdio::piped()).spawn().unwrap());
            let (host, port) = (self.address.ip().to_string(), self.address.port().to_string());
            let is_ready = || {
                let mut ready = Command::new(self.programs.join("pg_isready"));
                ready.args(["-q", "-h", &host, "-p", &port]).status().unwrap().success()
            };
            if comes(patience, is_ready) {
                return;
            }
            self.end();
            patience *= 2;
            assert!(Instant::now() < until, "PostgreSQL did not start:\n{}", self.log());
        }
    }

    fn shell(&self, script: &str, address: SocketAddrV4) -> Command {
        let mut command = Command::new(if is_root() { "runuser" } else { "env" });
        if is_root() {
            command.args(["-u", "postgres", "--"]);
        }
        command.args(["sh", "-c", script, "postgres"]).arg(&self.programs).arg(&self.folder);
        command.arg(address.ip().to_string()).arg(address.port().to_string());
        command.current_dir("/").stdout(Stdio::null());
        command
    }

    fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where the server's programs are: on Debian in a folder for each version, the newest wins.
pub fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, path)| path.join("initdb").is_file())
        .collect();
    versions.sort();
    let on_path = || env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join("initdb").is_file());
    versions.pop().map(|(_, path)| path).or_else(on_path).expect("PostgreSQL is installed")
}

/// Whether this program may do everything.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|metadata| metadata.uid() == 0)
}
