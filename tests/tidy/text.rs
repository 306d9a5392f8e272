//! The words that people read: where they stand, and that they are used.

use std::{collections::BTreeSet, ffi::OsStr, fs};

use tests::source::{self, root};

use super::{none, shown, tracked};

/// Files with Chinese in their code that is no word of a page, each with what it is.
const CHINESE_BUT: &[(&str, &str)] = &[
    ("src/base/name.rs", "signs that occur in names, and those that stand for others"),
    ("src/base/name/fold.rs", "signs that occur in names, and those that look like them"),
    ("src/base/number/kind.rs", "names of documents, as licences print them (GB/T 36903)"),
    ("src/base/time.rs", "the national form of a date, as documents print it"),
    ("src/documents/font/repertoire.rs", "characters of a national table"),
    ("src/documents/line.rs", "signs that begin or end no line (GB/T 15834)"),
    ("src/documents/seal_picture.rs", "what ends names of places and offices, for parting a long one"),
    ("src/documents/template.rs", "the characters that documents use most, for the subset of the typeface"),
    ("src/identity/password/guess.rs", "what anyone would try first as a password"),
    ("src/licence/catalogue/built_in.rs", "the national catalogue: types, their fields and choices"),
    ("src/licence/catalogue/vehicle.rs", "signs that people put between classes of vehicles"),
    ("src/licence/issue/compose.rs", "the name of a credit code, as licences print it (GB/T 36903)"),
    ("src/licence/issue/page.rs", "the national form of a period, as documents print it"),
    ("src/licence/issue/press.rs", "what a seal that is not there says"),
    ("src/licence/issue/preview.rs", "what stands on a page for numbers that are given later"),
    ("src/licence/register/decision.rs", "numerals of the numbers of decisions"),
    ("src/licence/register/sex.rs", "the sexes as documents print them (GB/T 2261.1)"),
    ("src/pki/purpose.rs", "names in certificates"),
    ("src/seal/kind.rs", "national names of seals, cut into them"),
    ("src/server/settings.rs", "the demonstration's city, which stands as the default"),
    ("src/web/sign_in/device.rs", "names of browsers, kept with a session"),
    ("src/web/static/kit/tokens.css", "a comment that names the version for the elderly"),
    ("src/web/templates/kit/base.html", "the name of a language in that language"),
    ("src/web/templates/kit/sample.html", "every part of a page with invented content, for looking at them"),
    ("src/web/testing.rs", "an app for tests"),
];

#[test]
fn no_chinese_stands_in_code_but_where_it_must() {
    let mut found = BTreeSet::new();
    for file in tracked().into_iter().filter(|file| !source::is_test_file(file)) {
        let name = shown(&file);
        // The demonstration is a city of its own, and an example is for whoever reads the code.
        if !name.starts_with("src/") || name.starts_with("src/server/demo") || name.contains("/examples/") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap_or_default();
        let words = match file.extension().and_then(OsStr::to_str) {
            Some("rs") => source::literals(text.split("#[cfg(test)]").next().unwrap_or_default()).concat(),
            Some("html" | "js" | "css") => text,
            _ => continue,
        };
        if words.chars().any(is_chinese) {
            found.insert(name);
        }
    }
    let excepted: BTreeSet<String> = CHINESE_BUT.iter().map(|(file, _)| (*file).to_owned()).collect();
    let wrong = found.difference(&excepted).map(|file| format!("{file}: words stand in src/words/text"));
    let idle = excepted.difference(&found).map(|file| format!("{file}: needs no exception any more"));
    none(&wrong.chain(idle).collect::<Vec<_>>());
}

/// A Chinese character, or a sign that only Chinese text has.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303F}' | '\u{3400}'..='\u{9FFF}' | '\u{FF00}'..='\u{FF65}' | '\u{20000}'..='\u{3FFFF}')
}

#[test]
fn every_word_is_used() {
    let mut code = String::new();
    for file in tracked() {
        let name = shown(&file);
        let is_code = name.starts_with("src/") && file.extension().is_some_and(|kind| kind == "rs" || kind == "html");
        if is_code && !source::is_test_file(&file) {
            code.push_str(&fs::read_to_string(&file).unwrap());
        }
    }
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root().join("src/words/text")).unwrap() {
        let file = entry.unwrap().path();
        let sections: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        for (section, entries) in &sections {
            for name in entries.as_table().unwrap().keys() {
                let uses = [format!("{section}::{}", name.to_uppercase()), format!("{section}::{name}(")];
                if !uses.iter().any(|word| is_word_of(&code, word)) {
                    wrong.push(format!("{}: [{section}] {name} is used nowhere", shown(&file)));
                }
            }
        }
    }
    none(&wrong);
}

/// Whether a name stands in a text and is not only the beginning of a longer one.
fn is_word_of(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(place, _)| {
        let next = text[place + name.len()..].chars().next();
        name.ends_with('(') || !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
