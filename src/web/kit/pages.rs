//! On which page the form stands that a request came from: whoever switches the language or the size on the answer to a form
//! that acts goes there.

use std::sync::Arc;

use http::Method;

use crate::kit::access::{Guard, Row};

/// The patterns of all pages that a router answers.
#[derive(Clone)]
pub struct Pages(Arc<Vec<&'static str>>);

impl Pages {
    /// Those among these rows.
    pub fn among(rows: &[Row]) -> Self {
        let is_page = |row: &&Row| row.method == Method::GET && row.guard == Guard::Safe;
        Self(Arc::new(rows.iter().filter(is_page).map(|row| row.path).collect()))
    }

    /// The page with the form of the act at this path, whose row has this pattern: the same path, or the next one above it
    /// that is opened.
    pub fn of(&self, pattern: &str, path: &str) -> Option<String> {
        let (mut pattern, mut path) = (pattern, path);
        while !pattern.is_empty() {
            if self.0.contains(&pattern) {
                return Some(path.to_owned());
            }
            (pattern, path) = (pattern.rsplit_once('/')?.0, path.rsplit_once('/')?.0);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_an_act_is_the_next_one_above_it() {
        let pages = Pages::among(&crate::rows());
        let check = |pattern, path, expected: Option<&str>| {
            assert_eq!(pages.of(pattern, path).as_deref(), expected, "{path}");
        };
        check("/me/password", "/me/password", Some("/me/password"));
        check("/desk/resets/{id}/approve", "/desk/resets/rst_1/approve", Some("/desk/resets/rst_1"));
        check("/operator/keys/{id}/activate", "/operator/keys/key_1/activate", Some("/operator/keys"));
        check("/nowhere/{id}", "/nowhere/1", None);
    }

    #[test]
    fn every_form_of_who_is_signed_in_stands_on_a_page() {
        let acts = crate::rows().into_iter().filter(|row| row.method == Method::POST && row.is_for_browsers());
        let pages = Pages::among(&crate::rows());
        let lost: Vec<_> = acts.filter(|row| pages.of(row.path, row.path).is_none()).map(|row| row.path).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}
