//! Identifiers of our own records: prefixed, time-ordered text such as `lic_01K9Q3…`.
//!
//! They are never printed on a document and no public number is derived from them.

use thiserror::Error;

use crate::{entropy::Entropy, time::Instant};

/// A text that is not an identifier of the expected kind.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a {expected} identifier")]
pub struct NotAnId {
    /// The prefix that was expected.
    pub expected: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 26;

/// The 26 characters after the prefix: 48 bits of milliseconds, then 80 random bits (the layout of a ULID).
#[doc(hidden)]
pub fn fresh(at: Instant, entropy: &dyn Entropy) -> String {
    let random = entropy.bytes::<10>();
    let mut bits = (at.as_micros().max(0) as u128 / 1000) & ((1 << 48) - 1);
    for byte in random {
        bits = (bits << 8) | u128::from(byte);
    }
    (0..LENGTH)
        .rev()
        .map(|place| {
            let index = ((bits >> (place * 5)) & 31) as usize;
            char::from(ALPHABET.get(index).copied().unwrap_or(b'0'))
        })
        .collect()
}

#[doc(hidden)]
pub fn is_well_formed(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| rest.len() == LENGTH && rest.bytes().all(|byte| ALPHABET.contains(&byte)))
}

/// Declares identifier types, one for each kind of record.
#[macro_export]
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// What every identifier of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier that sorts by `at`.
            pub fn new(at: $crate::time::Instant, entropy: &dyn $crate::entropy::Entropy) -> Self {
                Self(format!(concat!($prefix, "_{}"), $crate::id::fresh(at, entropy)))
            }

            /// Reads an identifier.
            ///
            /// # Errors
            ///
            /// [`NotAnId`]($crate::id::NotAnId) unless the text is the prefix, `_` and 26 characters.
            pub fn parse(text: &str) -> Result<Self, $crate::id::NotAnId> {
                if $crate::id::is_well_formed($prefix, text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::id::NotAnId { expected: $prefix })
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// An identifier read back from our own database, which holds only well-formed ones.
            pub fn stored(text: String) -> Self {
                Self(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )+};
}

id! {
    /// What a person signs in to.
    AccountId = "acc";
    /// An application for a licence.
    ApplicationId = "app";
    /// An X.509 certificate.
    CertificateId = "crt";
    /// One entry of the event log.
    EventId = "evt";
    /// What a person lets a client have.
    GrantId = "gra";
    /// One piece of queued work.
    JobId = "job";
    /// A key in custody.
    KeyId = "key";
    /// A licence.
    LicenceId = "lic";
    /// A version of a licence type.
    LicenceTypeId = "lty";
    /// A legal person.
    OrganisationId = "org";
    /// A natural person.
    PersonId = "per";
    /// One verification: the number on its receipt.
    ReceiptId = "ver";
    /// One HTTP request.
    RequestId = "req";
    /// A seal.
    SealId = "sea";
    /// One signed-in browser.
    SessionId = "ses";
    /// A staff appointment: one person's roles in one department.
    StaffId = "stf";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn a_later_identifier_sorts_after_an_earlier_one() {
        let entropy = SeededEntropy::new(1);
        let early = LicenceId::new(Instant::from_micros(1_700_000_000_000_000), &entropy);
        let late = LicenceId::new(Instant::from_micros(1_700_000_000_001_000), &entropy);
        assert!(early < late);
        assert_eq!(LicenceId::parse(early.as_str()), Ok(early));
    }

    #[test]
    fn an_identifier_of_another_kind_is_refused() {
        let entropy = SeededEntropy::new(1);
        let person = PersonId::new(Instant::from_micros(0), &entropy);
        assert!(LicenceId::parse(person.as_str()).is_err());
        assert!(LicenceId::parse("lic_short").is_err());
        assert!(LicenceId::parse("lic_IIIIIIIIIIIIIIIIIIIIIIIIII").is_err());
        assert!(LicenceId::parse("").is_err());
    }
}
