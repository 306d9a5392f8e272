//! A look that is had again in another language or size: it was written down when it was made, and is not written down a
//! second time.
//!
//! The links that switch carry a code of the page on which they stand, which has it only once its look is kept. It is good
//! in that session, at that address and for a little while; whoever has it has looked.

use base::{Instant, secret};

use crate::{
    App,
    kit::{limits::SWITCHED_SECONDS_MAX, visit::Visit},
};

/// The parameter that carries the code.
pub const SEEN: &str = "seen";

/// A path and query without the code, and the code.
pub fn apart(target: &str) -> (String, Option<String>) {
    let Some((path, query)) = target.split_once('?') else { return (target.to_owned(), None) };
    let begin = format!("{SEEN}=");
    let (seen, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with(&begin));
    let Some(code) = seen.first().and_then(|pair| pair.strip_prefix(&begin)) else { return (target.to_owned(), None) };
    let plain = if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
    (plain, Some(code.to_owned()))
}

/// An address with what a link that switches brought along.
pub fn with(address: &str, code: &str) -> String {
    if code.is_empty() {
        return address.to_owned();
    }
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}{SEEN}={code}")
}

/// When the page at the address of this visit was seen first, if a page of this session says so.
pub fn since(app: &App, visit: &Visit, code: &str) -> Option<Instant> {
    let at = Instant::from_micros(code.split_once('.')?.0.parse().ok()?);
    let is_ours = secret::equal(made(app, visit, &visit.target, at).as_bytes(), code.as_bytes());
    (is_ours && visit.at.is_within(SWITCHED_SECONDS_MAX, at)).then_some(at)
}

/// The code of what was seen at an address at this instant.
pub fn made(app: &App, visit: &Visit, address: &str, at: Instant) -> String {
    let session = visit.session_token.as_ref().map_or("", |token| token.expose().as_str());
    let micros = at.as_micros().to_string();
    let parts: [&[u8]; 6] = [b"seen\0", session.as_bytes(), b"\0", address.as_bytes(), b"\0", micros.as_bytes()];
    format!("{micros}.{}", crypto::encoding::base64url(&crypto::mac::hmac_sha256(app.key.expose(), &parts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_without_the_code_that_was_put_behind_it() {
        for address in ["/desk", "/desk/receipts?after=ver_1", "/audit/entries?a=1&b=2"] {
            assert_eq!(apart(&with(address, "1.x")), (address.to_owned(), Some("1.x".to_owned())));
            assert_eq!(apart(&with(address, "")), (address.to_owned(), None));
        }
        assert_eq!(apart("/a?seen=1.x&b=2"), ("/a?b=2".to_owned(), Some("1.x".to_owned())));
        assert_eq!(apart("/a?unseen=1"), ("/a?unseen=1".to_owned(), None));
    }
}
