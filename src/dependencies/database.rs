//! The database of advisories: a snapshot beside the checkout where there is one, else as it is published now.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use rustsec::Database as Advisories;

const PUBLISHED: &str = "https://github.com/RustSec/advisory-db";

/// Opens it. Without a snapshot and without a network there is none, which is an error: nobody would know that
/// nothing was checked.
pub fn open(root: &Path) -> Result<Advisories> {
    let folder = root.join("target/advisories");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let snapshot = root.join("../shared/advisory-db.tar.xz");
    if snapshot.exists() {
        unpack(&snapshot, &folder)?;
    } else {
        fetch(PUBLISHED, &folder)?;
    }
    read(&folder)
}

pub fn read(folder: &Path) -> Result<Advisories> {
    let database = Advisories::open(folder).with_context(|| format!("reading {}", folder.display()))?;
    ensure!(database.iter().next().is_some(), "{} holds no advisory", folder.display());
    Ok(database)
}

pub fn unpack(snapshot: &Path, folder: &Path) -> Result<()> {
    let mut command = Command::new("tar");
    command.args(["--extract", "--xz", "--file"]).arg(snapshot).arg("--directory").arg(folder);
    let output = command.output().context("tar")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} cannot be unpacked: {said}", snapshot.display());
    Ok(())
}

pub fn fetch(from: &str, folder: &Path) -> Result<()> {
    let mut command = Command::new("git");
    command.args(["clone", "--quiet", "--depth", "1", from]).arg(folder).env("GIT_TERMINAL_PROMPT", "0");
    let output = command.output().context("git")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "no advisory was checked: there is no ../shared/advisory-db.tar.xz, and {from} cannot be fetched: {said}"
    );
    Ok(())
}
