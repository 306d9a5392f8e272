//! Identifiers of our own records: prefixed, time-ordered text such as `lic_01K9Q3…`.
//!
//! They are never printed on a document and no public number is derived from them.

use std::sync::{Arc, Mutex, PoisonError};

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

/// Bits that are drawn: what is above them in an identifier is its instant.
const DRAWN: u32 = 70;

/// An identifier as a number: 48 bits of milliseconds and 80 more, as in a ULID. Of those the first ten are the
/// microseconds, so that acts that follow each other within a millisecond sort as they followed, and 70 are drawn.
#[doc(hidden)]
pub fn fresh(at: Instant, entropy: &dyn Entropy) -> u128 {
    let drawn = entropy.bytes::<9>().into_iter().fold(0, |bits, byte| bits << 8 | u128::from(byte));
    // The highest bit stays free, so that counting up from here never reaches the instant.
    instant(at) << DRAWN | drawn >> 3
}

/// The lowest number that can be drawn at an instant.
#[doc(hidden)]
pub fn first(at: Instant) -> u128 {
    instant(at) << DRAWN
}

fn instant(at: Instant) -> u128 {
    let micros = at.as_micros().max(0) as u128;
    ((micros / 1000) & ((1 << 48) - 1)) << 10 | (micros % 1000)
}

/// The 26 characters after the prefix.
#[doc(hidden)]
pub fn written(bits: u128) -> String {
    (0..LENGTH)
        .rev()
        .map(|place| {
            let index = ((bits >> (place * 5)) & 31) as usize;
            char::from(ALPHABET.get(index).copied().unwrap_or(b'0'))
        })
        .collect()
}

/// A type of identifiers, declared by [`id!`](crate::id!).
pub trait Id: Sized {
    /// The identifier with this number.
    #[doc(hidden)]
    fn of(bits: u128) -> Self;
}

/// The identifiers that one request, command or turn of a job draws: each sorts after the one drawn before it, also
/// when both have the same instant. The clones count together.
#[derive(Clone, Debug, Default)]
pub struct Ids(Arc<Mutex<u128>>);

impl Ids {
    /// The next identifier: it sorts by `at`, and after every one drawn here before.
    pub fn next<I: Id>(&self, at: Instant, entropy: &dyn Entropy) -> I {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The same instant again, or one that lies before the last: count.
        if *last >> DRAWN >= instant(at) {
            *last += 1;
        } else {
            *last = fresh(at, entropy);
        }
        I::of(*last)
    }
}

/// The instant in a well-formed identifier.
#[doc(hidden)]
pub fn drawn_at(text: &str) -> Instant {
    // The first ten characters hold 50 bits: the 48 of the milliseconds and, before them, two that are free.
    let digits = text.rsplit('_').next().unwrap_or_default().bytes().take(10);
    let place = |byte: u8| ALPHABET.iter().position(|known| *known == byte).unwrap_or_default() as i64;
    let millis = digits.fold(0_i64, |millis, byte| millis << 5 | place(byte)) & ((1 << 48) - 1);
    Instant::from_micros(millis * 1000)
}

#[doc(hidden)]
pub fn is_well_formed(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| rest.len() == LENGTH && rest.bytes().all(|byte| ALPHABET.contains(&byte)))
}

/// An identifier however it was typed, pasted or scanned, with its prefix or without. The letters that the alphabet leaves
/// out are the digits that they look like.
#[doc(hidden)]
pub fn typed(prefix: &str, text: &str) -> Option<String> {
    let text = crate::ungrouped(text);
    let without_prefix =
        text.strip_prefix(&prefix.to_ascii_uppercase()).map(|rest| rest.strip_prefix('_').unwrap_or(rest));
    let drawn = without_prefix.filter(|rest| rest.len() == LENGTH).unwrap_or(&text);
    let drawn = drawn.replace('O', "0").replace(['I', 'L'], "1");
    Some(format!("{prefix}_{drawn}")).filter(|text| is_well_formed(prefix, text))
}

