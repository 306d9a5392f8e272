//! Reading our own source text: string literals, declared names, links.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Every Rust file below a folder of the repository.
pub fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let hidden = ["node_modules", "target"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !hidden {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a file holds only tests: they may say what the product never may.
pub fn is_test_file(file: &Path) -> bool {
    let inside = file.strip_prefix(root()).unwrap_or(file);
    inside.ends_with("tests.rs") || inside.iter().any(|part| part == "tests")
}

/// The string literals of a Rust file, with escapes read; comments and characters are passed over.
pub fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (literal, length) = match c {
            '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            '"' => {
                let (literal, length) = quoted(&rest[1..]);
                (Some(literal), length + 1)
            }
            'r' if rest.starts_with("r\"") || rest.starts_with("r#\"") => {
                let end = if rest.starts_with("r#") { "\"#" } else { "\"" };
                let start = rest.find('"').unwrap_or(0) + 1;
                let length = rest[start..].find(end).unwrap_or(rest.len() - start);
                (Some(rest[start..start + length].to_owned()), start + length + end.len())
            }
            '\'' => (None, character(rest)),
            c if c.is_alphanumeric() || c == '_' => {
                (None, rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()))
            }
            c => (None, c.len_utf8()),
        };
        found.extend(literal);
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// The literals of a Rust file, and those that a macro of the file finishes: `licences!("where …")` stands for the whole
/// statement when the file says `macro_rules! licences { ($rest:literal) => { concat!("select … ", $rest) }; }`.
pub fn statements(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    for (name, head) in heads(&text) {
        let call = format!("{name}!(");
        let mut whole = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(&call) {
            whole.push_str(before);
            rest = after.trim_start();
            match rest.strip_prefix('"') {
                Some(literal) => {
                    whole.push('"');
                    whole.push_str(&head);
                    rest = literal;
                }
                None => whole.push_str(&call),
            }
        }
        whole.push_str(rest);
        text = whole;
    }
    literals(&text).into_iter().filter(|literal| is_statement(literal) || is_rest(literal)).collect()
}

/// The macros of a file that put the head of a statement before a literal, with that head as it is written.
fn heads(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for rule in text.split("macro_rules! ").skip(1) {
        let body = rule.split("\n}\n").next().unwrap_or_default();
        let head = body.split_once("concat!(").map(|(_, parts)| parts.trim_start());
        let head = head.and_then(|parts| parts.strip_prefix('"')).and_then(|parts| parts.split_once('"'));
        if let (Some((name, _)), Some((head, rest))) = (body.split_once(' '), head)
            && rest.trim_start_matches(',').trim_start().starts_with('$')
        {
            found.push((name.to_owned(), head.to_owned()));
        }
    }
    found
}

/// Whether a literal is the rest of a statement, whose head nobody here knows.
pub fn is_rest(literal: &str) -> bool {
    let mut words = literal.split_whitespace();
    match words.next() {
        Some("where" | "join") => true,
        Some("order" | "group") => words.next() == Some("by"),
        _ => false,
    }
}

/// Reads up to the closing quote; tells how many bytes were read, with the quote.
fn quoted(text: &str) -> (String, usize) {
    let mut literal = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return (literal, place + 1),
            '\\' => match chars.next() {
                Some((_, 'n')) => literal.push('\n'),
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, other)) => literal.push(other),
                None => {}
            },
            other => literal.push(other),
        }
    }
    (literal, text.len())
}

/// How many bytes a character literal or a lifetime takes.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text.char_indices().skip(3).find(|(_, c)| *c == '\'').map_or(1, |(place, _)| place + 1),
        Some((_, _)) => match chars.next() {
            Some((place, '\'')) => place + 1,
            _ => 1,
        },
        None => 1,
    }
}

/// Whether a literal is a whole SQL statement.
pub fn is_statement(literal: &str) -> bool {
    let words: Vec<&str> = literal.split_whitespace().take(400).collect();
    let has = |word: &str| words.contains(&word);
    match words.first() {
        Some(&"select") => has("from"),
        Some(&"insert") => words.get(1) == Some(&"into"),
        Some(&"update") => has("set"),
        Some(&"delete") => words.get(1) == Some(&"from"),
        Some(&"with") => has("as") && has("select"),
        _ => false,
    }
}

/// The tables that a statement names: the words after `from`, `join`, `into` and `update`.
pub fn tables_named(statement: &str) -> Vec<String> {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let after = words.windows(2).filter(|pair| ["from", "join", "into", "update"].contains(&pair[0]));
    let clean = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_').to_owned();
    after.map(|pair| clean(pair[1])).filter(|word| !word.is_empty() && word != "set").collect()
}

/// The names that a Rust file declares: types, functions, modules, constants.
pub fn declared_names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            if ["pub", "crate", "super", "async", "const", "unsafe", "static"].contains(&word) {
                continue;
            }
            if ["struct", "enum", "trait", "fn", "mod", "type"].contains(&word) {
                found.extend(words.next().map(str::to_owned));
            }
            break;
        }
    }
    found
}

/// `SignedIn` and `signed_in` → signed, in.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut begins = true;
    for c in name.chars() {
        if c == '_' {
            begins = true;
            continue;
        }
        if begins || c.is_uppercase() {
            words.push(String::new());
        }
        begins = false;
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// The targets of links in a Markdown text; code is passed over.
pub fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for (mark, ends) in [("](", [')', ' ']), ("src=\"", ['"', '"'])] {
            let targets = plain.split(mark).skip(1).filter_map(|rest| rest.split(ends).next());
            found.extend(targets.map(str::to_owned));
        }
    }
    found
}
