//! The addresses of one application.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use openidconnect::{CsrfToken, url::form_urlencoded};

use crate::{Department, pages, relying_party::Answer};

/// The largest form accepted: a logout token and nothing else.
const BODY_MAX: usize = 16 * 1024;

pub(crate) fn router(department: Arc<Department>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/enter", get(enter))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/logout", post(logout))
        .route("/signed-out", get(signed_out))
        .route("/backchannel-logout", post(back_channel_logout))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .route("/healthz", get(|| async { "ok" }))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(department)
}

async fn home(State(department): State<Arc<Department>>, headers: HeaderMap) -> Response {
    let signed_in = department.visitors.signed_in(cookie(&department, &headers));
    page(StatusCode::OK, pages::home(&department.config, signed_in.as_ref()))
}

/// Leads on to signing in, or straight home when this browser is signed in here already.
async fn enter(State(department): State<Arc<Department>>, headers: HeaderMap) -> Response {
    match department.visitors.signed_in(cookie(&department, &headers)) {
        Some(_) => Redirect::to("/").into_response(),
        None => Redirect::to("/login").into_response(),
    }
}

async fn login(State(department): State<Arc<Department>>, headers: HeaderMap) -> Response {
    match department.relying_party.begin().await {
        Ok((url, pending)) => {
            let cookie = department.visitors.begin(cookie(&department, &headers), pending);
            with_cookie(&department, &cookie, Redirect::to(&url).into_response())
        }
        Err(error) => {
            tracing::warn!(department = department.config.key, %error, "sign-in cannot begin");
            let text =
                ("统一登录暂时无法使用，请稍后再试。", "Single sign-on is not available right now. Please try again.");
            page(StatusCode::SERVICE_UNAVAILABLE, pages::error(&department.config, text))
        }
    }
}

async fn callback(
    State(department): State<Arc<Department>>,
    headers: HeaderMap,
    Query(mut fields): Query<HashMap<String, String>>,
) -> Response {
    let answer = Answer {
        code: fields.remove("code"),
        state: fields.remove("state"),
        issuer: fields.remove("iss"),
        error: fields.remove("error"),
    };
    let old = cookie(&department, &headers);
    let pending = answer.state.as_deref().and_then(|state| department.visitors.take_pending(old, state));
    let Some(pending) = pending else {
        let text = (
            "这次登录不是从本页面开始的，或者已经用过。请重新进入。",
            "This sign-in was not begun here or was already used. Please enter again.",
        );
        return page(StatusCode::BAD_REQUEST, pages::error(&department.config, text));
    };
    if answer.error.as_deref() == Some("access_denied") {
        let text = ("您没有同意登录，所以没有进入。", "You did not agree to sign in, so you were not let in.");
        return page(StatusCode::FORBIDDEN, pages::error(&department.config, text));
    }
    match department.relying_party.finish(answer, pending).await {
        Ok(signed_in) => {
            let cookie = department.visitors.sign_in(old, signed_in);
            with_cookie(&department, &cookie, Redirect::to("/").into_response())
        }
        Err(error) => {
            tracing::warn!(department = department.config.key, %error, "sign-in failed");
            let text = ("登录没有成功，请重新进入。", "Signing in did not succeed. Please enter again.");
            page(StatusCode::BAD_GATEWAY, pages::error(&department.config, text))
        }
    }
}

/// Ends the local session, then asks the provider to end its own, which tells the other applications.
async fn logout(State(department): State<Arc<Department>>, headers: HeaderMap) -> Response {
    let signed_in = department.visitors.sign_out(cookie(&department, &headers));
    let away = match signed_in {
        None => None,
        Some(signed_in) => {
            let state = CsrfToken::new_random().into_secret();
            department.relying_party.sign_out_url(&signed_in.id_token, &state).await
        }
    };
    let answer = Redirect::to(away.as_deref().unwrap_or("/signed-out")).into_response();
    with_cookie(&department, "", answer)
}

async fn signed_out(State(department): State<Arc<Department>>) -> Response {
    page(StatusCode::OK, pages::signed_out(&department.config))
}

async fn back_channel_logout(State(department): State<Arc<Department>>, body: Bytes) -> Response {
    let token = form_urlencoded::parse(&body).find(|(name, _)| name == "logout_token").map(|(_, value)| value);
    let read = match token {
        None => Err("no logout_token".to_owned()),
        Some(token) => {
            department.relying_party.logout_token(&token, now()).await.map_err(|refused| format!("{refused:?}"))
        }
    };
    let ended = read.and_then(|token| {
        department
            .visitors
            .sign_out_everywhere(&token.id, token.session.as_deref(), token.subject.as_deref())
            .ok_or_else(|| "the token was used before".to_owned())
    });
    let (status, body) = match ended {
        Ok(_) => (StatusCode::OK, String::new()),
        Err(reason) => {
            tracing::warn!(department = department.config.key, reason, "logout token refused");
            (StatusCode::BAD_REQUEST, "{\"error\":\"invalid_request\"}".to_owned())
        }
    };
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")];
    (status, headers, body).into_response()
}

async fn icon(State(department): State<Arc<Department>>) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, pages::icon(department.config.theme))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], pages::STYLE)
}

fn page(status: StatusCode, html: String) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (status, headers, Html(html)).into_response()
}

fn cookie<'a>(department: &Department, headers: &'a HeaderMap) -> Option<&'a str> {
    let name = department.config.cookie_name();
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    pairs
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
}

fn with_cookie(department: &Department, value: &str, mut answer: Response) -> Response {
    let secure = if department.config.is_https() { "; Secure" } else { "" };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", department.config.cookie_name());
    if let Ok(text) = HeaderValue::from_str(&text) {
        answer.headers_mut().append(header::SET_COOKIE, text);
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn now() -> i64 {
    #[allow(clippy::disallowed_methods, reason = "a program of its own, without the product's clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() as i64
}
