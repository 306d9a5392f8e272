//! The limits of this crate.

use base::Instant;

/// The longest key file that is read. A sealed RSA-2048 key is about 1.3 kB.
pub(crate) const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;

/// The longest name in a certificate, in characters (X.520 upper bound of a common name).
pub(crate) const NAME_CHARACTERS_MAX: usize = 64;

/// The longest URL of a revocation list.
pub(crate) const CRL_URL_BYTES_MAX: usize = 512;

/// Random bytes of a serial number: the first bits are fixed so that the number is positive and keeps its length,
/// which leaves 126 random ones.
pub(crate) const SERIAL_BYTES: usize = 16;

/// How long a list of revoked seal and service certificates counts. It is renewed at half of that.
pub(crate) const CRL_SECONDS: i64 = 24 * 3600;

/// How long after half of its time a list is late that was not renewed: a quarter of what the shortest one counts.
pub(crate) const LIST_LATE_SECONDS: i64 = 6 * 3600;

/// How long the root's list counts: the root key is meant to be used rarely.
pub(crate) const ROOT_CRL_SECONDS: i64 = 90 * DAY_SECONDS;

/// How long the list of a root counts whose key is kept elsewhere: it is brought here once a year.
pub(crate) const ROOT_AWAY_CRL_SECONDS: i64 = 400 * DAY_SECONDS;

/// Until when an authority's last list counts: no other one follows (RFC 5280 §4.1.2.5 has this instant for what has no
/// end that is known, ETSI EN 319 411-1 §6.3.9 for the last list).
pub(crate) const NO_NEXT_UPDATE: Instant = Instant::from_seconds(253_402_300_799);

/// How long certificates begin before they are made: clocks of verifiers differ.
pub(crate) const BACKDATE_SECONDS: i64 = 3600;

/// Seconds of a day.
pub(crate) const DAY_SECONDS: i64 = 24 * 3600;

const YEAR_SECONDS: i64 = 365 * DAY_SECONDS;

/// How long the root certificate counts.
pub(crate) const ROOT_SECONDS: i64 = 20 * YEAR_SECONDS;

/// How long the issuing authority's certificate counts.
pub(crate) const AUTHORITY_SECONDS: i64 = 10 * YEAR_SECONDS;

/// How long a seal's certificate counts.
pub const SEAL_SECONDS: i64 = 5 * YEAR_SECONDS;

/// How long before a key would end the next one is published, when nothing else depends on it.
pub(crate) const PUBLISH_BEFORE_SECONDS: i64 = 60 * DAY_SECONDS;

/// How long before a root would be replaced the next one is published: whoever trusts it installs it by hand.
pub(crate) const ROOT_PUBLISH_BEFORE_SECONDS: i64 = 395 * DAY_SECONDS;

/// How long before a key would end the next one takes its place.
pub const REPLACE_BEFORE_SECONDS: i64 = 30 * DAY_SECONDS;

/// How long a key is published before it signs, unless none signs meanwhile: those who verify ask for keys once a day.
pub(crate) const PUBLISHED_SECONDS_MIN: i64 = 7 * DAY_SECONDS;

/// How long after it was published a key is known: others keep keys for five minutes.
pub(crate) const LEARNED_SECONDS: i64 = 600;

/// How much longer than the key of now the next one must count to be worth making: below an authority that ends soon
/// nothing counts longer, however often it is made again.
pub(crate) const GAIN_SECONDS_MIN: i64 = 30 * DAY_SECONDS;

/// How long a service key counts.
pub(crate) const SERVICE_SECONDS: i64 = 2 * YEAR_SECONDS;
