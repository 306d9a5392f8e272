//! How a problem is told: a page for people, `application/problem+json` (RFC 9457) for programs. `edge` calls it when
//! the handler has answered.

use std::{fmt::Write, sync::Arc};

use axum::{
    body::HttpBody,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use crate::{
    App, Page, Problem,
    kit::{
        limits::UPLOAD_BYTES_MAX,
        links,
        page::{html, see_other},
        text,
        visit::SharedVisit,
    },
};

#[derive(askama::Template)]
#[template(path = "kit/problem.html")]
struct ProblemPage {
    page: Page,
    title: String,
    help: String,
    code: &'static str,
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
    let mut answer = if let (Problem::SignIn { to }, false) = (&*problem, visit.wants_json) {
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
    let (status, code) = problem.status_and_code();
    let (title, help) = words(problem, &page, false);
    html(status, &ProblemPage { page, title, help, code })
}

fn as_json(problem: &Problem, page: &Page) -> Response {
    let (status, code) = problem.status_and_code();
    let (title, detail) = words(problem, page, true);
    let mut body = serde_json::json!({
        "type": format!("{}/api#{code}", page.public_url()),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "instance": page.request_id(),
        "code": code,
    });
    if let Some(object) = body.as_object_mut() {
        if let Problem::Fields(fields) = problem {
            object.insert("errors".to_owned(), serde_json::to_value(fields).unwrap_or_default());
        }
        if let Some(seconds) = problem.retry_after() {
            object.insert("retry_after".to_owned(), seconds.into());
        }
    }
    let mut text = body.to_string();
    let _ = writeln!(text);
    let mut response = (status, text).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// Title and explanation in the page's language, for a person or for whoever writes a program.
pub fn words(problem: &Problem, page: &Page, is_program: bool) -> (String, String) {
    let code = problem.status_and_code().1;
    if let Problem::Domain { text, .. } = problem {
        return (page.t("problem.domain_title").to_owned(), text.in_language(page.language).to_owned());
    }
    let title = page.t(&format!("problem.{code}_title"));
    let help = page.t(&format!("problem.{code}_help"));
    let help = match problem {
        // A program has no home page to go back to.
        Problem::MethodNotAllowed | Problem::NotFound | Problem::UriTooLong if is_program => {
            page.t(&format!("problem.{code}_program")).to_owned()
        }
        Problem::DuplicateField(field) => help.replace("{field}", field),
        Problem::MediaType { expected } => help.replace("{expected}", expected),
        Problem::Misdirected => help.replace("{address}", page.public_url()),
        Problem::TokenScope(scope) => help.replace("{scope}", scope),
        Problem::TooLarge { max } => help.replace("{size}", &size(*max)),
        Problem::TooManyRequests { retry_after_seconds } => help.replace("{time}", &wait(page, *retry_after_seconds)),
        _ => help.to_owned(),
    };
    (title.to_owned(), help)
}

/// A number of bytes as people say it.
fn size(bytes: usize) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

/// A waiting time as people say it.
fn wait(page: &Page, seconds: u32) -> String {
    if seconds < 120 {
        text::fill(page.t("problem.seconds"), &[("n", &seconds.to_string())])
    } else {
        text::fill(page.t("problem.minutes"), &[("n", &seconds.div_ceil(60).to_string())])
    }
}
