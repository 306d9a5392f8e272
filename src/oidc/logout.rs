//! Signing out: what a client may ask for, and telling the clients of a session that it ended.

mod back_channel;

use std::sync::Arc;

use base::{Fault, Instant, id::SessionId};
use identity::Session;
use records::{Database, Work, jobs};

use self::back_channel::Notice;
pub use self::back_channel::{Fetch, deliver};
use crate::{
    Client, Error, Parameters, Provider,
    client::queries,
    events::SessionTokensRevoked,
    family,
    id_token::{self, Hint},
    limits,
    parameters::append,
    subject,
};

/// The kind of job that tells one client.
pub const JOB: &str = "oidc.logout";

/// What a request to sign out amounts to.
#[derive(Clone, Debug)]
pub struct SignOut {
    /// Whether the person must confirm: nobody proved that the request is about this session.
    pub confirm: bool,
    /// Where the browser goes afterwards; our own page when there is none.
    pub redirect: Option<String>,
    /// Who asks, when that is known.
    pub client: Option<Arc<Client>>,
    /// The session that ends though this browser does not bring it: the one in which the client got the hint.
    pub elsewhere: Option<SessionId>,
}

impl SignOut {
    /// Nobody proved anything: the person decides, and nothing is ended that this browser does not bring.
    fn unproved(client: Option<Arc<Client>>) -> Self {
        Self { confirm: true, redirect: None, client, elsewhere: None }
    }
}

/// Judges a request to sign out (OpenID Connect RP-Initiated Logout 1.0).
///
/// The hint is an ID token, which may have expired. Only with a hint of ours does the browser go anywhere but to our
/// own page, and only to an address registered by the hint's client; everything else is confirmed by the person.
///
/// A browser that brings no session has nobody who could be asked: then the hint alone ends the session in which its client
/// got it (§2: the client is authenticated by the token that only it and the person have), unless something in the request
/// would have been asked about.
///
/// # Errors
///
/// [`Error::Fault`] when the database is out of reach.
pub async fn judge(
    provider: &Provider,
    database: &Database,
    parameters: &Parameters,
    session: Option<&Session>,
) -> Result<SignOut, Error> {
    let hint = parameters.get("id_token_hint").and_then(|token| id_token::hint(provider, token));
    let claimed = parameters.get("client_id");
    if let (Some(hint), Some(claimed)) = (&hint, claimed)
        && hint.client != claimed
    {
        // Two names in one request (§2): whoever sent it is neither.
        return Ok(SignOut::unproved(None));
    }
    let Some(Hint { client, session: sid, session_id: named, .. }) = hint else {
        let client = match claimed {
            Some(claimed) => provider.client(database, claimed).await?,
            None => None,
        };
        return Ok(SignOut::unproved(client));
    };
    let client = provider.client(database, &client).await?;
    let wanted = parameters.get("post_logout_redirect_uri");
    let registered = match (&client, wanted) {
        (Some(client), Some(uri)) => client.signs_out_to(uri),
        _ => false,
    };
    let state = parameters.at_most("state", limits::STATE_LENGTH_MAX).unwrap_or_default();
    let redirect = wanted.filter(|_| registered).map(|uri| with_state(uri, state));
    let is_of =
        |id: &SessionId| client.as_ref().is_some_and(|client| subject::session(provider, &client.client_id, id) == sid);
    let same = match session {
        Some(session) => is_of(&session.session_id),
        // Nobody is signed in: there is nothing to confirm.
        None => client.is_some(),
    };
    let confirm = !same || (wanted.is_some() && !registered);
    let elsewhere = named.filter(|named| !confirm && session.is_none() && is_of(named));
    Ok(SignOut { confirm, redirect, client, elsewhere })
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return uri.to_owned() };
    let mut query = String::new();
    append(&mut query, "state", state);
    format!("{uri}{}{query}", if uri.contains('?') { '&' } else { '?' })
}

/// Ends what clients have of a session, in the same transaction that closes it: all tokens that came out of it,
/// refresh tokens too, and a message to each client that registered for one. Returns how many clients are told.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn session_ended(work: &mut Work, session: &SessionId) -> Result<usize, Fault> {
    let at = work.at();
    let mut ended = family::revoke_session(&mut work.tx, session, "session_ended", at).await?;
    if ended.is_empty() {
        return Ok(0);
    }
    let families = ended.len();
    ended.sort();
    ended.dedup();
    ended.truncate(limits::LOGOUT_CLIENTS_MAX as usize);
    let mut told = 0;
    for (client, person) in ended {
        let known = queries::by_id(&mut work.tx, &client).await?;
        if known.is_none_or(|client| client.backchannel_logout_uri.is_none() || !client.enabled) {
            continue;
        }
        let notice = Notice { client, person, session: session.as_str().to_owned() };
        jobs::enqueue(work, JOB, &notice.client, &notice).await?;
        told += 1;
    }
    work.record(SessionTokensRevoked { session: session.clone(), families, clients_told: told });
    Ok(told)
}

/// A logout token's time limits, for whoever checks one.
pub(crate) fn expiry(at: Instant) -> i64 {
    at.as_seconds() + limits::LOGOUT_TOKEN_SECONDS
}
