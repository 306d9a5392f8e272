//! Signing in and out, for people and by OpenID Connect.

pub(crate) mod device;
mod oidc;
pub(crate) mod page;
pub(crate) mod password;
mod requesting;
mod sign_out;
mod waiting;
pub(crate) mod wrong;

#[cfg(test)]
mod tests;

use crate::kit::{access::Guard, admission::Anyone, table::Table};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    oidc::routes(table)
        .get("/sign-in", Anyone, page::show)
        .post("/sign-in", Anyone, Guard::Form, password::submit)
        .post("/sign-in/choose", Anyone, Guard::Form, password::choose)
        .get("/sign-out", Anyone, sign_out::ask)
        .post("/sign-out", Anyone, Guard::Form, sign_out::submit)
        .get("/signed-out", Anyone, sign_out::done)
}
