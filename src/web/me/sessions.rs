//! `/me/sessions`: where a person is signed in, and how to end it elsewhere.

use axum::{extract::State, response::Response};
use base::{ListPage, id::SessionId};
use http::StatusCode;
use identity::session::{self, SessionView};
use records::Work;

use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::html,
        session::Citizen,
    },
};

/// Sessions on one page.
const PAGE: i64 = 20;

#[derive(askama::Template)]
#[template(path = "me/sessions.html")]
struct Sessions {
    page: Page,
    current: SessionId,
    open: Vec<SessionView>,
    next: Option<SessionId>,
    /// Whether anything is left to be signed out.
    has_others: bool,
    closed: bool,
}

/// `GET /me/sessions`.
pub async fn list(
    State(app): State<App>,
    citizen: Citizen,
    page: Page,
    Query(query): Query,
) -> Result<Response, Problem> {
    let after = match query.text("after") {
        "" => ListPage::first(PAGE),
        text => ListPage::after(SessionId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let mut tx = app.database.read().await?;
    let found = session::list(&mut tx, &citizen.session.person_id, page.visit.at, &after).await?;
    drop(tx);
    let current = citizen.session.session_id.clone();
    let closed = page.says(&query, "closed");
    let has_others = found.next.is_some() || found.items.iter().any(|one| one.session_id != current);
    Ok(html(StatusCode::OK, &Sessions { page, current, open: found.items, next: found.next, has_others, closed }))
}

/// `POST /me/sessions/close`: one session of one's own (`session=…`), or all but this one (`others`).
pub async fn close(citizen: Citizen, page: Page, fields: Fields) -> Result<Response, Problem> {
    let (person, current) = (&citizen.session.person_id, &citizen.session.session_id);
    let one = if fields.has("others") {
        None
    } else {
        Some(SessionId::parse(fields.text("session")).map_err(|_| Problem::NotFound)?)
    };
    let close = async |mut work: Work| {
        if let Some(one) = &one {
            // Nothing is closed that ended meanwhile or is another person's. The page shows what there is.
            session::close_own(&mut work, person, one, "closed_by_holder").await?;
        } else {
            session::close_all(&mut work, person, Some(current), "closed_by_holder").await?;
        }
        Ok(work.commit().await?)
    };
    citizen.attempt(close).await?;
    Ok(page.leads_back("/me/sessions", "closed"))
}
