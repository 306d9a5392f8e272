//! Every kind of events with its words: for pages, and for the list that auditors read.

use std::fmt::Write;

use base::{Language, Text};
use records::{
    EventKind,
    event::{DetailKind, Shape},
};
use words::event_list;

use super::wording;

/// Every kind of events that the product writes down, in the order of their names.
pub(crate) fn kinds() -> Vec<&'static EventKind> {
    let all = [
        records::events::ALL,
        pki::events::ALL,
        identity::events::ALL,
        oidc::events::ALL,
        seal::events::ALL,
        licence::events::ALL,
    ];
    let mut kinds: Vec<_> = all.into_iter().flatten().collect();
    kinds.sort_by_key(|kind| kind.name);
    kinds
}

/// The list of all kinds for auditors, a page in Markdown. `other` is the name of the same page in the other language.
pub fn list(language: Language, other: &str) -> String {
    let say = |text: &'static Text| text.in_language(language);
    let mut page = format!("# {}\n\n{}[{other}]({other})\n\n", say(event_list::TITLE), say(event_list::OTHER));
    let _ = write!(page, "{}\n{}\n\n", say(event_list::MADE), say(event_list::ABOUT));
    let heads = [event_list::KIND, event_list::MEANING, event_list::OBJECT, event_list::DETAILS].map(say);
    let _ = write!(page, "| {} |\n|---|---|---|---|\n", heads.join(" | "));
    for kind in kinds() {
        let meaning = wording::event(kind.name).map(say).unwrap_or_default();
        let object = detail(&kind.object, say);
        let details: Vec<String> = kind.details.iter().map(|one| detail(one, say)).collect();
        let _ = writeln!(page, "| `{}` | {meaning} | {object} | {} |", kind.name, details.join("<br>"));
    }
    page
}

fn detail(kind: &DetailKind, say: impl Fn(&'static Text) -> &'static str) -> String {
    let shape = match kind.shape {
        Shape::Id(prefix) => format!("`{prefix}_…`"),
        Shape::Flag => say(event_list::FLAG).to_owned(),
        Shape::Number => say(event_list::NUMBER).to_owned(),
        Shape::Text => say(event_list::TEXT).to_owned(),
        Shape::Texts => say(event_list::TEXTS).to_owned(),
    };
    let optional = if kind.optional { format!(" · {}", say(event_list::OPTIONAL)) } else { String::new() };
    format!("`{}` · {shape}{optional}", kind.name)
}

#[cfg(test)]
mod tests;
