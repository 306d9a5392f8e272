//! Keys and what vouches for them: custody of private keys, the certificate authorities, revocation lists.
//!
//! Every key has one purpose, a state and dates, and each use checks all three. Private keys lie on disk sealed under
//! the envelope key and in memory behind a [`crypto::KeyHandle`], which signs and does not give them out.

pub mod authority;
pub mod calendar;
mod certify;
pub mod crl;
mod custody;
pub mod envelope;
mod error;
pub mod events;
mod genesis;
pub mod limits;
mod lint;
pub mod marked;
mod profile;
pub mod purpose;
mod queries;
pub mod root;
pub mod rotation;

pub use authority::SealSubject;
pub use calendar::Ending;
pub use crl::{Crl, RevocationReason};
pub use custody::{Custody, CustodySettings, Signer};
pub use error::Error;
pub use purpose::{KeyState, Purpose};

/// The revision that grows when a key, a certificate or a revocation list changed.
pub const REVISION: &str = "keys";

#[cfg(test)]
mod tests;
