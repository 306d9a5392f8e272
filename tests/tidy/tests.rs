//! The tests themselves: none that waits for the clock, none that passes whatever happens.

use std::{fs, path::Path};

use tests::source::{self, root};

use super::{none, shown, tracked};

/// Where waiting is at home, in each language.
const WAITING: [&str; 3] = ["tests/harness/wait.rs", "tests/browser/city.mjs", "tests/python/city.py"];

#[test]
fn no_test_is_ignored() {
    none(&wrong_in_tests(|text| {
        text.lines().filter(|line| line.trim_start().starts_with("#[ignore")).map(str::to_owned).collect()
    }));
}

#[test]
fn no_test_sleeps() {
    // Put together from parts, so that this file does not break its own rule.
    let sleep = ["sle", "ep("].concat();
    let mut wrong = wrong_in_tests(|text| {
        // Under a clock that stands still nobody waits.
        let is_manual = text.contains("start_paused");
        text.lines().filter(|line| line.contains(&sleep) && !is_manual).map(str::to_owned).collect()
    });
    for file in tracked() {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let sleeps: &[&str] = match file.extension().and_then(|extension| extension.to_str()) {
            Some("mjs") => &["waitForTimeout(", "setTimeout(", "timers/promises"],
            Some("py") => &["import time", "from time"],
            _ => &[],
        };
        wrong.extend(
            sleeps.iter().filter(|sleep| text.contains(**sleep)).map(|sleep| format!("{}: {sleep}", shown(&file))),
        );
    }
    wrong.retain(|line| !WAITING.iter().any(|place| line.starts_with(place)));
    none(&wrong);
}

/// A test that is content with this or that does not know what happens.
#[test]
fn no_assertion_is_content_with_one_of_two_things() {
    none(&wrong_in_tests(|text| {
        assertions(text).filter(|condition| is_either(condition)).map(str::to_owned).collect()
    }));
}

#[test]
fn either_or_is_told_from_a_closure_and_from_a_text() {
    let check = |text: &str, expected: bool| {
        let found = assertions(text).any(is_either);
        assert_eq!(found, expected, "{text}");
    };
    // Put together from parts, so that this file does not break its own rule.
    let or = ["|", "|"].concat();
    check(&format!("assert!(a {or} b);"), true);
    check(&format!("assert!(\n    a\n        {or} b,\n    \"why\"\n);"), true);
    check(&format!("assert!(a.map_or_else(\n 1, {or} 2) == 3);"), false);
    check(&format!("assert!(a, \"{{}}\", b {or} c);"), false);
    check(&format!("assert!(a == \"x {or} y\");"), false);
}

/// The conditions of `assert!`, without what is said when they fail.
fn assertions(text: &str) -> impl Iterator<Item = &str> {
    text.split("assert!(").skip(1).map(|rest| {
        let (mut depth, mut quoted, mut before) = (0_i32, false, ' ');
        let end = rest.char_indices().find(|(_, c)| {
            match c {
                '"' if before != '\\' => quoted = !quoted,
                '(' | '[' | '{' if !quoted => depth += 1,
                ')' | ']' | '}' if !quoted => depth -= 1,
                _ => {}
            }
            before = *c;
            !quoted && (depth < 0 || (depth == 0 && *c == ','))
        });
        &rest[..end.map_or(rest.len(), |(place, _)| place)]
    })
}

/// Whether a condition joins two with "or".
fn is_either(condition: &str) -> bool {
    let parts: Vec<&str> = condition.split('"').step_by(2).collect();
    parts.join("").split("||").collect::<Vec<_>>().windows(2).any(|two| {
        // The bars of a closure stand after a comma, an equals sign, a bracket or `move`.
        !two[0].is_empty() && !two[0].trim_end().ends_with([',', '=', '(', '|']) && !two[0].trim_end().ends_with("move")
    })
}

/// What `find` finds in each text that holds tests, with the file before it.
fn wrong_in_tests(find: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "clients"] {
        for file in source::rust_files(folder) {
            let text = fs::read_to_string(&file).unwrap();
            wrong.extend(find(tests_in(&file, &text)).iter().map(|what| format!("{}: {}", shown(&file), what.trim())));
        }
    }
    wrong
}

/// The part of a file that is tests.
fn tests_in<'a>(file: &Path, text: &'a str) -> &'a str {
    if file.starts_with(root().join("tests/bench")) {
        return "";
    }
    if source::is_test_file(file) {
        return text;
    }
    text.find("#[cfg(test)]\nmod ").map_or("", |place| &text[place..])
}
