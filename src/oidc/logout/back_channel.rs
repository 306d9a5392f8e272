//! Telling a client that a session ended (OpenID Connect Back-Channel Logout 1.0).

use std::{future::Future, pin::Pin};

use base::{
    Entropy, Fault, Instant,
    id::{PersonId, SessionId},
};
use crypto::encoding::base64url;
use records::Database;
use serde::{Deserialize, Serialize};

use crate::{Client, Error, Provider, keys::KeyUse, parameters::append, subject};

/// What a job carries: who is told about which session. The token is made when it is sent, because it lives only two
/// minutes and a client may be down for longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub client: String,
    /// Whose session it was.
    pub person: String,
    pub session: String,
}

/// Sends a form to a client's address. The one who implements it follows no redirects, waits five seconds at most,
/// reads no body, and connects to no inner address (`client::uri::is_public`) unless the demonstration allows it.
pub trait Fetch: Send + Sync {
    /// The status of the answer, or why there is none.
    fn post_form<'a>(
        &'a self,
        url: &'a str,
        body: String,
    ) -> Pin<Box<dyn Future<Output = Result<u16, String>> + Send + 'a>>;
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    sid: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    events: serde_json::Value,
}

/// Makes the logout token for a client.
async fn token(
    provider: &Provider,
    client: &Client,
    notice: &Notice,
    entropy: &dyn Entropy,
    at: Instant,
) -> Result<String, Error> {
    let session = SessionId::stored(notice.session.clone());
    let person = PersonId::stored(notice.person.clone());
    let claims = Claims {
        iss: provider.issuer_url(),
        aud: client.client_id.as_str(),
        sub: &subject::subject(provider, client, &person),
        sid: &subject::session(provider, &client.client_id, &session),
        iat: at.as_seconds(),
        exp: super::expiry(at),
        jti: base64url(&entropy.bytes::<16>()),
        events: serde_json::json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
    };
    let suite = client.settings.id_token_algorithm.suite();
    Ok(provider.keys().sign(KeyUse::IdToken, suite, "logout+jwt", &claims).await?)
}

/// Sends one notice. The job runner calls it until it succeeds or the tries are used up.
///
/// # Errors
///
/// [`Error::Fault`] when the client did not take it: to be tried again.
pub async fn deliver(
    provider: &Provider,
    database: &Database,
    (entropy, at): (&dyn Entropy, Instant),
    payload: &str,
    fetch: &dyn Fetch,
) -> Result<(), Error> {
    let notice: Notice = serde_json::from_str(payload).map_err(Fault::broken)?;
    let client = provider.client(database, &notice.client).await?;
    // Disabled or changed since: nobody is left to be told.
    let Some((client, uri)) = client.and_then(|client| {
        let uri = client.backchannel_logout_uri.clone()?;
        Some((client, uri))
    }) else {
        return Ok(());
    };
    let mut body = String::new();
    append(&mut body, "logout_token", &token(provider, &client, &notice, entropy, at).await?);
    match fetch.post_form(&uri, body).await {
        Ok(200..=299) => Ok(()),
        // The client says that the token is wrong; the same will be wrong again, but clocks and keys heal.
        Ok(status) => Err(Fault::unavailable(format!("the client answered {status}")).into()),
        Err(why) => Err(Fault::unavailable(why).into()),
    }
}
