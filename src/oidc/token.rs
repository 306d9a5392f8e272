//! The token endpoint: who calls, what for, what they get.

mod client_authentication;
mod client_credentials;
mod code;
mod issue;
mod refresh;

pub use issue::{TokenRequest, Tokens};

use crate::{Endpoint, Error, client::GrantType};

/// Answers a request at the token endpoint.
///
/// Statements on the way that succeeds: none for `client_credentials`, one and the event in one transaction for a code
/// and for a refresh token.
///
/// # Errors
///
/// [`Error`].
pub async fn answer(endpoint: &Endpoint<'_>, request: &TokenRequest<'_>) -> Result<Tokens, Error> {
    if request.query.is_some_and(|query| !query.is_empty()) {
        return Err(Error::SecretInAddress);
    }
    let grant = request.form.need("grant_type")?;
    let grant = GrantType::ALL.into_iter().find(|known| known.name() == grant).ok_or(Error::GrantTypeUnsupported)?;
    let client = client_authentication::authenticate(endpoint, request).await?;
    if !client.may_use(grant) {
        return Err(Error::ClientUnauthorized);
    }
    match grant {
        GrantType::AuthorizationCode => code::redeem(endpoint, &client, request.form).await,
        GrantType::ClientCredentials => client_credentials::issue(endpoint, &client, request.form).await,
        GrantType::RefreshToken => refresh::exchange(endpoint, &client, request.form).await,
    }
}
