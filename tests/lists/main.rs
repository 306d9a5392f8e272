//! What a page of each list costs beside ten thousand rows and beside a million, on the database that the environment
//! names as the tests do (`cargo xtask lists`).
//!
//! Every statement with an order or a limit is taken from the source, so a list to come is measured too: once with values
//! that find the four rows which were made before all others, once for a page amid the rows of whoever has an eighth of
//! all. What changes rows is undone each time.
#![allow(clippy::print_stdout, reason = "its table is its output")]

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use records::{Database, testing};
use tests::{
    crowd,
    lists::{self, Statement, Whose},
};

/// So often all are measured, one after the other: what else runs on the machine then meets none of them each time.
const ROUNDS: usize = 5;

/// How often a statement runs in a round before it is measured, and then how often.
const WARM: usize = 10;
const RUNS: usize = 40;

/// A page beside many rows may cost so many times that beside few.
const RATIO_MAX: f64 = 2.0;

/// A change finds its rows like a list, and then touches each other index of the table at as many places as it has rows:
/// beside many they lie on pages that are in no small cache together.
const RATIO_MAX_OF_CHANGES: f64 = 4.0;

/// What the guards of the log ask, as when everything is in files.
const ALL_ARCHIVED: &str = "update event_archived set sequence = 9000000000 where one = 1";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str, otherwise: i64| {
        let place = arguments.iter().position(|argument| argument == name);
        let text = place.and_then(|place| arguments.get(place + 1));
        text.map_or(Ok(otherwise), |text| text.parse::<i64>().with_context(|| format!("{name} takes a number")))
    };
    let (few, many) = (value("--few", 10_000)?, value("--rows", 1_000_000)?);
    if few < 10_000 || many < few {
        bail!("--few is 10000 at least, so that every page is full, and --rows no less than that");
    }
    let fresh = testing::fresh().await?;
    let database = &fresh.database;
    let name = database.dialect().name();
    let lists = lists::statements().into_iter().filter(|statement| statement.is_list() && !statement.is_composed());
    let statements: Vec<(Statement, Whose)> =
        lists.flat_map(|statement| [(statement.clone(), Whose::Few), (statement, Whose::Many)]).collect();
    let before = at(database, 0, few, &statements).await?;
    let after = at(database, few, many, &statements).await?;
    println!(
        "\n{name}: microseconds beside {few} and beside {many} rows, rows found or changed, how many times as much"
    );
    let mut over = 0;
    for ((statement, whose), (before, after)) in statements.iter().zip(before.into_iter().zip(after)) {
        let ratio = after.time.as_secs_f64() / before.time.as_secs_f64();
        let is_over = ratio > if is_read(statement) { RATIO_MAX } else { RATIO_MAX_OF_CHANGES };
        over += usize::from(is_over);
        let text: String = statement.shown().chars().take(150).collect();
        println!(
            "{:>8} {:>8} {:>5} {:>6.2}{} {whose:?}: {}",
            before.time.as_micros(),
            after.time.as_micros(),
            after.rows,
            ratio,
            if is_over { "!" } else { " " },
            text
        );
    }
    if over > 0 {
        bail!(
            "{name}: {over} of {} cost more than {RATIO_MAX} times as much, or changes {RATIO_MAX_OF_CHANGES} times",
            statements.len()
        );
    }
    println!("{name}: all {} stay below {RATIO_MAX}, changes below {RATIO_MAX_OF_CHANGES}", statements.len());
    Ok(())
}

struct Cost {
    time: Duration,
    rows: u64,
}

/// Makes the rows after `from` up to `to`, and measures.
async fn at(database: &Database, from: i64, to: i64, statements: &[(Statement, Whose)]) -> anyhow::Result<Vec<Cost>> {
    let begun = Instant::now();
    crowd::grow(database, from, to).await?;
    if database.dialect().name() == "postgres" {
        // As its own housekeeping does, after so many new rows.
        let mut tx = database.housekeeping().await?;
        tx.take_time().await?;
        tx.run_text("analyze", vec![]).await?;
        tx.commit().await?;
    }
    println!("{} rows of each kind after {:.0} s", to, begun.elapsed().as_secs_f64());
    let mut costs: Vec<Option<Cost>> = statements.iter().map(|_| None).collect();
    for _ in 0..ROUNDS {
        for ((statement, whose), least) in statements.iter().zip(&mut costs) {
            let cost = measure(database, statement, *whose).await.with_context(|| statement.shown())?;
            if least.as_ref().is_none_or(|least| cost.time < least.time) {
                *least = Some(cost);
            }
        }
    }
    costs.into_iter().collect::<Option<_>>().context("nothing was measured")
}

/// The time that three of four runs take no less than: what else runs on the machine makes a run longer, never shorter.
async fn measure(database: &Database, statement: &Statement, whose: Whose) -> anyhow::Result<Cost> {
    let is_read = is_read(statement);
    let mut times = Vec::with_capacity(RUNS);
    let mut rows = 0;
    let runs = if is_read { RUNS } else { RUNS / 4 };
    for run in 0..WARM.min(runs) + runs {
        let values = statement.values(whose).map_err(anyhow::Error::msg)?;
        // What is not committed is undone.
        let mut tx = if is_read { database.read().await? } else { database.housekeeping().await? };
        if statement.text.split_whitespace().take(3).eq(["delete", "from", "event"]) {
            // Only what is in the archive goes.
            tx.run_text(ALL_ARCHIVED, vec![]).await?;
        }
        let begun = Instant::now();
        rows = if is_read {
            tx.read_text(&statement.text, values).await? as u64
        } else {
            tx.run_text(&statement.text, values).await?
        };
        if run >= WARM.min(runs) {
            times.push(begun.elapsed());
        }
    }
    times.sort_unstable();
    let time = times.get(times.len() / 4).copied().context("nothing was measured")?;
    Ok(Cost { time, rows })
}

fn is_read(statement: &Statement) -> bool {
    !statement.text.split_whitespace().any(|word| ["insert", "update", "delete"].contains(&word))
}
