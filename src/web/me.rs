//! The citizen's own pages.

mod home;

use crate::access::{Table, Who};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table.get("/me", Who::SignedIn, home::home)
}
