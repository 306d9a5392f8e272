//! From text files to Rust: one module for each section, one constant or function for each entry.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

/// The modules for these files (name, content), or everything that is wrong with them.
pub fn rust(files: &[(String, String)]) -> Result<String, Vec<String>> {
    let (mut modules, mut wrong) = (BTreeMap::new(), Vec::new());
    for (file, content) in files {
        let sections = match content.parse::<toml::Table>() {
            Ok(sections) => sections,
            Err(error) => {
                wrong.push(format!("{file}: {error}"));
                continue;
            }
        };
        for (section, entries) in &sections {
            let mut module = String::new();
            let Some(entries) = entries.as_table().filter(|_| is_name(section)) else {
                wrong.push(format!("{file}: {section} is no [section]"));
                continue;
            };
            for (name, value) in entries {
                match Entry::read(name, value) {
                    Ok(entry) => module.push_str(&entry.to_string()),
                    Err(why) => wrong.push(format!("{file}: {section}.{name} {why}")),
                }
            }
            if modules.insert(section.clone(), module).is_some() {
                wrong.push(format!("{file}: [{section}] stands in two files"));
            }
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut out = String::new();
    for (section, module) in &modules {
        let _ = write!(out, "/// `[{section}]`\npub mod {section} {{\nuse base::Text;\n{module}}}\n");
    }
    Ok(out)
}

/// One sentence in both languages, each in its pieces.
struct Entry<'a> {
    name: &'a str,
    zh: Vec<Piece<'a>>,
    en: Vec<Piece<'a>>,
}

enum Piece<'a> {
    Words(&'a str),
    Place(&'a str),
}

impl<'a> Entry<'a> {
    fn read(name: &'a str, value: &'a toml::Value) -> Result<Self, String> {
        if !is_name(name) {
            return Err("is not named in small letters, digits and _".to_owned());
        }
        let languages = value
            .as_table()
            .filter(|table| table.keys().eq(["en", "zh"]))
            .ok_or("needs zh and en, and nothing else")?;
        let text =
            |language: &str| languages.get(language).and_then(toml::Value::as_str).filter(|text| !text.is_empty());
        let (Some(zh), Some(en)) = (text("zh"), text("en")) else {
            return Err("has an empty language".to_owned());
        };
        let entry = Self { name, zh: pieces(zh), en: pieces(en) };
        let sorted = |pieces| {
            let mut places = places(pieces);
            places.sort_unstable();
            places
        };
        if sorted(&entry.zh) != sorted(&entry.en) {
            return Err("has other {places} in zh than in en".to_owned());
        }
        Ok(entry)
    }
}

impl fmt::Display for Entry<'_> {
    /// A constant, or a function that takes what belongs into the places, in the order of the Chinese text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = places(&self.zh);
        writeln!(f, "#[doc = {:?}]", format!("{} · {}", joined(&self.zh, false), joined(&self.en, false)))?;
        if places.is_empty() {
            let (name, zh, en) = (self.name.to_uppercase(), joined(&self.zh, false), joined(&self.en, false));
            return writeln!(f, "pub const {name}: &Text = &Text::fixed({zh:?}, {en:?});");
        }
        let arguments: Vec<String> = places.iter().map(|place| format!("{place}: impl std::fmt::Display")).collect();
        let (arguments, zh, en) = (arguments.join(", "), joined(&self.zh, true), joined(&self.en, true));
        let allow = "#[allow(clippy::needless_pass_by_value, reason = \"a reference is a value to show as well\")]";
        writeln!(
            f,
            "{allow}\npub fn r#{}({arguments}) -> Text {{ Text::new(format!({zh:?}), format!({en:?})) }}",
            self.name
        )
    }
}

/// A text taken apart at its `{places}`; a brace around anything but a name is a brace.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut begin) = (Vec::new(), 0);
    for (open, _) in text.match_indices('{') {
        let inside = text.get(open + 1..).and_then(|rest| rest.split_once('}')).map(|(inside, _)| inside);
        if let Some(place) = inside.filter(|inside| is_name(inside)) {
            pieces.push(Piece::Words(text.get(begin..open).unwrap_or_default()));
            pieces.push(Piece::Place(place));
            begin = open + place.len() + 2;
        }
    }
    pieces.push(Piece::Words(text.get(begin..).unwrap_or_default()));
    pieces
}

/// The places, each once, in the order of the text.
fn places<'a>(pieces: &[Piece<'a>]) -> Vec<&'a str> {
    let mut places = Vec::new();
    for piece in pieces {
        if let Piece::Place(place) = piece
            && !places.contains(place)
        {
            places.push(*place);
        }
    }
    places
}

fn joined(pieces: &[Piece<'_>], as_format: bool) -> String {
    let braces = |words: &str| if as_format { words.replace('{', "{{").replace('}', "}}") } else { words.to_owned() };
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Words(words) => braces(words),
            Piece::Place(place) => format!("{{{place}}}"),
        })
        .collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Result<String, Vec<String>> {
        rust(&[("a.toml".to_owned(), text.to_owned())])
    }

    #[test]
    fn a_sentence_is_a_constant_and_one_with_places_a_function() {
        let rust = from(
            "[desk]\nnext = { zh = \"下一个\", en = \"Next\" }\nclears = { zh = \"{n} 秒 {}\", en = \"{n} s {}\" }",
        )
        .unwrap();
        assert!(rust.contains(r#"pub const NEXT: &Text = &Text::fixed("下一个", "Next");"#), "{rust}");
        let function = r#"r#clears(n: impl std::fmt::Display) -> Text { Text::new(format!("{n} 秒 {{}}"), format!("{n} s {{}}")) }"#;
        assert!(rust.contains(function), "{rust}");
    }

    #[test]
    fn what_is_missing_in_one_language_ends_the_build() {
        let check = |entry: &str, why: &str| {
            let wrong = from(&format!("[desk]\n{entry}")).unwrap_err();
            assert!(matches!(wrong.as_slice(), [line] if line.contains("desk") && line.contains(why)), "{wrong:?}");
        };
        check("next = { zh = \"下一个\" }", "needs zh and en");
        check("next = { zh = \"下一个\", en = \"Next\", fr = \"Suivant\" }", "needs zh and en");
        check("next = { zh = \"下一个\", en = \"\" }", "empty");
        check("next = \"下一个\"", "needs zh and en");
        check("clears = { zh = \"{n} 秒\", en = \"{m} seconds\" }", "other {places}");
        check("clears = { zh = \"{n} 秒\", en = \"seconds\" }", "other {places}");
        check("Next = { zh = \"下一个\", en = \"Next\" }", "small letters");
    }

    #[test]
    fn a_section_stands_in_one_file() {
        let text = "[desk]\nnext = { zh = \"下一个\", en = \"Next\" }".to_owned();
        let wrong = rust(&[("a.toml".to_owned(), text.clone()), ("b.toml".to_owned(), text)]).unwrap_err();
        assert_eq!(wrong, ["b.toml: [desk] stands in two files"]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = from("next = \"x\"\n[desk]\na = 1\nb = 2").unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
    }
}
