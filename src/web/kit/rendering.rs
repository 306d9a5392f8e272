//! How a problem is told: a page for people, `application/problem+json` (RFC 9457) for programs. `edge` calls it when
//! the handler has answered.

use std::{fmt::Write, sync::Arc};

use axum::{
    body::HttpBody,
    response::{IntoResponse, Response},
};
use base::{Text, fault::FaultKind};
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    App, Page, Problem,
    kit::{
        limits::UPLOAD_BYTES_MAX,
        links,
        page::{html, see_other},
        problem::FieldProblem,
        visit::SharedVisit,
        wording::both,
    },
};

/// A problem as programs are told it.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Problem", description = both(words::schema::PROBLEM))]
pub(crate) struct ProblemBody<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[schemars(description = both(words::description::INSTANCE))]
    instance: &'a str,
    #[schemars(description = both(words::description::PROBLEM_CODE))]
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [FieldProblem]>,
}

#[derive(askama::Template)]
#[template(path = "kit/problem.html")]
struct ProblemPage {
    page: Page,
    title: String,
    help: String,
    /// For the help line, which asks for the number of the page. The code is for programs.
    number: u16,
}

/// Gives an answer that carries a problem its body, and turns axum's bare 404, 405, 413, 415 into ours.
pub fn render(app: &App, visit: &SharedVisit, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bare = body.is_end_stream() || body.size_hint().exact().is_some_and(|length| length < 200);
    let problem = match parts.extensions.remove::<Arc<Problem>>() {
        Some(problem) => problem,
        None => match parts.status {
            // An address that is not UTF-8 names nothing.
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND if bare && is_plain(&parts) => Arc::new(Problem::NotFound),
            StatusCode::METHOD_NOT_ALLOWED if bare => Arc::new(Problem::MethodNotAllowed),
            StatusCode::PAYLOAD_TOO_LARGE if bare && is_plain(&parts) => {
                Arc::new(Problem::TooLarge { max: UPLOAD_BYTES_MAX })
            }
            _ => return Response::from_parts(parts, body),
        },
    };
    let page = Page::of_visit(app, visit);
    let mut answer = if let Problem::Stands { at } = &*problem {
        see_other(at)
    } else if let (Problem::SignIn { to }, false) = (&*problem, visit.wants_json) {
        see_other(&links::sign_in(to))
    } else if visit.wants_json {
        as_json(&problem, &page)
    } else {
        as_page(&problem, page)
    };
    let headers = answer.headers_mut();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            headers.append(name.clone(), value.clone());
        }
    }
    if let Some(seconds) = problem.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(challenge) = problem.challenge().and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

/// Whether nobody wrote a page or a JSON body: axum's own refusals are empty or plain text.
fn is_plain(parts: &http::response::Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_none_or(|kind| kind.starts_with(b"text/plain"))
}

fn as_page(problem: &Problem, page: Page) -> Response {
    let (status, _) = problem.status_and_code();
    let (title, help) = words(problem, &page, false);
    html(status, &ProblemPage { page, title, help, number: status.as_u16() })
}

