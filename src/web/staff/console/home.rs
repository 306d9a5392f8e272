//! `/console`: what waits for me.

use axum::{extract::State, response::Response};
use base::ListPage;
use http::StatusCode;
use identity::Role;
use licence::application::{self, ApplicationState};

use super::applications::{Line, line};
use crate::{
    App, Page, Problem,
    kit::{page::html, session::Staff},
};

/// Applications of each kind on this page; the rest are in the list.
const SHOWN: i64 = 10;

#[derive(askama::Template)]
#[template(path = "staff/console/home.html")]
struct Home {
    page: Page,
    department: String,
    is_clerk: bool,
    is_reviewer: bool,
    is_operator: bool,
    may_verify: bool,
    /// What the roles without work on this page do, and where.
    elsewhere: Vec<&'static str>,
    waiting: Vec<Line>,
    returned: Vec<Line>,
}

/// `GET /console`.
pub async fn home(State(app): State<App>, staff: Staff, page: Page) -> Result<Response, Problem> {
    let roles = &staff.appointment.roles;
    let (is_clerk, is_reviewer) = (roles.has(Role::Clerk), roles.has(Role::Reviewer));
    let mut tx = app.database.read().await?;
    let department = &staff.appointment.organisation_id;
    let mut lists = Vec::new();
    for (wanted, state) in
        [(is_clerk || is_reviewer, ApplicationState::Submitted), (is_clerk, ApplicationState::Returned)]
    {
        let mut lines = Vec::new();
        if wanted {
            let found =
                application::list(&mut tx, &app.library.safe, department, Some(state), &ListPage::first(SHOWN)).await?;
            for one in &found.items {
                lines.push(line(&app, &page, one, &staff.session.person_id));
            }
        }
        lists.push(lines);
    }
    drop(tx);
    let (returned, waiting) = (lists.pop().unwrap_or_default(), lists.pop().unwrap_or_default());
    let elsewhere = [
        (Role::Auditor, words::console::AUDITOR_HELP),
        (Role::Operator, words::console::OPERATOR_HELP),
        (Role::SealKeeper, words::console::KEEPER_HELP),
    ];
    let elsewhere =
        elsewhere.into_iter().filter(|(role, _)| roles.has(*role)).map(|(_, help)| page.say(help)).collect();
    let home = Home {
        elsewhere,
        department: staff.appointment.organisation_name.clone(),
        is_clerk,
        is_reviewer,
        is_operator: roles.has(Role::Operator),
        may_verify: [Role::Auditor, Role::Counter].into_iter().any(|role| roles.has(role)),
        waiting,
        returned,
        page,
    };
    Ok(html(StatusCode::OK, &home))
}
