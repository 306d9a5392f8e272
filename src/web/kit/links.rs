//! Paths that lead somewhere on this site, and nowhere else.

use oidc::parameters::RESERVED;
use percent_encoding::{PercentEncode, utf8_percent_encode};

use crate::kit::limits::RETURN_PATH_BYTES_MAX;

/// The text if it is a path on this site: what came from a link or a form and is to be redirected to.
///
/// `//host`, `/\host`, control characters and anything that is not plain ASCII are refused: browsers read some of
/// these as another host.
pub fn same_origin_path(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\');
    let path = text.starts_with('/') && !text.starts_with("//");
    (plain && path && text.len() <= RETURN_PATH_BYTES_MAX).then_some(text)
}

/// Where a visitor signs in, to come back to `to` afterwards.
pub fn sign_in(to: &str) -> String {
    format!("/sign-in?to={}", percent_encode(to))
}

/// A text as one value of a query.
pub fn percent_encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// What stands above a path: where somebody goes whose form is not opened any more.
pub fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(above, _)| if above.is_empty() { "/" } else { above })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        for good in ["/", "/me", "/authorize/continue?i=a-b_c", "/V/123?x=%2F"] {
            assert_eq!(same_origin_path(good), Some(good));
        }
        for bad in ["", "me", "//evil", "/\\evil", "/a\\b", "https://evil", "/a b", "/a\n", "/中", "javascript:x"] {
            assert_eq!(same_origin_path(bad), None, "{bad:?}");
        }
        let long = format!("/{}", "a".repeat(RETURN_PATH_BYTES_MAX - 1));
        assert!(same_origin_path(&long).is_some());
        assert!(same_origin_path(&format!("{long}a")).is_none());
    }

    #[test]
    fn a_path_survives_its_way_through_a_query() {
        assert_eq!(sign_in("/a?b=c&d"), "/sign-in?to=%2Fa%3Fb%3Dc%26d");
    }

    #[test]
    fn a_form_that_is_not_opened_any_more_leads_to_the_page_above() {
        for (path, expected) in [
            ("/operator/accounts/acc_1/lock", "/operator/accounts/acc_1"),
            ("/operator/people/found", "/operator/people"),
            ("/x", "/"),
        ] {
            assert_eq!(above(path), expected);
        }
    }
}
