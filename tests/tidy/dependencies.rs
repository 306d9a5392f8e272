//! Which crate uses which, and what may come in from outside.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use serde_json::Value;
use tests::source::{self, root};

use super::none;

/// What each crate may use of ours (house style, with what follows from it).
const MAY_USE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("crypto", &["base"]),
    ("documents", &["base", "crypto"]),
    ("verify", &["base", "crypto", "documents"]),
    ("records", &["base", "crypto"]),
    ("pki", &["base", "crypto", "records"]),
    ("identity", &["base", "crypto", "records"]),
    ("oidc", &["base", "crypto", "records", "identity"]),
    ("seal", &["base", "crypto", "records", "identity", "pki", "documents", "verify"]),
    ("licence", &["base", "crypto", "records", "identity", "pki", "documents", "verify", "seal"]),
    // It calls operations of domains and nothing below them.
    ("consequences", &["base", "records", "identity", "oidc", "licence"]),
    ("web", &["base", "crypto", "records", "identity", "pki", "documents", "verify", "seal", "oidc", "licence"]),
    // A relying party knows the provider by its discovery document and by nothing else.
    ("departments", &[]),
    ("xtask", &[]),
];

#[test]
fn a_crate_uses_only_the_crates_below_it() {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        // The binary and the tests may use everything.
        let Some(allowed) = allowed.get(name) else {
            assert!(["server", "tests"].contains(&name), "{name} has no row in MAY_USE");
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = dependency["name"].as_str().unwrap();
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if ours.contains(used) && used != name && !for_tests && !allowed.contains(&used) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn dependencies_keep_to_the_licences_and_sources_we_allow() {
    let rules: toml::Table = fs::read_to_string(root().join(".deny.toml")).unwrap().parse().unwrap();
    let allowed: BTreeSet<&str> =
        rules["licenses"]["allow"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let banned: BTreeSet<&str> =
        rules["bans"]["deny"].as_array().unwrap().iter().map(|row| row["crate"].as_str().unwrap()).collect();
    let metadata = metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"]);
    let used: BTreeSet<&str> =
        metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let (name, id) = (package["name"].as_str().unwrap(), package["id"].as_str().unwrap());
        if !used.contains(id) {
            continue;
        }
        if banned.contains(name) {
            wrong.push(format!("{name} is banned"));
        }
        let licence = package["license"].as_str().unwrap_or_default();
        if !source::licence_allowed(licence, &allowed) {
            wrong.push(format!("{name}: {licence:?}"));
        }
        if let Some(from) = package["source"].as_str()
            && from != "registry+https://github.com/rust-lang/crates.io-index"
        {
            wrong.push(format!("{name} comes from {from}"));
        }
    }
    none(&wrong);
}

pub fn metadata(more: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(more)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
