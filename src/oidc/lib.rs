//! The rules of OpenID Connect: who may ask for what, what they get, and when it ends.
//!
//! Nothing here knows HTTP: requests come in as [`Parameters`], what is answered is decided in `web::oidc`.

pub mod access_token;
pub mod authorize;
mod challenges;
pub mod claims;
pub mod client;
mod code;
pub mod discovery;
mod endpoint;
mod error;
pub mod events;
pub mod family;
pub mod grant;
mod id_token;
pub mod keys;
pub mod limits;
pub mod logout;
pub mod marked;
pub mod parameters;
mod provider;
pub mod scope;
pub mod subject;
mod tally;
pub mod token;
pub mod userinfo;

pub use client::ClientId;
pub use endpoint::Endpoint;
pub use error::Error;
pub use parameters::Parameters;
pub use provider::{Provider, ProviderSettings};
pub use tally::counted_near;

pub(crate) use client::Client;
pub(crate) use error::GrantFlaw;

#[cfg(test)]
mod tests;

/// The revision that grows when a client changes; nodes then forget the clients they keep.
pub(crate) const REVISION: &str = "clients";
