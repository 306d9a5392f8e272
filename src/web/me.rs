//! The citizen's own pages.

mod apps;
mod history;
mod home;
pub(crate) mod licences;
pub(crate) mod notice;
mod password;
mod sessions;
pub(crate) mod show;
#[cfg(test)]
mod tests;

use crate::kit::{
    access::{AssuranceLevel::Password, Guard},
    admission::SignedIn,
    table::Table,
};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/me", SignedIn(Password), home::home)
        .get("/me/licences", SignedIn(Password), licences::list)
        .get("/me/licences/{id}", SignedIn(Password), show::show)
        .get("/me/licences/{id}/file.pdf", SignedIn(Password), show::file)
        .post("/me/licences/{id}/seen", SignedIn(Password), Guard::Form, notice::seen)
        .get("/me/apps", SignedIn(Password), apps::list)
        .post("/me/apps/withdraw", SignedIn(Password), Guard::Form, apps::withdraw)
        .get("/me/password", SignedIn(Password), password::show)
        .post("/me/password", SignedIn(Password), Guard::Form, password::change)
        .get("/me/history", SignedIn(Password), history::list)
        .get("/me/sessions", SignedIn(Password), sessions::list)
        .post("/me/sessions/close", SignedIn(Password), Guard::Form, sessions::close)
}
