//! The home page: what this is, and three doors.

use axum::{extract::State, response::Response};
use http::StatusCode;
use licence::{notice, verification};

use crate::{
    App, Page, Problem,
    kit::{
        form::Query,
        links,
        page::{html, see_other},
    },
    me::licences::holders,
};

#[derive(askama::Template)]
#[template(path = "public/home.html")]
struct Home {
    page: Page,
    /// What is wrong with the code that was looked for, if it is.
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
    Ok(html(StatusCode::OK, &Home { page, wrong: "", is_told }))
}

/// `GET /find?code=…`: what was typed or pasted into the home page's field leads to the public answer: a licence
/// identifier, or else the longest run of digits, so that a whole address or a code with spaces works as well.
pub async fn find(page: Page, Query(query): Query) -> Response {
    let typed: String = query.text("code").chars().filter(|c| !matches!(c, ' ' | '-' | '\u{3000}')).collect();
    if let Some(identifier) = verification::identifier_in(&typed) {
        return see_other(&format!("/V/{}", links::percent_encode(&identifier)));
    }
    let digits = typed.split(|c: char| !c.is_ascii_digit()).max_by_key(|run| run.len()).unwrap_or_default();
    if (6..=40).contains(&digits.len()) {
        see_other(&format!("/V/{digits}"))
    } else {
        let wrong = page.say(words::home::CODE_WRONG);
        html(StatusCode::BAD_REQUEST, &Home { page, wrong, is_told: false })
    }
}
