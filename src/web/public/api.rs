//! The API for departments' own systems.

mod caller;
mod codes;
mod idempotency;
mod json;
mod licences;
mod openapi;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

use crate::kit::access::{Guard, Table, Who};

pub use caller::Caller;
pub use json::Json;

/// The scope of a department's own system.
const ISSUE: &str = oidc::scope::LICENCE_ISSUE;

/// The scope of whoever checks licences.
const VERIFY: &str = oidc::scope::LICENCE_VERIFY;

/// The routes of this folder. Each stands in `openapi.rs` too; a test compares the two.
pub fn routes(table: Table) -> Table {
    table
        .get("/api/v1/licences", Who::Client(ISSUE), licences::list)
        .post("/api/v1/licences", Who::Client(ISSUE), Guard::Bearer, licences::issue)
        .get("/api/v1/licences/{id}", Who::Client(ISSUE), licences::show)
        .get("/api/v1/licences/{id}/file.pdf", Who::Client(ISSUE), licences::file)
        .post("/api/v1/licences/{id}/suspend", Who::Client(ISSUE), Guard::Bearer, licences::suspend)
        .post("/api/v1/licences/{id}/reinstate", Who::Client(ISSUE), Guard::Bearer, licences::reinstate)
        .post("/api/v1/licences/{id}/revoke", Who::Client(ISSUE), Guard::Bearer, licences::revoke)
        .post("/api/v1/verifications", Who::Client(VERIFY), Guard::Bearer, verify::verify)
        .get("/openapi.json", Who::Anyone, openapi::document)
        .get("/api", Who::Anyone, openapi::page)
}
