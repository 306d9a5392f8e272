//! What is kept in memory is kept by `records::Kept`.

use std::fs;

use tests::source;

use super::{none, shown};

#[test]
fn revisions_are_compared_in_one_place() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        let (name, text) = (shown(&file), fs::read_to_string(&file).unwrap());
        if !name.starts_with("src/records/") && text.contains("revision::all(") {
            wrong.push(format!("{name}: reads revisions itself; rather records::Kept"));
        }
    }
    none(&wrong);
}
