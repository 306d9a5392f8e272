//! `PgBouncer` before a PostgreSQL server. It ends with the test program, however that ends.

use std::{
    env, fs,
    net::{SocketAddrV4, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::{
    postgres::{Postgres, is_root},
    process::own_address,
    wait::comes,
};

/// Runs until its input is closed. Debian keeps the program where only root looks.
const RUN: &str = r#"
trap '' INT
PATH="$PATH:/usr/sbin"
pgbouncer "$1/pgbouncer.ini" </dev/null >>"$1/log" 2>&1 &
pooler=$!
cat >/dev/null
kill -TERM "$pooler" 2>/dev/null
wait "$pooler" 2>/dev/null
"#;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The pooler.
#[derive(Debug)]
pub struct Pooler {
    pub address: SocketAddrV4,
    folder: PathBuf,
    process: Child,
}

impl Pooler {
    /// Starts one that lets everybody in, with these lines among its settings, and waits until it listens.
    pub fn start(postgres: &Postgres, settings: &[&str]) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("guosuo-pooler-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (address, server) = (own_address(), postgres.address());
        let lines = [
            "[databases]".to_owned(),
            format!("* = host={} port={} user=postgres", server.ip(), server.port()),
            "[pgbouncer]".to_owned(),
            format!("listen_addr = {}", address.ip()),
            format!("listen_port = {}", address.port()),
            "auth_type = any".to_owned(),
            "unix_socket_dir =".to_owned(),
        ];
        let settings = settings.iter().map(|line| (*line).to_owned());
        let lines: Vec<String> = lines.into_iter().chain(settings).collect();
        fs::write(folder.join("pgbouncer.ini"), lines.join("\n")).unwrap();
        // It refuses to run as root.
        let mut command = Command::new(if is_root() { "runuser" } else { "env" });
        if is_root() {
            assert!(Command::new("chown").arg("-R").arg("postgres").arg(&folder).status().unwrap().success());
            command.args(["-u", "postgres", "--"]);
        }
        command.args(["sh", "-c", RUN, "pooler"]).arg(&folder);
        let process = command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let pooler = Self { address, folder, process };
        let listens = comes(Duration::from_secs(30), || TcpStream::connect(address).is_ok());
        assert!(listens, "{}", fs::read_to_string(pooler.folder.join("log")).unwrap_or_default());
        pooler
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
