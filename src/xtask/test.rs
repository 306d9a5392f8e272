//! Every test there is.

use anyhow::Result;

use crate::{
    city::City,
    clients, install,
    part::Part,
    postgres::{Durability, Postgres},
    step::{Counted, Report, cargo},
};

/// Tells the tests which PostgreSQL server to use; without it they use SQLite.
pub const POSTGRES: &str = "GUOSUO_TEST_POSTGRES";

/// Tells the programs of tests how many of them run at once.
const AT_ONCE: &str = "RUST_TEST_THREADS";

/// How long a core reads changed inputs for each target, in seconds.
const FUZZ_SECONDS: (&str, &str) = ("FUZZ_SECONDS", "10");

/// Tests that run at once on each core: many wait for something.
const TESTS_PER_CORE: usize = 2;

/// Crates whose tests never meet a database: running them a second time would prove nothing.
const WITHOUT_DATABASE: [&str; 7] = ["base", "crypto", "documents", "verify", "examiner", "departments", "xtask"];

/// Modules of tests that start PostgreSQL servers of their own.
const OWN_POSTGRES: [&str; 8] = [
    "postgres_behind_a_pooler::",
    "postgres_killed::",
    "postgres_not_there_yet::",
    "postgres_promoted::",
    "postgres_silent::",
    "postgres_two_clocks::",
    "postgres_with_a_standby::",
    "two_nodes::",
];

/// Runs these parts, one after another.
pub fn run(report: &mut Report, parts: &[Part]) -> Result<()> {
    install::all(report, parts)?;
    // Everything at once, so that no crate is built twice with different features.
    report.must("build", &mut cargo(&["build", "--workspace", "--all-targets", "--quiet", "--locked"]))?;
    if parts.contains(&Part::Sqlite) {
        // What does something to a PostgreSQL server, and what several nodes share, needs one.
        let mut words = vec!["test", "--workspace", "--locked", "--no-fail-fast", "--"];
        for module in OWN_POSTGRES {
            words.extend(["--skip", module]);
        }
        let mut command = cargo(&words);
        command.env_remove(POSTGRES).env(FUZZ_SECONDS.0, FUZZ_SECONDS.1).env(AT_ONCE, at_once());
        report.tests("tests on sqlite", &mut command, Counted::cargo)?;
    }
    if parts.contains(&Part::Postgres) {
        postgres(report)?;
    }
    if parts.contains(&Part::Browser) || parts.contains(&Part::Python) {
        others(report, parts)?;
    }
    Ok(())
}

/// Programs of other people, all in one city.
fn others(report: &mut Report, parts: &[Part]) -> Result<()> {
    let city = City::start()?;
    if parts.contains(&Part::Browser) {
        clients::browser(report, &city)?;
    }
    if parts.contains(&Part::Python) {
        clients::python(report, &city)?;
    }
    Ok(())
}

/// Prepares every statement of the workspace on both databases.
pub fn sql(report: &mut Report) -> Result<()> {
    let words = ["test", "--workspace", "--locked", "--test", "product", "every_statement"];
    install::all(report, &[Part::Postgres])?;
    report.tests("statements on sqlite", cargo(&words).env_remove(POSTGRES), Counted::cargo)?;
    let server = Postgres::start(Durability::Off)?;
    report.tests("statements on postgres", cargo(&words).env(POSTGRES, &server.url), Counted::cargo)
}

fn postgres(report: &mut Report) -> Result<()> {
    let server = Postgres::start(Durability::Off)?;
    let mut words = vec!["test", "--workspace", "--locked", "--no-fail-fast"];
    for name in WITHOUT_DATABASE {
        words.extend(["--exclude", name]);
    }
    // What strangers send is read before any database is asked.
    words.extend(["--", "--skip", "targets::"]);
    let mut command = cargo(&words);
    command.env(POSTGRES, &server.url).env(AT_ONCE, at_once());
    report.tests("tests on postgres", &mut command, Counted::cargo)
}

/// How many tests run at once.
fn at_once() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores * TESTS_PER_CORE).to_string()
}
