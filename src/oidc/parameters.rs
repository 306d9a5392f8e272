//! The parameters of a request: a query or a form, read strictly.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{Error, limits};

/// Named values; no name stands twice.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `name=value&…`. A parameter without a value is treated as not there (RFC 6749 §3.1).
    ///
    /// # Errors
    ///
    /// [`Error::ParameterRepeated`] when a name stands there twice; [`Error::ParametersUnreadable`] when it is too
    /// long, not UTF-8, or holds control characters, which have no place in any parameter of ours and split headers
    /// elsewhere.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > limits::PARAMETERS_LENGTH_MAX {
            return Err(Error::ParametersUnreadable);
        }
        let mut found: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if found.iter().any(|(known, _)| *known == name) {
                return Err(Error::ParameterRepeated);
            }
            if found.len() == limits::PARAMETERS_MAX {
                return Err(Error::ParametersUnreadable);
            }
            found.push((name, value));
        }
        found.retain(|(_, value)| !value.is_empty());
        Ok(Self(found))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterMissing`] when it is not.
    pub(crate) fn need(&self, name: &'static str) -> Result<&str, Error> {
        self.get(name).ok_or(Error::ParameterMissing(name))
    }

    /// The value of a parameter that may be at most so long.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterMalformed`] when it is longer.
    pub fn at_most(&self, name: &'static str, length: usize) -> Result<Option<&str>, Error> {
        match self.get(name) {
            Some(value) if value.len() > length => Err(Error::ParameterMalformed(name)),
            value => Ok(value),
        }
    }

    /// These parameters and those of another part of the same request.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterRepeated`] when a name stands in both.
    pub fn and(mut self, other: Self) -> Result<Self, Error> {
        for (name, value) in other.0 {
            if self.get(&name).is_some() {
                return Err(Error::ParameterRepeated);
            }
            self.0.push((name, value));
        }
        Ok(self)
    }

    /// The parameters with these names, as a query.
    pub fn query_of(&self, names: &[&str]) -> String {
        let mut query = String::new();
        for (name, value) in self.0.iter().filter(|(name, _)| names.contains(&name.as_str())) {
            append(&mut query, name, value);
        }
        query
    }
}

/// Stands before each parameter of those that are kept; no parameter has a control character in it.
const KEPT: char = '\u{1f}';

impl Parameters {
    /// The parameters with these names, decoded: several times shorter than a query where people write Chinese or a page's
    /// address. Not for an address of its own.
    pub(crate) fn kept_of(&self, names: &[&str]) -> String {
        let kept = self.0.iter().filter(|(name, _)| names.contains(&name.as_str()));
        kept.fold(String::new(), |mut text, (name, value)| {
            text.push(KEPT);
            text.push_str(name);
            text.push('=');
            text.push_str(value);
            text
        })
    }

    /// Reads what [`Self::kept_of`] made, or a query of an older version.
    ///
    /// # Errors
    ///
    /// [`Error::ParametersUnreadable`] when it is neither.
    pub(crate) fn kept(text: &str) -> Result<Self, Error> {
        let Some(kept) = text.strip_prefix(KEPT) else { return Self::parse(text) };
        let pairs = kept.split(KEPT).map(|pair| pair.split_once('=').ok_or(Error::ParametersUnreadable));
        pairs
            .map(|pair| pair.map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// All of them, as a query.
    pub fn query(&self) -> String {
        let mut query = String::new();
        for (name, value) in &self.0 {
            append(&mut query, name, value);
        }
        query
    }
}

impl std::fmt::Debug for Parameters {
    // Values may be codes, tokens and secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Everything but unreserved characters (RFC 3986): written as `%XX`, a text is the same in a query and in a form.
pub const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Decodes one name or value of a form (RFC 6749 appendix B).
///
/// # Errors
///
/// [`Error::ParametersUnreadable`] when a `%` begins no byte, the bytes are no UTF-8 or there is a control character.
pub(crate) fn decode(text: &str) -> Result<String, Error> {
    // Most names and values stand for themselves.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'%' && byte != b'+') {
        return Ok(text.to_owned());
    }
    let spaced = text.replace('+', " ");
    // The library lets a stray `%` stand for itself; here nothing is left to be read in two ways.
    let begins_a_byte =
        |rest: &str| rest.as_bytes().first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    if !spaced.split('%').skip(1).all(begins_a_byte) {
        return Err(Error::ParametersUnreadable);
    }
    let text = percent_decode_str(&spaced).decode_utf8().map_err(|_| Error::ParametersUnreadable)?;
    if text.chars().any(char::is_control) {
        return Err(Error::ParametersUnreadable);
    }
    Ok(text.into_owned())
}

/// Appends `name=value` to a query.
pub fn append(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(utf8_percent_encode(name, RESERVED));
    query.push('=');
    query.extend(utf8_percent_encode(value, RESERVED));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut query = String::new();
        let state = "a b+c%d&e=f\"><script>é张";
        append(&mut query, "state", state);
        append(&mut query, "nonce", "n");
        let parameters = Parameters::parse(&query).unwrap();
        assert_eq!(parameters.get("state"), Some(state));
        assert_eq!(parameters.query_of(&["nonce"]), "nonce=n");
        let kept = Parameters::kept(&parameters.kept_of(&["nonce", "state"])).unwrap();
        assert_eq!(kept.query(), query);
        assert_eq!(Parameters::kept(&query).unwrap().query(), query, "an older version's");
        assert_eq!((kept.get("state"), kept.get("nonce")), (Some(state), Some("n")));
    }

    #[test]
    fn unclear_parameters_are_refused() {
        for (text, repeated) in [
            ("a=1&a=2", true),
            ("a=&a=2", true),
            ("a=1&%61=2", true),
            ("a=%", false),
            ("a=%4", false),
            ("a=%zz", false),
            ("a=%ff", false),
            ("a=%00", false),
            ("a=x%0d%0aSet-Cookie:%20b", false),
        ] {
            let error = Parameters::parse(text).map(|_| ()).unwrap_err();
            assert_eq!(matches!(error, Error::ParameterRepeated), repeated, "{text}");
            assert_eq!(matches!(error, Error::ParametersUnreadable), !repeated, "{text}");
        }
        let both = Parameters::parse("a=1").unwrap().and(Parameters::parse("a=1").unwrap());
        assert!(matches!(both, Err(Error::ParameterRepeated)));
    }

    #[test]
    fn the_limits_hold() {
        let of = |length: usize| Parameters::parse(&format!("a={}", "b".repeat(length - 2))).is_ok();
        assert!(of(limits::PARAMETERS_LENGTH_MAX));
        assert!(!of(limits::PARAMETERS_LENGTH_MAX + 1));
        let many = |count: usize| {
            Parameters::parse(&(0..count).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&")).is_ok()
        };
        assert!(many(limits::PARAMETERS_MAX));
        assert!(!many(limits::PARAMETERS_MAX + 1));
        let parameters = Parameters::parse("state=abc").unwrap();
        assert!(parameters.at_most("state", 3).is_ok());
        assert!(parameters.at_most("state", 2).is_err());
    }

    #[test]
    fn an_empty_parameter_is_not_there() {
        let parameters = Parameters::parse("a=&b&c=1").unwrap();
        assert_eq!((parameters.get("a"), parameters.get("b"), parameters.get("c")), (None, None, Some("1")));
        assert!(matches!(parameters.need("a"), Err(Error::ParameterMissing("a"))));
    }
}
