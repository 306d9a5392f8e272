//! `GET` and `POST /userinfo`.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use oidc::{
    Endpoint, Error,
    userinfo::{self, Userinfo},
};
use records::Actor;

use super::{error, parameters};
use crate::{App, kit::visit};

/// With the token in the header.
pub async fn by_get(State(app): State<App>, visit::Of(visit): visit::Of, headers: HeaderMap) -> Response {
    let token = match in_header(&headers) {
        Some(token) => Ok(token.to_owned()),
        None => Err(Error::AccessTokenMissing),
    };
    answer(&app, &visit, token).await
}

/// With the token in the header or in the form, not in both (RFC 6750 §2).
pub async fn by_post(State(app): State<App>, visit::Of(visit): visit::Of, request: Request) -> Response {
    let header = in_header(request.headers()).map(str::to_owned);
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded"));
    let body = if is_form {
        match parameters::form(request).await {
            Ok(form) => form.get("access_token").map(str::to_owned),
            Err(error) => return error::json(&error),
        }
    } else {
        None
    };
    let token = match (header, body) {
        (Some(_), Some(_)) => Err(Error::AccessTokenTwice),
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(Error::AccessTokenMissing),
    };
    answer(&app, &visit, token).await
}

async fn answer(app: &App, visit: &visit::Visit, token: Result<String, Error>) -> Response {
    let endpoint = Endpoint {
        provider: &app.provider,
        database: &app.database,
        context: app.context(visit, Actor::Anonymous),
        address: visit.address.to_string(),
    };
    let claims = match token {
        Ok(token) => userinfo::answer(&endpoint, &app.vault, &token).await,
        Err(error) => Err(error),
    };
    let (body, kind) = match claims {
        Ok(Userinfo::Json(claims)) => (serde_json::Value::Object(claims).to_string(), "application/json"),
        Ok(Userinfo::Signed(token)) => (token, "application/jwt"),
        Err(error) => return error::json(&error),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The token of an `Authorization: Bearer` header.
fn in_header(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
