//! Signing in with a password.

use axum::{extract::State, response::Response};
use base::{Instant, Secret, fault::FaultKind};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::{
    Error,
    sign_in::{self, Attempt, Opened},
};
use records::{Actor, Context};

use super::{device, page::SignInPage, waiting::Typed};
use crate::{
    App, Page, Problem,
    kit::{
        form::Fields,
        limits::COME_AGAIN_SECONDS,
        page::see_other,
        problem::{Crowded, Reason},
        rendering, session,
        visit::Visit,
    },
};

/// `POST /sign-in`. The session that the browser had before is dead afterwards, whoever's it was.
pub async fn submit(
    State(app): State<App>,
    page: Page,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let username = fields.text("username");
    let (browser, visit) = (page.session.clone(), page.visit.clone());
    let form = SignInPage::new(&app, page, fields.text("to")).await;
    // Typed now, or brought back by the page that waits.
    let typed = match fields.text("typed") {
        "" => Some(Typed {
            password: Secret::new(fields.raw("password").unwrap_or_default().to_owned()),
            since: visit.at,
        }),
        sealed => Typed::open(&app, &visit, username, sealed),
    };
    if typed.as_ref().is_some_and(|typed| !typed.may_wait(visit.at)) {
        let words = form.page().say(words::sign_in::BUSY).to_owned();
        return Ok(comes_again(form.again(StatusCode::SERVICE_UNAVAILABLE, username, words), COME_AGAIN_SECONDS));
    }
    let Some(typed) = typed.filter(|typed| !username.is_empty() && !typed.password.expose().is_empty()) else {
        let error = form.page().say(words::sign_in::EMPTY).to_owned();
        return Ok(form.again(StatusCode::UNPROCESSABLE_ENTITY, username, error));
    };
    let attempt = Attempt {
        username,
        password: typed.password.expose(),
        address: visit.address,
        device: &device::of(&headers),
        browser: browser.as_deref(),
        limits: app.session_limits,
    };
    let context = app.context(&visit, Actor::Anonymous);
    // Many people may be behind one address: those who wait leave its other requests their places.
    let outcome = match app.shared.sign_ins.take(visit.client, 1) {
        Ok(_share) => sign_in(&app, &context, &attempt).await,
        Err(_) => Err(Error::Busy { retry_after_seconds: COME_AGAIN_SECONDS }),
    };
    match outcome {
        Ok(opened) => Ok(signed_in(&app, &opened, form.to())),
        Err(Error::Busy { retry_after_seconds }) => {
            let sealed = typed.sealed(&app, &visit, username);
            Ok(comes_again(form.waits(username, sealed), retry_after_seconds))
        }
        Err(Error::PasswordToChoose) => {
            // From now on there is time to think.
            let sealed = Typed { since: visit.at, ..typed }.sealed(&app, &visit, username);
            Ok(form.chooses(StatusCode::OK, username, sealed, String::new()))
        }
        Err(error) => refused(form, username, error, visit.at),
    }
}

/// `POST /sign-in/choose`: signs in with a password that was handed out, and another one takes its place.
pub async fn choose(
    State(app): State<App>,
    page: Page,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let username = fields.text("username");
    let (browser, visit) = (page.session.clone(), page.visit.clone());
    let form = SignInPage::new(&app, page, fields.text("to")).await;
    let typed = Typed::open(&app, &visit, username, fields.text("typed"));
    let Some(typed) = typed.filter(|typed| typed.may_choose(visit.at)) else {
        let words = form.page().say(words::sign_in::CHOOSE_LATE).to_owned();
        return Ok(form.again(StatusCode::UNPROCESSABLE_ENTITY, username, words));
    };
    let attempt = Attempt {
        username,
        password: typed.password.expose(),
        address: visit.address,
        device: &device::of(&headers),
        browser: browser.as_deref(),
        limits: app.session_limits,
    };
    let new = fields.raw("new").unwrap_or_default();
    match change(&app, &visit, Actor::Anonymous, &attempt, new).await {
        Ok(opened) => Ok(signed_in(&app, &opened, form.to())),
        Err(error) => match unfit(form.page(), &error) {
            Some(words) => {
                let sealed = typed.sealed(&app, &visit, username);
                Ok(form.chooses(StatusCode::UNPROCESSABLE_ENTITY, username, sealed, words))
            }
            None => refused(form, username, error, visit.at),
        },
    }
}

