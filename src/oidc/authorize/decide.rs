//! What happens with a request that passed the checks: a code, a question, or a no.

use base::Instant;
use crypto::digest::sha256;
use identity::Session;
use records::Tx;

use super::{draft::AuthorizationRequest, interaction::Parked};
use crate::{
    Endpoint, Error,
    client::Consent,
    code::{Code, family_name},
    grant::{self, Given},
    limits,
    scope::{self, ScopeSet},
    subject,
};

/// What happens next.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The client gets this code.
    Code(String),
    /// The person is asked for these scopes; those they gave before are not among them.
    Consent {
        scopes: ScopeSet,
        /// The request, for when they have answered.
        parked: Parked,
    },
    /// Somebody signs in first.
    SignIn(SignIn),
}

/// A sign-in that a request waits for.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The request, for when they are signed in.
    pub parked: Parked,
}

/// Decides. With a live session nothing is written, and no more than what this client has of this person is read
/// (`each_hot_path_of_openid_takes_so_many_statements_and_no_more`).
///
/// `earlier` is the parked request when this is its second round.
///
/// # Errors
///
/// [`Error::LoginRequired`] or [`Error::ConsentRequired`], the answer for the client, when it asked for no page and one
/// is needed; [`Error::Fault`] when the database is out of reach.
pub async fn decide(
    endpoint: &Endpoint<'_>,
    request: &AuthorizationRequest,
    session: Option<&Session>,
    earlier: Option<&Parked>,
) -> Result<Decision, Error> {
    let at = endpoint.context.at;
    let Some(session) = session.filter(|session| is_recent(request, session, earlier, at)) else {
        if request.prompt.none {
            return Err(Error::LoginRequired);
        }
        let again = request.prompt.login || request.max_age.is_some();
        // Whoever has to sign in now does so after this instant, and only a sign-in after it counts.
        let not_before = earlier.and_then(Parked::not_before).or_else(|| again.then_some(at));
        return Ok(Decision::SignIn(SignIn { parked: Parked::new(request.kept.clone(), at, not_before) }));
    };
    let provider = endpoint.provider;
    let expected = request.expected_subject.as_deref();
    if expected.is_some_and(|expected| expected != subject::subject(provider, &request.client, &session.person_id)) {
        return Err(Error::LoginRequired);
    }
    let scopes = unanswered(endpoint, request, session).await?;
    if let Some(scopes) = scopes {
        if request.prompt.none {
            return Err(Error::ConsentRequired);
        }
        let not_before = earlier.and_then(Parked::not_before);
        return Ok(Decision::Consent { scopes, parked: Parked::new(request.kept.clone(), at, not_before) });
    }
    Ok(Decision::Code(code(endpoint, request, session)))
}

/// Whether the sign-in is young enough. In the second round only the instant in the parked request counts: with
/// `max_age=1` nobody would be quick enough otherwise.
fn is_recent(request: &AuthorizationRequest, session: &Session, earlier: Option<&Parked>, at: Instant) -> bool {
    match earlier.and_then(Parked::not_before) {
        Some(not_before) => session.authenticated_at >= not_before,
        None if request.prompt.login && earlier.is_none() => false,
        None => request.max_age.is_none_or(|max_age| session.authenticated_at.plus_seconds(max_age) > at),
    }
}

/// The scopes that the person has to be asked for; none when nothing is to be asked.
async fn unanswered(
    endpoint: &Endpoint<'_>,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<Option<ScopeSet>, Error> {
    // Also where the department's rules are consent enough: the client wants the person to see the page.
    if request.prompt.consent {
        return Ok(Some(request.scopes.clone()));
    }
    let mut tx: Tx = endpoint.database.read().await?;
    let given = match grant::given(&mut tx, &session.person_id, &request.client.client_id).await? {
        Given::Withdrawn => ScopeSet::default(),
        // Whoever took it back was promised to be asked first; all others need not be.
        _ if request.client.settings.consent == Consent::Implied => return Ok(None),
        Given::Nothing => ScopeSet::default(),
        Given::Scopes(given) => given,
    };
    if given.covers(&request.scopes) {
        return Ok(None);
    }
    Ok(Some(request.scopes.only(|name| !given.has(name) || name == scope::OPENID)))
}

/// Makes a code for a request whose questions are all answered: [`decide`] does it, and the consent page after "allow".
pub fn code(endpoint: &Endpoint<'_>, request: &AuthorizationRequest, session: &Session) -> String {
    let code = Code {
        family: family_name(&*endpoint.context.entropy),
        client: request.client.client_id.to_string(),
        session: session.session_id.clone(),
        person: session.person_id.clone(),
        scopes: request.scopes.clone(),
        nonce: request.nonce.clone(),
        challenge: request.challenge,
        redirect: sha256(request.answer_to.redirect_uri.as_bytes()),
        authenticated_at: session.authenticated_at,
        expires_at: endpoint.context.at.plus_seconds(limits::CODE_SECONDS),
    };
    code.sealed(endpoint.provider, &*endpoint.context.entropy)
}
