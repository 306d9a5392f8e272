//! The citizen's own pages.

mod apps;
mod home;
pub(crate) mod licences;
mod sessions;
pub(crate) mod show;
#[cfg(test)]
mod tests;

use crate::kit::access::{Guard, Table, Who};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/me", Who::SignedIn, home::home)
        .get("/me/licences", Who::SignedIn, licences::list)
        .get("/me/licences/{id}", Who::SignedIn, show::show)
        .get("/me/licences/{id}/file.pdf", Who::SignedIn, show::file)
        .get("/me/apps", Who::SignedIn, apps::list)
        .post("/me/apps/withdraw", Who::SignedIn, Guard::Form, apps::withdraw)
        .get("/me/sessions", Who::SignedIn, sessions::list)
        .post("/me/sessions/close", Who::SignedIn, Guard::Form, sessions::close)
}
