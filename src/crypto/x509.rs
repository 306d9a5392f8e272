//! Certificates, chains and revocation lists (RFC 5280, the part we use).

mod certificate;
pub mod chain;
pub mod crl;

pub use certificate::{Certificate, KeyUsage, NotACertificate};
pub use chain::{Chain, ChainError, Revocation};
pub use crl::{Crl, NotACrl};

#[cfg(test)]
mod tests;
