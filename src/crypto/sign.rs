//! Signing and verifying: RS256 and ES256, and nothing else.

use base::{Fault, Secret};
use ring::{
    rand::SystemRandom,
    rsa,
    signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair},
};
use thiserror::Error;

use crate::{
    der::{oid, reader::Reader, writer},
    encoding::base64url,
    jose::Jwk,
};

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The name in JOSE.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// Reads the name in JOSE.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// Bytes that are not a key we can use.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a usable key of the expected kind")]
pub struct NotAKey;

/// A private key. It signs and never gives itself out.
pub struct SigningKey {
    pair: Pair,
    public: PublicKey,
    random: SystemRandom,
}

enum Pair {
    Ecdsa(Box<EcdsaKeyPair>),
    Rsa(Box<RsaKeyPair>),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, ..)", self.algorithm().name())
    }
}

impl SigningKey {
    /// Loads a private key in PKCS#8: P-256 for ES256, RSA of 2048 to 4096 bits for RS256.
    ///
    /// # Errors
    ///
    /// [`NotAKey`].
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, NotAKey> {
        let random = SystemRandom::new();
        let (pair, public) = match algorithm {
            Algorithm::Es256 => {
                let kind = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(kind, pkcs8, &random).map_err(|_| NotAKey)?;
                let public = PublicKey::P256 { point: pair.public_key().as_ref().to_vec() };
                (Pair::Ecdsa(Box::new(pair)), public)
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| NotAKey)?;
                let parts = rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let public = PublicKey::Rsa { n: without_zeros(&parts.n), e: without_zeros(&parts.e) };
                (Pair::Rsa(Box::new(pair)), public)
            }
        };
        Ok(Self { pair, public, random })
    }

    /// What this key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// A signature as JOSE has it: for ES256 the two numbers of 32 bytes each.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the system's randomness or the key fails; neither is expected.
    pub fn sign_jose(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let failed = |_| Fault::broken("a key would not sign");
        match &self.pair {
            Pair::Ecdsa(pair) => Ok(pair.sign(&self.random, message).map_err(failed)?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut out = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &self.random, message, &mut out).map_err(failed)?;
                Ok(out)
            }
        }
    }

    /// A signature as X.509 and CMS have it: for ES256 an `ECDSA-Sig-Value`.
    ///
    /// # Errors
    ///
    /// [`Fault`], as [`Self::sign_jose`].
    pub fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let signature = self.sign_jose(message)?;
        Ok(match self.algorithm() {
            Algorithm::Rs256 => signature,
            Algorithm::Es256 => {
                let (r, s) = signature.split_at(signature.len() / 2);
                writer::sequence(&[&writer::unsigned(r), &writer::unsigned(s)])
            }
        })
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// A point on P-256.
    P256 {
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

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo`: P-256 with a named curve and an uncompressed point, or RSA.
    ///
    /// # Errors
    ///
    /// [`NotAKey`].
    pub fn from_spki_der(bytes: &[u8]) -> Result<Self, NotAKey> {
        let read = || {
            let mut outer = Reader::new(bytes);
            let mut spki = outer.sequence()?;
            outer.finish()?;
            let mut algorithm = spki.sequence()?;
            let bits = spki.bit_string();
            let kind = algorithm.oid()?;
            let parameters = algorithm.element()?;
            algorithm.finish()?;
            spki.finish()?;
            Ok::<_, crate::der::reader::NotDer>((kind, parameters, bits?))
        };
        let (kind, parameters, bits) = read().map_err(|_| NotAKey)?;
        if kind == oid::EC_PUBLIC_KEY && parameters.raw == writer::oid(oid::P256) {
            return Self::from_point(bits.to_vec());
        }
        if kind != oid::RSA || parameters.raw != [crate::der::tag::NULL, 0] {
            return Err(NotAKey);
        }
        let read = || {
            let mut outer = Reader::new(bits);
            let mut key = outer.sequence()?;
            outer.finish()?;
            let (n, e) = (key.unsigned()?, key.unsigned()?);
            key.finish()?;
            Ok::<_, crate::der::reader::NotDer>((n, e))
        };
        let (n, e) = read().map_err(|_| NotAKey)?;
        Self::from_rsa(n, e)
    }

    pub(crate) fn from_point(point: Vec<u8>) -> Result<Self, NotAKey> {
        if point.len() == 65 && point.first() == Some(&4) { Ok(Self::P256 { point }) } else { Err(NotAKey) }
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

    /// What this key verifies.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256 { .. } => Algorithm::Es256,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// Whether a signature in the encoding of JOSE is this key's over the message.
    pub fn verify_jose(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify(message, signature, &signature::ECDSA_P256_SHA256_FIXED)
    }

    /// Whether a signature in the encoding of X.509 and CMS is this key's over the message.
    pub fn verify_der(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify(message, signature, &signature::ECDSA_P256_SHA256_ASN1)
    }

    fn verify(&self, message: &[u8], signature: &[u8], ecdsa: &'static signature::EcdsaVerificationAlgorithm) -> bool {
        match self {
            Self::P256 { point } => signature::UnparsedPublicKey::new(ecdsa, point).verify(message, signature).is_ok(),
            Self::Rsa { n, e } => rsa::PublicKeyComponents { n, e }
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
        }
    }

    /// The `SubjectPublicKeyInfo`.
    pub fn spki_der(&self) -> Vec<u8> {
        match self {
            Self::P256 { point } => writer::sequence(&[
                &writer::sequence(&[&writer::oid(oid::EC_PUBLIC_KEY), &writer::oid(oid::P256)]),
                &writer::bit_string(point),
            ]),
            Self::Rsa { n, e } => writer::sequence(&[
                &writer::sequence(&[&writer::oid(oid::RSA), &[crate::der::tag::NULL, 0]]),
                &writer::bit_string(&writer::sequence(&[&writer::unsigned(n), &writer::unsigned(e)])),
            ]),
        }
    }

    /// The key as a JWK, without `kid`.
    pub fn jwk(&self) -> Jwk {
        let empty = Jwk { alg: Some(self.algorithm().name().to_owned()), ..Jwk::default() };
        match self {
            Self::P256 { point } => Jwk {
                kty: "EC".to_owned(),
                crv: Some("P-256".to_owned()),
                x: point.get(1..33).map(base64url),
                y: point.get(33..).map(base64url),
                ..empty
            },
            Self::Rsa { n, e } => Jwk { kty: "RSA".to_owned(), n: Some(base64url(n)), e: Some(base64url(e)), ..empty },
        }
    }
}

/// A new P-256 key in PKCS#8.
///
/// # Errors
///
/// [`Fault`] when the system has no randomness.
pub fn generate_es256_pkcs8() -> Result<Secret<Vec<u8>>, Fault> {
    EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map(|document| Secret::new(document.as_ref().to_vec()))
        .map_err(|_| Fault::broken("no key could be generated"))
}

fn without_zeros(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url_decode;

    fn es256() -> SigningKey {
        SigningKey::from_pkcs8(Algorithm::Es256, generate_es256_pkcs8().unwrap().expose()).unwrap()
    }

    #[test]
    fn a_signature_verifies_in_its_own_encoding_only() {
        let key = es256();
        let public = key.public_key();
        let (jose, der) = (key.sign_jose(b"message").unwrap(), key.sign_der(b"message").unwrap());
        assert_eq!(jose.len(), 64);
        assert!(public.verify_jose(b"message", &jose));
        assert!(public.verify_der(b"message", &der));
        assert!(!public.verify_jose(b"message", &der));
        assert!(!public.verify_der(b"message", &jose));
        assert!(!public.verify_jose(b"massage", &jose));
        assert!(!es256().public_key().verify_jose(b"message", &jose));
        assert!(!public.verify_jose(b"message", &[0; 64]));
    }

    #[test]
    fn rfc_7515_appendix_a_3_verifies() {
        let point = |x: &str, y: &str| [vec![4], base64url_decode(x).unwrap(), base64url_decode(y).unwrap()].concat();
        let key = PublicKey::from_point(point(
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        ))
        .unwrap();
        let message = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        assert!(key.verify_jose(message, &base64url_decode(signature).unwrap()));
    }

    #[test]
    fn a_public_key_is_read_back_from_its_own_encodings() {
        let key = es256().public_key().clone();
        assert_eq!(PublicKey::from_spki_der(&key.spki_der()), Ok(key.clone()));
        assert_eq!(key.jwk().public_key(), Some(key));
        let rsa = PublicKey::from_rsa(&[0xc3; 256], &[1, 0, 1]).unwrap();
        assert_eq!(PublicKey::from_spki_der(&rsa.spki_der()), Ok(rsa.clone()));
        assert_eq!(rsa.jwk().public_key(), Some(rsa));
    }

    #[test]
    fn short_rsa_keys_and_other_curves_are_refused() {
        assert_eq!(PublicKey::from_rsa(&[0xc3; 128], &[1, 0, 1]), Err(NotAKey));
        assert_eq!(PublicKey::from_point(vec![2; 33]), Err(NotAKey));
        assert!(SigningKey::from_pkcs8(Algorithm::Rs256, generate_es256_pkcs8().unwrap().expose()).is_err());
        assert!(SigningKey::from_pkcs8(Algorithm::Es256, b"").is_err());
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", es256()), "SigningKey(ES256, ..)");
    }
}
