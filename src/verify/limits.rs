//! How much of anything a verification looks at.

/// Characters of a scanned or typed text. A QR code holds 7,089 digits at most; ours are far shorter.
pub const SCANNED_CHARACTERS_MAX: usize = 8_192;

/// Digits of the number in our QR codes.
pub(crate) const CODE_DIGITS: usize = 21;

/// Licences that one file says it is and that are looked up. More than one is no licence as anybody issues it.
pub(crate) const IDENTIFIERS_MAX: usize = 16;

/// Characters of a signer's name that are shown.
pub(crate) const SIGNER_CHARACTERS_MAX: usize = 80;

/// Signers that one sentence names.
pub(crate) const SIGNERS_NAMED_MAX: usize = 3;

/// Certificates of a stranger's signature that go from the process that read it to the one that judges it: as many as lead
/// from a seal of ours to its root.
pub(crate) const CERTIFICATES_OF_STRANGERS_MAX: usize = 4;

/// Bytes of one of them, as many as are parsed.
pub(crate) const CERTIFICATE_OF_STRANGERS_BYTES_MAX: usize = 16 * 1024;
