//! Where clerks and reviewers work: applications, licences, the department's seals.

mod applications;
mod apply;
mod home;
mod licences;
mod seals;

#[cfg(test)]
mod tests;

use base::{Fault, Text};
use licence::{Licence, Standing};

use crate::{
    App, Page, Problem,
    kit::access::{Guard, Table, Who},
};

/// Items on one page of a list.
const PAGE: i64 = 30;

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/console", Who::Staff, home::home)
        .get("/console/apply", Who::Staff, apply::choose)
        .get("/console/apply/{code}", Who::Staff, apply::form)
        .post("/console/apply/{code}", Who::Staff, Guard::Form, apply::submit)
        .get("/console/applications", Who::Staff, applications::list)
        .get("/console/applications/{id}", Who::Staff, applications::review)
        .post("/console/applications/{id}/approve", Who::Staff, Guard::Form, applications::approve)
        .post("/console/applications/{id}/return", Who::Staff, Guard::Form, applications::send_back)
        .get("/console/licences", Who::Staff, licences::list)
        .post("/console/licences/find", Who::Staff, Guard::Form, licences::find)
        .get("/console/licences/{id}", Who::Staff, licences::show)
        .get("/console/licences/{id}/file.pdf", Who::Staff, licences::file)
        .post("/console/licences/{id}/suspend", Who::Staff, Guard::Form, licences::suspend)
        .post("/console/licences/{id}/reinstate", Who::Staff, Guard::Form, licences::reinstate)
        .post("/console/licences/{id}/revoke", Who::Staff, Guard::Form, licences::revoke)
        .get("/console/seals", Who::Staff, seals::list)
}

/// A status as a tag: its kind and its word.
fn tag(page: &Page, standing: Option<Standing>) -> (&'static str, String) {
    let kind = match standing {
        Some(Standing::Valid) => "good",
        Some(Standing::Suspended) => "warning",
        Some(Standing::Revoked) => "bad",
        Some(Standing::NotYetValid) => "info",
        Some(Standing::Expired | Standing::Superseded) | None => "neutral",
    };
    let word = match standing {
        Some(standing) => page.sentence(&standing.text()),
        None => page.t("console.being_issued").to_owned(),
    };
    (kind, word)
}

/// The name of the type of a licence.
fn type_name(app: &App, page: &Page, licence: &Licence) -> Result<String, Fault> {
    Ok(page.say(&app.library.catalogue.now().of(licence)?.definition.name.text()).to_owned())
}

/// What may be chosen in a form: the code, the words.
fn choices<T: Copy>(
    page: &Page,
    all: &[T],
    code: fn(T) -> &'static str,
    text: fn(T) -> Text,
) -> Vec<(&'static str, String)> {
    all.iter().map(|one| (code(*one), page.sentence(&text(*one)))).collect()
}

/// A reason must be chosen: nothing is revoked by pressing Enter.
fn reason_missing() -> Problem {
    Problem::Domain {
        status: http::StatusCode::UNPROCESSABLE_ENTITY,
        code: "reason_missing",
        text: Text::fixed("请选择原因后再提交，没有任何变更。", "Choose a reason first. Nothing was changed."),
    }
}
