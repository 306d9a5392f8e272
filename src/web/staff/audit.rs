//! Where auditors work: what happened to whom and what, who looked at whom, whether the log is whole.

mod entries;
pub(super) mod found;
mod home;

use identity::Role;

use crate::kit::{access::AssuranceLevel::Password, admission::Roles, asked::ALWAYS_ASKS, table::Table};

/// Those who read the log.
const AUDITOR: Roles = Roles(&[Role::Auditor], Password);

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/audit", AUDITOR, home::home)
        .asking(("/audit/find", "/audit/find"), AUDITOR, ALWAYS_ASKS, home::find)
        .get("/audit/entries", AUDITOR, entries::list)
        .asking(("/audit/entries", "/audit/entries/find"), AUDITOR, ALWAYS_ASKS, entries::choose)
        .get("/audit/entries.csv", AUDITOR, entries::export)
}
