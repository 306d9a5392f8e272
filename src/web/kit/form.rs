//! Reading forms and queries: UTF-8 only, each field once, not too much of it, and from a page of ours.

use std::{borrow::Cow, collections::BTreeMap};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
};
use base::Text;
use http::{HeaderMap, header, request::Parts};
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode;

use crate::{
    App, Page, Problem,
    kit::limits::{FIELD_NAME_BYTES_MAX, FIELDS_MAX, FORM_BYTES_MAX},
};

/// The field by which a form says that it is ours.
pub const CSRF: &str = "csrf";

/// The field of a form that holds its key: see [`crate::kit::once`].
pub const ONCE: &str = "once";

/// The fields of a form, or of a query. As a handler's last argument it reads the form; see [`Query`] for queries.
///
/// Only fields whose name ends with `[]` may come more than once.
#[derive(Clone, Debug, Default)]
pub struct Fields(BTreeMap<String, Vec<String>>);

impl Fields {
    /// The field's text without spaces around it; empty when it is absent.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).unwrap_or_default().trim()
    }

    /// The field exactly as it was sent (passwords), if it was.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|values| values.first()).map(String::as_str)
    }

    /// Whether the field was sent, even if empty: a pressed button, a ticked box.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Every field once, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, values)| Some((name.as_str(), values.first()?.as_str())))
    }

    /// Every field as often as it came, in the order of the names.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
    }

    /// The same, taken out.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn all(self) -> Vec<(String, String)> {
        let pairs =
            self.0.into_iter().flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
        pairs.collect()
    }

    /// Adds a field that did not come urlencoded.
    pub(crate) fn add(&mut self, name: String, value: String) -> Result<(), Problem> {
        let count: usize = self.0.values().map(Vec::len).sum();
        if count >= FIELDS_MAX || name.len() > FIELD_NAME_BYTES_MAX {
            return Err(Problem::TooLarge { max: FORM_BYTES_MAX });
        }
        // No keyboard types a NUL, and PostgreSQL takes none in a text.
        if name.contains('\0') || value.contains('\0') {
            return Err(Problem::FormEncoding);
        }
        let values = self.0.entry(name.clone()).or_default();
        if !values.is_empty() && !name.ends_with("[]") {
            return Err(Problem::DuplicateField(name));
        }
        values.push(value);
        Ok(())
    }

    /// Reads `a=1&b=2`.
    ///
    /// # Errors
    ///
    /// [`Problem::FormEncoding`] for bytes that are not UTF-8 and for NUL, [`Problem::DuplicateField`], [`Problem::TooLarge`].
    pub fn parse(encoded: &[u8]) -> Result<Self, Problem> {
        let mut fields = Self::default();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            fields.add(name, value)?;
        }
        Ok(fields)
    }
}

/// Undoes percent-encoding. A stray `%` stands for itself, as in browsers.
fn decode(bytes: &[u8]) -> Result<String, Problem> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    // GBK forms end here: their bytes are almost never valid UTF-8, and guessing would store wrong names.
    percent_decode(&spaced).decode_utf8().map(Cow::into_owned).map_err(|_| Problem::FormEncoding)
}

impl FromRequest<App> for Fields {
    type Rejection = Problem;

    async fn from_request(mut request: Request, _: &App) -> Result<Self, Problem> {
        // The access table has read a guarded form already.
        if let Some(fields) = request.extensions_mut().remove::<Self>() {
            return Ok(fields);
        }
        check_content_type(request.headers())?;
        let body = read_body(request, FORM_BYTES_MAX).await?;
        Self::parse(&body)
    }
}

