//! Public keys: read from certificates and JOSE, and asked whether a signature is theirs.

use ring::{
    rsa,
    signature::{self, UnparsedPublicKey, VerificationAlgorithm},
};
use thiserror::Error;

use crate::{
    der::{
        reader::{NotDer, Reader},
        tag, writer,
    },
    encoding::base64url,
    jose::Jwk,
    suite::Suite,
};

/// Bytes that are not a key we can use.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a usable key of the expected kind")]
pub struct NotAKey;

/// A public key. Which suite it is to be used with is for its owner to say: an RSA key fits two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// A point on Edwards25519.
    Ed25519 {
        /// Its 32 bytes.
        point: Vec<u8>,
    },
    /// A point on P-256.
    P256 {
        /// `04 ‖ x ‖ y`.
        point: Vec<u8>,
    },
    /// A point on P-384.
    P384 {
        /// `04 ‖ x ‖ y`.
        point: Vec<u8>,
    },
    /// An RSA key.
    Rsa {
        /// The modulus, without leading zeros.
        n: Vec<u8>,
        /// The exponent, without leading zeros.
        e: Vec<u8>,
    },
}

/// The `AlgorithmIdentifier` of a key of each kind, DER.
mod identifier {
    pub const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
    pub const P256: &[u8] =
        &[0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    pub const P384: &[u8] = &[0x30, 16, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22];
    pub const RSA: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo`: P-256 or P-384 with a named curve and an uncompressed point, Ed25519, or RSA.
    ///
    /// # Errors
    ///
    /// [`NotAKey`] when the bytes are anything else.
    pub(crate) fn from_spki_der(bytes: &[u8]) -> Result<Self, NotAKey> {
        let read = || {
            let mut outer = Reader::new(bytes);
            let mut spki = outer.sequence()?;
            outer.finish()?;
            let algorithm = spki.expect(tag::SEQUENCE)?.raw;
            let bits = spki.bit_string()?;
            spki.finish()?;
            Ok::<_, NotDer>((algorithm, bits))
        };
        let (algorithm, bits) = read().map_err(|NotDer| NotAKey)?;
        match algorithm {
            identifier::ED25519 => Self::from_ed25519(bits.to_vec()),
            identifier::P256 => Self::from_p256(bits.to_vec()),
            identifier::P384 => Self::from_p384(bits.to_vec()),
            identifier::RSA => {
                let read = || {
                    let mut outer = Reader::new(bits);
                    let mut key = outer.sequence()?;
                    outer.finish()?;
                    let (n, e) = (key.unsigned()?, key.unsigned()?);
                    key.finish()?;
                    Ok::<_, NotDer>((n, e))
                };
                let (n, e) = read().map_err(|NotDer| NotAKey)?;
                Self::from_rsa(n, e)
            }
            _ => Err(NotAKey),
        }
    }

    pub(crate) fn from_ed25519(point: Vec<u8>) -> Result<Self, NotAKey> {
        if point.len() == 32 { Ok(Self::Ed25519 { point }) } else { Err(NotAKey) }
    }

    pub(crate) fn from_p256(point: Vec<u8>) -> Result<Self, NotAKey> {
        if point.len() == 65 && point.first() == Some(&4) { Ok(Self::P256 { point }) } else { Err(NotAKey) }
    }

    pub(crate) fn from_p384(point: Vec<u8>) -> Result<Self, NotAKey> {
        if point.len() == 97 && point.first() == Some(&4) { Ok(Self::P384 { point }) } else { Err(NotAKey) }
    }

    pub(crate) fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, NotAKey> {
        let (n, e) = (without_zeros(n), without_zeros(e));
        // 2048 to 8192 bits; an exponent is odd and small in every key that is used.
        if (256..=1024).contains(&n.len()) && (1..=4).contains(&e.len()) {
            Ok(Self::Rsa { n, e })
        } else {
            Err(NotAKey)
        }
    }

    /// Whether signatures of this suite are made with keys of this kind.
    pub(crate) fn fits(&self, suite: Suite) -> bool {
        match suite {
            Suite::EdDsa => matches!(self, Self::Ed25519 { .. }),
            Suite::Es256 => matches!(self, Self::P256 { .. }),
            Suite::Es384 => matches!(self, Self::P384 { .. }),
            Suite::Ps256 | Suite::Rs256 => matches!(self, Self::Rsa { .. }),
        }
    }

    /// Whether a signature in the encoding of JOSE is this key's over the message; never with a suite that does not
    /// fit.
    pub(crate) fn verify_jose(&self, suite: Suite, message: &[u8], signature: &[u8]) -> bool {
        let ecdsa: &'static dyn VerificationAlgorithm = match suite {
            Suite::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
            _ => &signature::ECDSA_P256_SHA256_FIXED,
        };
        self.verify(suite, ecdsa, message, signature)
    }

    /// Whether a signature in the encoding of X.509 and CMS is this key's over the message; never with a suite that
    /// does not fit.
    pub fn verify_der(&self, suite: Suite, message: &[u8], signature: &[u8]) -> bool {
        let ecdsa: &'static dyn VerificationAlgorithm = match suite {
            Suite::Es384 => &signature::ECDSA_P384_SHA384_ASN1,
            _ => &signature::ECDSA_P256_SHA256_ASN1,
        };
        self.verify(suite, ecdsa, message, signature)
    }

    fn verify(
        &self,
        suite: Suite,
        ecdsa: &'static dyn VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        if !self.fits(suite) {
            return false;
        }
        let rsa = if suite == Suite::Ps256 {
            &signature::RSA_PSS_2048_8192_SHA256
        } else {
            &signature::RSA_PKCS1_2048_8192_SHA256
        };
        match self {
            Self::Ed25519 { point } => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(message, signature).is_ok()
            }
            Self::P256 { point } | Self::P384 { point } => {
                UnparsedPublicKey::new(ecdsa, point).verify(message, signature).is_ok()
            }
            Self::Rsa { n, e } => rsa::PublicKeyComponents { n, e }.verify(rsa, message, signature).is_ok(),
        }
    }

    /// The `SubjectPublicKeyInfo`.
    pub fn spki_der(&self) -> Vec<u8> {
        let (algorithm, bits) = match self {
            Self::Ed25519 { point } => (identifier::ED25519, writer::bit_string(point)),
            Self::P256 { point } => (identifier::P256, writer::bit_string(point)),
            Self::P384 { point } => (identifier::P384, writer::bit_string(point)),
            Self::Rsa { n, e } => {
                let key = writer::sequence(&[&writer::unsigned(n), &writer::unsigned(e)]);
                (identifier::RSA, writer::bit_string(&key))
            }
        };
        writer::sequence(&[algorithm, &bits])
    }

    /// The key as a JWK for one suite, without `kid`.
    pub fn jwk(&self, suite: Suite) -> Jwk {
        let empty = Jwk { alg: Some(suite.name().to_owned()), ..Jwk::default() };
        let on_curve = |kty: &str, crv: &str| Jwk { kty: kty.to_owned(), crv: Some(crv.to_owned()), ..empty.clone() };
        match self {
            Self::Ed25519 { point } => Jwk { x: Some(base64url(point)), ..on_curve("OKP", "Ed25519") },
            Self::P256 { point } => {
                Jwk { x: point.get(1..33).map(base64url), y: point.get(33..).map(base64url), ..on_curve("EC", "P-256") }
            }
            Self::P384 { point } => {
                Jwk { x: point.get(1..49).map(base64url), y: point.get(49..).map(base64url), ..on_curve("EC", "P-384") }
            }
            Self::Rsa { n, e } => Jwk { kty: "RSA".to_owned(), n: Some(base64url(n)), e: Some(base64url(e)), ..empty },
        }
    }
}

pub(crate) fn without_zeros(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{der::oid, encoding::base64url_decode, sign::SigningKey};

    #[test]
    fn rfc_7515_appendix_a_3_verifies() {
        let point = |x: &str, y: &str| [vec![4], base64url_decode(x).unwrap(), base64url_decode(y).unwrap()].concat();
        let key = PublicKey::from_p256(point(
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        ))
        .unwrap();
        let message = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        assert!(key.verify_jose(Suite::Es256, message, &base64url_decode(signature).unwrap()));
    }

    #[test]
    fn rfc_8037_appendix_a_4_verifies() {
        let key = base64url_decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key = PublicKey::from_ed25519(key).unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert!(key.verify_jose(Suite::EdDsa, message, &base64url_decode(signature).unwrap()));
    }

    #[test]
    fn a_public_key_is_read_back_from_its_own_encodings() {
        let check = |suite: Suite, key: &PublicKey| {
            assert_eq!(PublicKey::from_spki_der(&key.spki_der()).as_ref(), Ok(key));
            assert_eq!(key.jwk(suite).public_key().as_ref(), Some(key));
        };
        for suite in [Suite::EdDsa, Suite::Es256, Suite::Es384] {
            check(suite, SigningKey::generate(suite).unwrap().public_key());
        }
        let rsa = PublicKey::from_rsa(&[0xc3; 256], &[1, 0, 1]).unwrap();
        check(Suite::Rs256, &rsa);
        check(Suite::Ps256, &rsa);
    }

    #[test]
    fn short_rsa_keys_and_other_curves_are_refused() {
        assert_eq!(PublicKey::from_rsa(&[0xc3; 128], &[1, 0, 1]), Err(NotAKey));
        assert_eq!(PublicKey::from_p256(vec![2; 33]), Err(NotAKey));
        assert_eq!(PublicKey::from_p384(vec![4; 65]), Err(NotAKey));
        assert_eq!(PublicKey::from_ed25519(vec![4; 33]), Err(NotAKey));
        // 1.3.132.0.35, P-521.
        let algorithm = writer::sequence(&[&writer::oid(oid::EC_PUBLIC_KEY), &writer::oid(&[0x2b, 0x81, 4, 0, 0x23])]);
        let spki = writer::sequence(&[&algorithm, &writer::bit_string(&[4; 133])]);
        assert_eq!(PublicKey::from_spki_der(&spki), Err(NotAKey));
    }
}
