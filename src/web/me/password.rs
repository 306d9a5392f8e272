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
        preferences::Switch,
        session::Citizen,
    },
    sign_in::{device, page::password_rule, password, wrong::Wrong},
};

#[derive(askama::Template)]
#[template(path = "me/password.html")]
struct Password {
    page: Page,
    rule: Text,
    changed: bool,
    wrong: Option<Wrong>,
    errors: Vec<FieldError>,
    current_error: String,
    new_error: String,
}

/// `GET /me/password`.
pub async fn show(page: Page, Query(query): Query) -> Response {
    let changed = page.says(&query, "changed");
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
    if let Some(switch) = Switch::of(&fields) {
        let again = Password::wrong(switch.applied(page), Wrong::said(&fields));
        return Ok(switch.remembered(&app, html(StatusCode::OK, &again)));
    }
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
        Ok(opened) => {
            return Ok(password::signed_in(&app, &opened, &page.way_back("/me/password", "changed")));
        }
        Err(error) => error,
    };
    let (status, retry_after, wrong) = match error {
        // Of two that may be too long, the one that there is is looked at first.
        Error::PasswordTooLong { max } if attempt.password.len() > max => {
            (StatusCode::UNPROCESSABLE_ENTITY, None, Wrong::TypedTooLong)
        }
        Error::Refused | Error::PasswordEnded => (StatusCode::UNPROCESSABLE_ENTITY, None, Wrong::NotThisOne),
        Error::Throttled { retry_at, retry_after_seconds } => {
            (StatusCode::TOO_MANY_REQUESTS, Some(retry_after_seconds), Wrong::Throttled(retry_at))
        }
        other => match Wrong::with_new(&other) {
            Some(wrong) => (StatusCode::UNPROCESSABLE_ENTITY, None, wrong),
            None => return Err(other.into()),
        },
    };
    let mut response = html(status, &Password::wrong(page, Some(wrong)));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

impl Password {
    fn empty(page: Page) -> Self {
        let (current_error, new_error) = (String::new(), String::new());
        let rule = password_rule();
        Self { page, rule, changed: false, wrong: None, errors: Vec::new(), current_error, new_error }
    }

    /// The form with what is wrong. No password goes back to a page or into an address: both are typed again.
    fn wrong(page: Page, wrong: Option<Wrong>) -> Self {
        let words = wrong.map(|wrong| wrong.words(&page));
        let empty = Self::empty(page.sent_again_by("changing"));
        let (Some(wrong), Some(words)) = (wrong, words) else { return empty };
        let is_new = wrong.is_about_new();
        let field = if is_new { "new" } else { "current" };
        let errors = vec![FieldError { field: field.to_owned(), text: words.clone() }];
        if is_new {
            Self { wrong: Some(wrong), errors, new_error: words, ..empty }
        } else {
            Self { wrong: Some(wrong), errors, current_error: words, ..empty }
        }
    }
}
