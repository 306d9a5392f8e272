//! How long honest operations take while four senders keep sending bombs, beside how long they take alone, beside four
//! processes that only count, and beside four senders of the same files to a server that does nothing with them: what the
//! operating system leaves to a server beside any work, and beside that traffic on the same machine.

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

use crate::{flows, limits, product::Product};

/// Files that are sent at the same time.
const SENDERS: usize = 4;
/// What is measured: a sign-in, both kinds of tokens, both kinds of verification.
const FLOWS: [&str; 5] =
    ["password login", "client_credentials", "refresh", "verification by code", "verification of a PDF"];
/// So many bombs are sent in turn, those that cost most for what they weigh: whoever sends them has a line of its own
/// that ends somewhere, and what is heavy and read at once is a flood and no bomb.
const COSTLIEST: usize = 8;
/// What is answered sooner is no bomb, however little it weighs.
const LEAST: Duration = Duration::from_millis(10);
/// Operations before measuring.
const WARM_UP: u32 = 20;

/// Measures each operation for a window alone, and for a window beside the bombs.
pub async fn run(server: &Path, window: Duration, only: &[String]) -> anyhow::Result<()> {
    let product = Product::start(server, None).await?;
    let nobody = limits::Server::start().await?;
    let facts = product.folder().join("demo.json").display().to_string();
    println!(
        "{:<22} {:>8} {:>8} {:>10} {:>8} {:>8} {:>10}",
        "p99 ms", "alone", "4 loops", "4 senders", "4 bombs", "÷ alone", "÷ senders"
    );
    let is_asked = |name: &str| FLOWS.contains(&name) && (only.is_empty() || only.iter().any(|only| only == name));
    for flow in flows::ALL.iter().filter(|flow| is_asked(flow.name)) {
        let operation = flows::prepare(flow, &product).await?;
        for _ in 0..WARM_UP {
            operation().await.with_context(|| format!("one {}", flow.name))?;
        }
        let alone = p99(&operation, window).await?;
        let others: [(usize, &[&str]); 3] =
            [(SENDERS, &["count"]), (1, &["send-bombs", &facts, &nobody.address]), (1, &["send-bombs", &facts])];
        let mut beside = [0.0; 3];
        for (time, (count, what)) in beside.iter_mut().zip(others) {
            let mut others = Others::start(count, what).await?;
            let measured = p99(&operation, window).await;
            others.ended().await?;
            *time = measured?;
        }
        let [loops, senders, bombs] = beside;
        println!(
            "{:<22} {alone:>8.2} {loops:>8.2} {senders:>10.2} {bombs:>8.2} {:>8.1} {:>10.1}",
            flow.name,
            bombs / alone,
            bombs / senders
        );
    }
    product.stop().await
}

/// What 99 of 100 operations take at most, in milliseconds, one after another: nobody waits for another of the same.
async fn p99(operation: &flows::Operation, window: Duration) -> anyhow::Result<f64> {
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < window {
        let start = Instant::now();
        operation().await?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times.get(times.len() * 99 / 100).copied().unwrap_or_default())
}

/// This program started once more, beside what is measured. It gives way to all others, on the core on which files are
/// read: attackers bring their own machines.
struct Others(Vec<Child>);

impl Others {
    async fn start(count: usize, what: &[&str]) -> anyhow::Result<Self> {
        let last = (std::thread::available_parallelism()?.get() - 1).to_string();
        let mut others = Vec::new();
        for _ in 0..count {
            let mut command = Command::new("taskset");
            command.args(["-c", &last, "chrt", "--idle", "0"]).arg(std::env::current_exe()?).args(what);
            let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().context("starting another")?;
            // It says so when it begins.
            let mut said = String::new();
            let out = child.stdout.as_mut().context("it has no output")?;
            BufReader::new(out).read_line(&mut said).await?;
            ensure!(!said.is_empty(), "{what:?} said nothing");
            if said.contains("bombs") {
                print!("  {said}");
            }
            others.push(child);
        }
        Ok(Self(others))
    }

    /// Ends them; they must all still be there.
    async fn ended(&mut self) -> anyhow::Result<()> {
        for child in &mut self.0 {
            if let Some(status) = child.try_wait()? {
                bail!("what ran beside ended with {status}");
            }
            child.kill().await?;
        }
        Ok(())
    }
}

/// One of the loops: counts until it is ended.
pub fn count() -> ! {
    println!("counting");
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
}

/// The sender: every bomb in turn, four at once, until it is ended; to the product, or to a server at this address that
/// reads what comes and answers when the product would have.
pub async fn send_bombs(facts: &Path, nobody: Option<&str>) -> anyhow::Result<()> {
    let uploads = flows::uploads(&serde_json::from_slice(&std::fs::read(facts)?)?).await?;
    let mut all: Vec<(Duration, bytes::Bytes)> = Vec::new();
    for (_, file) in bombs(300) {
        let body = flows::Uploads::body(&file);
        let begun = Instant::now();
        uploads.send(body.clone()).await?;
        all.push((begun.elapsed(), body));
    }
    all.retain(|(time, _)| *time >= LEAST);
    let cost = |(time, body): &(Duration, bytes::Bytes)| time.as_secs_f64() / body.len() as f64;
    all.sort_by(|one, other| cost(other).total_cmp(&cost(one)));
    all.truncate(COSTLIEST);
    let said: Vec<String> =
        all.iter().map(|(time, body)| format!("{} ms of {} kB", time.as_millis(), body.len() / 1_000)).collect();
    println!("{} bombs, answered in {}", all.len(), said.join(", "));
    let client = flows::client()?;
    let senders = (0..SENDERS).map(|first| {
        let (uploads, files, client) = (&uploads, &all, &client);
        async move {
            for turn in 0.. {
                let (time, file) = files.get((first * 7 + turn) % files.len()).context("no bombs")?;
                let answer = match nobody {
                    None => uploads.send(file.clone()).await?,
                    Some(address) => {
                        let url = format!("http://{address}/away/{}", time.as_millis());
                        client.post(url).body(file.clone()).send().await?
                    }
                };
                let status = answer.status();
                // One that has no place, and one whose sender has had its share, comes again.
                let is_expected = status.is_success() || [429, 503].contains(&status.as_u16());
                ensure!(is_expected, "a bomb was answered with {status}");
            }
            Ok(())
        }
    });
    futures_util::future::try_join_all(senders).await.map(|_: Vec<()>| ())
}
