//! Base64, strictly: one text for each byte string.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// Base64 with the URL alphabet and without padding, as JOSE has it.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads [`base64url`]; padding, other alphabets, white space and stray bits at the end are refused.
pub fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Base64 with the standard alphabet and padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads what [`base64()`] writes.
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn base64_bare(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

pub(crate) fn base64_bare_decode(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text).ok()
}

/// One PEM block with lines of 64 characters.
pub fn pem(label: &str, der: &[u8]) -> String {
    let body = base64(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_text_stands_for_each_byte_string() {
        let check = |text: &str, bytes: Option<&[u8]>| assert_eq!(base64url_decode(text).as_deref(), bytes, "{text}");
        check("", Some(b""));
        check("_-8", Some(&[0xff, 0xef]));
        check("_-9", None);
        check("_-8=", None);
        check("/+8", None);
        check("_- 8", None);
        check("_-8\n", None);
        check("A", None);
    }

    #[test]
    fn pem_has_short_lines_between_its_labels() {
        let text = pem("CERTIFICATE", &[7; 100]);
        let lines: Vec<&str> = text.lines().collect();
        let [first, body @ .., last] = lines.as_slice() else { panic!("{text}") };
        assert_eq!((*first, *last), ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"));
        assert!(body.iter().all(|line| line.len() <= 64));
        assert_eq!(base64_decode(&body.concat()), Some(vec![7; 100]));
    }
}
