//! What the migrations put around the rows: triggers that guard the log, views that other crates read, indexes that let
//! nothing be there twice, columns and what has to hold of their values. Whoever owns the database can take a guard away,
//! switch it off, or put a trigger beside it that runs with the rights of the product.

mod tables;

use std::collections::{BTreeMap, BTreeSet};

use base::Fault;
use sqlx::FromRow;

use crate::{
    args,
    database::Database,
    dialect::Dialect,
    migrate::{self, MIGRATIONS},
};

/// A guard: what it is, and its name.
type Key = (String, String);

/// A guard as the database has it.
#[derive(Debug, FromRow)]
struct Found {
    kind: String,
    name: String,
    /// On which table it is; empty for what is on none.
    place: String,
    /// What it does.
    text: String,
    /// Why it does not do that; empty when nothing is in its way.
    off: String,
}

/// What is not as the migrations made it, each as a sentence: a guard that is missing, was changed or is off, and one that
/// is none of ours.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn look(database: &Database) -> Result<Vec<String>, Fault> {
    let dialect = database.dialect();
    let mut tx = database.read().await?;
    let applied = migrate::applied(&mut tx).await?;
    let found: Vec<Found> = tx.all_composed(&dialect.guards_query(), args![]).await?;
    drop(tx);
    let found = found.into_iter().flat_map(|found| taken_apart(dialect, found));
    let expected = made(dialect, &applied);
    let mut missing: BTreeSet<&Key> = expected.keys().collect();
    let mut wrong = Vec::new();
    for Found { kind, name, place, text, off } in found {
        let key = (kind, name);
        let (kind, name) = &key;
        let on = if place.is_empty() { String::new() } else { format!(" on {place}") };
        missing.remove(&key);
        match expected.get(&key) {
            // Tables, indexes and functions of somebody else are in nobody's way.
            None if !RUNNING.contains(&kind.as_str()) && !binds(&expected, &key, &place) => {}
            None => wrong.push(format!("the {kind} {name}{on} is none of the product's")),
            Some(_) if !off.is_empty() => wrong.push(format!("the {kind} {name}{on} is not in force: {off}")),
            Some(made) if *made != told(dialect, kind, &text) => {
                wrong.push(format!("the {kind} {name}{on} is not as the product made it"));
            }
            Some(_) => {}
        }
    }
    // With a table everything is away that it is made of.
    let gone: BTreeSet<&str> =
        missing.iter().filter(|(kind, _)| kind == "table").map(|(_, name)| name.as_str()).collect();
    let is_of_gone = |(kind, name): &Key| {
        tables::PARTS.contains(&kind.as_str())
            && name.split(['.', ':']).next().is_some_and(|table| gone.contains(table))
    };
    let missing = missing.iter().filter(|key| !is_of_gone(key));
    wrong.extend(missing.map(|(kind, name)| format!("the {kind} {name} is missing")));
    Ok(wrong)
}

/// Whether it binds what the product writes into a table of its own: a condition of somebody else lets rows be refused. A
/// column is none, unless its name is one that no statement has.
fn binds(expected: &BTreeMap<Key, String>, (kind, name): &Key, place: &str) -> bool {
    let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    let is_ours = expected.contains_key(&("table".to_owned(), place.to_owned()));
    is_ours && (tables::BINDING.contains(&kind.as_str()) || (kind == "column" && !is_plain(name)))
}

/// A table with what it is made of, where the database says that in one text.
fn taken_apart(dialect: Dialect, found: Found) -> Vec<Found> {
    match (dialect, found.kind.as_str()) {
        (Dialect::Sqlite, "table") => {
            let part = |((kind, name), text)| Found { kind, name, text, place: found.name.clone(), off: String::new() };
            let mut parts: Vec<Found> = tables::of_text(&found.name, &found.text).into_iter().map(part).collect();
            parts.push(Found { text: String::new(), ..found });
            parts
        }
        (Dialect::Sqlite, _) => vec![found],
        (Dialect::Postgres, _) => tables::of_found(found).into_iter().collect(),
    }
}

/// What is carried out whenever its table is asked or changed.
const RUNNING: [&str; 4] = ["trigger", "view", "rule", "policy"];

