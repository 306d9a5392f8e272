//! The words of the pages, in both languages, from `text/zh.toml` and `text/en.toml`.

use std::{collections::HashMap, sync::LazyLock};

use base::Language;

static CHINESE: LazyLock<Words> = LazyLock::new(|| Words::parse(include_str!("../text/zh.toml")));
static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::parse(include_str!("../text/en.toml")));

/// What stands in a page where a text is missing; a test finds every key in the templates before a visitor does.
const MISSING: &str = "⟨?⟩";

/// The text with the key `section.name`.
pub fn t(language: Language, key: &str) -> &'static str {
    let words = match language {
        Language::Chinese => &*CHINESE,
        Language::English => &*ENGLISH,
    };
    words.0.get(key).map_or(MISSING, String::as_str)
}

/// Puts values in the places `{name}` of a text.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// A text that stands alone: in English it then begins with a capital letter.
pub fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

struct Words(HashMap<String, String>);

impl Words {
    fn parse(text: &str) -> Self {
        let table: toml::Table = text.parse().unwrap_or_default();
        let mut words = HashMap::new();
        for (section, entries) in &table {
            for (name, value) in entries.as_table().into_iter().flatten() {
                if let Some(value) = value.as_str() {
                    words.insert(format!("{section}.{name}"), value.to_owned());
                }
            }
        }
        Self(words)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    fn keys(words: &Words) -> BTreeSet<&str> {
        words.0.keys().map(String::as_str).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        for text in [include_str!("../text/zh.toml"), include_str!("../text/en.toml")] {
            assert!(text.parse::<toml::Table>().is_ok(), "{:?}", text.parse::<toml::Table>().err());
        }
        let (chinese, english) = (keys(&CHINESE), keys(&ENGLISH));
        let difference: Vec<_> = chinese.symmetric_difference(&english).collect();
        assert!(difference.is_empty(), "only in one language: {difference:?}");
    }

    #[test]
    fn both_languages_have_the_same_places_for_values() {
        let places = |text: &str| -> BTreeSet<String> {
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
        };
        for (key, chinese) in &CHINESE.0 {
            let english = ENGLISH.0.get(key).map(String::as_str).unwrap_or_default();
            assert_eq!(places(chinese), places(english), "{key}");
        }
    }

    #[test]
    fn every_key_in_templates_and_handlers_exists() {
        let mut missing = BTreeSet::new();
        for file in files(Path::new(env!("CARGO_MANIFEST_DIR"))) {
            let text = std::fs::read_to_string(&file).unwrap();
            for start in [".t(\"", ".with(\"", " t(\"", "(t(\""] {
                for (_, rest) in text.match_indices(start).map(|(at, _)| text.split_at(at + start.len())) {
                    let key = rest.split('"').next().unwrap_or_default();
                    if key.contains('.') && !CHINESE.0.contains_key(key) {
                        missing.insert(format!("{key} in {}", file.display()));
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn every_problem_has_its_words() {
        for problem in crate::kit::problem::one_of_each() {
            let code = problem.status_and_code().1;
            if matches!(problem, crate::Problem::Domain { .. }) {
                continue;
            }
            for key in [format!("problem.{code}_title"), format!("problem.{code}_help")] {
                assert!(CHINESE.0.contains_key(&key), "{key}");
            }
        }
    }

    fn files(folder: &Path) -> Vec<std::path::PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files(&path));
            } else if path.extension().is_some_and(|kind| kind == "html" || kind == "rs") && !path.ends_with("text.rs")
            {
                found.push(path);
            }
        }
        found
    }
}
