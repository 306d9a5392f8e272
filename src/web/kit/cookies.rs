//! Reading and writing cookies.

use http::{HeaderMap, HeaderValue, header};

use crate::kit::limits::COOKIE_VALUE_BYTES_MAX;

/// The browser's own cookie, there before anyone signs in: CSRF tokens are bound to it.
pub const BROWSER: &str = "guosuo-b";

/// The session's cookie.
pub const SESSION: &str = "guosuo";

/// The chosen language: `zh` or `en`. No secret, so it needs no prefix.
pub const LANGUAGE: &str = "guosuo-lang";

/// The chosen appearance: `elder` or nothing.
pub const APPEARANCE: &str = "guosuo-ui";

/// The name as it is on the wire: over https the prefix stops a neighbouring host from setting it.
pub fn host_name(name: &str, secure: bool) -> String {
    if secure { format!("__Host-{name}") } else { name.to_owned() }
}

/// The value of a cookie. One that was sent twice counts as absent: somebody else may have set one of the two.
pub fn find<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    (values.next().is_none() && !value.is_empty() && value.len() <= COOKIE_VALUE_BYTES_MAX).then_some(value)
}

/// A `Set-Cookie` value for the whole site, out of reach of scripts. Without an age it ends with the browser.
pub fn set(name: &str, value: &str, secure: bool, max_age_seconds: Option<i64>) -> HeaderValue {
    let age = max_age_seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"))
        .unwrap_or_else(|_| HeaderValue::from_static("guosuo-invalid=; Max-Age=0"))
}

/// A `Set-Cookie` value that removes a cookie.
pub fn remove(name: &str, secure: bool) -> HeaderValue {
    set(name, "", secure, Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_sent_twice_counts_as_absent() {
        let check = |line: &'static str, expected| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            assert_eq!(find(&headers, "guosuo"), expected, "{line}");
        };
        check("guosuo=a", Some("a"));
        check("x=1; guosuo=a; y=2", Some("a"));
        check("guosuo=a; guosuo=b", None);
        check("guosuo-b=a", None);
        check("guosuo=", None);
        check("", None);
    }

    #[test]
    fn a_secure_cookie_says_so() {
        let name = host_name(SESSION, true);
        let value = set(&name, "v", true, None);
        assert_eq!(value, "__Host-guosuo=v; Path=/; HttpOnly; SameSite=Lax; Secure");
    }
}
