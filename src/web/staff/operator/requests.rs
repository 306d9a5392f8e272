//! `/operator/requests`: what was written down in one request, by the number that every problem page shows. Operators see
//! identifiers, and open what they mean where that is theirs to see; auditors see the names.

use axum::{extract::State, response::Response};
use base::{
    ListPage,
    id::{AccountId, EventId, OrganisationId, PersonId, ProposalId, RequestId, StaffId},
};
use http::StatusCode;
use identity::{organisation, staff};
use records::{
    Tx, backups,
    events::LogRead,
    log::{self, Entry, Filter},
};

use super::found::way;
use crate::{
    App, Page, Problem,
    kit::{form::Query, page::html, session::Staff},
    staff::told::{self, Names, line},
};

/// Entries on one page. A request rarely leaves more than ten.
const SHOWN: i64 = 50;

struct Line {
    told: told::Line,
    /// The page of who did it, and of what it is about; empty when operators have none.
    who_at: String,
    about_at: String,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/requests.html")]
struct Requests {
    page: Page,
    wanted: String,
    wrong: &'static str,
    found: Option<Found>,
}

/// What was written down in a request.
struct Found {
    /// When the request was made, as its number says.
    asked_at: String,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /operator/requests`, with `request=…` for one of them.
pub async fn find(
    State(app): State<App>,
    operator: Staff,
    page: Page,
    Query(query): Query,
) -> Result<Response, Problem> {
    let typed = query.text("request").to_owned();
    if typed.is_empty() {
        return Ok(html(StatusCode::OK, &Requests { page, wanted: typed, wrong: "", found: None }));
    }
    let Some(id) = RequestId::typed(&typed) else {
        let wrong = page.say(words::requests::WRONG);
        let wanted = typed.chars().take(100).collect();
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &Requests { page, wanted, wrong, found: None }));
    };
    let stretch = match query.text("after") {
        "" => ListPage::first(SHOWN),
        text => ListPage::after(EventId::parse(text).map_err(|_| Problem::NotFound)?, SHOWN),
    };
    let filter = Filter { request: Some(id.clone()), ..Filter::default() };
    let mut tx = app.database.read().await?;
    let listed = log::list(&mut tx, &filter, &stretch).await?;
    let mut names = Names::hidden();
    let mut lines = Vec::new();
    for entry in &listed.items {
        let told = line(&page, &mut tx, &mut names, entry).await?;
        let (who_at, about_at) = (who_at(&mut tx, entry).await?, about_at(entry));
        lines.push(Line { told, who_at, about_at });
    }
    let is_known =
        !lines.is_empty() || organisation::can_have_been_asked(&mut tx, id.drawn_at(), page.visit.at).await?;
    drop(tx);
    operator.tell(LogRead { about: id.to_string(), by: "request".to_owned(), count: lines.len() }).await?;
    if !is_known {
        let wrong = page.say(words::requests::UNKNOWN);
        return Ok(html(StatusCode::NOT_FOUND, &Requests { page, wanted: id.to_string(), wrong, found: None }));
    }
    let next = listed.next.map(|next| format!("/operator/requests?request={id}&after={next}"));
    let asked_at = page.say(&words::requests::asked_at(id.drawn_at().legal_text())).to_owned();
    let found = Some(Found { asked_at, lines, next });
    Ok(html(StatusCode::OK, &Requests { page, wanted: id.to_string(), wrong: "", found }))
}

/// The page of who did it: a member of staff is a person, and whoever opens that page stands in the log.
async fn who_at(tx: &mut Tx, entry: &Entry) -> Result<String, Problem> {
    Ok(match entry.actor_kind.as_str() {
        "client" => format!("/operator/clients/{}", entry.actor),
        "person" => way(&entry.actor),
        "operator" | "staff" => match StaffId::parse(&entry.actor) {
            Ok(id) => staff::ever(tx, &id).await?.map(|member| way(member.person_id.as_str())).unwrap_or_default(),
            Err(_) => String::new(),
        },
        _ => String::new(),
    })
}

/// The page of what it is about.
fn about_at(entry: &Entry) -> String {
    let id = entry.object.as_str();
    if PersonId::parse(id).is_ok() {
        way(id)
    } else if AccountId::parse(id).is_ok() {
        format!("/operator/accounts/{id}")
    } else if OrganisationId::parse(id).is_ok() {
        format!("/operator/organisations/{id}")
    } else if ProposalId::parse(id).is_ok() {
        format!("/operator/proposals/{id}")
    } else if entry.kind.starts_with("client.") && id != "-" {
        format!("/operator/clients/{id}")
    } else if backups::tells_of_backups(&entry.kind) {
        "/operator/backups".to_owned()
    } else {
        String::new()
    }
}
