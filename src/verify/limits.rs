//! How much of anything a verification looks at.

/// Characters of a scanned or typed text. A QR code holds 7,089 digits at most; ours are far shorter.
pub const SCANNED_CHARACTERS_MAX: usize = 8_192;

/// Digits of the number in our QR codes.
pub(crate) const CODE_DIGITS: usize = 21;

/// Licence identifiers in one file that are looked at.
pub(crate) const IDENTIFIERS_MAX: usize = 16;
