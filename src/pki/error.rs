//! What can be wrong with keys and certificates.

use base::{
    Fault, Instant,
    id::{CertificateId, KeyId},
};
use records::MaybeFault;

use crate::purpose::{KeyState, Purpose};

/// What is true when an operation of this crate did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate that we were about to issue does not follow its profile. A mistake of ours; nothing was signed
    /// with a real key.
    #[error("the certificate would break its profile: {0}")]
    CertificateProfile(String),
    /// There is no such certificate, or it was revoked before.
    #[error("certificate {0} is unknown or already revoked")]
    CertificateUnknown(CertificateId),
    /// What keys are derived from is not what this database was founded with: its file is missing, or another
    /// installation's.
    #[error("what keys are derived from is not what this database was founded with: bring keys/derivation.key back")]
    DerivationMismatch,
    /// The envelope key is not the one that the key files were sealed under: the wrong key file was configured.
    #[error("the envelope key is not the one that the keys of this database are sealed under")]
    EnvelopeMismatch,
    /// Ours to repair.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The key was taken off this machine, and is not where such keys are looked for.
    #[error("key {0} was taken off this machine: put it where keys.root_folder says, or bring it back")]
    KeyAway(KeyId),
    /// The database knows a key whose file is not in the key folder of this node.
    #[error("the file of key {0} is not in the key folder")]
    KeyFileMissing(KeyId),
    /// A key file was changed, or belongs to another key.
    #[error("the file of key {0} is damaged or was tampered with")]
    KeyFileTampered(KeyId),
    /// The key signs now, so that nothing would sign in its place.
    #[error("key {0} signs now: activate its successor first, or renew its seal")]
    KeyInUse(KeyId),
    /// Those who verify may not have seen the key yet: they ask for keys every five minutes.
    #[error("key {key_id} was published a moment ago: whoever verifies knows it from {until}", until = until.rfc3339())]
    KeyTooNew {
        key_id: KeyId,
        /// From when it may sign.
        until: Instant,
    },
    /// The database knows no such key.
    #[error("key {0} is unknown")]
    KeyUnknown(KeyId),
    /// The key may not sign now: it is not active, outside its dates, or its certificate was revoked.
    #[error("key {key_id} may not sign: it is {state}")]
    KeyUnusable {
        key_id: KeyId,
        /// Why: its state, `expired`, `not yet valid` or `revoked`.
        state: &'static str,
    },
    /// The next key of this purpose was published: it is activated or given up first.
    #[error("the next key for {0} is published already: activate it or give it up first")]
    KeyWaits(Purpose),
    /// A name for a certificate is empty, too long, or has control characters.
    #[error("the name cannot stand in a certificate")]
    Name,
    /// No key of this purpose is active now.
    #[error("there is no active key for {0}")]
    NoCurrentKey(Purpose),
    /// The key was made for something else. A mistake of ours, or an attack.
    #[error("key {key_id} is for {actual}, not for {wanted}")]
    PurposeMismatch {
        key_id: KeyId,
        actual: Purpose,
        /// What it was asked for.
        wanted: Purpose,
    },
    /// A seal's key is made with its seal and renewed with it.
    #[error("a seal's key is renewed with its seal")]
    SealKey,
    /// The key cannot go from one state to the other.
    #[error("key {key_id} is {from} and cannot become {to}")]
    Transition {
        key_id: KeyId,
        from: KeyState,
        /// The state it was to have.
        to: KeyState,
    },
}

impl MaybeFault for Error {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<rcgen::Error> for Error {
    fn from(error: rcgen::Error) -> Self {
        Self::Fault(Fault::broken(format!("certificate writer: {error}")))
    }
}
