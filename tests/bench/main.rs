//! What the product does in one CPU-second of server and database, beside the bare limit measured in the same run.
//!
//! Started by `cargo xtask bench`, which builds everything in release mode and starts PostgreSQL. Wall-clock rates
//! mean little on a shared machine; processor time per operation repeats within some 20 %, and the ratio to the
//! limit carries over to other machines.
#![allow(clippy::print_stdout, reason = "its table is its output")]
#![allow(clippy::indexing_slicing, reason = "only JSON values are indexed, which gives null for what is not there")]

mod bombs;
mod documents;
mod flows;
mod instructions;
mod limits;
mod meter;
mod product;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;

/// What to measure, read from the command line.
struct Options {
    server: PathBuf,
    postgres: Option<(String, u32)>,
    seconds: u64,
    only: Vec<String>,
    instructions: bool,
    bombs: bool,
    against: Option<PathBuf>,
    operations: u32,
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().map(String::as_str) == Some("limit-server") {
        return limits::serve();
    }
    if arguments.first().map(String::as_str) == Some("count") {
        bombs::count();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let [first, facts, nobody @ ..] = arguments.as_slice()
        && first == "send-bombs"
    {
        return runtime.block_on(bombs::send_bombs(Path::new(facts), nobody.first().map(String::as_str)));
    }
    let options = read(&arguments)?;
    runtime.block_on(run(&options))
}

fn read(arguments: &[String]) -> anyhow::Result<Options> {
    let value = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|place| arguments.get(place + 1)).cloned()
    };
    let postgres = match (value("--postgres"), value("--postgres-pid")) {
        (Some(url), Some(pid)) => Some((url, pid.parse()?)),
        _ => None,
    };
    Ok(Options {
        server: value("--server").context("--server PATH: the release build of guosuo")?.into(),
        postgres,
        seconds: value("--seconds").map_or(Ok(6), |text| text.parse())?,
        // A name may have a comma in it.
        only: value("--only").map(|text| text.split(';').map(str::to_owned).collect()).unwrap_or_default(),
        instructions: arguments.iter().any(|argument| argument == "--instructions"),
        bombs: arguments.iter().any(|argument| argument == "--bombs"),
        against: value("--against").map(PathBuf::from),
        operations: value("--operations").map_or(Ok(200), |text| text.parse())?,
    })
}

async fn run(options: &Options) -> anyhow::Result<()> {
    if options.instructions {
        let against = options.against.as_deref();
        return instructions::run(&options.server, against, options.operations, &options.only).await;
    }
    let window = Duration::from_secs(options.seconds);
    if options.bombs {
        return bombs::run(&options.server, window, &options.only).await;
    }
    let limits = limits::measure(window.min(Duration::from_secs(2))).await?;
    println!("bare limits, operations per CPU-second of one core");
    for limit in &limits {
        println!("  {:<44} {:>10.0}", limit.name, limit.rate);
    }
    let issue = documents::measure(window)?;
    if let Some(limit) = limits.iter().find(|limit| limit.name == limits::PATCH_AND_SIGN) {
        println!(
            "\nlicence issue in process (typeset, sign, patch): {issue:.0} per CPU-s, {:.1} % of limit",
            100.0 * issue / limit.rate
        );
    }
    let mut databases = vec![("SQLite", None)];
    if let Some((url, pid)) = &options.postgres {
        databases.insert(0, ("PostgreSQL", Some((url.as_str(), *pid))));
    }
    for (name, postgres) in databases {
        let product = product::Product::start(&options.server, postgres).await?;
        println!("\n{name}: ready after {} ms, idle {} MiB", product.start_up_ms, product.memory_mib());
        println!("  {:<32} {:>12} {:>10} {:>10} {:>8}", "operation", "per CPU-s", "of limit", "p50 ms", "errors");
        for flow in flows::ALL {
            if !options.only.is_empty() && !options.only.iter().any(|only| only == flow.name) {
                continue;
            }
            let result = flows::measure(flow, &product, window).await?;
            let limit = limits.iter().find(|limit| limit.name == flow.limit);
            let share = limit.map_or_else(String::new, |limit| format!("{:.1} %", 100.0 * result.rate / limit.rate));
            println!(
                "  {:<32} {:>12.0} {:>10} {:>10.1} {:>8}",
                flow.name, result.rate, share, result.p50_ms, result.errors
            );
        }
        println!("  loaded {} MiB", product.memory_mib());
        product.stop().await?;
    }
    Ok(())
}
