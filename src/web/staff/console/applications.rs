//! `/console/applications`: the queue.

use std::collections::HashMap;

use axum::{extract::State, response::Response};
use base::{
    ListPage,
    id::{ApplicationId, PersonId},
};
use http::StatusCode;
use licence::application::{self, Application, ApplicationState};
use records::Tx;

use super::parts::{PAGE, system_name};
use crate::{
    App, Page, Problem,
    kit::{form::Query, page::html, session::Staff},
};

/// One application in a list.
pub(super) struct Line {
    pub id: String,
    pub type_name: String,
    pub holder: String,
    pub when: String,
    pub kind: &'static str,
    pub state: &'static str,
    pub is_mine: bool,
    /// The system that asked for it; empty for none.
    pub system: String,
}

/// Applications as lines of a list.
pub(super) async fn lines(
    app: &App,
    tx: &mut Tx,
    page: &Page,
    found: &[Application],
    me: &PersonId,
) -> Result<Vec<Line>, Problem> {
    let (mut names, mut lines) = (HashMap::new(), Vec::with_capacity(found.len()));
    for one in found {
        let system = match &one.proposed_by {
            Some(system) => system_name(tx, page, &mut names, system).await?,
            None => String::new(),
        };
        lines.push(Line { system, ..line(app, page, one, me) });
    }
    Ok(lines)
}

fn line(app: &App, page: &Page, one: &Application, me: &PersonId) -> Line {
    let (kind, state) = state_tag(page, one.state);
    Line {
        id: one.id.to_string(),
        type_name: type_name(app, page, one),
        holder: one.holder_shown.clone(),
        when: one.submitted_at.legal_text(),
        kind,
        state,
        is_mine: is_of(one, me),
        system: String::new(),
    }
}

/// Whether a person handed an application in. The clerk whom a system named answers for nothing yet.
pub(super) fn is_of(one: &Application, person: &PersonId) -> bool {
    one.state != ApplicationState::Proposed && one.maker_person == *person
}

pub(super) fn type_name(app: &App, page: &Page, one: &Application) -> String {
    let found = app.library.catalogue.now().find(&one.licence_type);
    found.map(|found| page.say(&found.definition.name.text()).to_owned()).unwrap_or_default()
}

pub(super) fn state_tag(page: &Page, state: ApplicationState) -> (&'static str, &'static str) {
    match state {
        ApplicationState::Proposed => ("info", page.say(words::console::STATE_PROPOSED)),
        ApplicationState::Submitted => ("info", page.say(words::console::STATE_SUBMITTED)),
        ApplicationState::Approved => ("good", page.say(words::console::STATE_APPROVED)),
        ApplicationState::Returned => ("warning", page.say(words::console::STATE_RETURNED)),
        ApplicationState::Withdrawn => ("neutral", page.say(words::console::STATE_WITHDRAWN)),
    }
}

#[derive(askama::Template)]
#[template(path = "staff/console/applications.html")]
struct List {
    page: Page,
    state: String,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /console/applications`.
pub async fn list(State(app): State<App>, staff: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let state = ApplicationState::parse(query.text("state"));
    let stretch = match query.text("after") {
        "" => ListPage::first(PAGE),
        text => ListPage::after(ApplicationId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let department = &staff.appointment.organisation_id;
    let mut tx = app.database.read().await?;
    let found = application::list(&mut tx, &app.library.safe, department, state, &stretch).await?;
    let lines = lines(&app, &mut tx, &page, &found.items, &staff.session.person_id).await?;
    drop(tx);
    let state = state.map(ApplicationState::as_str).unwrap_or_default().to_owned();
    Ok(html(StatusCode::OK, &List { page, state, lines, next: found.next.map(|id| id.to_string()) }))
}
