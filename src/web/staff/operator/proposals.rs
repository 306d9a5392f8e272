//! `/operator/proposals`: what one operator proposed and another one has to approve.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Fault, ListPage, Secret, Text,
    id::{OrganisationId, ProposalId},
};
use http::StatusCode;
use identity::{
    appointment, operator, organisation,
    password::{self, HashedPassword},
    person,
    proposal::{self, Approved, ProposalState, ProposalView},
    reset::HandedOver,
};
use oidc::client::edit;
use records::{Tx, Work};
use seal::keeper;

use super::{appointments, clients, organisations, people, registered, seals};
use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Query},
        page::{html, see_other},
        session::Staff,
    },
    staff::{
        confirm::{self, Change},
        proposed::{called, state_tag},
    },
};

/// Proposals on one page of the list.
const SHOWN: i64 = 30;

struct Line {
    id: String,
    what: String,
    about: String,
    by: String,
    when: String,
    kind: &'static str,
    state: &'static str,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/proposals.html")]
struct Proposals {
    page: Page,
    lines: Vec<Line>,
    next: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/proposal.html")]
struct One {
    page: Page,
    line: Line,
    /// The page of the object, for whom there is one.
    way: String,
    facts: Vec<seals::Fact>,
    reason: String,
    until: String,
    decided_by: String,
    changes: Vec<Change>,
    is_open: bool,
    is_own: bool,
    /// Whether it cannot be approved any more.
    is_stale: bool,
    errors: Vec<FieldError>,
}

/// `GET /operator/proposals`.
pub async fn list(State(app): State<App>, _: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let wanted = ListPage { after: ProposalId::parse(query.text("after")).ok(), limit: SHOWN };
    let mut tx = app.database.read().await?;
    let found = proposal::list(&mut tx, &wanted, page.visit.at).await?;
    let next = found.next.map(|next| format!("/operator/proposals?after={next}"));
    let mut lines = Vec::new();
    for one in &found.items {
        lines.push(line(&mut tx, &page, one).await?);
    }
    drop(tx);
    Ok(html(StatusCode::OK, &Proposals { page, lines, next }))
}

/// `GET /operator/proposals/{id}`.
pub async fn show(State(app): State<App>, by: Staff, page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = find(&app, &page, &id).await?;
    render(&app, &by, page, &found, None).await
}

/// The page of a proposal, with why it was not approved.
async fn render(
    app: &App,
    by: &Staff,
    page: Page,
    found: &ProposalView,
    refused: Option<(StatusCode, Text)>,
) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let about = keeper::about(&mut tx, found).await?;
    let facts = match &about {
        Some(about) => seals::facts(&mut tx, &page, found, about).await?,
        None => Vec::new(),
    };
    let line = line(&mut tx, &page, found).await?;
    drop(tx);
    let changes = match found.kind.as_str() {
        edit::EDIT => clients::changes(&page, &found.change()?),
        appointment::APPOINT => appointments::proposed(app, &page, &found.change()?).await?,
        person::change::NAME => registered::proposed(&page, found.change()?),
        organisation::change::REPRESENTATIVE => organisations::proposed(app, &page, &found.change()?).await?,
        // What was decided is not set against how the seal stands now.
        kind if found.state == ProposalState::Open => {
            about.as_ref().map(|about| seals::changes(&page, kind, about)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let status = refused.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
    let one = One {
        line,
        way: way(found),
        facts,
        reason: found.reason.clone(),
        until: found.ends_at.legal_text(),
        decided_by: found.decided_by_name.clone().unwrap_or_default(),
        changes,
        is_open: found.state == ProposalState::Open,
        is_own: found.proposed_by_person == by.session.person_id,
        is_stale: about.is_some_and(|about| about.is_stale),
        errors: refused.iter().map(|(_, text)| FieldError::new(&page, "proposal", text)).collect(),
        page,
    };
    Ok(html(status, &one))
}

/// `POST /operator/proposals/{id}/approve`: does it. A secret that comes of it is in the answer and nowhere else.
pub async fn approve(
    State(app): State<App>,
    by: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = find(&app, &page, &id).await?;
    // Nobody makes this node hash passwords for what is decided already.
    if found.state != ProposalState::Open {
        let over = (StatusCode::CONFLICT, words::proposal::OVER.clone());
        return render(&app, &by, page, &found, Some(over)).await;
    }
    let (clear, first) = password::first(&app.gate, &app.entropy).await?;
    let approve = async |mut work: Work| {
        let approved = proposal::approve(&mut work, &found.proposal_id).await?;
        let outcome = carry_out(&app, &mut work, &approved, &first).await?;
        work.commit().await?;
        Ok(outcome)
    };
    let outcome = match by.attempt(approve).await {
        Err(Problem::Domain { status, text, .. }) => {
            let found = find(&app, &page, &id).await?;
            return render(&app, &by, page, &found, Some((status, text))).await;
        }
        other => other?,
    };
    let back = way(&found);
    Ok(match outcome {
        Outcome::Done => see_other(&format!("/operator/proposals/{id}")),
        Outcome::Password(done) => people::handed_over(page, done.username, clear.expose().clone(), done.until, back),
        Outcome::Secret(secret) => {
            let (label, then) = (words::clients::SECRET_VALUE, words::clients::SECRET_FOLLOWS);
            confirm::shown_once(page, label, found.object, secret.expose().clone(), then, back)
        }
    })
}

/// `POST /operator/proposals/{id}/refuse`.
pub async fn refuse(by: Staff, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = ProposalId::parse(&id).map_err(|_| Problem::NotFound)?;
    let refuse = async |mut work: Work| {
        proposal::refuse(&mut work, &id).await?;
        Ok(work.commit().await?)
    };
    by.attempt(refuse).await?;
    Ok(see_other(&format!("/operator/proposals/{id}")))
}

/// `POST /operator/proposals/{id}/withdraw`.
pub async fn withdraw(by: Staff, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = ProposalId::parse(&id).map_err(|_| Problem::NotFound)?;
    let withdraw = async |mut work: Work| {
        proposal::withdraw(&mut work, &id).await?;
        Ok(work.commit().await?)
    };
    by.attempt(withdraw).await?;
    Ok(see_other(&format!("/operator/proposals/{id}")))
}

/// What comes of an approval.
enum Outcome {
    Done,
    /// An account has the first password.
    Password(HandedOver),
    /// A client has this secret.
    Secret(Secret<String>),
}

/// Does what was approved, by the crate that it belongs to.
async fn carry_out(
    app: &App,
    work: &mut Work,
    approved: &Approved,
    first: &HashedPassword,
) -> Result<Outcome, Problem> {
    if operator::KINDS.contains(&approved.proposal().kind.as_str()) {
        let done = operator::carry_out(work, &app.vault, approved, first).await?;
        return Ok(done.map_or(Outcome::Done, Outcome::Password));
    }
    if approved.proposal().kind == organisation::change::REPRESENTATIVE {
        organisation::change::carry_out(work, approved).await?;
        return Ok(Outcome::Done);
    }
    if approved.proposal().kind == appointment::APPOINT {
        appointment::carry_out(work, approved).await?;
        return Ok(Outcome::Done);
    }
    if approved.proposal().kind == person::change::NAME {
        person::change::carry_out(work, approved).await?;
        return Ok(Outcome::Done);
    }
    if keeper::is_ours(&approved.proposal().kind) {
        keeper::carry_out(work, &app.library.cabinet, approved).await?;
        return Ok(Outcome::Done);
    }
    let secret = edit::carry_out(work, app.provider.uri_policy(), approved).await?;
    Ok(secret.map_or(Outcome::Done, Outcome::Secret))
}

async fn find(app: &App, page: &Page, id: &str) -> Result<ProposalView, Problem> {
    let id = ProposalId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = proposal::find(&mut app.database.read().await?, &id, page.visit.at).await?;
    found.ok_or(Problem::NotFound)
}

async fn line(tx: &mut Tx, page: &Page, one: &ProposalView) -> Result<Line, Problem> {
    let (kind, state) = state_tag(page, one.state);
    Ok(Line {
        id: one.proposal_id.to_string(),
        what: page.say(called(&one.kind)).to_owned(),
        about: about(tx, one).await?,
        by: one.proposed_by_name.clone(),
        when: one.proposed_at.legal_text(),
        kind,
        state,
    })
}

/// What the object of a proposal is called: by name, where that is nothing personal.
async fn about(tx: &mut Tx, one: &ProposalView) -> Result<String, Fault> {
    let name = if one.kind == organisation::change::REPRESENTATIVE {
        organisation::find(tx, &OrganisationId::stored(one.object.clone())).await?.map(|found| found.name)
    } else {
        keeper::about(tx, one).await?.map(|about| about.name)
    };
    Ok(name.unwrap_or_else(|| one.object.clone()))
}

/// The page of the object; none for seals, whose pages are for their department: what is to be known of them is shown here.
fn way(one: &ProposalView) -> String {
    let place = match one.kind.as_str() {
        operator::RESET | operator::UNLOCK => "accounts",
        organisation::change::REPRESENTATIVE => "organisations",
        appointment::APPOINT | person::change::NAME => "people",
        kind if keeper::is_ours(kind) => return String::new(),
        _ => "clients",
    };
    format!("/operator/{place}/{}", one.object)
}
