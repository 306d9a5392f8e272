//! Discovery and public keys: made once, served many times.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use oidc::discovery::Document;

use crate::App;

/// How long others may keep them. Keys are published longer than that before they sign.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// `GET /.well-known/openid-configuration`.
pub async fn discovery(State(app): State<App>, headers: HeaderMap) -> Response {
    serve(app.provider.discovery(), &headers)
}

/// `GET /jwks`.
pub async fn jwks(State(app): State<App>, headers: HeaderMap) -> Response {
    serve(app.provider.jwks(), &headers)
}

fn serve(document: Document, asked: &HeaderMap) -> Response {
    let same = asked.get(header::IF_NONE_MATCH).is_some_and(|tags| {
        tags.to_str().is_ok_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == document.etag))
    });
    let mut response =
        if same { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(Body::from(document.body)) };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, KEPT);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    if let Ok(etag) = HeaderValue::from_str(&document.etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
