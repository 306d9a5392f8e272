//! What is asked for at the token endpoint, and the tokens that are made.

use base::Instant;
use serde::Serialize;

use crate::{
    Endpoint, Error, Parameters,
    access_token::{self, AccessToken},
    client::Client,
    family::Family,
    id_token, limits,
    scope::{self, ScopeSet},
    subject,
};

/// A request at the token endpoint.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    pub form: &'a Parameters,
    /// The query, which must hold no secret and no grant.
    pub query: Option<&'a str>,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
}

/// What a client gets.
#[derive(Clone, Debug, Serialize)]
pub struct Tokens {
    pub access_token: String,
    /// `Bearer`.
    pub(crate) token_type: &'static str,
    /// Seconds until the access token ends.
    pub(crate) expires_in: i64,
    /// What it is good for.
    pub scope: String,
    /// Who signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_token: Option<String>,
    /// What gets the next tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
}

/// What the tokens of a person's grant are made from.
pub(super) struct Issue<'a> {
    pub(super) family: &'a Family,
    /// The scopes of the access token: those of the family or fewer.
    pub(super) scopes: &'a ScopeSet,
    pub(super) nonce: Option<&'a str>,
    pub(super) refresh_token: Option<String>,
}

/// Signs the tokens of a person's grant. It runs after the commit: a signature takes time, and a writer holds others up.
pub(super) async fn sign(endpoint: &Endpoint<'_>, client: &Client, issue: Issue<'_>) -> Result<Tokens, Error> {
    let (provider, at) = (endpoint.provider, endpoint.context.at);
    let subject = subject::subject(provider, client, &issue.family.person);
    let token = AccessToken {
        client_id: client.client_id.clone(),
        scopes: issue.scopes.clone(),
        subject,
        family: Some(issue.family.name.clone()),
    };
    let access_token = access_token::issue(provider, &*endpoint.context.entropy, &token, at).await?;
    let id_token = if issue.scopes.has(scope::OPENID) {
        let session = subject::session(provider, &client.client_id, &issue.family.session);
        let entropy = &*endpoint.context.entropy;
        let facts = id_token::IdTokenFacts {
            subject: &token.subject,
            session: &session,
            sealed_session: &id_token::sealed_session(provider, entropy, &issue.family.session),
            nonce: issue.nonce,
            authenticated_at: issue.family.authenticated_at,
            access_token: &access_token,
        };
        Some(id_token::issue(provider, client, &facts, at).await?)
    } else {
        None
    };
    Ok(Tokens { id_token, refresh_token: issue.refresh_token, ..bearer(access_token, &token.scopes) })
}

pub(super) fn bearer(access_token: String, scopes: &ScopeSet) -> Tokens {
    Tokens {
        access_token,
        token_type: "Bearer",
        expires_in: limits::ACCESS_TOKEN_SECONDS,
        scope: scopes.text(),
        id_token: None,
        refresh_token: None,
    }
}

/// Until when refresh tokens of a family that begins now may be used, and until when the first must be.
pub(super) fn refresh_limits(at: Instant) -> (Instant, Instant) {
    (at.plus_seconds(limits::REFRESH_ABSOLUTE_SECONDS), at.plus_seconds(limits::REFRESH_IDLE_SECONDS))
}
