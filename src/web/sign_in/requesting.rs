//! Which service sent a visitor here.

use base::Language;

use crate::{App, Page};

/// The service that waits for the sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requesting {
    pub name: String,
    /// Where it runs, so that people can tell a false friend.
    pub host: String,
    /// The username it expects.
    pub login_hint: Option<String>,
    /// The language it asks for.
    pub language: Option<Language>,
}

/// The service behind a path to return to, if one waits there.
pub async fn behind(app: &App, page: &Page, to: &str) -> Option<Requesting> {
    let waiting = crate::sign_in::oidc::describe(app, page.visit(), to).await?;
    let language = waiting.language.unwrap_or(page.language);
    Some(Requesting {
        name: waiting.client_name.in_language(language).to_owned(),
        host: waiting.client_host,
        login_hint: waiting.login_hint,
        language: waiting.language,
    })
}
