//! `/me`: where a signed-in person begins, and is told of licences that are out of force.

use axum::{extract::State, response::Response};
use base::Text;
use http::StatusCode;
use licence::notice as told;

use super::{
    history, licences,
    notice::{Notice, notice},
};
use crate::{
    App, Page, Problem,
    kit::{page::html, session::Citizen},
};

#[derive(askama::Template)]
#[template(path = "me/home.html")]
struct Home {
    page: Page,
    notices: Vec<Notice>,
    /// What an office did to the account lately.
    told: Option<Text>,
}

/// `GET /me`.
pub async fn home(State(app): State<App>, citizen: Citizen, page: Page) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let called = licences::called(&mut tx, &citizen.session, page.visit.at).await?;
    let holders: Vec<_> = called.iter().map(|one| one.holder.clone()).collect();
    let unseen = told::unseen(&mut tx, &holders, &citizen.session.person_id).await?;
    let mut notices = Vec::with_capacity(unseen.len());
    for licence in unseen {
        if let Some(holder) = licences::holding(&called, &licence) {
            let (name, _) = licences::on_licence(&app, &mut tx, &licence, holder).await?;
            notices.push(notice(&app, &page, &licence, name)?);
        }
    }
    let told = history::by_office(&mut tx, &page, &citizen.session.account_id).await?;
    drop(tx);
    let told = told.map(|line| words::history::told(line.who, line.when, line.what));
    Ok(html(StatusCode::OK, &Home { page, notices, told }))
}