fn as_json(problem: &Problem, page: &Page) -> Response {
    let (status, code) = problem.status_and_code();
    let (title, detail) = words(problem, page, true);
    let errors = if let Problem::Fields(fields) = problem { Some(fields.as_slice()) } else { None };
    let body = ProblemBody {
        r#type: &format!("{}/api#{code}", page.public_url()),
        title: &title,
        status: status.as_u16(),
        detail: &detail,
        instance: page.request_id(),
        code,
        retry_after: problem.retry_after(),
        errors,
    };
    // Texts and numbers: nothing that could not be written.
    let mut text = serde_json::to_string(&body).unwrap_or_default();
    let _ = writeln!(text);
    let mut response = (status, text).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// Title and explanation in the page's language, for a person or for whoever writes a program, which has no home page
/// to go back to.
pub fn words(problem: &Problem, page: &Page, is_program: bool) -> (String, String) {
    let (title, help) = match problem {
        Problem::Busy { .. } => (words::problem::BUSY_TITLE, words::problem::BUSY_HELP.clone()),
        Problem::Csrf => (words::problem::CSRF_TITLE, words::problem::CSRF_HELP.clone()),
        Problem::Domain { text, .. } => (words::problem::DOMAIN_TITLE, text.clone()),
        Problem::DuplicateField(field) => (
            words::problem::DUPLICATE_FIELD_TITLE,
            if is_program {
                words::problem::duplicate_field_program(field)
            } else {
                words::problem::DUPLICATE_FIELD_HELP.clone()
            },
        ),
        Problem::Fault(fault) if fault.kind() == FaultKind::Broken => {
            (words::problem::BROKEN_TITLE, words::problem::BROKEN_HELP.clone())
        }
        Problem::Fault(fault) if fault.kind() == FaultKind::Unknown && is_program => {
            (words::problem::OUTCOME_UNKNOWN_TITLE, words::problem::OUTCOME_UNKNOWN_PROGRAM.clone())
        }
        Problem::Fault(fault) if fault.kind() == FaultKind::Unknown => {
            (words::problem::OUTCOME_UNKNOWN_TITLE, words::problem::OUTCOME_UNKNOWN_HELP.clone())
        }
        Problem::Fault(_) => (words::problem::UNAVAILABLE_TITLE, words::problem::UNAVAILABLE_HELP.clone()),
        Problem::Fields(_) => (words::problem::INVALID_FIELDS_TITLE, words::problem::INVALID_FIELDS_HELP.clone()),
        Problem::Forbidden => (words::problem::FORBIDDEN_TITLE, words::problem::FORBIDDEN_HELP.clone()),
        Problem::FormBroken => (words::problem::FORM_BROKEN_TITLE, words::problem::FORM_BROKEN_HELP.clone()),
        Problem::FormEncoding => (words::problem::FORM_ENCODING_TITLE, words::problem::FORM_ENCODING_HELP.clone()),
        Problem::HeadersTooLarge => {
            (words::problem::HEADERS_TOO_LARGE_TITLE, words::problem::HEADERS_TOO_LARGE_HELP.clone())
        }
        Problem::MediaType { expected } => {
            (words::problem::MEDIA_TYPE_TITLE, words::problem::media_type_help(expected))
        }
        Problem::MethodNotAllowed => (
            words::problem::METHOD_NOT_ALLOWED_TITLE,
            if is_program {
                words::problem::METHOD_NOT_ALLOWED_PROGRAM
            } else {
                words::problem::METHOD_NOT_ALLOWED_HELP
            }
            .clone(),
        ),
        Problem::Misdirected => {
            (words::problem::MISDIRECTED_TITLE, words::problem::misdirected_help(page.public_url()))
        }
        // Told as an address, and no page says it.
        Problem::NotFound | Problem::Stands { .. } => (
            words::problem::NOT_FOUND_TITLE,
            if is_program { words::problem::NOT_FOUND_PROGRAM } else { words::problem::NOT_FOUND_HELP }.clone(),
        ),
        Problem::SignIn { .. } => {
            (words::problem::SIGN_IN_REQUIRED_TITLE, words::problem::SIGN_IN_REQUIRED_HELP.clone())
        }
        Problem::TokenInvalid => (words::problem::INVALID_TOKEN_TITLE, words::problem::INVALID_TOKEN_HELP.clone()),
        Problem::TokenMissing => (words::problem::TOKEN_MISSING_TITLE, words::problem::TOKEN_MISSING_HELP.clone()),
        Problem::TokenScope(scope) => {
            (words::problem::INSUFFICIENT_SCOPE_TITLE, words::problem::insufficient_scope_help(scope))
        }
        Problem::TooLarge { max } => (words::problem::TOO_LARGE_TITLE, words::problem::too_large_help(size(*max))),
        Problem::TooManyRequests { retry_after_seconds } => {
            (words::problem::TOO_MANY_REQUESTS_TITLE, later(*retry_after_seconds))
        }
        Problem::UriTooLong => (
            words::problem::URI_TOO_LONG_TITLE,
            if is_program { words::problem::URI_TOO_LONG_PROGRAM } else { words::problem::URI_TOO_LONG_HELP }.clone(),
        ),
    };
    (page.say(title).to_owned(), page.say(&help).to_owned())
}

/// A number of bytes as people say it.
fn size(bytes: usize) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

/// A waiting time as people say it.
pub fn wait(seconds: u32) -> Text {
    if seconds < 120 { words::problem::seconds(seconds) } else { words::problem::minutes(seconds.div_ceil(60)) }
}

/// When to try again, as a sentence.
pub fn later(seconds: u32) -> Text {
    let wait = wait(seconds);
    Text::composed(|language| words::problem::too_many_requests_help(wait.in_language(language)))
}
