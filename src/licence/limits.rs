//! How much of everything.

/// The most characters of one field, whatever its type allows.
pub const FIELD_LENGTH_MAX: usize = 500;

/// The most fields of one licence type.
pub const FIELDS_MAX: usize = 60;

/// The most characters of a note that goes with a coded reason.
pub const NOTE_LENGTH_MAX: usize = 500;

/// The fewest characters of the number of a decision: a year, or a short name and a number.
pub const DECISION_CHARACTERS_MIN: usize = 4;

/// The most characters of the number of a decision.
pub const DECISION_CHARACTERS_MAX: usize = 60;

/// How many notices of licences that are out of force stand on the holder's page: whoever has more sees the next ones when
/// these are seen.
pub const NOTICES_SHOWN_MAX: i64 = 5;

/// How long a revocation waits for the second person.
pub const REVOCATION_SECONDS: i64 = 7 * 24 * 3600;

/// How many revocations of one department wait for a reviewer at once: whoever has more is asked to see to those first.
pub const REVOCATIONS_WAITING_MAX: usize = 1000;

/// How many revocations that one system asked a department for wait for a clerk at once. They are counted apart: a system
/// that asks without end stands in the way of nobody but itself.
pub const REVOCATIONS_PROPOSED_MAX: usize = 100;

/// How many days before the day of issue a licence may begin to be valid.
pub const VALID_FROM_PAST_DAYS_MAX: i32 = 31;

/// How many days after the day of issue a licence may begin to be valid.
pub const VALID_FROM_FUTURE_DAYS_MAX: i32 = 366;

/// How many years a licence may be valid when its last day is entered by hand.
pub const VALID_YEARS_MAX: i32 = 100;

/// How often a fresh number is drawn when one is taken already: a second collision means a broken source of randomness.
pub const NUMBER_DRAWS_MAX: u32 = 3;

/// An intent left alone for so long belongs to a process that died.
pub const INTENT_SECONDS_MAX: i64 = 60;

/// How many intents one turn of the recovery job takes.
pub const RECOVER_MAX: i64 = 50;

/// How many prepared pages are kept: one for each version of a type and each seal in use.
pub const TEMPLATES_MAX: usize = 256;

/// Bytes of pieces of documents that are kept in memory: the beginnings of some pages, and what characters look like.
pub(crate) const PIECES_KEPT_BYTES_MAX: usize = 8 * 1024 * 1024;
