//! Instructions per operation, counted by callgrind: the same on a busy machine as on an idle one.
//!
//! The server runs under valgrind on SQLite, one operation after another. What it does by itself in the same time
//! (sequencer, watchers, the queue) is measured while it is left alone, and taken off.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::process::Command;

use crate::{flows, product::Product};

/// Operations before counting, so that caches are filled and statements prepared.
const WARM_UP: u32 = 20;

/// How long the server is left alone to see what it does by itself.
const IDLE: Duration = Duration::from_secs(5);

/// Counts every flow on one server, or on two that are compared.
pub async fn run(server: &Path, against: Option<&Path>, operations: u32, only: &[String]) -> anyhow::Result<()> {
    let now = count_all(server, operations, only).await?;
    let before = match against {
        Some(against) => count_all(against, operations, only).await?,
        None => Vec::new(),
    };
    println!("{:<32} {:>16} {:>16} {:>9}", "operation", "instructions", "before", "change");
    for (name, count) in &now {
        let old = before.iter().find(|(other, _)| other == name).map(|(_, count)| *count);
        let shown = old.map_or_else(String::new, |old| format!("{old:.0}"));
        let change = old.map_or_else(String::new, |old| format!("{:+.1} %", 100.0 * (count / old - 1.0)));
        println!("{name:<32} {count:>16.0} {shown:>16} {change:>9}");
    }
    Ok(())
}

async fn count_all(server: &Path, operations: u32, only: &[String]) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let product = Product::start_under_callgrind(server).await?;
    let mut counter = Counter { pid: product.pid(), file: product.callgrind_file(), dumps: 0 };
    let mut counted = Vec::new();
    for flow in flows::ALL.iter().filter(|flow| only.is_empty() || only.iter().any(|only| only == flow.name)) {
        let operation = flows::prepare(flow, &product).await?;
        for _ in 0..WARM_UP {
            operation().await.with_context(|| format!("one {}", flow.name))?;
        }
        // What the warm-up left to be done later is not the operation's.
        tokio::time::sleep(Duration::from_secs(2)).await;
        counter.zero().await?;
        tokio::time::sleep(IDLE).await;
        let idle_per_second = counter.read().await? / IDLE.as_secs_f64();
        let started = Instant::now();
        for _ in 0..operations {
            operation().await.with_context(|| format!("one {}", flow.name))?;
        }
        // The sequencer numbers what the last operation recorded.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let elapsed = started.elapsed().as_secs_f64();
        let all = counter.read().await?;
        counted.push((flow.name, (all - idle_per_second * elapsed).max(0.0) / f64::from(operations)));
    }
    product.stop().await?;
    Ok(counted)
}

/// The counters of one process under callgrind.
struct Counter {
    pid: u32,
    file: PathBuf,
    dumps: u32,
}

impl Counter {
    async fn zero(&self) -> anyhow::Result<()> {
        self.control("--zero").await
    }

    /// Instructions since the last reading or zero.
    async fn read(&mut self) -> anyhow::Result<f64> {
        self.control("--dump").await?;
        self.dumps += 1;
        let path = PathBuf::from(format!("{}.{}", self.file.display(), self.dumps));
        let text = tokio::fs::read_to_string(&path).await.with_context(|| format!("reading {}", path.display()))?;
        let line = text.lines().rev().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
        Ok(line.context("the dump has no total")?.trim().parse()?)
    }

    async fn control(&self, word: &str) -> anyhow::Result<()> {
        let output = Command::new("callgrind_control").arg(word).arg(self.pid.to_string()).output().await;
        let output = output.context("callgrind_control: is valgrind installed?")?;
        ensure!(output.status.success(), "callgrind_control: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}
