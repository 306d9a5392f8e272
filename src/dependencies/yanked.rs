//! Versions that their authors took back. The registry's index says so; cargo keeps the part of it that it read when it
//! fetched the packages.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use rustsec::Lockfile;
use serde_json::Value;

/// A line for each locked version that was taken back, and one that counts what the index says nothing of.
pub fn look(lockfile: &Path, cargo_home: &Path) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let (mut known, mut unknown) = (0, 0);
    for package in Lockfile::load(lockfile)?.packages.iter().filter(|package| package.source.is_some()) {
        let (name, version) = (package.name.as_str(), package.version.to_string());
        match is_yanked(cargo_home, name, &version) {
            Some(true) => said.push(format!("{name} {version} was taken back by its authors")),
            Some(false) => known += 1,
            None => unknown += 1,
        }
    }
    ensure!(known > 0 || unknown == 0, "cargo keeps no index in {}: run cargo fetch", cargo_home.display());
    if unknown > 0 {
        said.push(format!("of {unknown} versions cargo's index does not say whether they were taken back"));
    }
    Ok(said)
}

fn is_yanked(cargo_home: &Path, name: &str, version: &str) -> Option<bool> {
    let folders = fs::read_dir(cargo_home.join("registry/index")).ok()?;
    let entries = folders.flatten().filter_map(|folder| fs::read(folder.path().join(".cache").join(place(name))).ok());
    // Each version is a JSON object between two zeros.
    entries.into_iter().find_map(|entry| {
        entry
            .split(|byte| *byte == 0)
            .filter_map(|piece| serde_json::from_slice::<Value>(piece).ok())
            .find(|one| one.get("vers").and_then(Value::as_str) == Some(version))
            .and_then(|one| one.get("yanked")?.as_bool())
    })
}

/// Where the index keeps a package: `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcde`.
pub fn place(name: &str) -> String {
    let name = name.to_lowercase();
    match (name.len(), name.get(..1), name.get(..2), name.get(2..4)) {
        (1 | 2, ..) => format!("{}/{name}", name.len()),
        (3, Some(first), ..) => format!("3/{first}/{name}"),
        (_, _, Some(first), Some(second)) => format!("{first}/{second}/{name}"),
        _ => name,
    }
}