/// Proves a password and puts another one in its place: a session opens, or goes on under a new token, and the person's
/// other sessions end. Who acts is the person whose session it is, and nobody yet at the door.
pub async fn change(app: &App, visit: &Visit, actor: Actor, attempt: &Attempt<'_>, new: &str) -> Result<Opened, Error> {
    if new == attempt.password {
        return Err(Error::PasswordSame);
    }
    let _share = app
        .shared
        .sign_ins
        .take(visit.client, 1)
        .map_err(|_| Error::Busy { retry_after_seconds: COME_AGAIN_SECONDS })?;
    let context = app.context(visit, actor);
    let mut proof = sign_in::with_password(&app.database, &app.vault, &app.gate, &context, attempt).await?;
    let owner = proof.owner(&app.database, &app.vault).await?;
    proof.choose(identity::password::hash(&app.gate, &app.entropy, owner, new).await?);
    proof.open(&app.database, &context, attempt).await
}

/// What is wrong with a new password, if it is that.
pub fn unfit(page: &Page, error: &Error) -> Option<String> {
    let words = match error {
        Error::PasswordGuessable => words::identity::PASSWORD_GUESSABLE.clone(),
        Error::PasswordSame => words::identity::PASSWORD_SAME.clone(),
        Error::PasswordTooLong { max } => words::identity::password_too_long(*max),
        Error::PasswordTooShort { min } => words::identity::password_too_short(*min),
        _ => return None,
    };
    Some(page.say(&words).to_owned())
}

/// The way on, with the cookie of the session.
pub fn signed_in(app: &App, opened: &Opened, to: &str) -> Response {
    let mut response = see_other(to);
    response.headers_mut().append(header::SET_COOKIE, session::cookie(app, &opened.token));
    response
}

async fn sign_in(app: &App, context: &Context, attempt: &Attempt<'_>) -> Result<Opened, Error> {
    let proof = sign_in::with_password(&app.database, &app.vault, &app.gate, context, attempt).await?;
    proof.open(&app.database, context, attempt).await
}

/// There is no turn yet, and the log says why.
fn comes_again(mut response: Response, retry_after_seconds: u32) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
    response.extensions_mut().insert(Crowded("too many passwords wait to be checked (sign_in.password_checks)"));
    response
}

/// The form with what the visitor may know of the reason.
fn refused(form: SignInPage, username: &str, error: Error, at: Instant) -> Result<Response, Problem> {
    let page = form.page();
    let (status, retry_after, words) = match error {
        Error::PasswordEnded => {
            (StatusCode::UNPROCESSABLE_ENTITY, None, page.say(words::sign_in::PASSWORD_ENDED).to_owned())
        }
        Error::Refused => (StatusCode::UNPROCESSABLE_ENTITY, None, page.say(words::sign_in::REFUSED).to_owned()),
        Error::PasswordTooLong { max } => {
            let words = page.say(&words::sign_in::too_long(max)).to_owned();
            (StatusCode::UNPROCESSABLE_ENTITY, None, words)
        }
        Error::Throttled { retry_at, retry_after_seconds } => {
            let words = throttled(page, retry_at, at, retry_after_seconds);
            (StatusCode::TOO_MANY_REQUESTS, Some(retry_after_seconds), words)
        }
        // The form is there again, with the name, as soon as there is an answer.
        Error::Fault(fault) if fault.kind() == FaultKind::Unavailable => {
            let words = page.say(words::problem::UNAVAILABLE_HELP).to_owned();
            let mut response = form.again(StatusCode::SERVICE_UNAVAILABLE, username, words);
            response.extensions_mut().insert(Reason(fault.to_string()));
            return Ok(response);
        }
        other => return Err(other.into()),
    };
    let mut response = form.again(status, username, words);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// When to try again, by the clock and as a duration: a page may have been open for a while.
pub fn throttled(page: &Page, retry_at: Instant, at: Instant, seconds: u32) -> String {
    // A second is rounded up, or a visitor who takes the page at its word comes a moment too early.
    let clock = retry_at.plus_seconds(i64::from(retry_at.as_micros() % 1_000_000 != 0)).legal_text();
    let clock = if retry_at.date() == at.date() { clock.get(11..).unwrap_or(&clock) } else { &clock };
    let wait = page.say(&rendering::wait(seconds)).to_owned();
    page.say(&words::sign_in::throttled(clock, wait)).to_owned()
}
