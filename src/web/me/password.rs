//! `/me/password`: another password.

use axum::{extract::State, response::Response};
use base::Text;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::{Error, sign_in::Attempt};

use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::html,
        session::Citizen,
    },
    sign_in::{device, page::password_rule, password},
};

#[derive(askama::Template)]
#[template(path = "me/password.html")]
struct Password {
    page: Page,
    rule: Text,
    changed: bool,
    errors: Vec<FieldError>,
    current_error: String,
    new_error: String,
}

/// `GET /me/password`.
pub async fn show(page: Page, Query(query): Query) -> Response {
    let changed = query.has("changed");
    html(StatusCode::OK, &Password { changed, ..Password::empty(page) })
}

/// `POST /me/password`: the password that there is is asked for once more, and counted like a sign-in.
pub async fn change(
    State(app): State<App>,
    citizen: Citizen,
    page: Page,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let visit = page.visit.clone();
    let attempt = Attempt {
        username: &citizen.session.username,
        password: fields.raw("current").unwrap_or_default(),
        address: visit.address,
        device: &device::of(&headers),
        browser: Some(&citizen.session),
        limits: app.session_limits,
    };
    let actor = citizen.session.person_actor();
    let error = match password::change(&app, &visit, actor, &attempt, fields.raw("new").unwrap_or_default()).await {
        Ok(opened) => return Ok(password::signed_in(&app, &opened, "/me/password?changed")),
        Err(error) => error,
    };
    if let Some(words) = password::unfit(&page, &error) {
        // Of two that may be too long, the one that there is is looked at first.
        let is_current = matches!(error, Error::PasswordTooLong { max } if attempt.password.len() > max);
        let field = if is_current { "current" } else { "new" };
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &Password::empty(page).wrong(field, words)));
    }
    match error {
        Error::Refused | Error::PasswordEnded => {
            let words = page.say(words::me::PASSWORD_WRONG).to_owned();
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &Password::empty(page).wrong("current", words)))
        }
        Error::Throttled { retry_at, retry_after_seconds } => {
            let words = password::throttled(&page, retry_at, visit.at, retry_after_seconds);
            let page = Password::empty(page).wrong("current", words);
            let mut response = html(StatusCode::TOO_MANY_REQUESTS, &page);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
            Ok(response)
        }
        other => Err(other.into()),
    }
}

impl Password {
    fn empty(page: Page) -> Self {
        let (current_error, new_error) = (String::new(), String::new());
        Self { page, rule: password_rule(), changed: false, errors: Vec::new(), current_error, new_error }
    }

    fn wrong(mut self, field: &str, words: String) -> Self {
        self.errors = vec![FieldError { field: field.to_owned(), text: words.clone() }];
        if field == "new" {
            self.new_error = words;
        } else {
            self.current_error = words;
        }
        self
    }
}
