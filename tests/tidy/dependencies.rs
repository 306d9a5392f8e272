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
    ("examiner", &["base", "documents", "verify"]),
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
        &[
            "base",
            "words",
            "crypto",
            "records",
            "identity",
            "pki",
            "documents",
            "verify",
            "examiner",
            "seal",
            "oidc",
            "licence",
        ],
    ),
    // A relying party knows the provider by its discovery document and by nothing else.
    ("departments", &[]),
    ("xtask", &[]),
    ("dependencies", &[]),
    ("outside", &[]),
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

/// Asked to build one crate, cargo chooses the features of what it depends on for that crate alone. So that it need not
/// build the outside world once more, every crate's tests take all of it, in one set of features (decision 0032).
#[test]
fn every_crate_is_tested_with_one_set_of_features() {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let together = |name: &str| {
        let outside = packages.iter().find(|package| package["name"] == "outside").unwrap();
        dependencies(outside).find(|taken| taken["name"] == name).map(features)
    };
    // What the tests of any crate ask of one of ours beyond what the product does.
    let for_tests: BTreeSet<(&str, &str)> = packages
        .iter()
        .flat_map(dependencies)
        .filter(|used| used["kind"] == "dev" && ours.contains(used["name"].as_str().unwrap()))
        .flat_map(|used| features(used).into_iter().map(|feature| (used["name"].as_str().unwrap(), feature)))
        .collect();
    let mut wrong = Vec::new();
    for package in packages.iter().filter(|package| !["outside", "xtask"].contains(&package["name"].as_str().unwrap()))
    {
        let name = package["name"].as_str().unwrap();
        if !dependencies(package).any(|used| used["name"] == "outside" && used["kind"] == "dev") {
            wrong.push(format!("{name} is not tested with outside"));
        }
        for used in dependencies(package).filter(|used| used["optional"] == false) {
            let other = used["name"].as_str().unwrap();
            if !ours.contains(other) && !together(other).is_some_and(|all| all.is_superset(&features(used))) {
                wrong.push(format!("outside lacks {other} {:?}, which {name} takes", features(used)));
            }
        }
        for (other, feature) in &for_tests {
            let uses = || dependencies(package).filter(|used| used["name"] == *other);
            if uses().next().is_some() && !uses().any(|used| features(used).contains(feature)) {
                wrong.push(format!("{name} is tested with {other} without its feature {feature}"));
            }
        }
    }
    none(&wrong);
}

fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    package["dependencies"].as_array().unwrap().iter()
}

fn features(used: &Value) -> BTreeSet<&str> {
    used["features"].as_array().unwrap().iter().map(|feature| feature.as_str().unwrap()).collect()
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
