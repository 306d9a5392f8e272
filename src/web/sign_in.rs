//! Signing in and out, for people and by OpenID Connect.

mod device;
mod oidc;
mod page;
mod password;
mod requesting;
mod sign_out;

#[cfg(test)]
mod tests;

use crate::kit::access::{Guard, Table, Who};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    oidc::routes(table)
        .get("/sign-in", Who::Anyone, page::show)
        .post("/sign-in", Who::Anyone, Guard::Form, password::submit)
        .get("/sign-out", Who::Anyone, sign_out::ask)
        .post("/sign-out", Who::Anyone, Guard::Form, sign_out::submit)
        .get("/signed-out", Who::Anyone, sign_out::done)
}
