//! Identity numbers at rest.

use std::sync::Arc;

use base::{Entropy, Fault, id::PersonId, number::IdentityNumber};
use crypto::{
    digest,
    mac::{self, HmacKey},
    seal_box::SealBox,
};

/// Encrypts identity numbers and makes the keyed hashes they are found by. Cloning it is cheap.
///
/// The keys are derived from one identity key, so that only one secret has to be kept.
#[derive(Clone)]
pub struct Vault(Arc<Keys>);

struct Keys {
    numbers: SealBox,
    lookup: HmacKey,
    names: HmacKey,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// A vault under the identity key.
    pub fn new(identity_key: &[u8; 32]) -> Self {
        let derive = |purpose: &str| mac::hmac_sha256(identity_key, &[purpose.as_bytes()]);
        Self(Arc::new(Keys {
            numbers: SealBox::new(&derive("identity numbers at rest")),
            lookup: HmacKey::new(&derive("identity number lookup")),
            names: HmacKey::new(&derive("attempted names and addresses")),
        }))
    }

    /// The hash under which a number is found.
    pub(crate) fn lookup(&self, number: &IdentityNumber) -> String {
        digest::hex(&self.0.lookup.code(&[number.as_str().as_bytes()]))
    }

    /// Encrypts a number for one person: moved into another person's row it does not open.
    pub fn seal(&self, entropy: &dyn Entropy, person: &PersonId, number: &IdentityNumber) -> Vec<u8> {
        self.0.numbers.seal(entropy, person.as_str().as_bytes(), number.as_str().as_bytes())
    }

    /// Decrypts a person's number.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the bytes are not what this vault sealed for this person.
    pub fn open(&self, person: &PersonId, sealed: &[u8]) -> Result<IdentityNumber, Fault> {
        self.0
            .numbers
            .open(person.as_str().as_bytes(), sealed)
            .and_then(|plain| String::from_utf8(plain).ok())
            .and_then(|text| IdentityNumber::parse(&text).ok())
            .ok_or_else(|| Fault::broken("an identity number cannot be decrypted with this identity key"))
    }

    /// A keyed hash of something that must not be kept in clear, such as an attempted username.
    pub(crate) fn blind(&self, parts: &[&[u8]]) -> String {
        let hash = digest::hex(&self.0.names.code(parts));
        hash.get(..32).unwrap_or(&hash).to_owned()
    }
}
