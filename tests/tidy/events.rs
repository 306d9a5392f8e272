//! What is written down, and under which identifiers.

use std::{fs, path::PathBuf};

use tests::source::{self, root};

use super::{none, shown};

#[test]
fn identifiers_of_a_unit_of_work_come_from_the_work() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        for (place, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            // Drawn beside the others of its act, it would sort among them by chance.
            if line.contains("Id::new(") && (line.contains("work.") || line.contains("context.")) {
                wrong.push(format!("{}:{}: {}", shown(&file), place + 1, line.trim()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn events_are_declared_in_the_events_file_of_a_crate_and_each_such_file_is_in_the_list() {
    let list = fs::read_to_string(root().join("src/web/kit/events.rs")).unwrap();
    let mut wrong = Vec::new();
    let mut crates = 0;
    let is_product = |file: &PathBuf| !source::is_test_file(file) && !file.ends_with("testing.rs");
    for file in source::rust_files("src").into_iter().filter(is_product) {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let name = shown(&file);
        if name != "src/records/event.rs" && (text.contains(" Event for ") || text.contains("Event for $")) {
            wrong.push(format!("{name}: an event that `events!` did not declare"));
        }
        if !text.lines().any(|line| line.ends_with("::events! {") && !line.starts_with("//")) {
            continue;
        }
        let crate_name = name.split('/').nth(1).unwrap();
        if name != format!("src/{crate_name}/events.rs") {
            wrong.push(format!("{name}: events stand in src/{crate_name}/events.rs"));
        }
        if !list.contains(&format!("{crate_name}::events::ALL,")) {
            wrong.push(format!("{name}: src/web/kit/events.rs does not list its kinds"));
        }
        crates += 1;
    }
    assert!(crates >= 6, "only {crates} crates declare events");
    none(&wrong);
}
