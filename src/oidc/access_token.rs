//! Access tokens: `at+jwt` (RFC 9068), ES256, ten minutes.

use base::{Entropy, Instant};
use crypto::{Suite, encoding::base64url};
use records::Database;
use serde::Serialize;
use serde_json::Value;

use crate::{Error, Provider, client::ClientId, family, keys::KeyUse, limits, scope::ScopeSet};

const TYP: &str = "at+jwt";

/// What a valid access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Who holds it.
    pub client_id: ClientId,
    /// What it is good for.
    pub scopes: ScopeSet,
    /// Whom it is about: a person, or the client itself.
    pub subject: String,
    /// What it came out of; none when the client acts for itself.
    pub family: Option<String>,
}

impl AccessToken {
    /// Refuses a token that lacks a scope.
    ///
    /// # Errors
    ///
    /// [`Error::ScopeMissing`] when it does.
    pub(crate) fn need(&self, scope: &'static str) -> Result<(), Error> {
        if self.scopes.has(scope) { Ok(()) } else { Err(Error::ScopeMissing(scope)) }
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<&'a str>,
}

/// Signs an access token.
pub(crate) async fn issue(
    provider: &Provider,
    entropy: &dyn Entropy,
    token: &AccessToken,
    at: Instant,
) -> Result<String, Error> {
    let claims = Claims {
        iss: provider.issuer_url(),
        sub: &token.subject,
        aud: provider.issuer_url(),
        client_id: token.client_id.as_str(),
        iat: at.as_seconds(),
        exp: at.as_seconds() + limits::ACCESS_TOKEN_SECONDS,
        jti: base64url(&entropy.bytes::<16>()),
        scope: token.scopes.text(),
        family: token.family.as_deref(),
    };
    Ok(provider.keys().sign(KeyUse::AccessToken, Suite::Es256, TYP, &claims).await?)
}

/// Reads an access token: signature, kind, issuer, audience and time. It does not ask whether what it hangs on still
/// lives; [`authenticate`] does.
///
/// # Errors
///
/// [`Error::AccessTokenInvalid`] when one of them is not as it must be.
pub fn verify(provider: &Provider, bearer: &str, at: Instant) -> Result<AccessToken, Error> {
    let read = || {
        let claims = provider.keys().verify(KeyUse::AccessToken, TYP, bearer)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let number = |name: &str| claims.get(name).and_then(Value::as_i64);
        let issuer = provider.issuer_url();
        let in_time = number("exp")? > at.as_seconds() && number("iat")? <= at.as_seconds() + 60;
        (text("iss")? == issuer && text("aud")? == issuer && in_time).then_some(())?;
        Some(AccessToken {
            client_id: ClientId::parse(text("client_id")?).ok()?,
            scopes: ScopeSet::stored(text("scope")?),
            subject: text("sub")?.to_owned(),
            family: text("family").map(str::to_owned),
        })
    };
    read().ok_or(Error::AccessTokenInvalid)
}

/// Who calls with this access token: [`verify`], and the client is enabled, and the session and grant that a person's
/// token hangs on still live.
///
/// # Errors
///
/// [`Error::AccessTokenInvalid`] when any of that does not hold; [`Error::Fault`] when the database is out of reach.
pub async fn authenticate(
    provider: &Provider,
    database: &Database,
    bearer: &str,
    at: Instant,
) -> Result<AccessToken, Error> {
    let token = verify(provider, bearer, at)?;
    provider.client(database, token.client_id.as_str()).await?.ok_or(Error::AccessTokenInvalid)?;
    if let Some(family) = &token.family
        && !family::lives(&mut database.read().await?, family).await?
    {
        return Err(Error::AccessTokenInvalid);
    }
    Ok(token)
}
