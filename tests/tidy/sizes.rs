//! How long a file may get.

use std::fs;

use tests::source;

use super::shown;

/// The longest file that needs no reason; longer ones are reported.
const FILE_LINES_AIM: usize = 500;

#[test]
fn long_files_are_reported() {
    let mut long: Vec<(usize, String)> = ["src", "tests", "clients"]
        .iter()
        .flat_map(|folder| source::rust_files(folder))
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), shown(&file)))
        .filter(|(lines, _)| *lines > FILE_LINES_AIM)
        .collect();
    long.sort();
    for (lines, file) in long {
        println!("{lines} lines: {file}");
    }
}
