//! `/consent`: what a client wants, with the person's own masked values beside it.

use axum::{extract::State, response::Response};
use http::StatusCode;
use oidc::{
    Error,
    authorize::{self, AuthorizationRequest, Decision, Parked},
    claims::{self, ShownClaim},
    grant,
    scope::ScopeSet,
    subject,
};
use records::Work;

use super::authorize::{Opened, endpoint, finish, language_of, open, over, refuse, send, send_error};
use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::html,
        session::Session,
        wording::Worded,
    },
};

/// One scope: what it is, and this person's values, each with its name.
struct Line {
    what: String,
    values: Vec<(String, String)>,
}

#[derive(askama::Template)]
#[template(path = "sign_in/oidc/consent.html")]
struct Consent {
    page: Page,
    client: String,
    host: String,
    department: String,
    purpose: String,
    lines: Vec<Line>,
    sealed: String,
    /// Whose page it is: another person who signs in meanwhile cannot answer for this one.
    subject: String,
}

/// `GET /consent?i=…`.
pub async fn show(State(app): State<App>, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let (parked, request) = match open(&app, &page.visit, query.text("i")).await? {
        Opened::Ready(parked, request) => (parked, request),
        Opened::Over(error, parked) => return Ok(over(page, &error, parked)),
        Opened::Refused(refused) => return refuse(&app, &page.visit, *refused).await,
    };
    let session = page.session.clone();
    let decision = authorize::decide(&endpoint(&app, &page.visit), &request, session.as_deref(), Some(&parked)).await;
    match (decision, session) {
        (Ok(Decision::Consent { scopes, parked }), Some(session)) => {
            ask(&app, page, &request, &session, &scopes, &parked).await
        }
        (decision, _) => finish(&app, &page.visit, &request, decision),
    }
}

async fn ask(
    app: &App,
    page: Page,
    request: &AuthorizationRequest,
    session: &Session,
    scopes: &ScopeSet,
    parked: &Parked,
) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let mut facts = claims::of_person(&mut tx, &session.person_id)
        .await?
        .ok_or_else(|| Problem::Fault(base::Fault::broken("a session without a person")))?;
    facts.add_organisations(&mut tx, page.visit.at).await?;
    let department = identity::organisation::find(&mut tx, &request.client.organisation_id).await?;
    drop(tx);
    let page = page.in_language(language_of(parked));
    let mut lines = Vec::new();
    for scope in scopes.iter() {
        let values = facts.masked(scope, &app.vault)?;
        let values = values.into_iter().map(|(claim, values)| shown(&page, claim, &values)).collect();
        lines.push(Line { what: page.say(&scope.permission.text()).to_owned(), values });
    }
    let sealed = parked.sealed(&app.provider, &*app.entropy, page.visit.browser(app));
    let consent = Consent {
        client: page.say(&request.client.name).to_owned(),
        host: request.client.host().to_owned(),
        department: department.map(|department| department.name).unwrap_or_default(),
        purpose: page.say(&request.client.purpose).to_owned(),
        lines,
        sealed,
        subject: subject::subject(&app.provider, &request.client, &session.person_id),
        page,
    };
    Ok(html(StatusCode::OK, &consent))
}

/// A claim and its value in the page's words.
fn shown(page: &Page, claim: ShownClaim, values: &[String]) -> (String, String) {
    let value = match (claim, values) {
        (ShownClaim::Gender, [one]) if one == "male" => page.say(words::consent::MALE).to_owned(),
        (ShownClaim::Gender, [one]) if one == "female" => page.say(words::consent::FEMALE).to_owned(),
        (_, values) => values.join(page.say(words::consent::AND)),
    };
    (page.say(&claim.text()).to_owned(), value)
}

/// `POST /consent`: `decision=allow` or anything else, which means no.
pub async fn answer(State(app): State<App>, page: Page, fields: Fields) -> Result<Response, Problem> {
    let (parked, request) = match open(&app, &page.visit, fields.text("i")).await? {
        Opened::Ready(parked, request) => (parked, request),
        Opened::Over(error, parked) => return Ok(over(page, &error, parked)),
        Opened::Refused(refused) => return refuse(&app, &page.visit, *refused).await,
    };
    let session = page.session.clone();
    let endpoint = endpoint(&app, &page.visit);
    let decision = authorize::decide(&endpoint, &request, session.as_deref(), Some(&parked)).await;
    let (Ok(Decision::Consent { .. } | Decision::Code(_)), Some(session)) = (&decision, &session) else {
        return finish(&app, &page.visit, &request, decision);
    };
    if subject::subject(&app.provider, &request.client, &session.person_id) != fields.text("subject") {
        return Ok(over(page, &Error::InteractionForeign, Some(parked)));
    }
    let (person, client) = (&session.person_id, &request.client.client_id);
    let allowed = fields.text("decision") == "allow";
    let answer = async |mut work: Work| {
        if allowed {
            grant::give(&mut work, person, client, &request.scopes).await?;
        } else {
            grant::refuse(&mut work, person, client, &request.scopes);
        }
        work.commit().await
    };
    app.database.attempt(&app.context(page.visit(), session.person_actor()), answer).await?;
    if !allowed {
        return Ok(send_error(&app, &page.visit, &request.answer_to, &Error::AccessDenied));
    }
    let code = authorize::code(&endpoint, &request, session);
    Ok(send(&app, &page.visit, &request.answer_to, &authorize::Reply::Code(&code)))
}
