//! The API for departments' own systems.

mod applications;
mod bodies;
mod codes;
mod idempotency;
mod json;
mod leaf;
mod licence;
mod licences;
mod openapi;
mod read;
mod revocations;
mod verdict;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

use crate::kit::{
    access::Guard,
    admission::{Anyone, Scope},
    table::Table,
};

/// The scope of a department's own system.
const ISSUE: &str = oidc::scope::LICENCE_ISSUE;

/// The scope of whoever checks licences.
const VERIFY: &str = oidc::scope::LICENCE_VERIFY;

/// The routes of this folder. Each stands in `openapi.rs` too; a test compares the two.
pub fn routes(table: Table) -> Table {
    table
        .get("/api/v1/applications/{id}", Scope(ISSUE), applications::show)
        .get("/api/v1/licences", Scope(ISSUE), licences::list)
        .post("/api/v1/licences", Scope(ISSUE), Guard::Bearer, licences::issue)
        .get("/api/v1/licences/{id}", Scope(ISSUE), licences::show)
        .get("/api/v1/licences/{id}/file.pdf", Scope(ISSUE), licences::file)
        .post("/api/v1/licences/{id}/suspend", Scope(ISSUE), Guard::Bearer, licences::suspend)
        .post("/api/v1/licences/{id}/reinstate", Scope(ISSUE), Guard::Bearer, licences::reinstate)
        .post("/api/v1/licences/{id}/revoke", Scope(ISSUE), Guard::Bearer, licences::revoke)
        .get("/api/v1/revocations/{id}", Scope(ISSUE), revocations::show)
        .post("/api/v1/verifications", Scope(VERIFY), Guard::Bearer, verify::verify)
        .get("/openapi.json", Anyone, openapi::document)
        .get("/api", Anyone, openapi::page)
}
