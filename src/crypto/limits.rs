//! How much this crate reads.

/// The longest compact JWS that is looked at.
pub const JWS_BYTES_MAX: usize = 16 * 1024;

/// The longest password that is hashed: long enough for any passphrase, short enough that hashing its bytes is free.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// The largest Argon2 memory, in KiB, that a stored hash may ask for.
pub const ARGON2_MEMORY_KIB_MAX: u32 = 256 * 1024;

/// The most passes that a stored hash may ask for.
pub const ARGON2_PASSES_MAX: u32 = 10;

/// The largest certificate that is parsed.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// The largest CMS structure that is parsed.
pub const CMS_BYTES_MAX: usize = 64 * 1024;

/// The most certificates in one CMS structure.
pub const CMS_CERTIFICATES_MAX: usize = 16;

/// The most signed attributes of one signer.
pub const CMS_ATTRIBUTES_MAX: usize = 16;

/// The largest revocation list that is parsed.
pub const CRL_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The most certificates from a leaf to its root, both included.
pub const CHAIN_LENGTH_MAX: usize = 6;

/// The most signatures that looking for a chain may verify: crossed authorities must not buy our time.
pub const CHAIN_SIGNATURES_MAX: usize = 32;

/// How deep a DER structure may be nested.
pub const DER_DEPTH_MAX: usize = 32;

/// The most entries of one revocation list.
pub const CRL_ENTRIES_MAX: usize = 200_000;

/// The largest signature of a stranger that is looked at: with certificates, revocation lists and time stamps in it.
pub const STRANGERS_CMS_BYTES_MAX: usize = 256 * 1024;

/// The keys that are tried on a stranger's signature that does not say whose it is.
pub const STRANGERS_KEYS_MAX: usize = 2;

/// The bits of a stranger's RSA modulus.
pub const RSA_BITS: std::ops::RangeInclusive<u64> = 1_024..=8_192;

/// The most bits of a stranger's RSA exponent: what one signature costs grows with it.
pub const EXPONENT_BITS_MAX: u64 = 64;

/// The bits of a stranger's DSA modulus.
pub const DSA_BITS: std::ops::RangeInclusive<u64> = 1_024..=4_096;

/// The bits of the order of a stranger's DSA group.
pub const DSA_ORDER_BITS: std::ops::RangeInclusive<u64> = 160..=256;
