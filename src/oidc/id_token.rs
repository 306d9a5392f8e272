//! ID tokens, and reading them back as hints.

use base::{Entropy, Instant, id::SessionId};
use crypto::{
    digest::sha256,
    encoding::{base64url, base64url_decode},
};
use serde::Serialize;
use serde_json::Value;

use crate::{Error, Provider, client::Client, discovery::ACR_PASSWORD, keys::KeyUse, limits};

const TYP: &str = "JWT";

const CONTEXT: &[u8] = b"session of an ID token 1";

/// What an ID token says besides who says it to whom.
pub(crate) struct IdTokenFacts<'a> {
    pub subject: &'a str,
    pub session: &'a str,
    /// The session itself, sealed: [`sealed_session`].
    pub(crate) sealed_session: &'a str,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) authenticated_at: Instant,
    pub access_token: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    acr: &'static str,
    amr: [&'static str; 1],
    sid: &'a str,
    /// Ours alone to read: `sid` is a digest, and leads back to no session.
    session: &'a str,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

/// Signs an ID token with the suite of the client.
pub(crate) async fn issue(
    provider: &Provider,
    client: &Client,
    facts: &IdTokenFacts<'_>,
    at: Instant,
) -> Result<String, Error> {
    let hash = sha256(facts.access_token.as_bytes());
    let claims = Claims {
        iss: provider.issuer_url(),
        sub: facts.subject,
        aud: client.client_id.as_str(),
        exp: at.as_seconds() + limits::ID_TOKEN_SECONDS,
        iat: at.as_seconds(),
        auth_time: facts.authenticated_at.as_seconds(),
        acr: ACR_PASSWORD,
        amr: ["pwd"],
        sid: facts.session,
        session: facts.sealed_session,
        at_hash: base64url(hash.get(..16).unwrap_or(&hash)),
        nonce: facts.nonce,
    };
    let suite = client.settings.id_token_algorithm.suite();
    Ok(provider.keys().sign(KeyUse::IdToken, suite, TYP, &claims).await?)
}

/// A session as its ID tokens carry it, so that one which comes back without a cookie says what it is of. No two are alike:
/// clients cannot compare theirs.
pub(crate) fn sealed_session(provider: &Provider, entropy: &dyn Entropy, session: &SessionId) -> String {
    base64url(&provider.codes().seal(entropy, CONTEXT, session.as_str().as_bytes()))
}

/// What an ID token that comes back says. It may have expired long ago: it only hints at whom it was issued for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The client it was issued to.
    pub client: String,
    /// The person, as that client knows them.
    pub subject: String,
    /// The session, as that client knows it.
    pub session: String,
    /// The session itself; none in tokens of an older version.
    pub(crate) session_id: Option<SessionId>,
}

/// Reads a hint; none unless it is an ID token that we signed.
pub fn hint(provider: &Provider, token: &str) -> Option<Hint> {
    let claims = provider.keys().verify(KeyUse::IdToken, TYP, token)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    // A logout token or a signed userinfo answer has neither of these two.
    claims.get("auth_time").and_then(Value::as_i64)?;
    claims.get("exp").and_then(Value::as_i64)?;
    (text("iss")? == provider.issuer_url()).then_some(())?;
    let sealed = text("session").and_then(|sealed| base64url_decode(&sealed));
    let opened = sealed.and_then(|sealed| provider.codes().open(CONTEXT, &sealed));
    let session_id = opened.and_then(|id| String::from_utf8(id).ok()).map(SessionId::stored);
    Some(Hint { client: text("aud")?, subject: text("sub")?, session: text("sid")?, session_id })
}
