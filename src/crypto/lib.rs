//! Cryptography: digests, signatures, JOSE, certificates and CMS.
#![deny(missing_docs)]

pub mod digest;
