//! The userinfo endpoint.

use base::secret;
use identity::Vault;
use serde_json::{Map, Value};

use crate::{Endpoint, Error, access_token, claims, keys::KeyUse, scope, subject};

/// What a client gets.
#[derive(Clone, Debug)]
pub enum Userinfo {
    /// Plain claims.
    Json(Map<String, Value>),
    /// A signed token, for clients that registered for one.
    Signed(String),
}

/// Answers a request at the userinfo endpoint.
///
/// # Errors
///
/// [`Error::AccessTokenInvalid`] when the token or what it hangs on no longer counts; [`Error::ScopeMissing`] when it
/// is not for signing in a person.
pub async fn answer(endpoint: &Endpoint<'_>, vault: &Vault, bearer: &str) -> Result<Userinfo, Error> {
    let at = endpoint.context.at;
    let token = access_token::verify(endpoint.provider, bearer, at)?;
    let client = endpoint.provider.client(endpoint.database, token.client_id.as_str()).await?;
    let client = client.ok_or(Error::AccessTokenInvalid)?;
    token.need(scope::OPENID)?;
    let family = token.family.as_deref().ok_or(Error::ScopeMissing(scope::OPENID))?;
    let mut tx = endpoint.database.read().await?;
    let mut facts = claims::of_family(&mut tx, family).await?.ok_or(Error::AccessTokenInvalid)?;
    // Whoever else the family is said to be of now, the token is about one person.
    if !secret::equal(subject::subject(endpoint.provider, &client, &facts.person).as_bytes(), token.subject.as_bytes())
    {
        return Err(Error::AccessTokenInvalid);
    }
    if token.scopes.has("org") {
        facts.add_organisations(&mut tx, at).await?;
    }
    drop(tx);
    let scopes = token.scopes.only(|name| client.scopes.has(name));
    let mut claims = facts.claims(&scopes, vault)?;
    claims.insert("sub".to_owned(), token.subject.into());
    let Some(algorithm) = client.settings.userinfo_algorithm else { return Ok(Userinfo::Json(claims)) };
    claims.insert("iss".to_owned(), endpoint.provider.issuer_url().into());
    claims.insert("aud".to_owned(), client.client_id.as_str().into());
    let signed = endpoint.provider.keys().sign(KeyUse::IdToken, algorithm.suite(), "JWT", &claims).await?;
    Ok(Userinfo::Signed(signed))
}
