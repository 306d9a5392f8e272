//! `/authorize`: from a client's request to a code, a question, or an error.

use std::fmt::Write;

use axum::{
    extract::{Request as HttpRequest, State},
    response::{IntoResponse, Response},
};
use base::{Fault, Language};
use http::{StatusCode, Uri};
use identity::Role;
use oidc::{
    Endpoint, Error, Parameters,
    authorize::{self, AnswerTo, AuthorizationRequest, AuthorizationResponse, Decision, Parked, Refused, Reply},
    discovery::path,
};
use records::Actor;

use super::{error, parameters};
use crate::{
    App, Page, Problem,
    kit::{
        form::Query,
        links,
        page::{html, see_other},
        session,
        visit::{self, SharedVisit},
    },
};

/// `GET /authorize`.
pub async fn show(State(app): State<App>, visit::Of(visit): visit::Of, uri: Uri) -> Result<Response, Problem> {
    let parameters = match Parameters::parse(uri.query().unwrap_or_default()) {
        Ok(parameters) => parameters,
        Err(error) => return refuse(&app, &visit, Refused::unread(error)).await,
    };
    match check(&app, &parameters).await? {
        Ok(request) => decide(&app, &visit, &request, None).await,
        Err(refused) => refuse(&app, &visit, *refused).await,
    }
}

/// `POST /authorize`: a form from another site brings no session cookie, a GET does.
pub async fn by_post(
    State(app): State<App>,
    visit::Of(visit): visit::Of,
    request: HttpRequest,
) -> Result<Response, Problem> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let joined = match parameters::form_text(request).await {
        Ok(form) if query.is_empty() => Ok(form),
        Ok(form) => Ok(format!("{query}&{form}")),
        Err(error) => Err(error),
    };
    // Read here as well, so that what cannot be read is not sent round.
    match joined.and_then(|joined| Parameters::parse(&joined).map(|_| joined)) {
        Ok(joined) => Ok(see_other(&format!("{}?{}", path::AUTHORIZATION, in_an_address(&joined)))),
        Err(error) => refuse(&app, &visit, Refused::unread(error)).await,
    }
}

/// A form as the query of an address: bytes that a form may hold and an address may not are encoded.
fn in_an_address(form: &str) -> String {
    form.bytes().fold(String::with_capacity(form.len()), |mut query, byte| {
        match byte {
            0x21 | 0x24..=0x3b | 0x3d | 0x3f..=0x5f | 0x61..=0x7e if byte != b'\\' => query.push(char::from(byte)),
            other => {
                let _ = write!(query, "%{other:02X}");
            }
        }
        query
    })
}

/// `GET /authorize/continue?i=…`: back from signing in.
pub async fn go_on(State(app): State<App>, page: Page, Query(query): Query) -> Result<Response, Problem> {
    match open(&app, &page.visit, query.text("i")).await? {
        Opened::Ready(parked, request) => decide(&app, &page.visit, &request, Some(&parked)).await,
        Opened::Over(error, parked) => Ok(over(page, &error, parked)),
        Opened::Refused(refused) => refuse(&app, &page.visit, *refused).await,
    }
}

/// A parked request, opened.
pub(super) enum Opened {
    /// It can go on.
    Ready(Parked, Box<AuthorizationRequest>),
    /// It cannot; when it was this browser's, it can begin again.
    Over(Error, Option<Parked>),
    /// Its client changed meanwhile.
    Refused(Box<Refused>),
}

pub(super) async fn open(app: &App, visit: &SharedVisit, sealed: &str) -> Result<Opened, Problem> {
    let browser = visit.browser(app);
    let parked = match Parked::open(&app.provider, sealed, browser, visit.at) {
        Ok(parked) => parked,
        Err(error) => {
            let expired = Parked::open_expired(&app.provider, sealed, browser).ok();
            return Ok(Opened::Over(error, expired));
        }
    };
    let parameters = parked.parameters().map_err(Problem::from)?;
    Ok(match check(app, &parameters).await? {
        Ok(request) => Opened::Ready(parked, Box::new(request)),
        Err(refused) => Opened::Refused(refused),
    })
}

async fn check(app: &App, parameters: &Parameters) -> Result<Result<AuthorizationRequest, Box<Refused>>, Fault> {
    let client = match parameters.get("client_id") {
        Some(client) => app.provider.client(&app.database, client).await?,
        None => None,
    };
    Ok(authorize::check(&app.provider, client, parameters))
}

pub(super) fn endpoint<'a>(app: &'a App, visit: &SharedVisit) -> Endpoint<'a> {
    let context = app.context(visit, Actor::Anonymous);
    Endpoint { provider: &app.provider, database: &app.database, context, address: visit.address.to_string() }
}

