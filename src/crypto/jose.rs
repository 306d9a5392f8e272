//! JOSE: compact signatures and public keys as JSON.

pub mod json;
mod jwk;
mod jws;

pub use jwk::{Jwk, JwkSet};
pub use jws::{Jws, JwsError, sign_compact};
