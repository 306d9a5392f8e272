//! The rules of OpenID Connect: who may ask for what, what they get, and when it ends.
//!
//! Nothing here knows HTTP: requests come in as [`Parameters`], what is answered is decided in `web::oidc`.

pub mod client;
pub mod discovery;
pub mod error;
pub mod events;
pub mod keys;
pub mod limits;
pub mod parameters;
pub mod provider;
pub mod scope;
#[expect(dead_code, reason = "the token endpoint follows")]
mod throttle;

pub use client::{Client, ClientId};
pub use error::{Error, GrantFlaw};
pub use parameters::Parameters;
pub use provider::{Provider, ProviderSettings};

/// The revision that grows when a client changes; nodes then forget the clients they keep.
pub const REVISION: &str = "clients";
