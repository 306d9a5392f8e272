//! Cryptography: digests, signatures, JOSE, certificates and CMS.
//!
//! Signatures, digests and AEAD are `ring`'s; this crate decides which of them we use, in which encoding, and refuses
//! everything else. Parsers here are strict and never panic: whatever they cannot read exactly is refused.
#![deny(missing_docs)]

pub mod cms;
pub mod der;
pub mod digest;
pub mod encoding;
pub mod jose;
pub mod limits;
pub mod mac;
pub mod password;
pub mod seal_box;
pub mod sign;
pub mod x509;

#[cfg(test)]
mod vectors;
