//! What is shown once, in another language or size: the page that shows it brings it back sealed, for one session and a little
//! while. No address has it, and no server keeps it.

use axum::{extract::State, response::Response};
use base::{Instant, Text};
use crypto::{encoding, seal_box::SealBox};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    App, Page,
    kit::{
        form::Fields,
        limits::SHOWN_SECONDS_MAX,
        page::{html, see_other},
        preferences::Switch,
    },
    staff::{confirm::ShownOnce, desk::HandedOver},
};

/// The form on a page of what is shown once that its switches send.
pub const FORM: &str = "shown";

/// The field of the form that brings it back.
const FIELD: &str = "sealed";

/// Words, in both languages.
#[derive(Serialize, Deserialize)]
pub struct Words(String, String);

impl From<&Text> for Words {
    fn from(text: &Text) -> Self {
        Self(text.zh.to_string(), text.en.to_string())
    }
}

impl From<Words> for Text {
    fn from(Words(zh, en): Words) -> Self {
        Self::new(zh, en)
    }
}

/// A secret with all that stands beside it.
#[derive(Serialize, Deserialize)]
pub enum Shown {
    /// A first password, at the counter.
    HandedOver { name: String, username: String, password: String, until: String },
    /// A password or a secret, for an operator.
    Once { label: Words, about: String, facts: Vec<(Words, String)>, value: String, then: Words, back: String },
}

/// With when it was shown first, in microseconds.
#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    at: i64,
    shown: T,
}

/// The page that shows it, in the one answer to who made it; and again, when somebody switches.
pub fn show(app: &App, page: Page, shown: Shown) -> Response {
    let at = page.visit.at;
    render(app, page, at, shown)
}

/// `POST /console/shown`: the same in another language or size; after a while, none.
pub async fn again(State(app): State<App>, page: Page, fields: Fields) -> Response {
    let Some((at, shown)) = open(&app, &page, fields.text(FIELD)) else { return see_other("/console") };
    match Switch::of(&fields) {
        Some(switch) => switch.remembered(&app, render(&app, switch.applied(page), at, shown)),
        None => render(&app, page, at, shown),
    }
}

fn render(app: &App, page: Page, at: Instant, shown: Shown) -> Response {
    let sealed = seal(app, &page, at, &shown);
    let page = page.sent_again_by(FORM);
    match shown {
        Shown::HandedOver { name, username, password, until } => {
            html(StatusCode::OK, &HandedOver { page, sealed, name, username, password, until })
        }
        Shown::Once { label, about, facts, value, then, back } => {
            let facts = facts.into_iter().map(|(name, fact)| (name.into(), fact)).collect();
            let (label, then) = (label.into(), then.into());
            html(StatusCode::OK, &ShownOnce { page, sealed, label, about, facts, value, then, back })
        }
    }
}

fn seal(app: &App, page: &Page, at: Instant, shown: &Shown) -> String {
    // Texts and numbers alone: there is always a JSON of them.
    let plain = serde_json::to_vec(&Sealed { at: at.as_micros(), shown }).unwrap_or_default();
    encoding::base64url(&seal_box(app).seal(&*app.entropy, &context(app, page), &plain))
}

fn open(app: &App, page: &Page, sealed: &str) -> Option<(Instant, Shown)> {
    let plain = seal_box(app).open(&context(app, page), &encoding::base64url_decode(sealed)?)?;
    let Sealed { at, shown } = serde_json::from_slice(&plain).ok()?;
    let at = Instant::from_micros(at);
    (page.visit.at < at.plus_seconds(SHOWN_SECONDS_MAX)).then_some((at, shown))
}

fn seal_box(app: &App) -> SealBox {
    SealBox::new(&crypto::mac::hmac_sha256(app.key.expose(), &[b"shown once\0"]))
}

/// Another session, also one of the same browser, opens nothing.
fn context(app: &App, page: &Page) -> Vec<u8> {
    let session = page.visit.session_token.as_ref().map_or("", |token| token.expose().as_str());
    [page.visit.browser(app).as_bytes(), b"\0", session.as_bytes()].concat()
}
