//! JSON bodies, read strictly: one value in UTF-8, no member twice, not too deep. What they mean is read by
//! [`super::read`]. And JSON answers.

use std::{collections::BTreeMap, fmt};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use base::Text;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::read::{Mistakes, Read};
use crate::{
    App, Problem,
    kit::{
        admission::GivenTo,
        form::read_body,
        limits::{FORM_BYTES_MAX, JSON_DEPTH_MAX},
    },
};

/// A body that was read, and the bytes it came as.
pub struct Json<T> {
    /// What it says.
    pub body: T,
    /// What was sent: a repeated request is known by its digest.
    pub bytes: Bytes,
}

impl<W, T> GivenTo<W> for Json<T> {}

impl<T: Read> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        check_compression(request.headers())?;
        let bytes = read_body(request, FORM_BYTES_MAX).await?;
        let mut mistakes = Mistakes::default();
        let body = T::read(Some(parse(&bytes)?), "", &mut mistakes);
        Ok(Self { body: mistakes.settle(body)?, bytes })
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = sent.split(';').map(str::trim);
    if !parts.next().unwrap_or_default().eq_ignore_ascii_case("application/json") {
        return Err(Problem::MediaType { expected: "application/json" });
    }
    let foreign = parts.filter_map(|part| part.split_once('=')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset") && !value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if foreign {
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "json_charset", words::api_problem::CHARSET));
    }
    Ok(())
}

/// A body is read as it comes: unpacking what a stranger packed is work without a bound.
///
/// # Errors
///
/// 415 for a body that is compressed, or says so.
pub fn check_compression(headers: &HeaderMap) -> Result<(), Problem> {
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(is_plain) {
        return Ok(());
    }
    Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_encoding", words::api_problem::CONTENT_ENCODING))
}

/// A JSON answer.
pub fn json(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer about something new, which has an address of its own under the one that was asked.
pub fn created(path: &str, id: &str, body: String) -> Response {
    let mut response = json(StatusCode::CREATED, body);
    if let Ok(location) = HeaderValue::try_from(format!("{path}/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// An answer about something that others have to decide, and where to look what became of it.
pub fn accepted(path: &str, id: &str, body: String) -> Response {
    let mut response = created(path, id, body);
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn refused(status: StatusCode, code: &'static str, text: &Text) -> Problem {
    Problem::Domain { status, code, text: text.clone() }
}

/// One of each problem that this file tells.
pub(super) fn problems() -> Vec<Problem> {
    let headers = |name, value| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
    let charset = check_content_type(&headers(header::CONTENT_TYPE, "application/json; charset=gbk"));
    let packed = check_compression(&headers(header::CONTENT_ENCODING, "gzip"));
    let deep = "[".repeat(JSON_DEPTH_MAX + 1);
    let bodies: [&[u8]; 7] = [b"", b"\xef\xbb\xbf", b"\xff", deep.as_bytes(), b"[]", br#"{"a":"","a":""}"#, b"{"];
    bodies.into_iter().filter_map(|body| parse(body).err()).chain(charset.err()).chain(packed.err()).collect()
}

/// Reads one object.
fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let broken = |code, text| Err(refused(StatusCode::BAD_REQUEST, code, text));
    if bytes.is_empty() {
        return broken("json_empty", words::api_problem::JSON_EMPTY);
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return broken("json_mark", words::api_problem::JSON_MARK);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return broken("json_encoding", words::api_problem::JSON_ENCODING);
    };
    if depth(text) > JSON_DEPTH_MAX {
        return broken("json_depth", words::api_problem::JSON_DEPTH);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(object @ Value::Object(_)) => Ok(object),
        Ok(_) => broken("json_object", words::api_problem::JSON_OBJECT),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            // The only rule of ours beyond the grammar.
            let (code, text) = if error.is_data() {
                ("json_duplicate", words::api_problem::json_duplicate(line, column))
            } else {
                ("json_broken", words::api_problem::json_broken(line, column))
            };
            Err(Problem::Domain { status: StatusCode::BAD_REQUEST, code, text })
        }
    }
}

/// How deep brackets are nested, without building anything.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A JSON value as far as our API uses them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Object(BTreeMap<String, Value>),
    /// A string.
    Text(String),
    /// `null`.
    Null,
    /// An array, a number, true or false: nothing of ours is one.
    Other,
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        while sequence.next_element::<Value>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            // Two readers of one body must never see two different values.
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8]) -> &'static str {
        match parse(bytes) {
            Ok(_) => "",
            Err(problem) => problem.status_and_code().1,
        }
    }

    #[test]
    fn only_one_object_in_utf_8_is_read() {
        assert_eq!(code(br#"{"a":"b"}"#), "");
        assert_eq!(code(b"[]"), "json_object");
        assert_eq!(code(b"{\"a\":\"\xd5\xc5\"}"), "json_encoding");
        assert_eq!(code(br#"{"a":"b"}{"#), "json_broken");
        assert_eq!(code(br#"{"a":"b","a":"c"}"#), "json_duplicate");
        assert_eq!(code(br#"{"o":{"a":"b","a":"c"}}"#), "json_duplicate");
        assert_eq!(code(b""), "json_empty");
        assert_eq!(code(b"  "), "json_broken");
        assert_eq!(code(b"\xef\xbb\xbf{}"), "json_mark");
        assert_eq!(code(br#"{"a":1e999}"#), "json_broken");
        assert_eq!(code(br#"{"a":"\ud800"}"#), "json_broken");
    }

    #[test]
    fn the_depth_is_limited() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert_eq!(code(nested(JSON_DEPTH_MAX - 1).as_bytes()), "");
        assert_eq!(code(nested(JSON_DEPTH_MAX).as_bytes()), "json_depth");
        assert_eq!(code(nested(30_000).as_bytes()), "json_depth");
        assert_eq!(code(format!("{{\"a\":\"{}\"}}", "[".repeat(100)).as_bytes()), "");
    }
}