async fn decide(
    app: &App,
    visit: &SharedVisit,
    request: &AuthorizationRequest,
    earlier: Option<&Parked>,
) -> Result<Response, Problem> {
    let session = session::find(app, visit).await?;
    let decision = authorize::decide(&endpoint(app, visit), request, session.as_deref(), earlier).await;
    match decision {
        Ok(Decision::Consent { parked, .. }) => {
            let sealed = parked.sealed(&app.provider, &*app.entropy, visit.browser(app));
            Ok(see_other(&format!("/consent?i={sealed}")))
        }
        other => finish(app, visit, request, other),
    }
}

/// Everything but a question.
pub(super) fn finish(
    app: &App,
    visit: &SharedVisit,
    request: &AuthorizationRequest,
    decision: Result<Decision, Error>,
) -> Result<Response, Problem> {
    match decision {
        Ok(Decision::Code(code)) => Ok(send(app, visit, &request.answer_to, &Reply::Code(&code))),
        Ok(Decision::SignIn(sign_in)) => {
            let sealed = sign_in.parked.sealed(&app.provider, &*app.entropy, visit.browser(app));
            Ok(see_other(&links::sign_in(&format!("/authorize/continue?i={sealed}"))))
        }
        Ok(Decision::Consent { .. }) => Err(Problem::Fault(Fault::broken("a question was left unasked"))),
        Err(Error::Fault(fault)) => Err(Problem::Fault(fault)),
        Err(error) => Ok(send_error(app, visit, &request.answer_to, &error)),
    }
}

/// Says no: to the client where it may be told, on a page otherwise.
pub(super) async fn refuse(app: &App, visit: &SharedVisit, refused: Refused) -> Result<Response, Problem> {
    if let Some(answer_to) = &refused.answer_to {
        return Ok(send_error(app, visit, answer_to, &refused.error));
    }
    authorize::remember(&endpoint(app, visit), &refused).await?;
    let page = Page::of_visit(app, visit);
    let shown = app.settings.site.demonstration || is_operator(app, visit).await?;
    let mismatch = refused.mismatch().filter(|_| shown);
    let mismatch = mismatch.map(|(registered, received)| Mismatch {
        received: received.to_owned(),
        registered: registered.to_vec(),
        client_id: refused.client.as_ref().map(|client| client.client_id.to_string()).unwrap_or_default(),
    });
    Ok(html(StatusCode::BAD_REQUEST, &ErrorPage { mismatch, ..ErrorPage::of(page, &refused.error) }))
}

/// Whether whoever looks may see how applications are registered.
async fn is_operator(app: &App, visit: &SharedVisit) -> Result<bool, Fault> {
    Ok(session::find(app, visit).await?.is_some_and(|session| session.has(Role::Operator)))
}

pub(super) fn send_error(app: &App, visit: &SharedVisit, answer_to: &AnswerTo, why: &Error) -> Response {
    let (_, code) = error::code(why);
    let description = error::description(why);
    send(app, visit, answer_to, &Reply::Error(code, &description))
}

pub(super) fn send(app: &App, visit: &SharedVisit, answer_to: &AnswerTo, reply: &Reply<'_>) -> Response {
    match answer_to.answer(&app.provider, reply) {
        AuthorizationResponse::Redirect(address) => see_other(&address),
        AuthorizationResponse::Form { action, fields } => {
            let page = Page::of_visit(app, visit);
            html(StatusCode::OK, &FormPost { page, action, fields })
        }
    }
}

/// An answer that the browser sends on as a form: by itself where scripts run, by a button elsewhere.
#[derive(askama::Template)]
#[template(path = "sign_in/oidc/form_post.html")]
struct FormPost {
    page: Page,
    action: String,
    fields: Vec<(&'static str, String)>,
}

#[derive(askama::Template)]
#[template(path = "sign_in/oidc/error.html")]
struct ErrorPage {
    page: Page,
    text: base::Text,
    code: &'static str,
    /// Where the same request begins again.
    again: Option<String>,
    mismatch: Option<Mismatch>,
}

/// An address for answers that is not registered, for those who see how applications are.
struct Mismatch {
    received: String,
    registered: Vec<String>,
    client_id: String,
}

impl ErrorPage {
    fn of(page: Page, why: &Error) -> Self {
        let (_, code) = error::code(why);
        Self { page, text: error::words(why), code, again: None, mismatch: None }
    }
}

/// The page for what cannot be answered to the client.
pub(super) fn over(page: Page, why: &Error, parked: Option<Parked>) -> Response {
    if let Error::Fault(_) = why {
        return Problem::Fault(Fault::broken(why)).into_response();
    }
    let again =
        parked.and_then(|parked| Some(format!("{}?{}", path::AUTHORIZATION, parked.parameters().ok()?.query())));
    html(StatusCode::BAD_REQUEST, &ErrorPage { again, ..ErrorPage::of(page, why) })
}

/// The language a client asks for.
pub(super) fn language_of(parked: &Parked) -> Option<Language> {
    Language::preferred(parked.parameters().ok()?.get("ui_locales")?)
}
