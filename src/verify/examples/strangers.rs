//! Examines every PDF below a folder as a file of a stranger, and counts what is answered:
//! `cargo run -p verify --example strangers -- FOLDER [--each]`; with `--each` also a line for each file.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for developers that prints what it counted")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant as Clock},
};

use base::Instant;
use verify::{
    Evidence, Subject, Verdict, decide,
    pdf::{Trust, examine},
};

/// How many files had one answer.
type Counts = BTreeMap<String, usize>;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = arguments.get(1).map_or(".", String::as_str);
    let each = arguments.iter().any(|word| word == "--each");
    let mut files = Vec::new();
    find(Path::new(folder), &mut files);
    files.sort();
    let (mut answers, mut checks, mut signatures) = (Counts::new(), Counts::new(), Counts::new());
    let mut slowest = (Duration::ZERO, PathBuf::new());
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let begun = Clock::now();
        let examined = examine(&bytes);
        let took = begun.elapsed();
        let subject = Subject::File { examined: &examined, trust: &Trust::default(), known: 0 };
        let verdict = decide(Evidence { subject, licence: None, at: Instant::from_micros(0) });
        let answer = answer(&verdict);
        let reports = reports(&verdict);
        if each {
            println!("{answer}\t{}\t{}\t{}", failed(&verdict).join(","), reports.join(","), path.display());
        }
        *answers.entry(answer).or_default() += 1;
        for check in failed(&verdict) {
            *checks.entry(check).or_default() += 1;
        }
        for report in reports {
            *signatures.entry(report).or_default() += 1;
        }
        if took > slowest.0 {
            slowest = (took, path);
        }
    }
    print("files", &answers);
    print("checks that do not hold", &checks);
    print("signatures", &signatures);
    println!("slowest: {} ms, {}", slowest.0.as_millis(), slowest.1.display());
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf")) {
            files.push(path);
        }
    }
}

/// The outcome and the reason of the verdict.
fn answer(verdict: &Verdict) -> String {
    format!("{} {}", verdict.outcome.as_str(), verdict.reason().map_or("", |reason| reason.code()))
}

/// Every check with a reason, and that reason.
fn failed(verdict: &Verdict) -> Vec<String> {
    let checks = verdict.checks.iter();
    checks.filter_map(|check| Some(format!("{} {}", check.code, check.reason?.code()))).collect()
}

/// What is said of each signature.
fn reports(verdict: &Verdict) -> Vec<String> {
    let said = verdict.signatures.iter();
    said.map(|report| format!("{} {}", report.indication, report.sub_indication.unwrap_or_default())).collect()
}

fn print(title: &str, counts: &Counts) {
    println!("{title}: {}", counts.values().sum::<usize>());
    for (answer, count) in counts {
        println!("{count:7} {answer}");
    }
}
