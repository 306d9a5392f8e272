//! Statements in the code: who may name a table, and how a statement is written.

use std::{collections::BTreeMap, fs};

use tests::{
    lists,
    source::{self, root},
};

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

/// A statement is planned once, for all values: what is compared only if it is there, and a bound that is worked out, find
/// nothing by an index.
#[test]
fn a_statement_says_what_it_looks_for_and_leaves_nothing_open() {
    let mut wrong = Vec::new();
    for statement in lists::statements() {
        let text = statement.shown();
        let words: Vec<&str> = text.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
        let is_open = words.windows(3).any(|three| three[0].starts_with('$') && three[1..] == ["is", "null"]);
        // Behind `where`, up to what is set there if anything is.
        let mut conditions = text.split(" where ").skip(1).filter_map(|part| part.split(" set ").next());
        if is_open || conditions.any(|part| part.contains("coalesce(")) {
            wrong.push(format!("{}: {text}", statement.file));
        }
    }
    none(&wrong);
}

#[test]
fn what_is_over_is_removed_so_many_rows_at_a_time_by_every_statement() {
    let limit = format!("limit {})", records::REMOVED_AT_ONCE);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for statement in lists::statements() {
        let text = statement.shown();
        // One row is removed by its key; many by a condition on when they end.
        if text.starts_with("delete from ") && (text.contains(" <= ") || text.contains(" < ")) {
            seen += 1;
            if !text.ends_with(&limit) {
                wrong.push(format!("{}: {text}", statement.file));
            }
        }
    }
    assert!(seen > 3, "{seen}");
    none(&wrong);
}

/// SQLite plans without figures, as every test sees it, for as long as nobody has it collect some.
#[test]
fn nobody_has_sqlite_collect_figures() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        for literal in source::literals(&fs::read_to_string(&file).unwrap()) {
            let first = literal.split_whitespace().next().unwrap_or_default();
            if literal.contains("pragma optimize") || first.trim_end_matches(';') == "analyze" {
                wrong.push(format!("{}: {literal}", shown(&file)));
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
            let statement = literal.split('"').next().unwrap_or_default();
            let changes = |word: &str| ["insert", "update", "delete"].contains(&word);
            if changes(word) || (word == "with" && statement.split_whitespace().any(changes)) {
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
        let owner = file[5..].split(['.', '_']).next().unwrap().to_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        for three in words.windows(3).filter(|three| three[..2] == ["create", "table"]) {
            owners.insert(three[2].trim_end_matches('(').to_owned(), owner.clone());
        }
    }
    assert!(owners.len() > 5, "{owners:?}");
    owners
}
