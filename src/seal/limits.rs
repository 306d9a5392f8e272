//! The limits of this crate.

/// The longest name around a seal's ring: what the picture leaves room for on two arcs.
pub const RING_CHARACTERS_MAX: usize = 40;

/// The shortest name around the ring.
pub const RING_CHARACTERS_MIN: usize = 4;

/// The longest reason for freezing or cancelling.
pub const REASON_CHARACTERS_MAX: usize = 200;

/// How many seals get a new key in one turn of the calendar, so that a turn has an end.
pub const RENEWED_AT_ONCE: i64 = 50;

/// How long before their end seals are told.
pub const ENDINGS_TOLD_SECONDS: i64 = 90 * 86_400;

/// How many seals are told however late they end: the first to end.
pub const ENDINGS_TOLD_MIN: usize = 20;

/// How many seals that end soon are told.
pub const ENDINGS_TOLD_MAX: i64 = 100;

/// The highest serial of one administrative division.
pub const SERIAL_MAX: i64 = 99_999_999;

/// For how many hours after a seal got its certificate its keeper gives it no other one on a page.
pub const RENEWED_AGAIN_HOURS: i64 = 24;

/// The digits of a seal's number.
pub const NUMBER_DIGITS: usize = 14;

/// Rows of an older version that get the keys of their names in one transaction.
pub const KEYED_AT_ONCE: i64 = 500;

/// Seals of one name that are shown: a name is a department's, and each of its seals lasts for years.
pub const OF_ONE_NAME_MAX: i64 = 100;
