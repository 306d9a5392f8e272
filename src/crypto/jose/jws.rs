//! Compact JSON Web Signatures (RFC 7515), read strictly.

use base::Fault;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use super::json;
use crate::{
    encoding::{base64url, base64url_decode},
    handle::KeyHandle,
    limits::JWS_BYTES_MAX,
    public_key::PublicKey,
    suite::Suite,
};

/// Why a text is not a signature we look at. All are the sender's fault.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum JwsError {
    /// `alg` is `none`, symmetric, or one that we do not use.
    #[error("the algorithm is not one that is accepted")]
    Algorithm,
    /// Not three parts of base64url with JSON inside, or a name stands twice.
    #[error("not a compact JWS")]
    Form,
    /// The header asks for something we do not do: `crit`, `b64`, or a key of its own.
    #[error("the header has a member that is not accepted")]
    Header,
    /// Longer than `JWS_BYTES_MAX`.
    #[error("longer than {JWS_BYTES_MAX} bytes")]
    TooLong,
}

/// Header members that would let the sender choose the key or the rules.
const REFUSED_MEMBERS: [&str; 8] = ["b64", "crit", "enc", "jku", "jwk", "x5c", "x5u", "zip"];

/// A parsed signature that has not been verified yet.
#[derive(Clone, Debug)]
pub struct Jws {
    suite: Suite,
    kid: Option<String>,
    typ: Option<String>,
    payload: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Jws {
    /// Parses a compact JWS whose payload is a JSON object.
    ///
    /// # Errors
    ///
    /// [`JwsError`] when the text is longer than anything we sign, or not of that form.
    pub fn parse(text: &str) -> Result<Self, JwsError> {
        if text.len() > JWS_BYTES_MAX {
            return Err(JwsError::TooLong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::Form);
        };
        let json = |part| base64url_decode(part).and_then(|bytes| json::parse(&bytes)).filter(Value::is_object);
        let header = json(header).ok_or(JwsError::Form)?;
        if REFUSED_MEMBERS.iter().any(|member| header.get(member).is_some()) {
            return Err(JwsError::Header);
        }
        let member = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::Form),
        };
        let suite = member("alg")?.and_then(|name| Suite::parse(&name)).ok_or(JwsError::Algorithm)?;
        let signed = text.rsplit_once('.').map(|(signed, _)| signed.to_owned()).ok_or(JwsError::Form)?;
        Ok(Self {
            suite,
            kid: member("kid")?,
            typ: member("typ")?,
            payload: json(payload).ok_or(JwsError::Form)?,
            signed,
            signature: base64url_decode(signature).ok_or(JwsError::Form)?,
        })
    }

    /// The suite that the header names. It decides nothing: whoever knows the key knows its suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The key that the header names. It is only a hint for looking among keys that are trusted already.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What kind of token the header says it is.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The payload if the signature is this key's and the header names the suite that the key is for. There is no other
    /// way to the payload but [`Self::unverified`].
    pub fn verify(&self, suite: Suite, key: &PublicKey) -> Option<&Value> {
        (suite == self.suite && key.verify_jose(suite, self.signed.as_bytes(), &self.signature))
            .then_some(&self.payload)
    }

    /// The payload before anything was verified: for finding out whose key to try.
    pub fn unverified(&self) -> &Value {
        &self.payload
    }
}

