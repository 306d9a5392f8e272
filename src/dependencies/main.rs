//! What comes into the product from outside, held against `.deny.toml`: licences, bans, sources, and advisories of the
//! `RustSec` database. `cargo xtask check` runs it; a line for each thing that is wrong, and one for what was looked at.

mod advisories;
mod allowed;
mod database;
mod policy;
#[cfg(test)]
mod tests;
mod yanked;

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{advisories::Findings, policy::Policy};

fn main() -> ExitCode {
    let findings = look(&root());
    let mut out = io::stdout().lock();
    // A closed terminal is no reason to stop.
    let mut say = |line: &str| drop(writeln!(out, "{line}"));
    match findings {
        Ok(findings) => {
            findings.said.iter().for_each(|line| say(line));
            findings.refused.iter().for_each(|line| say(&format!("refused: {line}")));
            if findings.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn look(root: &Path) -> Result<Findings> {
    let policy = Policy::read(root)?;
    let metadata = metadata(root)?;
    let lockfile = root.join("Cargo.lock");
    let database = database::open(root)?;
    let mut findings = advisories::look(&database, &lockfile, &policy)?;
    findings.refused.extend(allowed::faults(&metadata, &policy)?);
    findings.said.extend(yanked::look(&lockfile, &cargo_home()?)?);
    Ok(findings)
}

/// What cargo knows of every package that is linked in on Linux.
fn metadata(root: &Path) -> Result<Value> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root)
        .output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where cargo keeps what it fetched.
#[allow(clippy::disallowed_methods, reason = "cargo tells by its environment where its home is")]
fn cargo_home() -> Result<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(env::home_dir()?.join(".cargo"))).context("there is no home folder")
}