/// The body, if it is not longer than `max`.
///
/// # Errors
///
/// [`Problem::TooLarge`], before reading when the length was announced; [`Problem::FormBroken`] when not all of it came,
/// or not in time.
pub async fn read_body(request: Request, max: usize) -> Result<Bytes, Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > max) {
        return Err(Problem::TooLarge { max });
    }
    axum::body::to_bytes(request.into_body(), max).await.map_err(|error| {
        let why = std::error::Error::source(&error);
        let is_long = matches!(why, Some(why) if why.is::<LengthLimitError>());
        if is_long { Problem::TooLarge { max } } else { Problem::FormBroken }
    })
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = sent.split(';').map(str::trim);
    if !parts.next().unwrap_or_default().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Problem::MediaType { expected: "application/x-www-form-urlencoded" });
    }
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let charset = value.trim_matches('"');
        if name.eq_ignore_ascii_case("charset") && !charset.eq_ignore_ascii_case("utf-8") {
            return Err(Problem::FormEncoding);
        }
    }
    Ok(())
}

/// Refuses what a browser says another site sent. Programs and old browsers say nothing; for them the token decides.
///
/// # Errors
///
/// [`Problem::Csrf`] when it says so.
pub fn check_same_site(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(Problem::Csrf);
    }
    // Pages are sent with `Referrer-Policy: no-referrer`, which makes some browsers send `null` from our own forms.
    match text("origin") {
        Some("null") | None => Ok(()),
        Some(origin) if origin.eq_ignore_ascii_case(app.settings.origin()) => Ok(()),
        Some(_) => Err(Problem::Csrf),
    }
}

/// The fields of the query. Read with the same care as a form.
#[derive(Clone, Debug, Default)]
pub struct Query(pub Fields);

impl FromRequestParts<App> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

/// What is wrong with one field of a form, as its page says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, which is also its `id`.
    pub field: String,
    /// What is wrong and what to do, in the visitor's language.
    pub text: String,
}

impl FieldError {
    /// What is wrong with one field; empty when nothing is.
    pub fn of<'e>(errors: &'e [Self], field: &str) -> &'e str {
        errors.iter().find(|error| error.field == field).map_or("", |error| &error.text)
    }

    /// What is wrong with a field, said in the language of the page.
    pub fn new(page: &Page, field: &str, text: &Text) -> Self {
        Self { field: field.to_owned(), text: page.say(text).to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_once_and_exactly() {
        let fields = Fields::parse("name=%F0%A0%AE%B7+a%2Bb&empty=&x&s[]=1&s[]=2&odd=100%".as_bytes()).unwrap();
        assert_eq!(fields.text("name"), "𠮷 a+b");
        assert_eq!(fields.raw("empty"), Some(""));
        assert!(fields.has("x") && !fields.has("y"));
        assert_eq!(fields.raw("s[]"), Some("1"));
        assert_eq!(fields.text("odd"), "100%");
    }

    #[test]
    fn gbk_bytes_are_refused() {
        // 张三 in GBK.
        assert!(matches!(Fields::parse(b"name=%D5%C5%C8%FD"), Err(Problem::FormEncoding)));
        assert!(matches!(Fields::parse(b"name=\xd5\xc5"), Err(Problem::FormEncoding)));
    }

    #[test]
    fn a_field_that_comes_twice_is_refused() {
        assert!(matches!(Fields::parse(b"a=1&a=2"), Err(Problem::DuplicateField(name)) if name == "a"));
    }

    #[test]
    fn the_number_of_fields_is_limited() {
        let form = |count: usize| (0..count).map(|n| format!("f{n}=1")).collect::<Vec<_>>().join("&");
        assert!(Fields::parse(form(FIELDS_MAX).as_bytes()).is_ok());
        assert!(matches!(Fields::parse(form(FIELDS_MAX + 1).as_bytes()), Err(Problem::TooLarge { .. })));
        assert!(Fields::parse("n".repeat(FIELD_NAME_BYTES_MAX).as_bytes()).is_ok());
        assert!(Fields::parse("n".repeat(FIELD_NAME_BYTES_MAX + 1).as_bytes()).is_err());
    }
}
