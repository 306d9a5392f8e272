//! How long honest operations take while four senders keep sending bombs, beside how long they take alone.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tests::bombs::bombs;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{flows, product::Product};

/// Files that are sent at the same time.
const SENDERS: usize = 4;
/// What is measured: a sign-in, both kinds of tokens, both kinds of verification.
const FLOWS: [&str; 5] =
    ["password login", "client_credentials", "refresh", "verification by code", "verification of a PDF"];
/// So many bombs are sent in turn, those that take longest to be answered.
const COSTLIEST: usize = 8;
/// Operations before measuring.
const WARM_UP: u32 = 20;

/// Measures each operation for a window alone, and for a window beside the bombs.
pub async fn run(server: &Path, window: Duration) -> anyhow::Result<()> {
    let product = Product::start(server, None).await?;
    println!("{:<24} {:>23} {:>23} {:>7}", "", "alone", "beside four bombs", "");
    println!("{:<24} {:>11} {:>11} {:>11} {:>11} {:>7}", "", "p50 ms", "p99 ms", "p50 ms", "p99 ms", "p99 ×");
    for flow in flows::ALL.iter().filter(|flow| FLOWS.contains(&flow.name)) {
        let operation = flows::prepare(flow, &product).await?;
        for _ in 0..WARM_UP {
            operation().await.with_context(|| format!("one {}", flow.name))?;
        }
        let alone = Times::of(&operation, window).await?;
        let sender = send(&product).await?;
        let loaded = Times::of(&operation, window).await;
        ended(sender).await?;
        let loaded = loaded?;
        println!(
            "{:<24} {:>11.1} {:>11.1} {:>11.1} {:>11.1} {:>7.1}",
            flow.name,
            alone.at(50),
            alone.at(99),
            loaded.at(50),
            loaded.at(99),
            loaded.at(99) / alone.at(99)
        );
    }
    product.stop().await
}

/// How long each of many operations took, in milliseconds, in order.
struct Times(Vec<f64>);

impl Times {
    /// One operation after another: nobody waits for another of the same.
    async fn of(operation: &flows::Operation, window: Duration) -> anyhow::Result<Self> {
        let (begun, mut times) = (Instant::now(), Vec::new());
        while begun.elapsed() < window {
            let start = Instant::now();
            operation().await?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        Ok(Self(times))
    }

    fn at(&self, percent: usize) -> f64 {
        self.0.get(self.0.len() * percent / 100).copied().unwrap_or_default()
    }
}

/// Starts this program once more as the sender. It gives way to all others, on the core on which files are read: attackers
/// bring their own machines.
async fn send(product: &Product) -> anyhow::Result<Child> {
    let mut command = Command::new("taskset");
    let last = std::thread::available_parallelism()?.get() - 1;
    command
        .args(["-c", &last.to_string(), "chrt", "--idle", "0"])
        .arg(std::env::current_exe()?)
        .arg("send-bombs")
        .arg(product.folder().join("demo.json"));
    let mut sender = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().context("starting the sender")?;
    // It says so when it has found out which ones cost something.
    let mut said = String::new();
    let out = sender.stdout.as_mut().context("the sender has no output")?;
    BufReader::new(out).read_line(&mut said).await?;
    ensure!(said.contains("bombs"), "the sender of bombs said {said:?}");
    print!("  {said}");
    Ok(sender)
}

/// Ends the sender, which must still be sending.
async fn ended(mut sender: Child) -> anyhow::Result<()> {
    if let Some(status) = sender.try_wait()? {
        bail!("the sender of bombs ended with {status}");
    }
    sender.kill().await?;
    Ok(())
}

/// The sender: every bomb in turn, four at once, until it is ended.
pub async fn send_bombs(facts: &Path) -> anyhow::Result<()> {
    let uploads = flows::uploads(&serde_json::from_slice(&std::fs::read(facts)?)?).await?;
    let mut all: Vec<(Duration, bytes::Bytes)> = Vec::new();
    for (_, file) in bombs(300) {
        let body = flows::Uploads::body(&file);
        let begun = Instant::now();
        uploads.send(body.clone()).await?;
        all.push((begun.elapsed(), body));
    }
    // What is answered at once is a flood if sent again and again, and no bomb.
    all.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    all.truncate(COSTLIEST);
    let times: Vec<u128> = all.iter().map(|(time, _)| time.as_millis()).collect();
    println!("{} bombs, answered in {times:?} ms", all.len());
    let files: Vec<bytes::Bytes> = all.into_iter().map(|(_, body)| body).collect();
    let senders = (0..SENDERS).map(|first| {
        let (uploads, files) = (&uploads, &files);
        async move {
            for turn in 0.. {
                let file = files.get((first * 7 + turn) % files.len()).context("no bombs")?;
                let status = uploads.send(file.clone()).await?.status();
                // One that has no place, and one whose sender has had its share, comes again.
                let is_expected = status.is_success() || [429, 503].contains(&status.as_u16());
                ensure!(is_expected, "a bomb was answered with {status}");
            }
            Ok(())
        }
    });
    futures_util::future::try_join_all(senders).await.map(|_: Vec<()>| ())
}
