//! Where staff work: the console, the counter's desk, the operators' and the auditors' pages.

mod again;
mod audit;
mod confirm;
mod console;
mod desk;
mod operator;
mod proposed;
mod shown;
mod told;

use crate::kit::table::Table;

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    operator::routes(audit::routes(desk::routes(console::routes(table))))
}
