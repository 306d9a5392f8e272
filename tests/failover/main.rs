//! Three nodes on a PostgreSQL with a synchronous standby, under Patroni and etcd, whose primary is killed, frozen and cut
//! off under load, again and again: nothing that was acknowledged is lost or doubled, writes are back soon after the
//! promotion, and no node is restarted.
//!
//! Started by `cargo xtask failover`, which builds and installs what it needs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is a test with a command of its own, and one that cannot go on should say so at once"
)]
#![allow(clippy::print_stdout, reason = "its lines are its output")]

mod cluster;
mod fault;
mod member;
mod people;
mod round;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tests::{city::City, load::Node};

use crate::{
    cluster::Cluster,
    fault::Fault,
    people::Met,
    round::{BACK_WITHIN, Stage},
};

/// Nodes at the same time.
const NODES: usize = 3;

/// How often each fault comes, unless the command line says otherwise.
const ROUNDS: u32 = 20;

const FAULTS: [&str; 3] = ["killed", "frozen", "cut-off"];

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (rounds, faults) = read(&arguments)?;
    let begun = Instant::now();
    let mut stage = set_up().await?;
    println!("{NODES} nodes and a cluster of two after {:.0} s", begun.elapsed().as_secs_f64());
    let (mut acknowledged, mut bad, mut slowest, mut met) = (0, 0, Duration::ZERO, Met::default());
    for name in &faults {
        for number in 1..=rounds {
            let fault = Fault::named(name, number).with_context(|| format!("there is no fault {name}"))?;
            let outcome = stage.round(fault).await?;
            let word = if outcome.is_good() { "ok    " } else { "FAILED" };
            println!("{word} {} {number} of {rounds}: {outcome}", fault.name());
            acknowledged += outcome.acknowledged;
            bad += u32::from(!outcome.is_good());
            slowest = outcome.back.iter().flatten().copied().fold(slowest, Duration::max);
            met.add(outcome.met);
            ensure!(!outcome.needs_restart(), "a node has to be restarted:\n{}", stage.city.log_text());
        }
    }
    println!(
        "{} rounds in {:.0} min: {acknowledged} licences, {} refreshes and {} sign-ins acknowledged, {} families ended; \
         writes back after {:.1} s at most (allowed: {} s); no node was restarted; {bad} rounds failed",
        rounds * faults.len() as u32,
        begun.elapsed().as_secs_f64() / 60.0,
        met.refreshes,
        met.sign_ins,
        met.families_ended,
        slowest.as_secs_f64(),
        BACK_WITHIN.as_secs(),
    );
    if bad > 0 {
        bail!("{bad} rounds failed");
    }
    Ok(())
}

/// How many rounds of which faults.
fn read(arguments: &[String]) -> Result<(u32, Vec<String>)> {
    let (mut rounds, mut faults) = (ROUNDS, FAULTS.map(str::to_owned).to_vec());
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--rounds" => rounds = value.parse().context("--rounds takes a number")?,
            [name, value] if name == "--only" && Fault::named(value, 1).is_some() => faults = vec![value.clone()],
            _ => bail!("--rounds NUMBER, --only {}", FAULTS.join("|")),
        }
    }
    Ok((rounds, faults))
}

async fn set_up() -> Result<Stage> {
    let cluster = Cluster::start().await?;
    let mut city = City::on(Some(cluster.url())).await;
    city.close();
    let mut processes = vec![city.serve().await];
    let mut addresses = vec![city.address];
    while processes.len() < NODES {
        let (process, address) = city.serve_beside().await;
        processes.push(process);
        addresses.push(address);
    }
    let nodes = Node::all(&city, &addresses);
    let known = City::licences(&cluster.primary().await?).await;
    Ok(Stage { cluster, city, nodes, processes, known })
}
