//! What is written down, and under which identifiers.

use std::fs;

use tests::source;

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
