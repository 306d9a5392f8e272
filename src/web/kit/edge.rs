//! The outermost layer: every request gets a number, every answer its headers, every problem its page.

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::{
    App, Problem,
    kit::{
        awaited::{Refused, awaited},
        cookies, health,
        limits::{COME_AGAIN_SECONDS, FORM_BYTES_MAX, HEADER_BYTES_MAX, UPLOAD_BYTES_MAX, URI_BYTES_MAX},
        problem::{Crowded, Reason, Told},
        rendering, security_headers,
        shares::Share,
        visit::{self, SharedVisit, Visit},
    },
};

/// Puts the edge around the routes.
pub fn wrap(routes: Router<App>, app: App) -> Router {
    routes
        .fallback(async || Problem::NotFound)
        // What a handler reads through axum's own extractors; ours have tighter limits of their own.
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX + FORM_BYTES_MAX))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), log_failures))
        .layer(from_fn_with_state(app.clone(), edge))
        .with_state(app)
}

async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let visit: SharedVisit = Arc::new(Visit::of(&app, &request));
    let span = tracing::info_span!("request", id = %visit.request_id, method = %request.method());
    let path = request.uri().path().to_owned();
    let is_static = path.starts_with("/static/");
    let admitted = match refused_early(&app, &request) {
        Some(problem) => Err(problem),
        None if is_static => Ok(None),
        None => place(&app, &visit, &path),
    };
    let response = match admitted {
        Err(problem) => problem.into_response(),
        Ok(_place) => {
            request.extensions_mut().insert(Arc::clone(&visit));
            run(&app, &visit, request, next).instrument(span.clone()).await
        }
    };
    let mut response = span.in_scope(|| rendering::render(&app, &visit, response));
    let headers = response.headers_mut();
    if let Some(browser) = visit.new_browser() {
        let secure = app.settings.is_secure();
        headers.append(
            header::SET_COOKIE,
            cookies::set(&cookies::host_name(cookies::BROWSER, secure), browser, secure, None),
        );
    }
    if let Ok(id) = HeaderValue::from_str(visit.request_id.as_str()) {
        headers.insert("x-request-id", id);
    }
    security_headers::complete(headers, &path, app.settings.is_secure(), is_static);
    response
}

/// The client's place among those who are answered; whoever asks for health, or for a part of a page it has, needs none.
fn place(app: &App, visit: &Visit, path: &str) -> Result<Option<Share>, Problem> {
    if health::is_asked(path) {
        return Ok(None);
    }
    app.shared.requests.take(visit.client, 1).map(Some).map_err(|over| over.problem(COME_AGAIN_SECONDS))
}

/// Has the request answered. Of a body that may not be waited for the handler reads no more than that it broke off.
async fn run(app: &App, visit: &Visit, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let refused = Refused::default();
    let request = request.map(|body| awaited(body, &app.shared.bodies, visit.client, &refused));
    let response = next.run(request).await;
    match refused.get() {
        Some(over) => over.problem(COME_AGAIN_SECONDS).into_response(),
        None => response,
    }
}

/// What no handler should have to look at: lengths, and requests that were meant for another host.
fn refused_early(app: &App, request: &Request) -> Option<Problem> {
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|target| target.as_str().len() > URI_BYTES_MAX) {
        return Some(Problem::UriTooLong);
    }
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > HEADER_BYTES_MAX {
        return Some(Problem::HeadersTooLarge);
    }
    // A load balancer asks for health by address. Everyone else means one host; another name in the request is a
    // mistake, or an attempt to have it repeated in a link.
    let foreign = !visit::means_host(request, &app.settings);
    (foreign && !health::is_asked(uri.path())).then_some(Problem::Misdirected)
}

/// One line for each answer that is our failure, with the route's pattern: the path itself may hold a code. What a crowd
/// brings about has one line in a while for all of them.
async fn log_failures(State(app): State<App>, request: Request, next: Next) -> Response {
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    match failure(&response) {
        Some(Failure::Ours(why)) => tracing::error!(%route, status, "{why}"),
        Some(Failure::Crowd(why)) => {
            if let Some(answers) = app.shared.sent_away.times() {
                tracing::warn!(%route, status, answers, "{why}");
            }
        }
        None => tracing::debug!(%route, status, "answered"),
    }
    response
}

/// An answer that is not what was asked for, and not the fault of who asked.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// Something is broken or away.
    Ours(String),
    /// More came at once than can be answered.
    Crowd(String),
}

fn failure(response: &Response) -> Option<Failure> {
    let said = response.extensions();
    if !response.status().is_server_error() || said.get::<Told>().is_some() {
        return None;
    }
    if let Some(Crowded(why)) = said.get() {
        return Some(Failure::Crowd((*why).to_owned()));
    }
    if let Some(problem) = said.get::<Arc<Problem>>() {
        let why = problem.for_the_log();
        let is_crowd = matches!(**problem, Problem::Busy { .. });
        return Some(if is_crowd { Failure::Crowd(why) } else { Failure::Ours(why) });
    }
    let why = said.get::<Reason>().map_or("no reason was given", |reason| &reason.0);
    Some(Failure::Ours(why.to_owned()))
}

#[allow(clippy::needless_pass_by_value, reason = "the layer hands the reason over")]
fn panicked(reason: Box<dyn Any + Send>) -> Response<Body> {
    let what = reason
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| reason.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    let mut response = Problem::Fault(base::Fault::broken(format!("panic: {what}"))).into_response();
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crowd_brings_about_is_no_failure_of_ours() {
        let busy = Problem::Busy { retry_after_seconds: 5 }.into_response();
        assert_eq!(failure(&busy), Some(Failure::Crowd("busy".to_owned())));
        let mut waits = StatusCode::SERVICE_UNAVAILABLE.into_response();
        waits.extensions_mut().insert(Crowded("too many"));
        assert_eq!(failure(&waits), Some(Failure::Crowd("too many".to_owned())));
        let away = Problem::Fault(base::Fault::unavailable("the database is away")).into_response();
        assert!(matches!(failure(&away), Some(Failure::Ours(why)) if why.contains("the database is away")));
        assert!(matches!(failure(&StatusCode::BAD_GATEWAY.into_response()), Some(Failure::Ours(_))));
        let too_many = Problem::TooManyRequests { retry_after_seconds: 5 }.into_response();
        assert_eq!((failure(&too_many), failure(&StatusCode::OK.into_response())), (None, None));
    }
}
