//! The developer's commands: `cargo xtask COMMAND`. The only tool to learn; CI runs `cargo xtask ci` and nothing else.

mod check;
mod city;
mod clients;
mod failover;
mod fuzz;
mod install;
mod part;
mod pictures;
mod postgres;
mod programs;
mod step;
mod test;
mod tools;

use std::{env, process::ExitCode};

use anyhow::Result;
use part::Part;
use step::{Report, say};

const HELP: &str = "\
cargo xtask COMMAND

  ci         check and test: what CI runs; ends with a line that counts tests
  check      format, lints, documentation, tidy; licences, sources and advisories of dependencies
  test       every test: SQLite, PostgreSQL, browser, foreign clients
             (`test sqlite|postgres|browser|python` runs one part and installs what only that needs)
  dev        the demonstration city on this machine; stop it with ctrl-c
  sql        prepares every SQL statement of the workspace on both databases
  reference  writes the generated reference pages again
  pictures   takes the pictures of the README again
  fuzz       reads changed inputs for an hour each, in a build that counts branches
             (`fuzz pdf jose --minutes 5`, `--hours 8`; the targets are the folders in tests/fuzz/corpus)
  bench      measures; see tests/bench
  failover   three nodes on a PostgreSQL under Patroni whose primary is killed, frozen and cut off
             (`--rounds N`, twenty of each by default; `--only killed|frozen|cut-off`)
  lists      measures a page of every list beside ten thousand rows and beside a million, on both databases
             (`--rows N`, `--few N`; `--debug` in the build of the tests)
  bombs      measures how long honest operations take while four senders send bombs
             (`--debug` in the build of the tests; `--seconds N` for each)
  instructions
             counts instructions per operation with callgrind, which valgrind brings
             (`--against SERVER` compares with another build; `--only NAMES`, `--operations N`)
";

fn main() -> ExitCode {
    if let Some(code) = fuzz::compile() {
        return code;
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut report = Report::default();
    let outcome = run(&words, &mut report);
    if let Err(error) = &outcome {
        say(&format!("error: {error:#}"));
    }
    if report.counts() {
        say(&report.line(outcome.is_ok()));
    }
    if outcome.is_ok() && report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(words: &[&str], report: &mut Report) -> Result<()> {
    match words {
        ["ci"] => {
            report.count();
            check::run(report)?;
            test::run(report, &Part::ALL)
        }
        ["check"] => check::run(report),
        ["test"] => {
            report.count();
            test::run(report, &Part::ALL)
        }
        ["test", part] => {
            report.count();
            test::run(report, &[Part::named(part)?])
        }
        ["dev", rest @ ..] => tools::dev(rest),
        ["sql"] => test::sql(report),
        ["reference"] => tools::reference(report),
        ["pictures"] => pictures::run(report),
        ["failover", rest @ ..] => failover::run(report, rest),
        ["fuzz", rest @ ..] => fuzz::run(report, rest),
        ["bench", rest @ ..] => tools::bench(report, rest),
        ["lists", rest @ ..] => tools::lists(report, rest),
        ["bombs", rest @ ..] => tools::bombs(report, rest),
        ["instructions", rest @ ..] => tools::instructions(report, rest),
        _ => {
            say(HELP);
            Ok(())
        }
    }
}
