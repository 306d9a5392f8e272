//! The counter page: scan, photograph, drop or type; the answer fills the screen; Enter for the next one.
//!
//! Everything works as plain forms. With scripts the same forms are sent in the background and only the answer is
//! put into the page, so that camera and focus stay where they are.

mod contact;
mod page;
mod receipt;
mod reset;
mod searched;

#[cfg(test)]
mod tests;

use identity::Role;
pub use reset::HandedOver;

use crate::kit::{
    access::{AssuranceLevel::Password, DESK, Guard},
    admission::Roles,
    asked::ALWAYS_ASKS,
    table::Table,
};

/// Those who see people and their documents.
const COUNTER: Roles = Roles(&[Role::Counter], Password);

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/desk", Roles(DESK, Password), page::show)
        .post("/desk", Roles(DESK, Password), Guard::Form, page::number)
        .post("/desk/file", Roles(DESK, Password), Guard::Upload, page::file)
        .get("/desk/contact", COUNTER, contact::ask)
        .told(("/desk/contact", "/desk/contact/changed"), COUNTER, contact::change)
        .asking(("/desk/contact/find", "/desk/contact/find"), COUNTER, ALWAYS_ASKS, contact::find)
        .post("/desk/holder", Roles(DESK, Password), Guard::Form, page::holder)
        .get("/desk/receipts", Roles(DESK, Password), receipt::find)
        .get("/desk/receipts/{number}", Roles(DESK, Password), receipt::show)
        .get("/desk/resets", COUNTER, reset::list)
        .told(("/desk/resets", "/desk/resets/filed"), COUNTER, reset::file)
        .asking(("/desk/resets/find", "/desk/resets/find"), COUNTER, ALWAYS_ASKS, reset::find)
        .get("/desk/resets/{id}", COUNTER, reset::show)
        .told(("/desk/resets/{id}/approve", "/desk/resets/{id}/approve"), COUNTER, reset::approve)
        .told(("/desk/resets/{id}/refuse", "/desk/resets/{id}/refuse"), COUNTER, reset::refuse)
        .told(("/desk/resets/{id}/withdraw", "/desk/resets/{id}/withdraw"), COUNTER, reset::withdraw)
}
