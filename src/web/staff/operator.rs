//! Where operators work: what ends, and the keys.

mod calendar;
mod keys;

#[cfg(test)]
mod tests;

use identity::Role;

use crate::kit::{
    access::{AssuranceLevel::Password, Guard},
    admission::Roles,
    table::Table,
};

/// Those who keep the system.
const OPERATOR: Roles = Roles(&[Role::Operator], Password);

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/operator/calendar", OPERATOR, calendar::list)
        .get("/operator/keys", OPERATOR, keys::list)
        .post("/operator/keys/publish", OPERATOR, Guard::Form, keys::publish)
        .post("/operator/keys/{id}/activate", OPERATOR, Guard::Form, keys::activate)
        .post("/operator/keys/{id}/retire", OPERATOR, Guard::Form, keys::retire)
}
