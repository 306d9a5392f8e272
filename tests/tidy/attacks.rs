//! The catalogue of attacks says nothing false: its tests exist, and what the code quotes is in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use tests::source::{self, root};

use super::{none, shown, tracked};

#[test]
fn every_attack_names_a_test_that_exists_or_says_that_there_is_none() {
    let tests = names_of_tests();
    let mut wrong = Vec::new();
    for (place, attack) in catalogue().iter().enumerate() {
        if attack.number != place + 1 {
            wrong.push(format!("{} stands where {} has to", attack.number, place + 1));
        }
        let mut answers = attack.test.contains("No surface yet: ") || attack.test.contains("Open: ");
        for name in attack.test.split('`').skip(1).step_by(2) {
            answers = true;
            if !tests.contains(name) {
                wrong.push(format!("{}: there is no test {name}", attack.number));
            }
        }
        if !answers {
            wrong.push(format!("{}: neither a test nor the reason why there is none", attack.number));
        }
    }
    none(&wrong);
}

#[test]
fn every_attack_that_the_code_quotes_is_in_the_catalogue() {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for attack in catalogue() {
        groups.entry(attack.group).or_default().insert(attack.number.to_string());
    }
    let mut wrong = Vec::new();
    let mut quoted = 0;
    for file in ["src", "tests", "clients"].iter().flat_map(|folder| source::rust_files(folder)) {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("//")) {
            let mut group: Option<&BTreeSet<String>> = None;
            for word in line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
                let is_number = word.chars().all(|c| c.is_ascii_digit());
                if word.strip_prefix('G').is_some_and(|rest| rest.parse::<u8>().is_ok()) {
                    quoted += 1;
                    group = groups.get(word);
                    if group.is_none() {
                        wrong.push(format!("{}: {word} is no group: {line}", shown(&file)));
                    }
                } else if is_number {
                    if group.is_some_and(|numbers| !numbers.contains(word)) {
                        wrong.push(format!("{}: {word} is not in that group: {line}", shown(&file)));
                    }
                } else {
                    group = None;
                }
            }
        }
    }
    assert!(quoted > 5, "the code quotes attacks");
    none(&wrong);
}

/// That test says its attacks by number: each row leads back to it.
#[test]
fn attacks_on_files_stand_under_their_numbers() {
    let test = "each_attack_on_a_file_is_answered_written_down_and_changes_nothing";
    let attacks = catalogue();
    let mut wrong = Vec::new();
    let mut numbers = 0;
    for literal in source::literals(&fs::read_to_string(root().join("tests/verification/files.rs")).unwrap()) {
        // A name of an attack is one line: a number, and what is done.
        let name = literal.split_once(' ').filter(|_| !literal.contains('\n'));
        let Some(number) = name.and_then(|(number, _)| number.parse::<usize>().ok()) else { continue };
        numbers += 1;
        let row = attacks.iter().find(|attack| attack.number == number);
        if row.is_none_or(|row| !row.test.contains(test)) {
            wrong.push(format!("{literal:?}: the catalogue does not name {test} there"));
        }
    }
    assert!(numbers > 10, "its attacks have numbers");
    none(&wrong);
}

/// One row of the catalogue.
struct Attack {
    group: String,
    number: usize,
    test: String,
}

fn catalogue() -> Vec<Attack> {
    let text = fs::read_to_string(root().join("tests/ATTACKS.md")).unwrap();
    let mut group = String::new();
    let mut attacks = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.split(' ').next().unwrap().clone_into(&mut group);
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, _, _, test] = cells[..] else { continue };
        if let Ok(number) = number.parse() {
            attacks.push(Attack { group: group.clone(), number, test: test.to_owned() });
        }
    }
    assert!(attacks.len() >= 400, "{} attacks", attacks.len());
    attacks
}

/// What the tests of all three runners are called.
fn names_of_tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in tracked() {
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !["rs", "mjs", "py"].contains(&extension) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let marks: &[&str] = match extension {
            "rs" => &["#[test]", "#[tokio::test"],
            "mjs" => &["test("],
            _ => &["def test_"],
        };
        for after in marks.iter().flat_map(|mark| text.split(mark).skip(1)) {
            let name = match extension {
                "rs" => after.split_once("fn ").and_then(|(_, name)| name.split('(').next()),
                "mjs" => after.split(['\'', '`']).nth(1),
                _ => after.split('(').next(),
            };
            names.extend(name.map(|name| if extension == "py" { format!("test_{name}") } else { name.to_owned() }));
        }
    }
    names
}
