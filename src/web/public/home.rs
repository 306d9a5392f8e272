//! The home page: what this is, and three doors.

use axum::{extract::State, response::Response};
use http::StatusCode;
use licence::{notice, verification::Number};

use crate::{
    App, Page, Problem,
    kit::{
        form::Query,
        page::{html, see_other},
    },
    me::licences::holders,
};

#[derive(askama::Template)]
#[template(path = "public/home.html")]
struct Home {
    page: Page,
    /// What was looked for in vain.
    typed: String,
    wrong: &'static str,
    /// Whether whoever is signed in has to be told something of a licence.
    is_told: bool,
}

/// `GET /`.
pub async fn home(State(app): State<App>, page: Page) -> Result<Response, Problem> {
    let is_told = match &page.session {
        Some(session) => {
            let mut tx = app.database.read().await?;
            let (holders, _) = holders(&mut tx, session, page.visit.at).await?;
            !notice::unseen(&mut tx, &holders, &session.person_id).await?.is_empty()
        }
        None => false,
    };
    Ok(html(StatusCode::OK, &Home { page, typed: String::new(), wrong: "", is_told }))
}

/// `GET /find?code=…`: what was typed or pasted into the home page's field leads to the public answer.
pub async fn find(State(app): State<App>, page: Page, Query(query): Query) -> Response {
    let typed = query.text("code");
    let wrong = match app.library.number(typed) {
        Number::Code(code) => return see_other(&format!("/V/{}", code.as_str())),
        Number::Identifier(identifier) => return see_other(&format!("/V/{identifier}")),
        Number::Mistyped(_) => words::reason::MISTYPED,
        Number::Other => words::home::CODE_WRONG,
    };
    let (typed, wrong) = (typed.chars().take(200).collect(), page.say(wrong));
    html(StatusCode::BAD_REQUEST, &Home { page, typed, wrong, is_told: false })
}
