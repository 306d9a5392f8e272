//! The kinds of events this crate records.

/// A certificate was issued.
pub const CERTIFICATE_ISSUED: &str = "pki.certificate.issued";
/// A certificate was revoked.
pub const CERTIFICATE_REVOKED: &str = "pki.certificate.revoked";
/// A revocation list was signed.
pub const CRL_SIGNED: &str = "pki.crl.signed";
/// The key files were bound to an envelope key.
pub const ENVELOPE_BOUND: &str = "pki.envelope.bound";
/// A key became the current one of its purpose.
pub const KEY_ACTIVATED: &str = "pki.key.activated";
/// A key was made.
pub const KEY_CREATED: &str = "pki.key.created";
/// A key signs no more; what it signed can still be checked.
pub const KEY_RETIRED: &str = "pki.key.retired";
/// A key must no longer be trusted.
pub const KEY_REVOKED: &str = "pki.key.revoked";

/// All kinds.
pub const ALL: &[&str] = &[
    CERTIFICATE_ISSUED,
    CERTIFICATE_REVOKED,
    CRL_SIGNED,
    ENVELOPE_BOUND,
    KEY_ACTIVATED,
    KEY_CREATED,
    KEY_RETIRED,
    KEY_REVOKED,
];
