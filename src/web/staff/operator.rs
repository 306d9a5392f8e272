//! Where operators work: what ends, the keys, people, clients, organisations, what another operator has to approve,
//! backups, and what happened in a request.

mod appointments;
mod backups;
mod calendar;
mod clients;
mod found;
mod keys;
mod organisations;
pub(super) mod people;
mod proposals;
mod registered;
mod requests;
mod seals;

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
        .get("/operator/backups", OPERATOR, backups::list)
        .get("/operator/calendar", OPERATOR, calendar::list)
        .get("/operator/clients", OPERATOR, clients::list)
        .get("/operator/clients/{id}", OPERATOR, clients::show)
        .post("/operator/clients/{id}/edit", OPERATOR, Guard::Form, clients::edit)
        .post("/operator/clients/{id}/disable", OPERATOR, Guard::Form, |asked| {
            clients::act(clients::Deed::Disable, asked)
        })
        .post("/operator/clients/{id}/enable", OPERATOR, Guard::Form, |asked| {
            clients::act(clients::Deed::Enable, asked)
        })
        .post("/operator/clients/{id}/secret", OPERATOR, Guard::Form, |asked| {
            clients::act(clients::Deed::Secret, asked)
        })
        .get("/operator/organisations", OPERATOR, organisations::list)
        .get("/operator/organisations/{id}", OPERATOR, organisations::show)
        .post("/operator/organisations/{id}/edit", OPERATOR, Guard::Form, organisations::edit)
        .post("/operator/organisations/{id}/representative", OPERATOR, Guard::Form, organisations::representative)
        .get("/operator/people", OPERATOR, people::ask)
        .post("/operator/people", OPERATOR, Guard::Form, people::find)
        .get("/operator/people/{id}", OPERATOR, people::show)
        .post("/operator/people/{id}/appoint", OPERATOR, Guard::Form, appointments::appoint)
        .post("/operator/people/{id}/dismiss", OPERATOR, Guard::Form, appointments::dismiss)
        .post("/operator/people/{id}/contact", OPERATOR, Guard::Form, registered::contact)
        .post("/operator/people/{id}/name", OPERATOR, Guard::Form, registered::name)
        .get("/operator/accounts/{id}", OPERATOR, people::show_account)
        .post("/operator/accounts/{id}/close", OPERATOR, Guard::Form, |asked| people::act(people::Deed::Close, asked))
        .post("/operator/accounts/{id}/lock", OPERATOR, Guard::Form, |asked| people::act(people::Deed::Lock, asked))
        .post("/operator/accounts/{id}/rename", OPERATOR, Guard::Form, |asked| people::act(people::Deed::Rename, asked))
        .post("/operator/accounts/{id}/reset", OPERATOR, Guard::Form, |asked| people::act(people::Deed::Reset, asked))
        .post("/operator/accounts/{id}/unlock", OPERATOR, Guard::Form, |asked| people::act(people::Deed::Unlock, asked))
        .get("/operator/proposals", OPERATOR, proposals::list)
        .get("/operator/proposals/{id}", OPERATOR, proposals::show)
        .post("/operator/proposals/{id}/approve", OPERATOR, Guard::Form, proposals::approve)
        .post("/operator/proposals/{id}/refuse", OPERATOR, Guard::Form, proposals::refuse)
        .post("/operator/proposals/{id}/withdraw", OPERATOR, Guard::Form, proposals::withdraw)
        .get("/operator/requests", OPERATOR, requests::find)
        .get("/operator/keys", OPERATOR, keys::list)
        .post("/operator/keys/publish", OPERATOR, Guard::Form, keys::publish)
        .post("/operator/keys/{id}/activate", OPERATOR, Guard::Form, keys::activate)
        .post("/operator/keys/{id}/retire", OPERATOR, Guard::Form, keys::retire)
}