/// Declares identifier types, one for each kind of record.
#[macro_export]
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $crate::id::Id for $name {
            fn of(bits: u128) -> Self {
                Self(format!(concat!($prefix, "_{}"), $crate::id::written(bits)))
            }
        }

        impl $name {
            /// What every identifier of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier that sorts by `at`. Within one act, see [`Ids`]($crate::id::Ids).
            pub fn new(at: $crate::time::Instant, entropy: &dyn $crate::entropy::Entropy) -> Self {
                $crate::id::Id::of($crate::id::fresh(at, entropy))
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

            /// What sorts before every identifier that is drawn from this instant on, and after those of before.
            pub fn first_at(at: $crate::time::Instant) -> Self {
                $crate::id::Id::of($crate::id::first(at))
            }

            /// Reads an identifier however it was typed, pasted or scanned, with its prefix or without.
            pub fn typed(text: &str) -> Option<Self> {
                $crate::id::typed($prefix, text).map(Self)
            }

            /// When it was drawn, as it says itself, to the millisecond.
            pub fn drawn_at(&self) -> $crate::time::Instant {
                $crate::id::drawn_at(&self.0)
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
    /// What one operator proposes and another one approves.
    ProposalId = "prp";
    /// One verification: the number on its receipt.
    ReceiptId = "ver";
    /// A correction of a person's name.
    RenamingId = "rnm";
    /// A request at a counter for another password.
    ResetId = "rst";
    /// One HTTP request.
    RequestId = "req";
    /// A revocation of a licence that a second person has to approve.
    RevocationId = "rev";
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
    fn an_identifier_of_the_next_microsecond_sorts_after_this_one() {
        let entropy = SeededEntropy::new(1);
        let ids: Vec<_> = (0..3000).map(|micros| EventId::new(Instant::from_micros(micros), &entropy)).collect();
        assert!(ids.is_sorted() && ids.iter().all(|id| EventId::parse(id.as_str()).is_ok()));
    }

    #[test]
    fn identifiers_of_one_act_count_up_whatever_its_instant() {
        for seed in 0..64 {
            let (ids, entropy) = (Ids::default(), SeededEntropy::new(seed));
            let clone = ids.clone();
            let mut drawn = Vec::new();
            // The same instant, a later one, and one that lies before both: a clock that was set back.
            for micros in [5_000, 5_000, 5_000, 6_001, 6_001, 4_000, 4_000] {
                drawn.push(ids.next::<EventId>(Instant::from_micros(micros), &entropy).to_string());
                drawn.push(clone.next::<LicenceId>(Instant::from_micros(micros), &entropy).to_string());
            }
            let numbers: Vec<&str> = drawn.iter().map(|id| &id[4..]).collect();
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        }
    }

    #[test]
    fn a_number_is_read_however_it_was_copied() {
        let number = "01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
        let right = RequestId::parse(&format!("req_{number}")).unwrap();
        for typed in [
            format!("req_{number}"),
            format!("  req_{number}\n"),
            number.to_owned(),
            format!("REQ_{}", number.to_lowercase()),
            format!("req_{} {}", &number[..8], &number[8..]),
            format!("ｒｅｑ＿{}—{}", &number[..8], &number[8..]),
            format!("REQ-{number}"),
            format!("\u{feff}req_\u{200b}{number}"),
            format!("req_{}", number.replace("01", "ol").replace('0', "O")),
        ] {
            assert_eq!(RequestId::typed(&typed).as_ref(), Some(&right), "{typed:?}");
        }
        for typed in ["", "req_", "lic_01K9Q3ZV5T8M2C4N6R7S9W0XYZ", "req_01K9Q3ZV5T8M2C4N6R7S9W0XY", "请求"] {
            assert_eq!(RequestId::typed(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn an_identifier_says_when_it_was_drawn() {
        let check = |micros, expected| {
            let drawn = RequestId::new(Instant::from_micros(micros), &SeededEntropy::new(3)).drawn_at();
            assert_eq!(drawn, Instant::from_micros(expected));
        };
        check(1_795_417_200_123_456, 1_795_417_200_123_000);
        check(0, 0);
        // Whatever somebody typed that is well formed.
        assert_eq!(RequestId::stored(format!("req_{}", "Z".repeat(26))).drawn_at().as_micros(), ((1 << 48) - 1) * 1000);
    }

    #[test]
    fn counting_up_never_reaches_the_instant() {
        struct Ones;
        impl Entropy for Ones {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0xff);
            }
        }
        let highest = fresh(Instant::from_micros(1), &Ones);
        assert_eq!(highest >> DRAWN, 1);
        assert_eq!((highest + (1 << 60)) >> DRAWN, 1);
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
