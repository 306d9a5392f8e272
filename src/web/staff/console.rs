//! Where clerks, reviewers and seal keepers work: applications, licences, the department's seals.

mod applications;
mod apply;
mod find;
mod home;
mod keeping;
mod licences;
mod parts;
mod review;
mod revocations;
mod revoke;
mod sealing;
pub mod seals;
mod stands;

#[cfg(test)]
mod tests;

use identity::Role;
use seals::Deed;

use crate::{
    kit::{
        access::{AssuranceLevel::Password, Guard},
        admission::Roles,
        asked::{ALWAYS_ASKS, CONFIRMED},
        table::Table,
    },
    staff::shown,
};

/// Those who apply, and act on what was issued.
const CLERK: Roles = Roles(&[Role::Clerk], Password);

/// Those who decide on applications.
const REVIEWER: Roles = Roles(&[Role::Reviewer], Password);

/// Those who keep the department's seals.
const KEEPER: Roles = Roles(&[Role::SealKeeper], Password);

/// Those who work on licences: clerks and reviewers.
const EITHER: Roles = Roles(&[Role::Clerk, Role::Reviewer], Password);

/// Anyone who works for a department, in whatever role.
const STAFF: Roles = Roles(&Role::ALL, Password);

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/console", STAFF, home::home)
        .get("/console/apply", CLERK, apply::choose)
        .get("/console/apply/{code}", CLERK, apply::form)
        .asking_and_told(("/console/apply/{code}", "/console/apply/{code}/holder"), CLERK, CONFIRMED, apply::submit)
        .get("/console/applications", EITHER, applications::list)
        .get("/console/applications/{id}", EITHER, review::review)
        .told(("/console/applications/{id}/adopt", "/console/applications/{id}/adopt"), CLERK, review::adopt)
        .told(("/console/applications/{id}/approve", "/console/applications/{id}/approve"), REVIEWER, review::approve)
        .get("/console/applications/{id}/change", CLERK, apply::change)
        .asking_and_told(
            ("/console/applications/{id}/change", "/console/applications/{id}/change/answers"),
            CLERK,
            CONFIRMED,
            apply::amend,
        )
        .told(("/console/applications/{id}/return", "/console/applications/{id}/return"), EITHER, review::send_back)
        .told(("/console/applications/{id}/withdraw", "/console/applications/{id}/withdraw"), CLERK, review::withdraw)
        .get("/console/licences", EITHER, licences::list)
        .asking(("/console/licences/find", "/console/licences/find"), EITHER, ALWAYS_ASKS, find::find)
        .get("/console/licences/{id}", EITHER, licences::show)
        .get("/console/licences/{id}/file.pdf", EITHER, licences::file)
        .post("/console/licences/{id}/suspend", CLERK, Guard::Form, licences::suspend)
        .post("/console/licences/{id}/reinstate", CLERK, Guard::Form, licences::reinstate)
        .get("/console/licences/{id}/revoke", CLERK, revoke::form)
        .asking(("/console/licences/{id}/revoke", "/console/licences/{id}/revoke/sure"), CLERK, CONFIRMED, revoke::file)
        .get("/console/revocations", EITHER, revocations::list)
        .get("/console/revocations/{id}", EITHER, revocations::show)
        .told(("/console/revocations/{id}/adopt", "/console/revocations/{id}/adopt"), CLERK, revocations::adopt)
        .confirmed("/console/revocations/{id}/approve", REVIEWER, revocations::approve)
        .told(("/console/revocations/{id}/refuse", "/console/revocations/{id}/refuse"), EITHER, revocations::refuse)
        .told(
            ("/console/revocations/{id}/withdraw", "/console/revocations/{id}/withdraw"),
            CLERK,
            revocations::withdraw,
        )
        .post("/console/shown", STAFF, Guard::Form, shown::again)
        .get("/console/seals", STAFF, seals::list)
        .asking(("/console/seals", "/console/seals/new"), KEEPER, CONFIRMED, keeping::make)
        .get("/console/seals/{id}", STAFF, seals::show)
        .confirmed("/console/seals/{id}/cancel", KEEPER, |asked| keeping::act(Deed::Cancel, asked))
        .confirmed("/console/seals/{id}/freeze", KEEPER, |asked| keeping::act(Deed::Freeze, asked))
        .confirmed("/console/seals/{id}/renew", KEEPER, |asked| keeping::act(Deed::Renew, asked))
        .confirmed("/console/seals/{id}/unfreeze", KEEPER, |asked| keeping::act(Deed::Unfreeze, asked))
        .post("/console/seals/proposals/{id}/withdraw", KEEPER, Guard::Form, keeping::withdraw)
}
