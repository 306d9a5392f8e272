//! Names in the code: one word for one thing. The glossary decides, and its own table is what is checked.

use std::{collections::BTreeMap, fs};

use tests::source::{self, root};

use super::{none, shown};

#[test]
fn names_keep_to_the_glossary() {
    let glossary = Glossary::read();
    let mut wrong = Vec::new();
    for file in source::rust_files("src") {
        for name in source::declared_names(&fs::read_to_string(&file).unwrap()) {
            if glossary.chosen_by_others.iter().any(|but| name.contains(but.as_str())) {
                continue;
            }
            for word in source::words(&name) {
                if let Some(rather) = glossary.never.get(&word) {
                    wrong.push(format!("{}: {name}; rather {rather}", shown(&file)));
                }
            }
        }
        let stem = file.file_stem().unwrap().to_str().unwrap();
        if glossary.never_files.iter().any(|never| never == stem) {
            wrong.push(format!("{}: a file is named by what it is about", shown(&file)));
        }
    }
    none(&wrong);
}

#[test]
fn a_word_of_the_glossary_stands_there_once_and_where_it_says() {
    let text = fs::read_to_string(root().join("src/GLOSSARY.md")).unwrap();
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [words, _, _, last] = cells[..] else { continue };
        for word in words.split(", ").filter(|_| words != "Word") {
            if let Some(before) = seen.insert(word.to_lowercase(), line) {
                wrong.push(format!("{word} stands twice: {before}"));
            }
        }
        for path in codes(last).iter().filter(|path| path.contains('/')) {
            if !root().join(path).exists() {
                wrong.push(format!("{words}: there is no {path}"));
            }
        }
    }
    assert!(seen.len() > 40, "{seen:?}");
    none(&wrong);
}

/// What the section "Words that no name contains" says.
struct Glossary {
    /// Word → what to say instead.
    never: BTreeMap<String, String>,
    /// Parts of names that a specification or a dependency chose.
    chosen_by_others: Vec<String>,
    /// Names of files that say nothing.
    never_files: Vec<String>,
}

impl Glossary {
    fn read() -> Self {
        let text = fs::read_to_string(root().join("src/GLOSSARY.md")).unwrap();
        let (_, section) = text.split_once("\n## Words that no name contains").unwrap();
        let line = |start: &str| codes(section.lines().find(|line| line.starts_with(start)).unwrap());
        let mut never = BTreeMap::new();
        for row in section.lines().filter(|line| line.starts_with("| `")) {
            let (words, rather) = row.trim_matches('|').split_once('|').unwrap();
            never.extend(codes(words).into_iter().map(|word| (word, rather.trim().to_owned())));
        }
        assert!(never.len() > 5, "{never:?}");
        Self { never, chosen_by_others: line("Names that a specification"), never_files: line("No file is named") }
    }
}

/// What stands between backticks.
fn codes(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
