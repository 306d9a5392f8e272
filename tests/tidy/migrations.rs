//! The files in `migrations/`.

use std::{collections::BTreeMap, fs};

use tests::source::root;

use super::none;

#[test]
fn migrations_are_numbered_without_gaps_and_come_for_both_databases() {
    let names: Vec<String> = migrations().into_iter().map(|(name, _)| name).collect();
    let mut numbers: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for name in &names {
        numbers.entry(name[..4].parse().unwrap()).or_default().push(&name[4..]);
    }
    for (place, (number, files)) in numbers.iter().enumerate() {
        assert_eq!(*number as usize, place + 1, "a number is missing before {files:?}");
        match files.as_slice() {
            [both] => assert_eq!(both.matches('.').count(), 1, "{number}: {both}"),
            [postgres, sqlite] => {
                assert!(postgres.ends_with(".postgres.sql") && sqlite.ends_with(".sqlite.sql"), "{number}: {files:?}");
            }
            _ => panic!("{number}: {files:?}"),
        }
    }
}

#[test]
fn columns_have_one_of_three_types() {
    let mut wrong = Vec::new();
    for (file, text) in migrations() {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with("--")) {
            for word in line.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                if [
                    "integer",
                    "int",
                    "boolean",
                    "timestamp",
                    "timestamptz",
                    "json",
                    "jsonb",
                    "uuid",
                    "numeric",
                    "real",
                    "varchar",
                ]
                .contains(&word)
                {
                    wrong.push(format!("{file}: {line}"));
                }
            }
        }
    }
    none(&wrong);
}

pub fn migrations() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(root().join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "sql"))
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}
