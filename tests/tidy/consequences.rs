//! What follows from an event stands in the table of consequences, and nobody else makes it follow.

use std::fs;

use tests::source::{self, root};

use super::{none, shown};

const TABLE: &str = "src/consequences/lib.rs";

/// The operations that the table calls, as it calls them: `session::close_of_account(`.
fn reactions() -> Vec<String> {
    let text = fs::read_to_string(root().join(TABLE)).unwrap();
    let calls = text.split("(work, ").filter_map(|before| {
        let call = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || "_:".contains(c))).next()?;
        call.contains("::").then(|| format!("{call}("))
    });
    calls.collect()
}

#[test]
fn what_follows_from_an_event_is_called_by_the_table_alone() {
    let reactions = reactions();
    assert!(reactions.len() > 4, "{reactions:?}");
    let mut wrong = Vec::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        let (name, text) = (shown(&file), fs::read_to_string(&file).unwrap());
        if name == TABLE {
            continue;
        }
        for call in &reactions {
            if text.contains(call.as_str()) {
                wrong.push(format!("{name}: calls {call}…); it follows from an event by itself"));
            }
        }
    }
    none(&wrong);
}

/// A database that is opened without the table would forget what follows.
#[test]
fn the_product_opens_its_database_with_the_table() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        let (name, text) = (shown(&file), fs::read_to_string(&file).unwrap());
        let opens = text.contains("use records::") && text.contains("Database::open(");
        if opens && !text.contains("consequences::TABLE") {
            wrong.push(format!("{name}: opens a database without consequences::TABLE"));
        }
    }
    none(&wrong);
}
