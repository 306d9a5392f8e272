//! Which crate uses which.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;
use tests::source::root;

use super::none;

/// What each crate may use of ours (house style, with what follows from it).
const MAY_USE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("words", &["base"]),
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
    (
        "web",
        &["base", "words", "crypto", "records", "identity", "pki", "documents", "verify", "seal", "oidc", "licence"],
    ),
    // A relying party knows the provider by its discovery document and by nothing else.
    ("departments", &[]),
    ("xtask", &[]),
    ("dependencies", &[]),
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
