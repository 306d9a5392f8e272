//! Private keys in memory. Only custody has them; whoever wants a signature has a [`KeyHandle`](crate::KeyHandle).

use base::{Fault, Secret};
use ring::{
    rand::SystemRandom,
    rsa,
    signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair},
};

use crate::{
    der::writer,
    public_key::{NotAKey, PublicKey, without_zeros},
    suite::Suite,
};

/// A private key. It signs and never gives itself out.
pub struct SigningKey {
    suite: Suite,
    pair: Pair,
    public: PublicKey,
    random: SystemRandom,
}

enum Pair {
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, ..)", self.suite.name())
    }
}

impl SigningKey {
    /// Loads a private key in PKCS#8 that fits the suite; RSA of 2048 to 4096 bits.
    ///
    /// # Errors
    ///
    /// `NotAKey` when the bytes are no such key or one of another suite.
    pub fn from_pkcs8(suite: Suite, pkcs8: &[u8]) -> Result<Self, NotAKey> {
        let random = SystemRandom::new();
        let ecdsa = |kind| EcdsaKeyPair::from_pkcs8(kind, pkcs8, &random).map_err(|_| NotAKey);
        let rsa = |encoding: &'static dyn RsaEncoding| {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| NotAKey)?;
            let parts = rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
            let public = PublicKey::Rsa { n: without_zeros(&parts.n), e: without_zeros(&parts.e) };
            Ok((Pair::Rsa(Box::new(pair), encoding), public))
        };
        let (pair, public) = match suite {
            Suite::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| NotAKey)?;
                let public = PublicKey::Ed25519 { point: pair.public_key().as_ref().to_vec() };
                (Pair::Ed25519(Box::new(pair)), public)
            }
            Suite::Es256 => {
                let pair = ecdsa(ES256)?;
                let public = PublicKey::P256 { point: pair.public_key().as_ref().to_vec() };
                (Pair::Ecdsa(Box::new(pair)), public)
            }
            Suite::Es384 => {
                let pair = ecdsa(ES384)?;
                let public = PublicKey::P384 { point: pair.public_key().as_ref().to_vec() };
                (Pair::Ecdsa(Box::new(pair)), public)
            }
            Suite::Ps256 => rsa(&signature::RSA_PSS_SHA256)?,
            Suite::Rs256 => rsa(&signature::RSA_PKCS1_SHA256)?,
        };
        Ok(Self { suite, pair, public, random })
    }

    /// A new key that is written down nowhere.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the key cannot be made, as [`generate_pkcs8`].
    pub fn generate(suite: Suite) -> Result<Self, Fault> {
        Self::from_pkcs8(suite, generate_pkcs8(suite)?.expose()).map_err(Fault::broken)
    }

    /// What this key signs with.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// A signature as JOSE has it: for ECDSA the two numbers, each in its full width.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the system's randomness or the key fails; neither is expected.
    pub fn sign_jose(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let failed = |_| Fault::broken("a key would not sign");
        match &self.pair {
            Pair::Ecdsa(pair) => Ok(pair.sign(&self.random, message).map_err(failed)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair, encoding) => {
                let mut out = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &self.random, message, &mut out).map_err(failed)?;
                Ok(out)
            }
        }
    }

    /// A signature as X.509 and CMS have it: for ECDSA an `ECDSA-Sig-Value`.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the key does not sign, as [`Self::sign_jose`].
    pub fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(to_der(self.suite, self.sign_jose(message)?))
    }
}

const ES256: &EcdsaSigningAlgorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
const ES384: &EcdsaSigningAlgorithm = &signature::ECDSA_P384_SHA384_FIXED_SIGNING;

/// A signature of JOSE as X.509 and CMS have it.
pub(crate) fn to_der(suite: Suite, signature: Vec<u8>) -> Vec<u8> {
    if !suite.is_ecdsa() {
        return signature;
    }
    let (r, s) = signature.split_at(signature.len() / 2);
    writer::sequence(&[&writer::unsigned(r), &writer::unsigned(s)])
}

