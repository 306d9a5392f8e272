//! Which service sent a visitor here.

use base::Language;

use crate::App;

/// The service that waits for the sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requesting {
    /// Its name.
    pub name: String,
    /// Where it runs, so that people can tell a false friend.
    pub host: String,
    /// The username it expects.
    pub login_hint: Option<String>,
    /// The language it asks for.
    pub language: Option<Language>,
}

/// The service behind a path to return to, if one waits there.
pub fn behind(_app: &App, _to: &str) -> Option<Requesting> {
    None
}
