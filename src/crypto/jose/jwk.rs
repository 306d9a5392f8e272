//! Public keys as JSON (RFC 7517).

use serde::{Deserialize, Serialize};

use crate::{encoding::base64url_decode, public_key::PublicKey, suite::Suite};

/// A public key. It has no member for a private part, so that none can be published by mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `EC`, `OKP` or `RSA`.
    pub(crate) kty: String,
    /// Which key it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `sig`.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The only algorithm it may be used with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crv: Option<String>,
    /// The point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// Public keys that are published together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// A reader takes the one whose `kid` a signature names.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// This key with a name and marked for signatures.
    pub fn named(self, kid: impl Into<String>) -> Self {
        Self { kid: Some(kid.into()), usage: Some("sig".to_owned()), ..self }
    }

    /// The key, if it is of a kind we use and its `alg`, when there is one, fits.
    pub fn public_key(&self) -> Option<PublicKey> {
        let part = |part: &Option<String>| base64url_decode(part.as_deref()?);
        let key = match self.kty.as_str() {
            "EC" => {
                let (x, y) = (part(&self.x)?, part(&self.y)?);
                let point = [&[4], x.as_slice(), &y].concat();
                // Each coordinate has its full width (RFC 7518 §6.2.1.2).
                match (self.crv.as_deref()?, x.len(), y.len()) {
                    ("P-256", 32, 32) => PublicKey::from_p256(point).ok()?,
                    ("P-384", 48, 48) => PublicKey::from_p384(point).ok()?,
                    _ => return None,
                }
            }
            "OKP" if self.crv.as_deref() == Some("Ed25519") => PublicKey::from_ed25519(part(&self.x)?).ok()?,
            "RSA" => PublicKey::from_rsa(&part(&self.n)?, &part(&self.e)?).ok()?,
            _ => return None,
        };
        self.alg.as_deref().is_none_or(|alg| Suite::parse(alg).is_some_and(|suite| key.fits(suite))).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rsa_key_of_rfc_7638_section_3_1_is_read() {
        let key = Jwk {
            kty: "RSA".to_owned(),
            n: Some(
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
                    .to_owned(),
            ),
            e: Some("AQAB".to_owned()),
            ..Jwk::default()
        };
        assert!(key.public_key().is_some());
    }

    #[test]
    fn the_ed25519_key_of_rfc_8037_appendix_a_2_is_read() {
        let key = Jwk {
            kty: "OKP".to_owned(),
            crv: Some("Ed25519".to_owned()),
            x: Some("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned()),
            ..Jwk::default()
        };
        assert!(key.public_key().is_some());
    }

    #[test]
    fn a_key_of_another_kind_or_for_another_algorithm_is_not_used() {
        let key = crate::KeyHandle::throw_away(Suite::Es256).unwrap().public_key().jwk(Suite::Es256);
        assert!(key.public_key().is_some());
        let check = |key: Jwk| assert_eq!(key.public_key(), None);
        check(Jwk { alg: Some("RS256".to_owned()), ..key.clone() });
        check(Jwk { alg: Some("ES384".to_owned()), ..key.clone() });
        check(Jwk { crv: Some("P-384".to_owned()), ..key.clone() });
        check(Jwk { kty: "OKP".to_owned(), crv: Some("Ed25519".to_owned()), ..key.clone() });
        check(Jwk { kty: "oct".to_owned(), ..key.clone() });
        check(Jwk { x: Some("AA".to_owned()), ..key.clone() });
        check(Jwk { y: None, ..key });
    }
}
