//! Documents in two languages say the same: a page that changes in one language changes in the other.

use std::{collections::BTreeSet, fs, path::Path};

use tests::source::{self, root};

use super::{none, shown, tracked};

/// The folders whose readers run the product or connect to it: each of their pages has a Chinese version.
const IN_TWO_LANGUAGES: &[&str] = &["deploy", "clients", "keys"];

#[test]
fn pages_for_operators_and_developers_have_a_chinese_version() {
    let mut wrong = Vec::new();
    for page in english_pages() {
        let chinese = page.with_extension("zh.md");
        if !chinese.exists() {
            wrong.push(format!("{} has no {}", shown(&page), shown(&chinese)));
        }
        for (one, other) in [(&page, &chinese), (&chinese, &page)] {
            let name = other.file_name().unwrap().to_str().unwrap();
            if one.exists() && !source::links(&fs::read_to_string(one).unwrap()).iter().any(|link| link == name) {
                wrong.push(format!("{} does not lead to {name}", shown(one)));
            }
        }
    }
    none(&wrong);
}

#[test]
fn both_languages_have_the_same_sections_commands_and_links() {
    let mut wrong = Vec::new();
    for page in english_pages() {
        let chinese = page.with_extension("zh.md");
        let (Ok(english), Ok(translated)) = (fs::read_to_string(&page), fs::read_to_string(&chinese)) else { continue };
        let (english, translated) = (Section::all(&english, &page), Section::all(&translated, &chinese));
        let name = shown(&chinese);
        if english.len() != translated.len() {
            wrong.push(format!("{name}: {} sections, the English page has {}", translated.len(), english.len()));
            continue;
        }
        for (one, other) in english.iter().zip(&translated) {
            let place = format!("{name}, {:?} ({:?})", other.heading, one.heading);
            if one.level != other.level {
                wrong.push(format!("{place}: the heading has another level"));
            }
            if !other.heading.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) {
                wrong.push(format!("{place}: the heading is not in Chinese"));
            }
            if one.blocks != other.blocks {
                wrong.push(format!("{place}: the blocks of code differ; they are the same byte for byte"));
            }
            for (what, ours, theirs) in [("code", &one.codes, &other.codes), ("link", &one.links, &other.links)] {
                wrong.extend(ours.difference(theirs).map(|lost| format!("{place}: lacks the {what} {lost:?}")));
                wrong.extend(theirs.difference(ours).map(|more| format!("{place}: has a {what} of its own {more:?}")));
            }
            if one.rows != other.rows || one.items != other.items {
                wrong.push(format!(
                    "{place}: {} rows and {} items, the English page has {} and {}",
                    other.rows, other.items, one.rows, one.items
                ));
            }
        }
    }
    none(&wrong);
}

fn english_pages() -> Vec<std::path::PathBuf> {
    let pages: Vec<_> = tracked()
        .into_iter()
        .filter(|file| IN_TWO_LANGUAGES.iter().any(|folder| file.starts_with(root().join(folder))))
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .filter(|file| !file.to_str().unwrap().ends_with(".zh.md"))
        .collect();
    assert!(pages.len() >= IN_TWO_LANGUAGES.len(), "{pages:?}");
    pages
}

/// What stands under one heading, as far as a translation has to keep it.
#[derive(Default)]
struct Section {
    level: usize,
    heading: String,
    /// The blocks between fences, whole.
    blocks: Vec<String>,
    /// What stands between backticks in a sentence; a translation may put it elsewhere.
    codes: BTreeSet<String>,
    /// Where links lead, without the language of the page they lead to.
    links: BTreeSet<String>,
    /// Rows of tables.
    rows: usize,
    /// Items of lists.
    items: usize,
}

impl Section {
    fn all(text: &str, page: &Path) -> Vec<Self> {
        let own = page.file_name().unwrap().to_str().unwrap().replace(".zh.md", ".md");
        let mut sections: Vec<Self> = Vec::new();
        let mut block: Option<String> = None;
        for line in text.lines() {
            if let Some(open) = &mut block {
                open.push_str(line);
                open.push('\n');
                if line.starts_with("```") {
                    sections.last_mut().unwrap().blocks.extend(block.take());
                }
            } else if line.starts_with("```") {
                block = Some(format!("{line}\n"));
            } else if line.starts_with('#') {
                let heading = line.trim_start_matches('#');
                let level = line.len() - heading.len();
                sections.push(Self { level, heading: heading.trim().to_owned(), ..Self::default() });
            } else if let Some(section) = sections.last_mut() {
                section.rows += usize::from(line.starts_with('|'));
                section.items += usize::from(line.starts_with("* "));
                section.codes.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
                let links = source::links(line).into_iter().map(|link| link.replace(".zh.md", ".md"));
                section.links.extend(links.filter(|link| *link != own));
            }
        }
        assert!(block.is_none(), "{}: a block of code has no end", shown(page));
        sections
    }
}
