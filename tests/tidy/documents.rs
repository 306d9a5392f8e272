//! Documents, and what they say of the code.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use tests::source::{self, root};

use super::{dependencies::metadata, none, shown, tracked};

#[test]
fn links_in_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for file in tracked().iter().filter(|file| file.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(file).unwrap();
        for link in source::links(&text) {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            if !file.parent().unwrap().join(path).exists() {
                wrong.push(format!("{}: {link}", shown(file)));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_crate_is_on_the_map() {
    let map = fs::read_to_string(root().join("src/README.md")).unwrap_or_default();
    let mut wrong = Vec::new();
    for package in metadata(&["--no-deps"])["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let path = Path::new(package["manifest_path"].as_str().unwrap());
        let named = [format!("`{name}`"), format!("[{name}]")].iter().any(|word| map.contains(word.as_str()));
        if path.starts_with(root().join("src")) && !named {
            wrong.push(format!("src/README.md does not name {name}"));
        }
    }
    none(&wrong);
}

#[test]
fn every_path_that_the_map_names_is_there() {
    let text = fs::read_to_string(root().join("src/README.md")).unwrap();
    let sentences: String = text.split("```").step_by(2).collect();
    let paths: Vec<&str> =
        sentences.split('`').skip(1).step_by(2).filter(|code| code.contains('/') && !code.contains(' ')).collect();
    let wrong: Vec<String> = paths
        .iter()
        .filter(|path| !root().join("src").join(path).exists())
        .map(|path| format!("src/README.md: there is no {path}"))
        .collect();
    assert!(paths.len() > 40, "{paths:?}");
    none(&wrong);
}

#[test]
fn the_reference_pages_are_what_the_product_prints() {
    let pages: [(&str, &[&str]); 4] = [
        ("deploy/settings/reference.toml", &["settings"]),
        ("src/web/access.md", &["access"]),
        ("deploy/events.md", &["events"]),
        ("deploy/events.zh.md", &["events", "--language", "zh"]),
    ];
    for (page, words) in pages {
        let printed = Command::new(tests::process::program()).args(words).output().unwrap();
        let kept = fs::read(root().join(page)).unwrap_or_default();
        assert!(printed.stdout == kept, "{page}: run `cargo xtask reference` and keep what it writes");
    }
}

#[test]
fn every_test_that_a_document_names_exists() {
    let mut names = BTreeSet::new();
    for folder in ["src", "tests", "clients"] {
        for file in source::rust_files(folder) {
            names.extend(source::declared_names(&fs::read_to_string(file).unwrap()));
        }
    }
    let scripts: String = tracked()
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "mjs" || extension == "py"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let mut wrong = Vec::new();
    for file in ["src/README.md", "src/STYLE.md"] {
        let text = fs::read_to_string(root().join(file)).unwrap_or_default();
        for code in text.split('`').skip(1).step_by(2) {
            let name = code.rsplit("::").next().unwrap_or_default();
            // A name of a test is a sentence: three words at least.
            let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if is_name && name.matches('_').count() >= 3 && !names.contains(name) && !scripts.contains(name) {
                wrong.push(format!("{file}: {code}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_file_tells_where_it_was_written() {
    // Put together from parts, so that this file does not break its own rule.
    let never = [
        ["/wo", "rk/main"].concat(),
        ["/wo", "rk/shared"].concat(),
        ["/ro", "ot/"].concat(),
        ["\"resolved\": \"", "http"].concat(),
        ["registry = \"", "http"].concat(),
    ];
    let mut wrong = Vec::new();
    for file in tracked() {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for words in &never {
            if text.contains(words.as_str()) {
                wrong.push(format!("{}: {words}", shown(&file)));
            }
        }
    }
    none(&wrong);
}
