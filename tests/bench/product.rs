//! The product under measurement: the release build, started as anybody would start it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::meter;

/// How long the product may take to become ready.
const READY_TIMEOUT: Duration = Duration::from_mins(2);

/// A running demonstration.
pub struct Product {
    child: Child,
    pid: u32,
    postgres: Option<u32>,
    folder: PathBuf,
    /// What `demo.json` says.
    pub facts: Value,
    /// From the start of the process to `demo.json` on the second start, when everything is seeded.
    pub start_up_ms: u128,
}

impl Product {
    /// Seeds a city, then starts again to measure an ordinary start.
    pub async fn start(server: &Path, postgres: Option<(&str, u32)>) -> anyhow::Result<Self> {
        Self::begin(server, postgres, false).await
    }

    /// Seeds a city on SQLite, then starts again with every instruction counted.
    pub async fn start_under_callgrind(server: &Path) -> anyhow::Result<Self> {
        Self::begin(server, None, true).await
    }

    async fn begin(server: &Path, postgres: Option<(&str, u32)>, counted: bool) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("guosuo-bench-{}-{}", std::process::id(), postgres.is_some()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let mut first = spawn(Command::new(server), &folder, postgres)?;
        wait_ready(&mut first, &folder).await?;
        stop(&mut first).await?;
        let _ = std::fs::remove_file(folder.join("demo.json"));
        let started = Instant::now();
        let mut command = Command::new(if counted { Path::new("valgrind") } else { server });
        if counted {
            let file = format!("--callgrind-out-file={}", callgrind_file(&folder).display());
            command.args(["--tool=callgrind", &file]).arg(server);
        }
        let mut child = spawn(command, &folder, postgres)?;
        wait_ready(&mut child, &folder).await?;
        let start_up_ms = started.elapsed().as_millis();
        let facts = serde_json::from_slice(&std::fs::read(folder.join("demo.json"))?)?;
        let pid = child.id().context("the server ended")?;
        Ok(Self { child, pid, postgres: postgres.map(|(_, pid)| pid), folder, facts, start_up_ms })
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What the names of callgrind's dumps begin with.
    pub fn callgrind_file(&self) -> PathBuf {
        callgrind_file(&self.folder)
    }

    /// Processor time of the server and its database so far.
    pub fn cpu(&self) -> Duration {
        meter::cpu(self.pid, false) + self.postgres.map_or(Duration::ZERO, |pid| meter::cpu(pid, true))
    }

    /// Resident memory of the server.
    pub fn memory_mib(&self) -> u64 {
        meter::memory_mib(self.pid)
    }

    /// Where it keeps everything.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends the server and removes its folder.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        stop(&mut self.child).await?;
        std::fs::remove_dir_all(&self.folder)?;
        Ok(())
    }
}

fn callgrind_file(folder: &Path) -> PathBuf {
    folder.join("callgrind.out")
}

fn spawn(mut command: Command, folder: &Path, postgres: Option<(&str, u32)>) -> anyhow::Result<Child> {
    command.arg("demo").arg("--data").arg(folder).arg("--port").arg("0");
    if let Some((url, _)) = postgres {
        command.arg("--database").arg(url);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().context("starting the server")
}

async fn wait_ready(child: &mut Child, folder: &Path) -> anyhow::Result<()> {
    let deadline = Instant::now() + READY_TIMEOUT;
    while !folder.join("demo.json").exists() {
        if let Some(status) = child.try_wait()? {
            bail!("the server ended with {status} before it was ready");
        }
        if Instant::now() > deadline {
            bail!("the server was not ready after {} seconds", READY_TIMEOUT.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

async fn stop(child: &mut Child) -> anyhow::Result<()> {
    if let Some(pid) = child.id() {
        Command::new("kill").arg("-TERM").arg(pid.to_string()).status().await?;
    }
    child.wait().await?;
    Ok(())
}
