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
/// What each grant asks of the database is counted: `each_hot_path_of_openid_takes_so_many_statements_and_no_more`.
///
/// # Errors
///
/// The [`Error`] of the first rule that the request breaks, in the order in which a grant checks them.
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
