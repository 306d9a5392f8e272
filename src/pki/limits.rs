//! The limits of this crate.

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

/// How long the root's list counts: the root key is meant to be used rarely.
pub(crate) const ROOT_CRL_SECONDS: i64 = 90 * 24 * 3600;

/// How long certificates begin before they are made: clocks of verifiers differ.
pub(crate) const BACKDATE_SECONDS: i64 = 3600;

const YEAR_SECONDS: i64 = 365 * 24 * 3600;

/// How long the root certificate counts.
pub(crate) const ROOT_SECONDS: i64 = 20 * YEAR_SECONDS;

/// How long the issuing authority's certificate counts.
pub(crate) const AUTHORITY_SECONDS: i64 = 10 * YEAR_SECONDS;

/// How long a seal's certificate counts.
pub const SEAL_SECONDS: i64 = 5 * YEAR_SECONDS;

/// How long a service key counts.
pub(crate) const SERVICE_SECONDS: i64 = 2 * YEAR_SECONDS;
