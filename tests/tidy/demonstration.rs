//! What a production build leaves out: the demonstration and its passwords.

use std::fs;

use tests::source::{self, root};

use super::{none, shown};

/// Where the demonstration stands; everything in it is behind the feature `demo` of the crate `server`.
const DEMONSTRATION: [&str; 3] = ["src/server/demo.rs", "src/server/demo/", "src/server/commands/demo.rs"];

#[test]
fn the_demonstration_is_a_feature_that_a_production_build_leaves_out() {
    let manifest: toml::Table = fs::read_to_string(root().join("src/server/Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(manifest["features"]["default"].as_array().unwrap(), &[toml::Value::from("demo")]);
    assert_eq!(manifest["features"]["demo"].as_array().unwrap(), &[toml::Value::from("dep:departments")]);
    assert_eq!(manifest["dependencies"]["departments"]["optional"].as_bool(), Some(true));
    let deploy = fs::read_to_string(root().join("deploy/README.md")).unwrap();
    assert!(deploy.contains("cargo build --release --no-default-features --package server"));
    let mut wrong = Vec::new();
    for file in source::rust_files("src/server").into_iter().filter(|file| !is_demonstration(&shown(file))) {
        let text = fs::read_to_string(&file).unwrap();
        let mut before = "";
        for line in text.lines().map(str::trim) {
            let names = ["mod demo;", "demo::", "Demo(", "departments::", "Department {"];
            if names.iter().any(|name| line.contains(name)) && !line.starts_with("//") && before != FEATURE {
                wrong.push(format!("{}: not behind the feature: {line}", shown(&file)));
            }
            // Other attributes may stand between.
            if !line.starts_with("#[command") {
                before = line;
            }
        }
    }
    none(&wrong);
}

#[test]
fn passwords_of_the_demonstration_stand_in_it_and_nowhere_else() {
    let names = fs::read_to_string(root().join("src/server/demo/names.rs")).unwrap();
    let password = names.split("pub const PASSWORD: &str = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(password.len() > 10);
    let mut wrong = Vec::new();
    for folder in ["src", "clients"] {
        for file in source::rust_files(folder).into_iter().filter(|file| !source::is_test_file(file)) {
            if !is_demonstration(&shown(&file)) && fs::read_to_string(&file).unwrap().contains(password) {
                wrong.push(shown(&file));
            }
        }
    }
    none(&wrong);
}

const FEATURE: &str = "#[cfg(feature = \"demo\")]";

fn is_demonstration(file: &str) -> bool {
    DEMONSTRATION.iter().any(|place| if place.ends_with('/') { file.starts_with(place) } else { file == *place })
}
