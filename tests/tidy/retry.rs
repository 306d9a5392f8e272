//! Trying again is done at the edge of an operation, by `records::attempt`, and nowhere else.

use std::fs;

use tests::source;

use super::{none, shown};

/// Who may ask whether a fault is a conflict: where faults are made, where operations are tried again, and where the
/// last one is answered.
const JUDGES: &[&str] = &["src/base/", "src/records/", "src/web/kit/problem.rs"];

#[test]
fn an_operation_is_tried_again_in_one_place() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src") {
        let (name, text) = (shown(&file), fs::read_to_string(&file).unwrap());
        if text.contains("FaultKind::Conflict") && !JUDGES.iter().any(|judge| name.starts_with(judge)) {
            wrong.push(format!("{name}: judges a conflict itself; rather records::attempt"));
        }
        // What a browser or a program asks for is always tried again, so no handler opens a unit of work by hand.
        if name.starts_with("src/web/") && !source::is_test_file(&file) && text.contains(".begin(") {
            wrong.push(format!("{name}: begins a unit of work itself; rather attempt"));
        }
    }
    none(&wrong);
}
