//! Statements in the code: who may name a table, and how a statement is written.

use std::{collections::BTreeMap, fs};

use tests::source::{self, root};

use super::{migrations::migrations, none, shown};

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
        for statement in source::statements(&fs::read_to_string(&file).unwrap()) {
            for table in source::tables_named(&statement) {
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

/// A read is asked again when its connection was closed meanwhile, and nobody asks what became of the first.
#[test]
fn what_is_asked_for_rows_alone_changes_nothing() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        let text = fs::read_to_string(&file).unwrap();
        for call in [".all", ".first", ".one"].into_iter().flat_map(|name| text.split(name).skip(1)) {
            let Some((way, rest)) = call.split_once('(').filter(|(way, _)| way.is_empty() || way.starts_with("::<"))
            else {
                continue;
            };
            let Some(literal) = rest.trim_start().strip_prefix('"') else { continue };
            let word = literal.split_whitespace().next().unwrap_or_default();
            seen += usize::from(word == "select");
            if ["insert", "update", "delete", "with"].contains(&word) {
                wrong.push(format!("{}: {way} {word}", shown(&file)));
            }
        }
    }
    assert!(seen > 30, "{seen}");
    none(&wrong);
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
