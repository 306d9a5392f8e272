//! Two servers under Patroni, which agree by etcd on who is primary.

use std::{
    env, fs,
    net::SocketAddrV4,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use records::{Database, DatabaseSettings};
use reqwest::Client;
use serde_json::Value;
use tests::{
    browser::client,
    process::own_address,
    wait::{any_moment, until},
};

use crate::{fault::Fault, member::Member};

/// How long the cluster may take to be whole: a base backup, or rewinding, on a busy machine.
const WHOLE_WITHIN: Duration = Duration::from_mins(3);

/// How long until the standby is primary: the lock of 20 seconds, and an election.
const PROMOTED_WITHIN: Duration = Duration::from_mins(2);

/// How often is looked for the promotion.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Serves until its input is closed. Patroni talks to it in the second version of its protocol (decision 0042).
const ETCD: &str = r#"
trap '' INT TERM HUP
etcd --enable-v2 --name one --data-dir "$1/etcd" --listen-client-urls "http://$2" --advertise-client-urls "http://$2" \
  --listen-peer-urls "http://$3" --initial-advertise-peer-urls "http://$3" --initial-cluster "one=http://$3" \
  </dev/null >"$1/etcd.log" 2>&1 &
etcd=$!
cat >/dev/null
kill -KILL "$etcd"
wait
"#;

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    members: [Member; 2],
    http: Client,
    etcd: Child,
    folder: PathBuf,
}

impl Cluster {
    pub async fn start() -> Result<Self> {
        let folder = env::temp_dir().join(format!("guosuo-failover-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let store = own_address();
        let etcd = start_etcd(&folder, store)?;
        let members = [Member::new("one", &folder, store)?, Member::new("two", &folder, store)?];
        let mut cluster = Self { members, http: client(), etcd, folder };
        // Before it has decided on its version, Patroni does not understand it and ends.
        until("etcd", WHOLE_WITHIN, async || {
            let answer = cluster.http.get(format!("http://{store}/version")).send().await.ok()?;
            let version: Value = answer.json().await.ok()?;
            (version["etcdcluster"] != "not_decided").then_some(())
        })
        .await;
        // The first founds the cluster, the second copies it.
        cluster.members[0].start()?;
        until("a primary", WHOLE_WITHIN, async || {
            let roles = cluster.members[0].roles(&cluster.http).await.unwrap_or_default();
            roles.iter().any(|(_, role)| role == "leader").then_some(())
        })
        .await;
        cluster.members[1].start()?;
        cluster.whole().await?;
        let database = Database::open(&DatabaseSettings::new(cluster.members[0].url("postgres"))).await?;
        database.read().await?.run("create database guosuo encoding 'UTF8' template template0", vec![]).await?;
        database.close().await;
        Ok(cluster)
    }

    /// What nodes are given: both servers, whichever is primary.
    pub fn url(&self) -> String {
        let [one, two] = &self.members;
        format!("postgres://postgres@{},{}/guosuo?target_session_attrs=read-write", one.for_nodes(), two.for_nodes())
    }

    /// Waits until there are a primary and a synchronous standby, and gives the place of the primary.
    pub async fn whole(&self) -> Result<usize> {
        let begun = Instant::now();
        loop {
            for (place, member) in self.members.iter().enumerate() {
                let roles = member.roles(&self.http).await.unwrap_or_default();
                let has = |name: &str, wanted: &str| roles.iter().any(|(one, role)| one == name && role == wanted);
                let other = &self.members[1 - place];
                if has(member.name, "leader") && has(other.name, "sync_standby") {
                    return Ok(place);
                }
            }
            if begun.elapsed() > WHOLE_WITHIN {
                let logs = self.members.iter().map(Member::log).collect::<Vec<_>>().join("\n\n");
                bail!("the cluster is not whole after {WHOLE_WITHIN:?}:\n{logs}");
            }
            any_moment(Duration::from_millis(200)).await;
        }
    }

    /// Does this to the primary and waits for the promotion of the other; gives the instants of both.
    pub async fn strike(&mut self, fault: Fault) -> Result<(usize, Instant, Instant)> {
        let primary = self.whole().await?;
        let standby = 1 - primary;
        let database = Database::open(&DatabaseSettings::new(self.members[standby].url("guosuo"))).await?;
        let mut tx = database.read().await?;
        let struck = Instant::now();
        match fault {
            Fault::Killed => self.members[primary].kill()?,
            Fault::Frozen => self.members[primary].freeze()?,
            Fault::CutOff { also_from_nodes } => {
                self.members[primary].cut_off(&self.members[standby]);
                if also_from_nodes {
                    self.members[primary].cut_from_nodes();
                }
            }
        }
        loop {
            let (follows,): (String,) = tx.one("select cast(pg_is_in_recovery() as text)", vec![]).await?;
            if follows == "false" {
                break;
            }
            if struck.elapsed() > PROMOTED_WITHIN {
                bail!("nobody was promoted within {PROMOTED_WITHIN:?}:\n{}", self.members[standby].log());
            }
            any_moment(LOOK_EVERY).await;
        }
        let promoted = Instant::now();
        drop(tx);
        database.close().await;
        Ok((primary, struck, promoted))
    }

    /// Undoes what was done to this member, which then follows the other.
    pub async fn mend(&mut self, struck: usize, fault: Fault) -> Result<()> {
        match fault {
            Fault::Killed => self.members[struck].start()?,
            Fault::Frozen => self.members[struck].thaw()?,
            Fault::CutOff { .. } => self.members[struck].mend(&self.members[1 - struck]),
        }
        let primary = self.whole().await?;
        if primary == struck {
            bail!("who was {} is primary again", fault.name());
        }
        Ok(())
    }

    /// Where the primary is, past all ways.
    pub async fn primary(&self) -> Result<DatabaseSettings> {
        Ok(DatabaseSettings::new(self.members[self.whole().await?].url("guosuo")))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.members.iter_mut().for_each(Member::end);
        drop(self.etcd.stdin.take());
        let _ = self.etcd.wait();
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn start_etcd(folder: &std::path::Path, store: SocketAddrV4) -> Result<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", ETCD, "etcd"]).arg(folder).arg(store.to_string()).arg(own_address().to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("cannot start etcd")
}
