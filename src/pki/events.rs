//! What is written down about keys, certificates and revocation lists.

use base::id::{CertificateId, KeyId};

records::events! {
    /// A certificate was issued.
    CertificateIssued = "pki.certificate.issued" of certificate: CertificateId {
        key: KeyId,
        serial: String,
        subject: String,
    }
    /// A certificate was revoked.
    CertificateRevoked = "pki.certificate.revoked" of certificate: CertificateId { key: KeyId, reason: String }
    /// A revocation list was signed.
    CrlSigned = "pki.crl.signed" of key: KeyId { number: i64, revoked: usize }
    /// The key files were bound to an envelope key, of which this is the check value.
    EnvelopeBound = "pki.envelope.bound" of check: String {}
    /// A key became the current one of its purpose.
    KeyActivated = "pki.key.activated" of key: KeyId {}
    /// A root's key that had been taken off the machine is on it again.
    KeyBroughtBack = "pki.key.brought_back" of key: KeyId {}
    /// A key was made.
    KeyCreated = "pki.key.created" of key: KeyId { purpose: String, state: String }
    /// A key signs no more; what it signed can still be checked.
    KeyRetired = "pki.key.retired" of key: KeyId {}
    /// A key must no longer be trusted.
    KeyRevoked = "pki.key.revoked" of key: KeyId {}
    /// A root's key was taken off the machine.
    KeyTakenOut = "pki.key.taken_out" of key: KeyId {}
}