/// A new key in PKCS#8.
///
/// # Errors
///
/// [`Fault`] when the system has no randomness, and for RSA, which `ring` does not make.
pub fn generate_pkcs8(suite: Suite) -> Result<Secret<Vec<u8>>, Fault> {
    let random = SystemRandom::new();
    let document = match suite {
        Suite::EdDsa => Ed25519KeyPair::generate_pkcs8(&random),
        Suite::Es256 => EcdsaKeyPair::generate_pkcs8(ES256, &random),
        Suite::Es384 => EcdsaKeyPair::generate_pkcs8(ES384, &random),
        Suite::Ps256 | Suite::Rs256 => return Err(Fault::broken("an RSA key is not made in passing")),
    };
    document
        .map(|document| Secret::new(document.as_ref().to_vec()))
        .map_err(|_| Fault::broken("no key could be generated"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The RSA key of RFC 7515 appendix A.2, in PKCS#8: nobody's secret.
    const RSA: &[u8] = include_bytes!("vectors/rfc-7515-a-2.pkcs8");

    fn key(suite: Suite) -> SigningKey {
        match suite {
            Suite::Ps256 | Suite::Rs256 => SigningKey::from_pkcs8(suite, RSA).unwrap(),
            Suite::EdDsa | Suite::Es256 | Suite::Es384 => SigningKey::generate(suite).unwrap(),
        }
    }

    #[test]
    fn a_signature_verifies_with_its_key_and_suite_in_its_own_encoding_only() {
        for suite in Suite::ALL {
            let key = key(suite);
            assert_eq!(key.suite(), suite);
            let public = key.public_key();
            let (jose, der) = (key.sign_jose(b"message").unwrap(), key.sign_der(b"message").unwrap());
            assert!(public.verify_jose(suite, b"message", &jose), "{suite:?}");
            assert!(public.verify_der(suite, b"message", &der), "{suite:?}");
            assert!(!public.verify_jose(suite, b"massage", &jose), "{suite:?}");
            assert!(!public.verify_jose(suite, b"message", &vec![0; jose.len()]), "{suite:?}");
            assert_eq!(public.verify_jose(suite, b"message", &der), !suite.is_ecdsa(), "{suite:?}");
            assert_eq!(public.verify_der(suite, b"message", &jose), !suite.is_ecdsa(), "{suite:?}");
            for other in Suite::ALL.into_iter().filter(|other| *other != suite) {
                assert!(!public.verify_jose(other, b"message", &jose), "{suite:?} as {other:?}");
                assert!(!public.verify_der(other, b"message", &der), "{suite:?} as {other:?}");
            }
        }
        let (jose, stranger) = (key(Suite::Es256).sign_jose(b"message").unwrap(), key(Suite::Es256));
        assert!(!stranger.public_key().verify_jose(Suite::Es256, b"message", &jose));
    }

    #[test]
    fn rfc_7515_appendix_a_2_is_signed_again() {
        let message = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = crate::encoding::base64url(&key(Suite::Rs256).sign_jose(message).unwrap());
        assert_eq!(
            signature,
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        );
    }

    #[test]
    fn a_key_is_loaded_for_a_suite_that_it_fits_and_for_no_other() {
        for made_for in [Suite::EdDsa, Suite::Es256, Suite::Es384] {
            let pkcs8 = generate_pkcs8(made_for).unwrap();
            for suite in Suite::ALL {
                assert_eq!(SigningKey::from_pkcs8(suite, pkcs8.expose()).is_ok(), suite == made_for, "{suite:?}");
            }
        }
        assert!(SigningKey::from_pkcs8(Suite::Es256, RSA).is_err());
        assert!(SigningKey::from_pkcs8(Suite::Rs256, b"").is_err());
        assert!(generate_pkcs8(Suite::Rs256).is_err());
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", key(Suite::Es256)), "SigningKey(ES256, ..)");
    }
}
