//! Who exists and who signs in: persons, organisations, mandates, staff, accounts, passwords, sessions.
//!
//! Nothing here knows OAuth or HTTP. Identity numbers are stored encrypted and found through a keyed hash
//! ([`Vault`]); passwords as Argon2id hashes, computed behind a [`PasswordGate`].

pub mod account;
pub mod appointment;
pub mod command_key;
pub mod death;
mod error;
pub mod events;
mod limits;
pub mod mandate;
pub mod marked;
pub mod operator;
pub mod organisation;
pub mod password;
pub mod person;
pub mod phone;
mod progress;
pub mod proposal;
pub mod reason;
pub mod reset;
pub mod session;
pub mod sign_in;
pub mod staff;
mod vault;

pub use base::name::NameError;
pub use error::Error;
pub use limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN};
pub use password::PasswordGate;
pub use progress::Progress;
pub use reason::Reason;
pub use session::{Session, SessionToken};
pub use staff::Role;
pub use vault::Vault;

#[cfg(test)]
mod tests;
