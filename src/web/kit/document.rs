//! A licence's file as an answer.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use licence::Licence;

/// The file, under the licence's number as its name.
pub fn pdf(licence: &Licence, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    let name = format!("attachment; filename=\"{}-{:03}.pdf\"", licence.number(), licence.version());
    if let Ok(value) = HeaderValue::try_from(name) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
