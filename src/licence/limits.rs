//! How much of everything.

/// The most characters of one field, whatever its type allows.
pub const FIELD_LENGTH_MAX: usize = 500;

/// The most fields of one licence type.
pub const FIELDS_MAX: usize = 60;

/// The most characters of a note that goes with a coded reason.
pub const NOTE_LENGTH_MAX: usize = 500;

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
