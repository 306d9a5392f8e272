//! `/console/seals`: the seals of the department.

use axum::{extract::State, response::Response};
use base::ListPage;
use http::StatusCode;
use identity::staff;

use super::parts::PAGE;
use crate::{
    App, Page, Problem,
    kit::{page::html, session::Staff},
};

struct Seal {
    name: String,
    number: String,
    kind: &'static str,
    state: &'static str,
    keeper: String,
    reason: Option<String>,
    changed: String,
    picture: String,
}

#[derive(askama::Template)]
#[template(path = "staff/console/seals.html")]
struct Seals {
    page: Page,
    seals: Vec<Seal>,
}

/// `GET /console/seals`.
pub async fn list(State(app): State<App>, member: Staff, page: Page) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let found = seal::list(&mut tx, &member.appointment.organisation_id, &ListPage::first(PAGE)).await?;
    let mut seals = Vec::new();
    for one in found.items {
        let keeper = staff::find(&mut tx, &one.keeper).await?.map(|view| view.name).unwrap_or_default();
        let (kind, state) = state_tag(&page, one.state);
        seals.push(Seal {
            picture: app.library.cabinet.draw(&one).map(|picture| picture.svg()).unwrap_or_default(),
            name: one.name,
            number: one.number,
            kind,
            state,
            keeper,
            reason: one.reason,
            changed: one.changed_at.legal_text(),
        });
    }
    Ok(html(StatusCode::OK, &Seals { page, seals }))
}

fn state_tag(page: &Page, state: seal::SealState) -> (&'static str, &'static str) {
    match state {
        seal::SealState::Applied => ("info", page.say(words::console::SEAL_APPLIED)),
        seal::SealState::Made => ("info", page.say(words::console::SEAL_MADE)),
        seal::SealState::Filed => ("info", page.say(words::console::SEAL_FILED)),
        seal::SealState::Enabled => ("good", page.say(words::console::SEAL_ENABLED)),
        seal::SealState::Frozen => ("warning", page.say(words::console::SEAL_FROZEN)),
        seal::SealState::Cancelled => ("neutral", page.say(words::console::SEAL_CANCELLED)),
    }
}
