//! An answer to whoever may not even ask: nothing was read of what they want, nor in which language.

use http::StatusCode;

use crate::kit::{limits::COME_AGAIN_SECONDS, rendering, wording::both};

/// The bytes of an answer to a connection of a client that has too many.
pub fn too_many_connections() -> Vec<u8> {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let problem = serde_json::json!({
        "type": "about:blank",
        "title": both(words::problem::TOO_MANY_CONNECTIONS_TITLE),
        "status": status.as_u16(),
        "detail": both(&rendering::later(COME_AGAIN_SECONDS)),
        "code": "too_many_requests",
        "retry_after": COME_AGAIN_SECONDS,
    });
    let body = format!("{problem}\n");
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: {}\r\n\
         retry-after: {COME_AGAIN_SECONDS}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head, body].concat().into_bytes()
}
