//! `/me/licences`: the licences in one's name. Those that are not in force come first, with the reason.

use crate::Page;

#[derive(askama::Template)]
#[template(path = "me/licences.html")]
pub(crate) struct Licences {
    pub page: Page,
    pub cards: Vec<Card>,
    pub next: Option<String>,
}

/// One licence in the list.
pub(crate) struct Card {
    pub id: String,
    pub name: String,
    pub holder: String,
    pub issuer: String,
    pub until: String,
    /// Which tag: never the one with a tick, because the holder's own page must not look like the answer of a check.
    pub kind: &'static str,
    pub word: &'static str,
    pub reason: Option<String>,
    pub is_over: bool,
}