/// What these migrations make, each as [`told`] says it.
fn made(dialect: Dialect, applied: &[String]) -> BTreeMap<Key, String> {
    let mut made = BTreeMap::new();
    for migration in MIGRATIONS.iter().filter(|migration| applied.iter().any(|name| name == migration.name)) {
        for statement in statements(&dialect.migration_text(migration.text(dialect))) {
            take(dialect, &statement, &mut made);
        }
    }
    made
}

/// Takes a statement of a migration.
fn take(dialect: Dialect, statement: &str, made: &mut BTreeMap<Key, String>) {
    let words: Vec<&str> = statement.split(|c: char| c.is_whitespace() || c == '(').collect();
    let mut add = |kind: &str, name: &str, text: &str| {
        made.insert((kind.to_owned(), name.to_owned()), told(dialect, kind, text));
    };
    match words.as_slice() {
        ["create", kind @ ("trigger" | "view"), name, ..] => add(kind, name, statement),
        ["create", "table", name, ..] => {
            add("table", name, "");
            made.extend(tables::of_text(name, statement));
        }
        ["alter", "table", name, "add", "column", ..] => {
            let column = statement.split_once("add column ").map_or("", |(_, column)| column);
            made.extend(tables::of_part(name, column));
        }
        ["create", "unique", "index", name, ..] => add("index", name, statement),
        ["create", "function", name, ..] | ["create", "or", "replace", "function", name, ..] => {
            add("function", name, statement.split("$$").nth(1).unwrap_or_default());
        }
        ["drop", kind, name, ..] => {
            made.remove(&((*kind).to_owned(), (*name).to_owned()));
        }
        _ => {}
    }
}

/// The statements of a migration. One that holds others ends with a line of its own.
fn statements(text: &str) -> Vec<String> {
    let (mut all, mut one) = (Vec::new(), String::new());
    for line in text.lines() {
        if one.is_empty() && (line.is_empty() || line.starts_with("--")) {
            continue;
        }
        one.push_str(line);
        one.push('\n');
        let is_over = if one.contains("$$") {
            line.ends_with("$$;")
        } else if one.starts_with("create trigger") && one.contains("\nbegin\n") {
            line == "end;"
        } else {
            line.ends_with(';')
        };
        if is_over {
            all.push(std::mem::take(&mut one).trim_end().trim_end_matches(';').to_owned());
        }
    }
    all
}

/// A text so that what a migration says and what the database says of it are the same.
fn told(dialect: Dialect, kind: &str, text: &str) -> String {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match (dialect, kind) {
        (_, kind) if tables::PARTS.contains(&kind) => text.to_owned(),
        // The database keeps the text, and writes its first words anew.
        (Dialect::Sqlite, _) => {
            let first = text.find(|c: char| c.is_whitespace()).unwrap_or_default();
            let kept = text.get(first..).unwrap_or_default();
            let second = ["TRIGGER ", "VIEW ", "UNIQUE INDEX "].into_iter().find_map(|word| {
                let kept = kept.trim_start();
                let begins = kept.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
                begins.then(|| kept.get(word.len()..).unwrap_or_default())
            });
            words(second.unwrap_or(kept))
        }
        // It tells how it understood a view: in which brackets, and with which names of tables, depends on its version.
        (Dialect::Postgres, "view") => {
            let text = text.to_lowercase().replace(['(', ')', ';'], " ");
            let text = text.get(text.find("select").unwrap_or_default()..).unwrap_or_default();
            let tables = migrate::tables_made();
            let word = |word: &str| match word.split_once('.') {
                Some((table, column)) if tables.contains(&table) => column.to_owned(),
                _ => word.to_owned(),
            };
            text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
        }
        (Dialect::Postgres, "trigger") => {
            let text = words(text);
            let made = text.strip_prefix("create trigger ").and_then(|text| text.split_once(' '));
            made.map_or_else(|| text.clone(), |(_, does)| does.to_owned())
        }
        // Of a condition only that there is one.
        (Dialect::Postgres, "index") => {
            let text = words(text);
            let of = text.split_once(" on ").map_or(text.as_str(), |(_, rest)| rest);
            let (columns, rest) = of.split_once(')').unwrap_or((of, ""));
            if rest.is_empty() { columns.to_owned() } else { format!("{columns}, on a condition") }
        }
        (Dialect::Postgres, _) => words(text),
    }
}
