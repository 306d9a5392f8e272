//! Signatures of strangers: whether what they cover is what was signed, in every algorithm and form in common use.
//!
//! What claims to be ours is read by [`crate::cms`], which refuses whatever we do not write ourselves. A stranger's
//! signature is read here, with tolerance, because the question is another one: was this file altered since somebody
//! signed it? Who that was is not decided, and nothing becomes valid by it. What is computed here is computed over what
//! everybody may see, so that it need not take the same time for every number.

mod ber;
mod cms;
mod curve;
mod hash;
mod key;
mod scheme;

pub use cms::{read_bare, read_cms};

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// Whether the bytes that a signature covers are those that were signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Integrity {
    /// They are, and the signature is that of the certificate's key.
    Intact,
    /// They are others.
    Altered,
    /// The signature is not that of the certificate's key: it proves nothing of them.
    Forged,
    /// Nobody can say who has no more than we have.
    Unchecked(Obstacle),
}

/// Why a signature could not be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Obstacle {
    /// An algorithm, a curve or a length of key that we do not know.
    Algorithm,
    /// The signer's certificate did not come along.
    Certificate,
    /// A structure that we do not know: not CMS, or one that binds no document.
    Form,
}

/// What a stranger's signature says.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Whether what it covers is unchanged.
    pub integrity: Integrity,
    /// Whether a digest or a key of it can be forged by whoever spends enough (SHA-1, RSA below 2,048 bits).
    pub is_weak: bool,
    /// Whom the signer's certificate names; none without a certificate.
    pub signer: Option<String>,
    /// The certificates that came along, DER, the signer's first where it is known.
    pub certificates: Vec<Vec<u8>>,
}

impl Reading {
    fn unchecked(obstacle: Obstacle) -> Self {
        Self { integrity: Integrity::Unchecked(obstacle), is_weak: false, signer: None, certificates: Vec::new() }
    }
}
