//! A form that asks for a page, sealed into the address of that page: it is had again by opening it, in another language or
//! size, on the way back, when it is loaded again. Nothing that was typed can be read in the address, and no server keeps
//! it.
//!
//! It opens in the session it was typed in, at its own path, for half an hour; when that session had ended before, in the next
//! one of the same person. What acts is never sealed: a form that is
//! opened from an address asks, and does nothing.

use base::{Instant, id::PersonId};
use crypto::{encoding, seal_box::SealBox};
use serde::{Deserialize, Serialize};

use crate::{
    App,
    kit::{
        form::{CSRF, Fields, ONCE},
        limits::{ASKED_BYTES_MAX, ASKED_SECONDS_MAX},
        session,
        visit::Visit,
    },
};

/// The field of an address that holds the form.
pub const FIELD: &str = "form";

/// The field by which a form says that what follows from it was seen.
pub const CONFIRMED: &str = "confirmed";

/// The field that acts, in forms that ask and never act: none has it.
pub const ALWAYS_ASKS: &str = "acts";

/// A form as it is sealed.
#[derive(Serialize, Deserialize)]
struct Typed {
    /// When it was sent, in microseconds.
    #[serde(rename = "t")]
    at: i64,
    #[serde(rename = "f")]
    fields: Vec<(String, String)>,
}

/// Where the page is that a form asks for; none for a form that is longer than an address may be.
pub fn address(app: &App, visit: &Visit, path: &str, fields: &Fields) -> Option<String> {
    sealed_in(app, visit, (path, &context(app, visit, path)), fields)
}

/// The same for a form that came after its session had ended, for whose session that was.
pub fn address_for(app: &App, visit: &Visit, person: &PersonId, path: &str, fields: &Fields) -> Option<String> {
    sealed_in(app, visit, (path, &context_of(app, visit, person, path)), fields)
}

fn sealed_in(app: &App, visit: &Visit, (path, context): (&str, &[u8]), fields: &Fields) -> Option<String> {
    let fields = fields.pairs().filter(|(name, _)| ![CSRF, ONCE].contains(name));
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let plain = serde_json::to_vec(&Typed { at: visit.at.as_micros(), fields }).ok()?;
    let sealed = seal_box(app).seal(&*app.entropy, context, &plain);
    let address = format!("{path}?{FIELD}={}", encoding::base64url(&sealed));
    (address.len() <= ASKED_BYTES_MAX).then_some(address)
}

/// The form that is sealed into the address of this path, if this session sent it a little while ago; without the field
/// that acts, whatever is in it, and when it was sent.
pub fn open(app: &App, visit: &Visit, (path, acts): (&str, &str), sealed: &str) -> Option<(Fields, Instant)> {
    let sealed = encoding::base64url_decode(sealed)?;
    let opens = |context: &[u8]| seal_box(app).open(context, &sealed);
    let next = || Some(context_of(app, visit, &session::known(visit)?.person_id, path));
    let plain = opens(&context(app, visit, path)).or_else(|| opens(&next()?))?;
    let Typed { at, fields } = serde_json::from_slice(&plain).ok()?;
    let sent = Instant::from_micros(at);
    let is_recent = visit.at.is_within(ASKED_SECONDS_MAX, sent);
    let mut opened = Fields::default();
    for (name, value) in fields.into_iter().filter(|(name, _)| name != acts) {
        opened.add(name, value).ok()?;
    }
    is_recent.then_some((opened, sent))
}

fn seal_box(app: &App) -> SealBox {
    SealBox::new(&crypto::mac::hmac_sha256(app.key.expose(), &[b"asked form\0"]))
}

/// Another session, also one of the same browser, opens nothing.
fn context(app: &App, visit: &Visit, path: &str) -> Vec<u8> {
    let session = visit.session_token.as_ref().map_or("", |token| token.expose().as_str());
    [visit.browser(app).as_bytes(), b"\0", session.as_bytes(), b"\0", path.as_bytes()].concat()
}

/// What was typed after a session had ended is nobody else's either.
fn context_of(app: &App, visit: &Visit, person: &PersonId, path: &str) -> Vec<u8> {
    [visit.browser(app).as_bytes(), b"\0of a person\0", person.as_str().as_bytes(), b"\0", path.as_bytes()].concat()
}
