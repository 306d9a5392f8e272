//! The token endpoint: who calls, what for, what they get.

mod client_authentication;
mod client_credentials;
mod code;
mod refresh;

use base::Instant;
use records::{Context, Database};
use serde::Serialize;

use crate::{
    Error, Parameters, Provider,
    access_token::{self, AccessToken},
    client::{Client, GrantType},
    family::Family,
    id_token, limits,
    scope::{self, ScopeSet},
    subject,
};

/// Where a request meets the provider: what it may use, when, and who is on the other side.
#[derive(Clone, Debug)]
pub struct Desk<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The database.
    pub database: &'a Database,
    /// Who acts, when, for which request.
    pub context: Context,
    /// The address of the caller.
    pub address: &'a str,
}

/// A request at the token endpoint.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// The form.
    pub form: &'a Parameters,
    /// The query, which must hold no secret and no grant.
    pub query: Option<&'a str>,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
}

/// What a client gets.
#[derive(Clone, Debug, Serialize)]
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token ends.
    pub expires_in: i64,
    /// What it is good for.
    pub scope: String,
    /// Who signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What gets the next tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Answers a request at the token endpoint.
///
/// Statements on the way that succeeds: none for `client_credentials`, one and the event in one transaction for a code
/// and for a refresh token.
///
/// # Errors
///
/// [`Error`].
pub async fn answer(desk: &Desk<'_>, request: &TokenRequest<'_>) -> Result<Tokens, Error> {
    if request.query.is_some_and(|query| !query.is_empty()) {
        return Err(Error::SecretInAddress);
    }
    let grant = request.form.need("grant_type")?;
    let grant = GrantType::ALL.into_iter().find(|known| known.name() == grant).ok_or(Error::GrantTypeUnsupported)?;
    let client = client_authentication::authenticate(desk, request).await?;
    if !client.may_use(grant) {
        return Err(Error::ClientUnauthorized);
    }
    match grant {
        GrantType::AuthorizationCode => code::redeem(desk, &client, request.form).await,
        GrantType::ClientCredentials => client_credentials::issue(desk, &client, request.form).await,
        GrantType::RefreshToken => refresh::exchange(desk, &client, request.form).await,
    }
}

/// What the tokens of a person's grant are made from.
struct Issue<'a> {
    family: &'a Family,
    /// The scopes of the access token: those of the family or fewer.
    scopes: &'a ScopeSet,
    nonce: Option<&'a str>,
    refresh_token: Option<String>,
}

/// Signs the tokens of a person's grant. It runs after the commit: a signature takes time, and a writer holds others up.
async fn sign(desk: &Desk<'_>, client: &Client, issue: Issue<'_>) -> Result<Tokens, Error> {
    let (provider, at) = (desk.provider, desk.context.at);
    let subject = subject::subject(provider, client, &issue.family.person);
    let token = AccessToken {
        client_id: client.client_id.clone(),
        scopes: issue.scopes.clone(),
        subject,
        family: Some(issue.family.name.clone()),
    };
    let access_token = access_token::issue(provider, &*desk.context.entropy, &token, at).await?;
    let id_token = if issue.scopes.has(scope::OPENID) {
        let session = subject::session(provider, &client.client_id, &issue.family.session);
        let facts = id_token::Facts {
            subject: &token.subject,
            session: &session,
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

fn bearer(access_token: String, scopes: &ScopeSet) -> Tokens {
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
fn refresh_limits(at: Instant) -> (Instant, Instant) {
    (at.plus_seconds(limits::REFRESH_ABSOLUTE_SECONDS), at.plus_seconds(limits::REFRESH_IDLE_SECONDS))
}