/// Signs claims as a compact JWS.
///
/// # Errors
///
/// [`Fault`] when the claims are not JSON or the key would not sign.
pub async fn sign_compact(
    key: &KeyHandle,
    kid: &str,
    typ: &str,
    claims: &(impl Serialize + Sync),
) -> Result<String, Fault> {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: &'static str,
        typ: &'a str,
        kid: &'a str,
    }
    let header = serde_json::to_vec(&Header { alg: key.suite().name(), typ, kid }).map_err(Fault::broken)?;
    let claims = serde_json::to_vec(claims).map_err(Fault::broken)?;
    let mut text = base64url(&header);
    text.push('.');
    text.push_str(&base64url(&claims));
    let signature = key.sign_jose(text.as_bytes()).await?;
    text.push('.');
    text.push_str(&base64url(&signature));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::handle::at_once;

    fn key() -> KeyHandle {
        KeyHandle::throw_away(Suite::Es256).unwrap()
    }

    fn signed(key: &KeyHandle, typ: &str, claims: &Value) -> String {
        at_once(sign_compact(key, "k1", typ, claims)).unwrap()
    }

    fn verified<'a>(jws: &'a Jws, key: &KeyHandle) -> Option<&'a Value> {
        jws.verify(key.suite(), key.public_key())
    }

    fn with_header(header: &str) -> String {
        format!("{}.{}.AAAA", base64url(header.as_bytes()), base64url(b"{}"))
    }

    #[test]
    fn a_signed_token_is_read_back_with_its_own_key_only() {
        let key = key();
        let text = signed(&key, "at+jwt", &json!({ "sub": "a" }));
        let jws = Jws::parse(&text).unwrap();
        assert_eq!((jws.kid(), jws.typ(), jws.suite()), (Some("k1"), Some("at+jwt"), Suite::Es256));
        assert_eq!(verified(&jws, &key), Some(&json!({ "sub": "a" })));
        assert_eq!(verified(&jws, &self::key()), None);
    }

    #[test]
    fn headers_that_choose_their_own_rules_are_refused() {
        let check = |header: &str, error| assert_eq!(Jws::parse(&with_header(header)).err(), Some(error), "{header}");
        check(r#"{"alg":"none"}"#, JwsError::Algorithm);
        check(r#"{"alg":"None"}"#, JwsError::Algorithm);
        check(r#"{"alg":"HS256"}"#, JwsError::Algorithm);
        check(r#"{"alg":"es256"}"#, JwsError::Algorithm);
        check(r#"{"alg":"PS512"}"#, JwsError::Algorithm);
        check(r#"{"alg":"SM2"}"#, JwsError::Algorithm);
        check("{}", JwsError::Algorithm);
        check(r#"{"alg":["ES256"]}"#, JwsError::Form);
        check(r#"{"alg":"ES256","crit":["exp"]}"#, JwsError::Header);
        check(r#"{"alg":"ES256","b64":false}"#, JwsError::Header);
        check(r#"{"alg":"ES256","jwk":{}}"#, JwsError::Header);
        check(r#"{"alg":"ES256","jku":"https://a.example"}"#, JwsError::Header);
        check(r#"{"alg":"ES256","x5c":[]}"#, JwsError::Header);
        check(r#"{"alg":"ES256","zip":"DEF"}"#, JwsError::Header);
        check(r#"{"alg":"ES256","x5u":"https://a.example"}"#, JwsError::Header);
        check(r#"{"alg":"ES256","kid":7}"#, JwsError::Form);
        check(r#"{"alg":"none","alg":"ES256"}"#, JwsError::Form);
        check("[]", JwsError::Form);
        assert!(Jws::parse(&with_header(r#"{"alg":"ES256"}"#)).is_ok());
    }

    #[test]
    fn a_header_that_names_another_suite_of_the_same_kind_of_key_is_refused() {
        let pkcs8 = include_bytes!("../vectors/rfc-7515-a-2.pkcs8");
        let key = |suite| KeyHandle::from(crate::sign::SigningKey::from_pkcs8(suite, pkcs8).unwrap());
        let jws = Jws::parse(&signed(&key(Suite::Ps256), "JWT", &json!({ "a": 1 }))).unwrap();
        assert_eq!(verified(&jws, &key(Suite::Ps256)), Some(&json!({ "a": 1 })));
        assert_eq!(verified(&jws, &key(Suite::Rs256)), None);
    }

    #[test]
    fn texts_of_another_form_are_refused() {
        let good = signed(&key(), "JWT", &json!({ "a": 1 }));
        for text in ["", ".", "..", "a.b", &format!("{good}."), &format!(" {good}"), &format!("{good}="), "\u{0}"] {
            assert!(Jws::parse(text).is_err(), "{text}");
        }
        let twice = format!("{}.{}.AAAA", base64url(br#"{"alg":"ES256"}"#), base64url(br#"{"a":1,"a":2}"#));
        assert_eq!(Jws::parse(&twice).err(), Some(JwsError::Form));
        let list = format!("{}.{}.AAAA", base64url(br#"{"alg":"ES256"}"#), base64url(b"[]"));
        assert_eq!(Jws::parse(&list).err(), Some(JwsError::Form));
    }

    #[test]
    fn the_longest_token_is_read_and_one_byte_more_is_not() {
        let filled = |length: usize| {
            let start = with_header(r#"{"alg":"ES256"}"#);
            let filler = "A".repeat(length - start.len());
            format!("{start}{filler}")
        };
        assert_ne!(Jws::parse(&filled(JWS_BYTES_MAX)).err(), Some(JwsError::TooLong));
        assert_eq!(Jws::parse(&filled(JWS_BYTES_MAX + 1)).err(), Some(JwsError::TooLong));
    }

    #[test]
    fn every_changed_byte_breaks_the_signature() {
        let key = key();
        let text = signed(&key, "JWT", &json!({ "sub": "a" }));
        for place in 0..text.len() {
            for replacement in ['A', '_', '.', '"'] {
                let mut changed: Vec<char> = text.chars().collect();
                if changed[place] == replacement {
                    continue;
                }
                changed[place] = replacement;
                let changed: String = changed.into_iter().collect();
                let payload = Jws::parse(&changed).ok().and_then(|jws| verified(&jws, &key).cloned());
                assert_eq!(payload, None, "{changed}");
            }
        }
    }
}
