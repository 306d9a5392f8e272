//! The authorization endpoint: an ordered table of checks, then one decision.

mod answer;
mod client_known;
mod decide;
mod draft;
mod hints;
mod interaction;
mod max_age;
mod nonce_and_state;
mod pkce_s256;
mod prompt;
mod redirect_uri_exact;
mod request_object;
mod response_mode;
mod response_type;
mod scope_allowed;

use std::sync::Arc;

pub use self::{
    answer::{AnswerTo, AuthorizationResponse, Reply, ResponseMode},
    decide::{Decision, SignIn, code, decide},
    draft::AuthorizationRequest,
    interaction::Parked,
};
use base::Fault;
use records::Work;

use draft::Draft;
use prompt::Prompt;

use crate::{
    Client, Endpoint, Error, Parameters, Provider, events::AuthorizationRefused, limits, scope::ScopeSet, tally::What,
};

/// One rule. Those before [`redirect_uri_exact`] can only be answered with a page: until then nobody knows where an
/// answer may go.
type Check = fn(&Draft<'_>, &mut AuthorizationRequest) -> Result<(), Error>;

const AUTHORIZE: &[(&str, Check)] = &[
    ("client_known", client_known::check),
    ("redirect_uri_exact", redirect_uri_exact::check),
    ("response_mode", response_mode::check),
    ("nonce_and_state", nonce_and_state::check),
    ("request_object", request_object::check),
    ("response_type", response_type::check),
    ("scope_allowed", scope_allowed::check),
    ("pkce_s256", pkce_s256::check),
    ("prompt", prompt::check),
    ("max_age", max_age::check),
    ("hints", hints::check),
];

/// A request that was refused, and where to say so.
#[derive(Debug)]
pub struct Refused {
    /// What is true.
    pub error: Error,
    /// Where to say it; nowhere but on a page of ours when there is none.
    pub answer_to: Option<AnswerTo>,
    /// The client, when it is one of ours.
    pub client: Option<Arc<Client>>,
    /// The redirect URI that came, when it is why.
    pub received: Option<String>,
}

impl Refused {
    /// One that cannot be answered to anybody: nobody knows yet who asks.
    pub fn unread(error: Error) -> Self {
        Self { error, answer_to: None, client: None, received: None }
    }

    /// What was registered and what came, when they differ.
    pub fn mismatch(&self) -> Option<(&[String], &str)> {
        let client = self.client.as_ref()?;
        Some((&client.settings.redirect_uris, self.received.as_deref()?))
    }
}

/// The parameters we understand; unknown ones are ignored and not kept.
const KNOWN: [&str; 14] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "id_token_hint",
    "login_hint",
    "ui_locales",
];

/// Runs the table of checks.
///
/// # Errors
///
/// [`Refused`] when a rule is broken; boxed, because it is rare and large.
pub fn check(
    provider: &Provider,
    client: Option<Arc<Client>>,
    parameters: &Parameters,
) -> Result<AuthorizationRequest, Box<Refused>> {
    let Some(known) = client.clone() else { return Err(Box::new(Refused::unread(Error::ClientUnknown))) };
    let mut request = AuthorizationRequest {
        client: Arc::clone(&known),
        answer_to: AnswerTo::default(),
        scopes: ScopeSet::default(),
        nonce: None,
        challenge: None,
        prompt: Prompt::default(),
        max_age: None,
        expected_subject: None,
        login_hint: None,
        kept: parameters.kept_of(&KNOWN),
    };
    let draft = Draft { provider, client, parameters };
    for (_, check) in AUTHORIZE {
        if let Err(error) = check(&draft, &mut request) {
            let answer_to = (!request.answer_to.redirect_uri.is_empty()).then_some(request.answer_to);
            let is_mismatch = matches!(error, Error::RedirectUriUnregistered);
            // Somebody else's text, of which no more is kept than an address may have.
            let received = parameters.get("redirect_uri").filter(|_| is_mismatch);
            let received = received.map(|uri| uri.chars().take(limits::URI_LENGTH_MAX).collect());
            return Err(Box::new(Refused { error, answer_to, client: Some(known), received }));
        }
    }
    Ok(request)
}

/// Remembers a request that was answered with a page of ours: the first of a kind at once, the others of a minute with
/// their number. Whoever sends rubbish must not be able to fill the log with it.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn remember(endpoint: &Endpoint<'_>, refused: &Refused) -> Result<(), Fault> {
    let client = refused.client.as_ref().map_or("-", |client| client.client_id.as_str());
    let (why, address) = (refused.error.to_string(), endpoint.address.clone());
    let counted =
        endpoint.provider.tally().count(What::Authorization(why.clone()), client, &address, endpoint.context.at);
    let Some(count) = counted.tell else { return Ok(()) };
    let (registered, received) = refused.mismatch().unzip();
    let event = AuthorizationRefused {
        client: client.to_owned(),
        why,
        address,
        count: Some(count),
        received: received.map(str::to_owned),
        registered: registered.map(<[String]>::to_vec),
    };
    let remember = async |mut work: Work| {
        work.record(event.clone());
        work.commit().await
    };
    endpoint.database.attempt(&endpoint.context, remember).await
}
