//! Other clocks: what time is to a program, `libfaketime` makes of this one's.

use std::{fs, path::Path};

/// The variables that make the clock of a process differ by what stands in a file: `+90` are seconds, `+4000d` days.
pub fn skewed(by: &Path) -> Vec<(String, String)> {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path());
    let library = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|path| path.is_file());
    let library = library.expect("libfaketime is installed").display().to_string();
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        set("LD_PRELOAD", &library),
        set("FAKETIME_TIMESTAMP_FILE", &by.display().to_string()),
        set("FAKETIME_NO_CACHE", "1"),
        set("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ]
}
