//! Who waits behind a parked request, for the pages that the person sees meanwhile.

use base::{Language, Text};
use oidc::authorize::Parked;

use crate::{App, kit::visit::Visit};

/// The client that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    pub client_name: Text,
    /// Where it runs, so that people can tell a false friend.
    pub client_host: String,
    /// The username it expects.
    pub login_hint: Option<String>,
    /// The language it asks for.
    pub language: Option<Language>,
}

/// The client behind a path to return to, if one waits there for this browser.
pub async fn describe(app: &App, visit: &Visit, to: &str) -> Option<Interaction> {
    let sealed = to.strip_prefix("/authorize/continue?i=").or_else(|| to.strip_prefix("/consent?i="))?;
    let parked = Parked::open(&app.provider, sealed, visit.browser(app), visit.at).ok()?;
    let parameters = parked.parameters().ok()?;
    let client = app.provider.client(&app.database, parameters.get("client_id")?).await.ok()??;
    let hint = parameters.at_most("login_hint", oidc::limits::LOGIN_HINT_LENGTH_MAX).ok().flatten();
    Some(Interaction {
        client_name: client.name.clone(),
        client_host: client.host().to_owned(),
        login_hint: hint.map(str::to_owned),
        language: parameters.get("ui_locales").and_then(Language::preferred),
    })
}
