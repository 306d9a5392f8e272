//! Where staff work: the console and the counter's desk.

mod console;
mod desk;
mod operator;

use crate::kit::table::Table;

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    operator::routes(desk::routes(console::routes(table)))
}
