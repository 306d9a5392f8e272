//! Rules about the text of the repository: directions, owners, words, links, licences. Each test is one rule; it
//! lists everything that breaks it, with the file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tests::source::{self, root};

/// What each crate may use of ours (design S2, with what follows from it).
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
    ("web", &["base", "crypto", "records", "identity", "pki", "documents", "verify", "seal", "oidc", "licence"]),
    // A relying party knows the provider by its discovery document and by nothing else.
    ("departments", &[]),
    ("xtask", &[]),
];

/// Words that the glossary replaces (design S5), as parts of names that we declare.
const NEVER: &[(&str, &str)] = &[
    ("user", "Person, Account or Holder"),
    ("tenant", "RelyingParty or Client"),
    ("util", "the name of what it does"),
    ("utils", "the name of what it does"),
    ("helper", "the name of what it does"),
    ("helpers", "the name of what it does"),
    ("manager", "the name of what it does"),
    ("cert", "Certificate"),
    ("license", "Licence"),
];

/// Names that a specification or a dependency chose.
const NEVER_BUT: &[&str] = &["userinfo", "user_info", "UserInfo", "user_agent", "UserAgent", "x_user"];

/// The longest file that needs no reason; longer ones are reported.
const FILE_LINES_AIM: usize = 500;

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
fn only_the_owner_names_a_table_in_sql() {
    let owners = tables();
    let mut wrong = Vec::new();
    for file in source::rust_files("src") {
        // A test may look at what was stored, wherever it is.
        if source::is_test_file(&file) {
            continue;
        }
        let name = file.strip_prefix(root().join("src")).unwrap().iter().next().unwrap().to_str().unwrap().to_owned();
        for literal in source::literals(&fs::read_to_string(&file).unwrap()) {
            if !source::is_statement(&literal) {
                continue;
            }
            for table in source::tables_named(&literal) {
                if let Some(owner) = owners.get(&table).filter(|owner| **owner != name) {
                    wrong.push(format!("{}: {name} names {table}, which is {owner}'s", shown(&file)));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn statements_are_lower_case_and_list_their_columns() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        for literal in source::literals(&fs::read_to_string(&file).unwrap()) {
            let first = literal.split_whitespace().next().unwrap_or_default();
            if ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(&first) {
                wrong.push(format!("{}: {}", shown(&file), literal.lines().next().unwrap_or_default()));
            }
            let words: Vec<&str> = literal.split_whitespace().collect();
            if source::is_statement(&literal) && words.windows(2).any(|pair| pair == ["select", "*"]) {
                wrong.push(format!("{}: select *", shown(&file)));
            }
        }
    }
    none(&wrong);
}

#[test]
fn migrations_are_numbered_without_gaps_and_come_for_both_databases() {
    let names: Vec<String> = migrations().into_iter().map(|(name, _)| name).collect();
    let mut numbers: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for name in &names {
        numbers.entry(name[..4].parse().unwrap()).or_default().push(&name[4..]);
    }
    for (place, (number, files)) in numbers.iter().enumerate() {
        assert_eq!(*number as usize, place + 1, "a number is missing before {files:?}");
        let pair = files.len() == 2 && files[0].ends_with(".postgres.sql") && files[1].ends_with(".sqlite.sql");
        let one = files.len() == 1 && files[0].matches('.').count() == 1;
        assert!(pair || one, "{number}: {files:?}");
    }
}

#[test]
fn columns_have_one_of_three_types() {
    let mut wrong = Vec::new();
    for (file, text) in migrations() {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with("--")) {
            for word in line.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                if [
                    "integer",
                    "int",
                    "boolean",
                    "timestamp",
                    "timestamptz",
                    "json",
                    "jsonb",
                    "uuid",
                    "numeric",
                    "real",
                    "varchar",
                ]
                .contains(&word)
                {
                    wrong.push(format!("{file}: {line}"));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn names_keep_to_the_glossary() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src") {
        for name in source::declared_names(&fs::read_to_string(&file).unwrap()) {
            if NEVER_BUT.iter().any(|but| name.contains(but)) {
                continue;
            }
            for word in source::words(&name) {
                if let Some((_, instead)) = NEVER.iter().find(|(never, _)| *never == word) {
                    wrong.push(format!("{}: {name}; rather {instead}", shown(&file)));
                }
            }
        }
        let stem = file.file_stem().unwrap().to_str().unwrap();
        if ["types", "util", "utils", "impl", "helpers", "common", "misc"].contains(&stem) {
            wrong.push(format!("{}: a file is named by what it is about", shown(&file)));
        }
    }
    none(&wrong);
}

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
fn the_reference_page_is_what_the_product_prints() {
    let printed = Command::new(tests::process::program()).arg("settings").output().unwrap();
    let kept = fs::read(root().join("deploy/settings/reference.toml")).unwrap();
    assert!(printed.stdout == kept, "run `cargo xtask reference` and keep what it writes");
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
    for file in ["src/README.md"] {
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

#[test]
fn no_test_is_ignored() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "clients"] {
        for file in source::rust_files(folder) {
            let text = fs::read_to_string(&file).unwrap();
            if text.lines().any(|line| line.trim_start().starts_with("#[ignore")) {
                wrong.push(shown(&file));
            }
        }
    }
    none(&wrong);
}

#[test]
fn long_files_are_reported() {
    let mut long: Vec<(usize, String)> = ["src", "tests", "clients"]
        .iter()
        .flat_map(|folder| source::rust_files(folder))
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), shown(&file)))
        .filter(|(lines, _)| *lines > FILE_LINES_AIM)
        .collect();
    long.sort();
    for (lines, file) in long {
        println!("{lines} lines: {file}");
    }
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// Table → crate, by the migration that makes it.
fn tables() -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for (file, text) in migrations() {
        let owner = file[5..].split('.').next().unwrap().to_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        for three in words.windows(3).filter(|three| three[..2] == ["create", "table"]) {
            owners.insert(three[2].trim_end_matches('(').to_owned(), owner.clone());
        }
    }
    assert!(owners.len() > 5, "{owners:?}");
    owners
}

fn migrations() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(root().join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "sql"))
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn metadata(more: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(more)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Every file that git keeps, or would keep.
fn tracked() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success());
    let names = String::from_utf8(output.stdout).unwrap();
    names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(|name| root().join(name))
        .filter(|path| path.is_file())
        .collect()
}
