//! That something was done, said by the page to which that leads: to the browser that did it, and for a moment. A page that is
//! opened again later, or from a bookmark, says what is true then.

use crate::{
    Page,
    kit::{form::Fields, limits::SAID_SECONDS_MAX, page::see_other},
};
use axum::response::Response;
use base::{Instant, secret};

impl Page {
    /// The way back to a page of ours, which then says that this was done.
    pub fn leads_back(&self, path: &str, said: &str) -> Response {
        see_other(&self.way_back(path, said))
    }

    /// The address of that page.
    pub fn way_back(&self, path: &str, said: &str) -> String {
        let at = self.visit.at.as_micros();
        format!("{path}?{said}={at}.{}", self.said_code(path, said, at))
    }

    /// Whether this page says now that this was done.
    pub fn says(&self, query: &Fields, said: &str) -> bool {
        let Some((at, code)) = query.text(said).split_once('.') else { return false };
        let Ok(at) = at.parse::<i64>() else { return false };
        let path = self.visit.target.split('?').next().unwrap_or_default();
        let is_ours = secret::equal(self.said_code(path, said, at).as_bytes(), code.as_bytes());
        is_ours && is_recent(Instant::from_micros(at), self.visit.at)
    }

    fn said_code(&self, path: &str, said: &str, at: i64) -> String {
        let (key, browser) = (self.app().key.expose(), self.visit.browser(self.app()));
        let parts: [&[u8]; 8] =
            [b"said\0", browser.as_bytes(), b"\0", path.as_bytes(), b"\0", said.as_bytes(), b"\0", &at.to_be_bytes()];
        crypto::encoding::base64url(&crypto::mac::hmac_sha256(key, &parts))
    }
}

/// An address without what it says was done.
pub fn without(address: &str) -> &str {
    let said = |(_, query): &(&str, &str)| {
        let value = query.split_once('=').filter(|_| !query.contains('&')).map(|(_, value)| value);
        let parts = value.and_then(|value| value.split_once('.'));
        parts.is_some_and(|(at, code)| at.parse::<i64>().is_ok() && code.len() == SAID_CODE_LENGTH)
    };
    address.split_once('?').filter(said).map_or(address, |(path, _)| path)
}

/// Of 32 bytes in base64url.
const SAID_CODE_LENGTH: usize = 43;

fn is_recent(done: Instant, now: Instant) -> bool {
    now.is_within(SAID_SECONDS_MAX, done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_what_it_says_is_the_page_alone() {
        let code = "c".repeat(SAID_CODE_LENGTH);
        let check = |address: &str, expected: &str| assert_eq!(without(address), expected);
        check(&format!("/operator/keys?done=1795417200000000.{code}"), "/operator/keys");
        for other in ["/operator/keys", "/audit/entries?kind=log.read", "/a?after=1.x", "/a?b=1.2&c=3"] {
            check(other, other);
        }
    }

    #[test]
    fn that_something_was_done_is_said_for_a_minute() {
        let now = Instant::from_seconds(1_795_417_200);
        let check = |seconds, recent| assert_eq!(is_recent(now.plus_seconds(seconds), now), recent, "{seconds}");
        check(0, true);
        check(1 - SAID_SECONDS_MAX, true);
        check(-SAID_SECONDS_MAX, false);
        check(15, true);
        check(i64::MAX, false);
        check(i64::MIN, false);
    }
}
