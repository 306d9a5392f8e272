//! Cryptography: digests, signatures, JOSE, certificates and CMS.
//!
//! Signatures, digests and AEAD are `ring`'s; this crate decides which of them we use, in which encoding, and refuses
//! everything else. Parsers here are strict and never panic: whatever they cannot read exactly is refused. The one
//! exception is [`strangers`], whose answer makes nothing valid.
#![deny(missing_docs)]

pub mod cms;
pub mod der;
pub mod digest;
pub mod encoding;
mod handle;
pub mod jose;
mod limits;
pub mod mac;
pub mod password;
mod public_key;
pub mod seal_box;
pub mod sign;
pub mod strangers;
mod suite;
pub mod x509;

pub use digest::{Digest, DigestAlgorithm};
pub use handle::{Custodian, KeyHandle, Signing};
pub use public_key::PublicKey;
pub use suite::Suite;

#[cfg(test)]
mod vectors;
