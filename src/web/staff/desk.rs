//! The counter page: scan, photograph, drop or type; the answer fills the screen; Enter for the next one.
//!
//! Everything works as plain forms. With scripts the same forms are sent in the background and only the answer is
//! put into the page, so that camera and focus stay where they are.

mod page;
mod receipt;

#[cfg(test)]
mod tests;

use crate::kit::access::{Guard, Table, Who};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/desk", Who::Staff, page::show)
        .post("/desk", Who::Staff, Guard::Form, page::number)
        .post("/desk/file", Who::Staff, Guard::Upload, page::file)
        .get("/desk/receipts", Who::Staff, receipt::find)
        .get("/desk/receipts/{number}", Who::Staff, receipt::show)
}
