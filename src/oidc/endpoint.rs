//! An endpoint while it answers one caller.

use records::{Context, Database};

use crate::Provider;

/// Where a request meets the provider: what it may use, when, and who is on the other side.
#[derive(Clone, Debug)]
pub struct Endpoint<'a> {
    pub provider: &'a Provider,
    pub database: &'a Database,
    /// Who acts, when, for which request.
    pub context: Context,
    /// The address of the caller.
    pub address: String,
}
