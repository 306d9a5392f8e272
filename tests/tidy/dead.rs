//! What nobody uses goes: columns that nothing reads, dependencies that nothing names, parameters and checks without effect.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use tests::source::{self, root};

use super::{migrations::migrations, none, shown};

/// Columns that no statement reads, each with the reason why it stays.
const UNREAD: &[(&str, &str)] = &[
    (
        "job.last_error",
        "why a job waits again, for who looks into the database; one that is given up says it in its event",
    ),
    ("client_grant.grant_id", "the key of the table, which a running city cannot lose; person and client find the row"),
    (
        "seal.gbt_38540",
        "the place that 0006_seal.sql keeps for the seal structure of GB/T 38540; nothing writes it yet",
    ),
];

/// Dependencies that a crate needs without naming them.
const UNNAMED: &[(&str, &str)] = &[
    ("src/identity: sqlx", FROM_ROW),
    ("src/oidc: sqlx", FROM_ROW),
    ("src/pki: sqlx", FROM_ROW),
    ("src/seal: sqlx", FROM_ROW),
];

const FROM_ROW: &str = "what `FromRow` derives names it";

#[test]
fn every_column_is_read_by_a_statement() {
    let mut read = BTreeSet::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        for statement in source::literals(&fs::read_to_string(&file).unwrap()) {
            read.extend(words_read(&statement));
        }
    }
    let mut wrong = Vec::new();
    for (file, text) in migrations() {
        let mut table = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("create table ") {
                table = name.trim_end_matches([' ', '(']).to_owned();
            }
            let mut words = line.split_whitespace();
            let (Some(column), Some(kind)) = (words.next(), words.next()) else { continue };
            let kind = kind.trim_end_matches(',');
            if !line.starts_with("    ") || !["text", "bigint", "bytea"].contains(&kind) {
                continue;
            }
            let known = UNREAD.iter().any(|(unread, _)| *unread == format!("{table}.{column}"));
            if read.contains(column) == known {
                wrong.push(format!(
                    "{file}: {table}.{column}: {}",
                    if known { "is read after all" } else { "nothing reads it" }
                ));
            }
        }
    }
    none(&wrong);
}

/// The words of a statement but for the columns that it only writes.
fn words_read(statement: &str) -> Vec<String> {
    let mut text = statement.to_owned();
    if text.trim_start().starts_with("insert into") {
        // What is inserted is not read; what comes behind may be.
        let columns = text.find('(').zip(text.find(')'));
        if let Some((open, close)) = columns {
            text.replace_range(open..=close, " ");
        }
    }
    let mut words = Vec::new();
    let pieces: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '=').collect();
    let pieces: Vec<&str> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
    let mut setting = false;
    for (place, piece) in pieces.iter().enumerate() {
        match *piece {
            "set" => setting = true,
            "where" | "from" | "returning" | "select" => setting = false,
            _ => {}
        }
        let is_target = setting && pieces.get(place + 1) == Some(&"=");
        if !is_target {
            words.push((*piece).to_owned());
        }
    }
    words
}

#[test]
fn every_dependency_is_named_by_the_crate_that_lists_it() {
    let mut wrong = Vec::new();
    let mut manifests = vec!["tests".to_owned(), "clients/departments".to_owned()];
    let folders = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    manifests.extend(folders.filter(|path| path.join("Cargo.toml").exists()).map(|path| shown(&path)));
    // It is there to be listed (decision 0032).
    let listed_only = "outside";
    manifests.retain(|folder| !folder.ends_with(listed_only));
    for folder in manifests {
        let Ok(text) = fs::read_to_string(root().join(&folder).join("Cargo.toml")) else { continue };
        let manifest: toml::Table = text.parse().unwrap();
        let code: String = source::rust_files(&folder)
            .iter()
            .map(|file| fs::read_to_string(file).unwrap())
            .collect::<Vec<_>>()
            .join("\n");
        for part in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let names = manifest.get(part).and_then(|part| part.as_table()).into_iter().flat_map(|part| part.keys());
            for name in names.filter(|name| *name != listed_only) {
                let word = name.replace('-', "_");
                let named =
                    [format!("{word}::"), format!("use {word};"), format!("use {word} as"), format!("{word}!(")];
                let known = UNNAMED.iter().any(|(unnamed, _)| *unnamed == format!("{folder}: {name}"));
                if named.iter().any(|named| code.contains(named)) == known {
                    wrong.push(format!("{folder}: {name}"));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_parameter_is_there_for_nothing_and_no_check_for_debugging_only() {
    let mut wrong = Vec::new();
    for folder in ["src", "clients"] {
        for file in source::rust_files(folder).into_iter().filter(|file| !source::is_test_file(file)) {
            let text = fs::read_to_string(&file).unwrap();
            for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
                // A trait's parameter that is not needed is `_`; one with a name after `_` could go.
                let parameters = line.split(['(', ',', ' ']).filter(|word| word.ends_with(':'));
                let unused = parameters.filter(|word| word.starts_with('_') && word.len() > 2).count() > 0;
                let is_field = line.starts_with('_');
                if (unused && line.contains("fn ") && !is_field) || line.contains("debug_assert") {
                    wrong.push(format!("{}: {line}", shown(&file)));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn a_list_of_columns_is_written_once_in_a_file() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        let mut seen: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for literal in source::literals(&fs::read_to_string(&file).unwrap()) {
            let words: Vec<String> = literal.split_whitespace().map(str::to_owned).collect();
            let end = words.iter().position(|word| word == "from");
            if let Some(end) =
                end.filter(|end| words.first().is_some_and(|word| word == "select") && *end > COLUMNS_MAX)
            {
                *seen.entry(words[1..end].to_vec()).or_default() += 1;
            }
        }
        for (columns, times) in seen.into_iter().filter(|(_, times)| *times > 1) {
            wrong.push(format!("{}: {times} times: {}", shown(&file), columns.join(" ")));
        }
    }
    none(&wrong);
}

/// A list of so many columns may be written again: a macro would be longer.
const COLUMNS_MAX: usize = 5;
