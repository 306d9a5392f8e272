//! Which characters can be printed: those of the fonts that come with the program, and of further ones that a process has.

use std::{
    ops::RangeInclusive,
    sync::{LazyLock, OnceLock},
};

/// Characters in runs, in order.
type Runs = Vec<RangeInclusive<u32>>;

/// What the fonts in the repository have, a run a line; a test of the crate that has the fonts holds the list to them.
static COME_WITH_US: LazyLock<Runs> = LazyLock::new(|| include_str!("printed.txt").lines().filter_map(run).collect());

/// What further fonts have: one fact of a process, as its time zone is.
static FURTHER: OnceLock<Runs> = OnceLock::new();

/// Whether a character can be printed.
pub fn is_printed(c: char) -> bool {
    has(&COME_WITH_US, c) || FURTHER.get().is_some_and(|runs| has(runs, c))
}

/// Tells once what further fonts print, in runs and in order; later ones are not heard.
pub fn also_prints(runs: Vec<RangeInclusive<u32>>) {
    let _ = FURTHER.set(runs);
}

fn run(line: &str) -> Option<RangeInclusive<u32>> {
    let (first, last) = line.split_once('-').unwrap_or((line, line));
    Some(u32::from_str_radix(first, 16).ok()?..=u32::from_str_radix(last, 16).ok()?)
}

fn has(runs: &[RangeInclusive<u32>], c: char) -> bool {
    let code = u32::from(c);
    let behind = runs.partition_point(|run| *run.start() <= code);
    behind.checked_sub(1).and_then(|at| runs.get(at)).is_some_and(|run| run.contains(&code))
}
