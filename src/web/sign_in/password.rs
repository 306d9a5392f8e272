//! Signing in with a password.

use axum::{extract::State, response::Response};
use base::{Secret, fault::FaultKind};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::{
    Error,
    sign_in::{self, Attempt, Opened},
};
use records::{Actor, Context};

use super::{device, page::SignInPage, waiting::Typed, wrong::Wrong};
use crate::{
    App, Page, Problem,
    kit::{
        form::Fields,
        limits::COME_AGAIN_SECONDS,
        page::see_other,
        preferences::Switch,
        problem::{Crowded, Reason},
        session,
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
    match Switch::of(&fields) {
        None => submitted(&app, page, &headers, &fields).await,
        // The form again; the page that waits asks for its turn meanwhile, as it does by itself.
        Some(switch) if fields.text("typed").is_empty() => {
            let form = SignInPage::new(&app, switch.applied(page), fields.text("to")).await;
            let again = form.again(StatusCode::OK, fields.text("username"), Wrong::said(&fields));
            Ok(switch.remembered(&app, again))
        }
        Some(switch) => {
            let answer = submitted(&app, switch.applied(page), &headers, &fields).await?;
            Ok(switch.remembered(&app, answer))
        }
    }
}

async fn submitted(app: &App, page: Page, headers: &HeaderMap, fields: &Fields) -> Result<Response, Problem> {
    let username = fields.text("username");
    let (browser, visit) = (page.session.clone(), page.visit.clone());
    let form = SignInPage::new(app, page, fields.text("to")).await;
    // Typed now, or brought back by the page that waits.
    let typed = match fields.text("typed") {
        "" => Some(Typed {
            password: Secret::new(fields.raw("password").unwrap_or_default().to_owned()),
            since: visit.at,
        }),
        sealed => Typed::open(app, &visit, username, sealed),
    };
    if typed.as_ref().is_some_and(|typed| !typed.may_wait(visit.at)) {
        let again = form.again(StatusCode::SERVICE_UNAVAILABLE, username, Some(Wrong::Busy));
        return Ok(comes_again(again, COME_AGAIN_SECONDS));
    }
    let Some(typed) = typed.filter(|typed| !username.is_empty() && !typed.password.expose().is_empty()) else {
        return Ok(form.again(StatusCode::UNPROCESSABLE_ENTITY, username, Some(Wrong::Empty)));
    };
    let attempt = Attempt {
        username,
        password: typed.password.expose(),
        address: visit.address,
        device: &device::of(headers),
        browser: browser.as_deref(),
        limits: app.session_limits,
    };
    let context = app.context(&visit, Actor::Anonymous);
    // Many people may be behind one address: those who wait leave its other requests their places.
    let outcome = match app.shared.sign_ins.take(visit.client, 1) {
        Ok(_share) => sign_in(app, &context, &attempt).await,
        Err(_) => Err(Error::Busy { retry_after_seconds: COME_AGAIN_SECONDS }),
    };
    match outcome {
        Ok(opened) => Ok(signed_in(app, &opened, form.to())),
        Err(Error::Busy { retry_after_seconds }) => {
            let sealed = typed.sealed(app, &visit, username);
            Ok(comes_again(form.waits(username, sealed), retry_after_seconds))
        }
        Err(Error::PasswordToChoose) => {
            // From now on there is time to think.
            let sealed = Typed { since: visit.at, ..typed }.sealed(app, &visit, username);
            Ok(form.chooses(StatusCode::OK, username, sealed, None))
        }
        Err(error) => refused(form, username, error),
    }
}

/// `POST /sign-in/choose`: signs in with a password that was handed out, and another one takes its place.
pub async fn choose(
    State(app): State<App>,
    page: Page,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    match Switch::of(&fields) {
        None => chosen(&app, page, &headers, &fields, false).await,
        Some(switch) => {
            let answer = chosen(&app, switch.applied(page), &headers, &fields, true).await?;
            Ok(switch.remembered(&app, answer))
        }
    }
}

/// Whoever only switches is asked again, and types the new password again.
async fn chosen(
    app: &App,
    page: Page,
    headers: &HeaderMap,
    fields: &Fields,
    is_switch: bool,
) -> Result<Response, Problem> {
    let username = fields.text("username");
    let (browser, visit) = (page.session.clone(), page.visit.clone());
    let form = SignInPage::new(app, page, fields.text("to")).await;
    let typed = Typed::open(app, &visit, username, fields.text("typed"));
    let Some(typed) = typed.filter(|typed| typed.may_choose(visit.at)) else {
        return Ok(form.again(StatusCode::UNPROCESSABLE_ENTITY, username, Some(Wrong::ChooseLate)));
    };
    if is_switch {
        let sealed = typed.sealed(app, &visit, username);
        return Ok(form.chooses(StatusCode::OK, username, sealed, Wrong::said(fields)));
    }
    let attempt = Attempt {
        username,
        password: typed.password.expose(),
        address: visit.address,
        device: &device::of(headers),
        browser: browser.as_deref(),
        limits: app.session_limits,
    };
    let new = fields.raw("new").unwrap_or_default();
    match change(app, &visit, Actor::Anonymous, &attempt, new).await {
        Ok(opened) => Ok(signed_in(app, &opened, form.to())),
        Err(error) => match Wrong::with_new(&error) {
            Some(wrong) => {
                let sealed = typed.sealed(app, &visit, username);
                Ok(form.chooses(StatusCode::UNPROCESSABLE_ENTITY, username, sealed, Some(wrong)))
            }
            None => refused(form, username, error),
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
fn refused(form: SignInPage, username: &str, error: Error) -> Result<Response, Problem> {
    let (status, retry_after, wrong) = match error {
        Error::PasswordEnded => (StatusCode::UNPROCESSABLE_ENTITY, None, Wrong::Ended),
        Error::Refused => (StatusCode::UNPROCESSABLE_ENTITY, None, Wrong::Refused),
        Error::PasswordTooLong { .. } => (StatusCode::UNPROCESSABLE_ENTITY, None, Wrong::TypedTooLong),
        Error::Throttled { retry_at, retry_after_seconds } => {
            (StatusCode::TOO_MANY_REQUESTS, Some(retry_after_seconds), Wrong::Throttled(retry_at))
        }
        // The form is there again, with the name, as soon as there is an answer.
        Error::Fault(fault) if fault.kind() == FaultKind::Unavailable => {
            let mut response = form.again(StatusCode::SERVICE_UNAVAILABLE, username, Some(Wrong::Unavailable));
            response.extensions_mut().insert(Reason(fault.to_string()));
            return Ok(response);
        }
        other => return Err(other.into()),
    };
    let mut response = form.again(status, username, Some(wrong));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
