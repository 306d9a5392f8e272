//! How much of anything a verification looks at.

/// Characters of a scanned or typed text. A QR code holds 7,089 digits at most; ours are far shorter.
pub const SCANNED_CHARACTERS_MAX: usize = 8_192;

/// Digits of the number in our QR codes.
pub(crate) const CODE_DIGITS: usize = 21;

/// Licence identifiers in one file that are looked at.
pub(crate) const IDENTIFIERS_MAX: usize = 16;

/// Certificates of a stranger's signature that go from the process that read it to the one that judges it: as many as lead
/// from a seal of ours to its root.
pub(crate) const CERTIFICATES_OF_STRANGERS_MAX: usize = 4;

/// Bytes of one of them, as many as are parsed.
pub(crate) const CERTIFICATE_OF_STRANGERS_BYTES_MAX: usize = 16 * 1024;
