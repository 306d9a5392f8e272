//! A member of the cluster: a PostgreSQL under Patroni, and the ways that lead to it and from it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddrV4,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Client;
use serde_json::Value;
use tests::{
    postgres,
    process::{own_address, signal},
    relay::Relay,
};

/// Runs Patroni until its input is closed, which the system does when this program is gone, and tells its number. What
/// is left of the server then is killed, also when it stands still.
const LIFELINE: &str = r#"
trap '' INT TERM HUP
patroni "$1/patroni.yml" </dev/null >>"$1/log" 2>&1 &
patroni=$!
echo "$patroni"
cat >/dev/null
kill -KILL "$patroni" 2>/dev/null
server=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$server" ]; then
  kill -KILL $(cat "/proc/$server/task/$server/children" 2>/dev/null) "$server" 2>/dev/null
fi
wait
"#;

/// The name that both superusers' URLs carry; the server trusts whoever comes over loopback.
const PASSWORD: &str = "not-asked-for";

/// The least times that Patroni's documentation allows: a lock of 20 seconds, a look each second, three seconds of
/// patience. Senders and receivers of the log give up on a silent way as soon, or a stop would wait for them.
const BOOTSTRAP: &str = "
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 1
    retry_timeout: 3
    primary_stop_timeout: 5
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        wal_sender_timeout: 5s
        wal_receiver_timeout: 5s
        wal_keep_size: 512MB
  initdb:
    - encoding: UTF8
    - locale: C
    - data-checksums
";

/// One of the two.
#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub postgres: SocketAddrV4,
    folder: PathBuf,
    patroni: SocketAddrV4,
    /// From the nodes to this server.
    from_nodes: Relay,
    /// From the other member to this server.
    from_peer: Relay,
    /// From the other Patroni to this one.
    from_patroni: Relay,
    /// From this Patroni to etcd.
    to_store: Relay,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    lifeline: Child,
    patroni: String,
}

impl Member {
    /// Writes down what Patroni has to know, and starts nothing yet.
    pub fn new(name: &'static str, folder: &Path, store: SocketAddrV4) -> Result<Self> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        let (postgres, patroni) = (own_address(), own_address());
        let member = Self {
            name,
            postgres,
            folder,
            patroni,
            from_nodes: Relay::to(postgres),
            from_peer: Relay::to(postgres),
            from_patroni: Relay::to(patroni),
            to_store: Relay::to(store),
            running: None,
        };
        fs::write(member.folder.join("patroni.yml"), member.configuration())?;
        if postgres::is_root() {
            // PostgreSQL refuses to run as root.
            let given = Command::new("chown").args(["-R", "postgres"]).arg(&member.folder).status()?;
            ensure!(given.success(), "there is no account `postgres` to run the servers as");
        }
        Ok(member)
    }

    fn configuration(&self) -> String {
        let (folder, programs) = (self.folder.display(), postgres::programs());
        let (name, patroni, postgres) = (self.name, self.patroni, self.postgres);
        let (rest_way, store_way, postgres_way) =
            (self.from_patroni.address, self.to_store.address, self.from_peer.address);
        format!(
            "scope: guosuo
name: {name}
restapi:
  listen: {patroni}
  connect_address: {rest_way}
etcd:
  hosts: {store_way}
  use_proxies: true
{BOOTSTRAP}
postgresql:
  listen: {postgres}
  connect_address: {postgres_way}
  use_unix_socket: true
  data_dir: {folder}/data
  bin_dir: {}
  pgpass: {folder}/pgpass
  authentication:
    superuser: {{username: postgres, password: {PASSWORD}}}
    replication: {{username: replicator, password: {PASSWORD}}}
  parameters:
    unix_socket_directories: {folder}
  pg_hba:
    - local all all trust
    - host all all 127.0.0.0/8 trust
    - host replication all 127.0.0.0/8 trust
",
            programs.display()
        )
    }

    /// Where nodes find this server.
    pub fn for_nodes(&self) -> SocketAddrV4 {
        self.from_nodes.address
    }

    /// The URL past all ways.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@{}/{database}", self.postgres)
    }

    /// Starts Patroni, which starts the server and makes of it what the other allows.
    pub fn start(&mut self) -> Result<()> {
        let mut command = Command::new(if postgres::is_root() { "runuser" } else { "env" });
        if postgres::is_root() {
            command.args(["-u", "postgres", "--"]);
        }
        command.args(["sh", "-c", LIFELINE, "member"]).arg(&self.folder).current_dir("/");
        let mut lifeline = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut patroni = String::new();
        BufReader::new(lifeline.stdout.take().context("no output")?).read_line(&mut patroni)?;
        self.running = Some(Running { lifeline, patroni: patroni.trim().to_owned() });
        Ok(())
    }

    /// Ends Patroni and the server at once, as a power cut does.
    pub fn kill(&mut self) -> Result<()> {
        let server = self.server()?;
        signal(&self.running.as_ref().context("it does not run")?.patroni, "KILL");
        signal(&server, "KILL");
        self.end();
        Ok(())
    }

    /// Makes Patroni and every process of the server stand still where it is.
    pub fn freeze(&self) -> Result<()> {
        self.signal_all("STOP")
    }

    /// Lets them go on.
    pub fn thaw(&self) -> Result<()> {
        self.signal_all("CONT")
    }

    fn signal_all(&self, name: &str) -> Result<()> {
        let server = self.server()?;
        signal(&self.running.as_ref().context("it does not run")?.patroni, name);
        signal(&server, name);
        // After it, for who stands still starts no others.
        for child in children(&server)? {
            signal(&child, name);
        }
        Ok(())
    }

    /// Cuts every way between the other member, the store and this one. With two members the ways to the other are used by
    /// this one alone.
    pub fn cut_off(&self, other: &Self) {
        for way in self.ways(other) {
            way.freeze();
        }
    }

    /// Cuts the way from the nodes too.
    pub fn cut_from_nodes(&self) {
        self.from_nodes.freeze();
    }

    pub fn mend(&self, other: &Self) {
        for way in self.ways(other) {
            way.open();
        }
        self.from_nodes.open();
    }

    fn ways<'a>(&'a self, other: &'a Self) -> [&'a Relay; 5] {
        [&self.to_store, &self.from_peer, &self.from_patroni, &other.from_peer, &other.from_patroni]
    }

    /// What this Patroni knows of the cluster: each member's role by its name, when every one of them runs.
    pub async fn roles(&self, http: &Client) -> Option<Vec<(String, String)>> {
        let answer = http.get(format!("http://{}/cluster", self.patroni)).send().await.ok()?;
        let cluster: Value = answer.json().await.ok()?;
        let role = |member: &Value| {
            let text = |name: &str| member[name].as_str().map(str::to_owned);
            let runs = ["running", "streaming"].contains(&member["state"].as_str()?);
            runs.then_some((text("name")?, text("role")?))
        };
        cluster["members"].as_array()?.iter().map(role).collect()
    }

    /// Ends what runs, for good.
    pub fn end(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.lifeline.stdin.take());
            let _ = running.lifeline.wait();
        }
    }

    /// The end of what Patroni and the server wrote.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// The number of the server's first process.
    fn server(&self) -> Result<String> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        Ok(file.lines().next().context("no process number")?.trim().to_owned())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.end();
    }
}

fn children(process: &str) -> Result<Vec<String>> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    if children.trim().is_empty() {
        bail!("the server has no processes");
    }
    Ok(children.split_whitespace().map(str::to_owned).collect())
}
