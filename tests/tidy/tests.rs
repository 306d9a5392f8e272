//! The tests themselves.

use std::fs;

use tests::source;

use super::{none, shown};

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
