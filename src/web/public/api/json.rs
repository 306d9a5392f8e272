//! JSON bodies, read strictly: one value in UTF-8, no member twice, not too deep, every mistake named by its pointer.

use std::{collections::BTreeMap, fmt};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use base::Text;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::{
    App, Problem,
    kit::{
        admission::GivenTo,
        form::read_body,
        limits::{FORM_BYTES_MAX, JSON_DEPTH_MAX},
        problem::{FieldProblem, escape},
        wording::Both,
    },
};

/// A JSON object and the bytes it came as.
pub struct Json {
    /// The members.
    pub body: Object,
    /// What was sent: a repeated request is known by its digest.
    pub bytes: Bytes,
}

impl<W> GivenTo<W> for Json {}

impl FromRequest<App> for Json {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        check_compression(request.headers())?;
        let bytes = read_body(request, FORM_BYTES_MAX).await?;
        Ok(Self { body: parse(&bytes)?, bytes })
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
pub(super) fn parse(bytes: &[u8]) -> Result<Object, Problem> {
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
        Ok(Value::Object(members)) => Ok(Object(members)),
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
    /// An object.
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

/// An object whose members are taken out one by one; what is left over at the end is a mistake of the caller.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(BTreeMap<String, Value>);

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<FieldProblem>);

impl Object {
    /// A text that must be there.
    pub fn text(&mut self, name: &'static str, mistakes: &mut Mistakes) -> String {
        self.optional_text(name, mistakes).unwrap_or_else(|| {
            mistakes.missing_once(&format!("/{name}"));
            String::new()
        })
    }

    /// A text that may be left out or null.
    pub fn optional_text(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<String> {
        match self.0.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::Text(text)) => Some(text),
            Some(_) => {
                mistakes.add(&format!("/{name}"), "not_a_string", words::mistake::NOT_A_STRING);
                Some(String::new())
            }
        }
    }

    /// An object of texts.
    pub fn texts(&mut self, name: &'static str, mistakes: &mut Mistakes) -> BTreeMap<String, String> {
        match self.0.remove(name) {
            Some(Value::Object(members)) => members
                .into_iter()
                .filter_map(|(key, value)| match value {
                    Value::Text(text) => Some((key, text)),
                    Value::Null => None,
                    Value::Object(_) | Value::Other => {
                        let pointer = format!("/{name}/{}", escape(&key));
                        mistakes.add(&pointer, "not_a_string", words::mistake::NOT_A_STRING);
                        None
                    }
                })
                .collect(),
            None => {
                mistakes.missing_once(&format!("/{name}"));
                BTreeMap::new()
            }
            Some(_) => {
                mistakes.add(&format!("/{name}"), "not_an_object", words::mistake::NOT_AN_OBJECT);
                BTreeMap::new()
            }
        }
    }

    /// Refuses what nobody asked for.
    pub fn finish(self, mistakes: &mut Mistakes) {
        for name in self.0.keys() {
            let pointer = format!("/{}", escape(name));
            mistakes.add(&pointer, "unknown_member", words::mistake::UNKNOWN_MEMBER);
        }
    }
}

impl Mistakes {
    /// Notes a mistake.
    pub fn add(&mut self, pointer: &str, code: &'static str, detail: &Text) {
        self.0.push(FieldProblem { pointer: pointer.to_owned(), code, detail: Both(detail.clone()) });
    }

    /// Notes that something is missing.
    pub fn missing_once(&mut self, pointer: &str) {
        if !self.is_named(pointer) {
            self.add(pointer, "missing", words::mistake::MISSING);
        }
    }

    /// Whether something is wrong at this place already: one mistake is told once.
    pub fn is_named(&self, pointer: &str) -> bool {
        self.0.iter().any(|mistake| mistake.pointer == pointer)
    }

    /// Refuses the request if there were any.
    ///
    /// # Errors
    ///
    /// [`Problem::Fields`] with all of them.
    pub fn check(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::Fields(self.0)) }
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

    #[test]
    fn every_mistake_is_named_by_its_pointer() {
        let mut body = parse(br#"{"type":7,"x/y":"","fields":{"a":[],"b":"c"}}"#).unwrap();
        let mut mistakes = Mistakes::default();
        body.text("type", &mut mistakes);
        body.text("clerk", &mut mistakes);
        assert_eq!(body.texts("fields", &mut mistakes), [("b".to_owned(), "c".to_owned())].into());
        body.finish(&mut mistakes);
        let pointers: Vec<_> = mistakes.0.iter().map(|m| (m.pointer.as_str(), m.code)).collect();
        let expected = [
            ("/type", "not_a_string"),
            ("/clerk", "missing"),
            ("/fields/a", "not_a_string"),
            ("/x~1y", "unknown_member"),
        ];
        assert_eq!(pointers, expected);
    }
}
