//! Comments that a reader could not believe, or learns nothing from.

use std::{collections::BTreeSet, fs};

use tests::source::{self, root};

use super::{none, shown};

/// A comment of documentation, without its marks and with its line breaks as spaces.
#[derive(Debug)]
struct Comment {
    place: String,
    text: String,
    /// The line that it is about.
    item: String,
}

/// The comments of documentation in our code, but for tests.
fn comments() -> Vec<Comment> {
    let mut found = Vec::new();
    let files = ["src", "clients", "tests/harness"].into_iter().flat_map(source::rust_files);
    for file in files.filter(|file| !source::is_test_file(file.strip_prefix(root()).unwrap())) {
        let text = fs::read_to_string(&file).unwrap();
        let mut lines = Vec::new();
        for (number, line) in text.lines().map(str::trim).enumerate() {
            match ["///", "//!"].iter().find_map(|mark| line.strip_prefix(mark)) {
                Some(rest) => lines.push(rest.trim()),
                None if lines.is_empty() || line.starts_with("#[") => {}
                None => {
                    let place = format!("{}:{number}", shown(&file));
                    found.push(Comment { place, text: lines.join(" "), item: line.to_owned() });
                    lines.clear();
                }
            }
        }
    }
    found
}

#[test]
fn a_comment_that_counts_statements_names_the_test_that_counts_them() {
    let mut tests = BTreeSet::new();
    for file in ["src", "tests"].into_iter().flat_map(source::rust_files) {
        tests.extend(source::declared_names(&fs::read_to_string(file).unwrap()));
    }
    let mut wrong = Vec::new();
    // What a statement is, and how many make an act, is what `records` is about.
    for comment in comments().iter().filter(|comment| !comment.place.starts_with("src/records/")) {
        let names_a_test = comment
            .text
            .split('`')
            .skip(1)
            .step_by(2)
            .any(|name| name.matches('_').count() >= 3 && tests.contains(name));
        if counts_statements(&comment.text) && !names_a_test {
            wrong.push(format!("{}: {}", comment.place, comment.text));
        }
    }
    none(&wrong);
}

/// Whether a text says how many statements or round trips something takes.
fn counts_statements(text: &str) -> bool {
    let numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let text = text.to_lowercase();
    let words: Vec<&str> =
        text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).collect();
    let is_number = |word: &&str| numbers.contains(word) || word.parse::<u32>().is_ok();
    words.iter().enumerate().any(|(place, word)| {
        let counted = ["statement", "statements", "query", "queries"].contains(word)
            || (*word == "round" && words.get(place + 1).is_some_and(|next| next.starts_with("trip")));
        // “one more statement”, “two SQL statements”, “Statements: four with the event”
        let is_list = words[place] == "statements" && words.get(place + 1).is_some_and(is_number);
        counted && (is_list || words[place.saturating_sub(2)..place].iter().any(is_number))
    })
}

#[test]
fn a_number_of_statements_is_found_however_it_is_said() {
    for text in [
        "One statement.",
        "it takes 12 statements",
        "Two round trips",
        "one more statement",
        "No query at all",
        "Statements: two reads",
    ] {
        assert!(counts_statements(text), "{text}");
    }
    for text in ["The statements about receipts.", "as for every statement", "two rounds", "one of the statements"] {
        assert!(!counts_statements(text), "{text}");
    }
}

#[test]
fn errors_say_when() {
    let (mut wrong, mut sections) = (Vec::new(), 0);
    for comment in comments() {
        let Some((_, errors)) = comment.text.split_once("# Errors") else { continue };
        sections += 1;
        let errors = errors.split(" # ").flat_map(|part| part.split("```")).next().unwrap_or_default();
        if !says_when(errors) {
            wrong.push(format!("{}: {errors}", comment.place));
        }
    }
    assert!(sections > 200, "{sections} sections are too few to be all");
    none(&wrong);
}

