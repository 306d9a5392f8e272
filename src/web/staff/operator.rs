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
    asked::ALWAYS_ASKS,
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
        .confirmed("/operator/clients/{id}/edit", OPERATOR, clients::edit)
        .confirmed("/operator/clients/{id}/disable", OPERATOR, |asked| clients::act(clients::Deed::Disable, asked))
        .confirmed("/operator/clients/{id}/enable", OPERATOR, |asked| clients::act(clients::Deed::Enable, asked))
        .confirmed("/operator/clients/{id}/secret", OPERATOR, |asked| clients::act(clients::Deed::Secret, asked))
        .get("/operator/organisations", OPERATOR, organisations::list)
        .get("/operator/organisations/{id}", OPERATOR, organisations::show)
        .confirmed("/operator/organisations/{id}/edit", OPERATOR, organisations::edit)
        .confirmed("/operator/organisations/{id}/representative", OPERATOR, organisations::representative)
        .get("/operator/people", OPERATOR, people::ask)
        .asking(("/operator/people", "/operator/people/found"), OPERATOR, ALWAYS_ASKS, people::find)
        .get("/operator/people/{id}", OPERATOR, people::show)
        .confirmed("/operator/people/{id}/appoint", OPERATOR, appointments::appoint)
        .confirmed("/operator/people/{id}/dismiss", OPERATOR, appointments::dismiss)
        .confirmed("/operator/people/{id}/contact", OPERATOR, registered::contact)
        .confirmed("/operator/people/{id}/name", OPERATOR, registered::name)
        .get("/operator/accounts/{id}", OPERATOR, people::show_account)
        .confirmed("/operator/accounts/{id}/close", OPERATOR, |asked| people::act(people::Deed::Close, asked))
        .confirmed("/operator/accounts/{id}/lock", OPERATOR, |asked| people::act(people::Deed::Lock, asked))
        .confirmed("/operator/accounts/{id}/rename", OPERATOR, |asked| people::act(people::Deed::Rename, asked))
        .confirmed("/operator/accounts/{id}/reset", OPERATOR, |asked| people::act(people::Deed::Reset, asked))
        .confirmed("/operator/accounts/{id}/unlock", OPERATOR, |asked| people::act(people::Deed::Unlock, asked))
        .get("/operator/proposals", OPERATOR, proposals::list)
        .get("/operator/proposals/{id}", OPERATOR, proposals::show)
        .post("/operator/proposals/{id}/approve", OPERATOR, Guard::Form, proposals::approve)
        .told(("/operator/proposals/{id}/refuse", "/operator/proposals/{id}/refuse"), OPERATOR, proposals::refuse)
        .post("/operator/proposals/{id}/withdraw", OPERATOR, Guard::Form, proposals::withdraw)
        .get("/operator/requests", OPERATOR, requests::find)
        .get("/operator/keys", OPERATOR, keys::list)
        .post("/operator/keys/publish", OPERATOR, Guard::Form, keys::publish)
        .post("/operator/keys/{id}/activate", OPERATOR, Guard::Form, keys::activate)
        .post("/operator/keys/{id}/retire", OPERATOR, Guard::Form, keys::retire)
}
