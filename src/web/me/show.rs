//! `/me/licences/{id}`: the page to be shown and scanned (亮证).

use crate::Page;

#[derive(askama::Template)]
#[template(path = "me/show.html")]
pub(crate) struct Show {
    pub page: Page,
    pub licence: Shown,
    pub shown: bool,
}

/// What the page says of the licence.
pub(crate) struct Shown {
    pub id: String,
    pub name: String,
    pub identifier: String,
    pub issuer: String,
    pub word: &'static str,
    pub reason: Option<String>,
    pub period: String,
    pub fields: Vec<Field>,
    /// The picture, drawn by us.
    pub qr: String,
    /// The same digits in groups of four.
    pub digits: String,
    pub has_file: bool,
}

/// One field of a licence.
pub(crate) struct Field {
    pub label: String,
    pub value: String,
}

/// Digits in groups of four, as people read them aloud.
pub(crate) fn grouped(digits: &str) -> String {
    let digits: Vec<char> = digits.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_four() {
        assert_eq!(grouped("1234567890"), "1234 5678 90");
        assert_eq!(grouped(""), "");
    }
}