/// Whether whatever a section says of an error is more than which one it is, or that something failed.
fn says_when(errors: &str) -> bool {
    let nothing = "a an and any as error errors fail failed fails if in is it of on operation or returns the this when";
    let is_nothing = |word: &str| nothing.split(' ').any(|known| known == word);
    let parts = errors.trim().split(". ").flat_map(|part| part.split("; ")).map(without_links);
    let words = parts.map(|part| {
        let words = part.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>()
    });
    !errors.trim().is_empty() && words.into_iter().all(|words| !words.iter().all(|word| is_nothing(word)))
}

/// A text without what it links to.
fn without_links(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once("`]").map_or("", |(_, rest)| rest);
        kept.push_str(rest.strip_prefix('(').and_then(|link| link.split_once(')')).map_or(rest, |(_, rest)| rest));
    }
    kept
}

#[test]
fn which_error_it_is_does_not_say_when() {
    let nothing = [
        "[`Fault`].",
        "If it fails.",
        "[`Error::A`], [`Error::B`].",
        "[`A`] when it is so; [`B`](crate::B).",
        "As [`f`].",
    ];
    for text in nothing {
        assert!(!says_when(text), "{text}");
    }
    for text in ["[`Fault`] when the database is out of reach.", "[`Fault`], as for every statement.", "A port in use."]
    {
        assert!(says_when(text), "{text}");
    }
}

#[test]
fn no_comment_says_only_the_name_again() {
    let mut wrong = Vec::new();
    for comment in comments() {
        // The comment on an argument of a command is its help.
        let is_help = ["src/server/commands/", "src/server/main.rs"].iter().any(|at| comment.place.starts_with(at));
        if !is_help && restates(&comment.text, &comment.item) {
            wrong.push(format!("{}: {}", comment.place, comment.text));
        }
    }
    none(&wrong);
}

/// Whether every word of a comment stands in the declaration that it is about.
fn restates(text: &str, item: &str) -> bool {
    let nothing =
        "a all an are as by create creates for in is it its new of one that the these this to what which with";
    let declares = ["pub", "fn", "async", "const", "static", "struct", "enum", "trait", "type", "mod"];
    let first = item.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let is_field = item.strip_prefix(first).is_some_and(|rest| rest.starts_with(": ") && rest.ends_with(','));
    if text.is_empty() || text.contains('`') || !text.is_ascii() || !(declares.contains(&first) || is_field) {
        return false;
    }
    let declaration = item.split(['=', '{', '(']).next().unwrap_or_default();
    let shouted = declaration
        .split(|c: char| !c.is_alphanumeric())
        .map(|word| if word.chars().any(char::is_lowercase) { word.to_owned() } else { word.to_lowercase() });
    let said: BTreeSet<String> = shouted.flat_map(|word| source::words(&word)).map(|word| singular(&word)).collect();
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase);
    words.all(|word| nothing.split(' ').any(|known| known == word) || said.contains(&singular(&word)))
}

fn singular(word: &str) -> String {
    word.strip_suffix("ies").map_or_else(|| word.trim_end_matches('s').to_owned(), |word| format!("{word}y"))
}

#[test]
fn a_comment_is_more_than_the_name_of_what_it_is_about() {
    for (text, item) in [
        ("The seal.", "pub seal_id: SealId,"),
        ("All keys.", "pub keys: Vec<Jwk>,"),
        ("Creates a new account view.", "fn account_view() {"),
        ("Which one.", "key: String,"),
        ("Characters of a username.", "pub const USERNAME_CHARACTERS_MAX: usize = 64;"),
    ] {
        assert!(restates(text, item), "{text}");
    }
    for (text, item) in [
        ("The seal that is cut into the page.", "pub seal_id: SealId,"),
        ("A seal.", "SealId = \"sea\";"),
        ("`BOOLEAN`.", "const BOOLEAN: u8 = 1;"),
    ] {
        assert!(!restates(text, item), "{text}");
    }
}
