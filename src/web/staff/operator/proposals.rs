//! `/operator/proposals`: what one operator proposed and another one has to approve.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Fault, ListPage, Secret, Text,
    id::{AccountId, OrganisationId, PersonId, ProposalId},
};
use http::StatusCode;
use identity::{
    Progress, Reason, account, appointment,
    events::PersonOpened,
    operator, organisation,
    password::{self, HashedPassword},
    person::{self, PersonView},
    proposal::{self, Approved, ProposalView},
    reset::HandedOver,
};
use oidc::client::{self, ClientId, edit};
use records::{Tx, Work};
use seal::keeper;

use super::{appointments, clients, organisations, people, registered, seals};
use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::{html, see_other},
        session::Staff,
    },
    staff::{
        again::Again,
        confirm::{self, Asked, Change},
        proposed::{called, progress_tag},
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
    decided_at: String,
    changes: Vec<Change>,
    /// What stands above what was before and after: as it stands now, or stood when it was proposed.
    heads: (&'static Text, &'static Text),
    is_open: bool,
    is_own: bool,
    /// Why it cannot be approved; empty when it can.
    obstacle: String,
    /// Whether nobody can approve what one proposed oneself.
    is_in_vain: bool,
    /// Why it was refused.
    refusal: String,
    again: Again,
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
    render(&app, &by, page, &found, Again::default()).await
}

/// The page of a proposal, with why it was not decided. Whose name stands on it was looked at.
async fn render(app: &App, by: &Staff, page: Page, found: &ProposalView, again: Again) -> Result<Response, Problem> {
    let whom = whom(app, found).await?;
    let mut looked_at: Vec<PersonId> = whom.iter().map(|person| person.person_id.clone()).collect();
    if found.kind == organisation::change::REPRESENTATIVE {
        // Its page names both: who is it, and who would be.
        let change: organisation::change::Change = found.change()?;
        looked_at.extend(change.before.legal_representative.map(PersonId::stored));
    }
    for person in looked_at {
        by.tell(PersonOpened { person, what: "proposal".to_owned() }).await?;
    }
    let mut tx = app.database.read().await?;
    let about = keeper::about(&mut tx, found).await?;
    let mut facts = match &about {
        Some(about) => seals::facts(&mut tx, &page, found, about).await?,
        None => Vec::new(),
    };
    let mut line = line(&mut tx, &page, found).await?;
    match whom {
        // The page is a look at whom it is about, and says the whole name, once.
        Some(person) if is_of_person(&found.kind) => line.about = person.name,
        Some(person) => facts.push(seals::Fact { label: page.say(words::people::NAME), value: person.name }),
        None => {}
    }
    let decision = proposal::decision(&mut tx, found).await?;
    drop(tx);
    let obstacle = match &about {
        Some(about) if about.is_stale => Some(words::proposal::NOT_AS_IT_WAS.clone()),
        Some(_) => None,
        None => obstacle(app, by, found).await?,
    };
    let obstacle = obstacle.map(|text| page.say(&text).to_owned()).unwrap_or_default();
    let changes = match found.kind.as_str() {
        edit::EDIT => clients::changes(&page, &found.change()?),
        appointment::APPOINT => appointments::proposed(app, &page, &found.change()?).await?,
        person::change::NAME => registered::proposed(&page, found.change()?),
        organisation::change::REPRESENTATIVE => organisations::proposed(app, &page, &found.change()?).await?,
        // What was decided is not set against how the seal stands now.
        kind if found.state == Progress::Open => {
            about.as_ref().map(|about| seals::changes(&page, kind, about)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let is_own = found.proposed_by_person == by.session.person_id;
    let is_in_vain = is_own && found.state == Progress::Open && confirm::can_nobody_approve(by, &page).await?;
    let one = One {
        line,
        way: way(found),
        facts,
        reason: found.reason.clone(),
        until: match found.state {
            Progress::Ended | Progress::Open => found.ends_at.legal_text(),
            Progress::Approved | Progress::Refused | Progress::Withdrawn => String::new(),
        },
        decided_by: found.decided_by_name.clone().unwrap_or_default(),
        decided_at: decision.as_ref().map(|decision| decision.at.legal_text()).unwrap_or_default(),
        changes,
        heads: heads(found.state),
        is_open: found.state == Progress::Open,
        is_own,
        is_in_vain,
        obstacle,
        refusal: decision.and_then(|decision| decision.refusal).unwrap_or_default(),
        again,
        page,
    };
    Ok(html(one.again.status(), &one))
}

/// Why what somebody else proposed cannot be done, as a rule says it: nobody presses a button to find out. Seals say so
/// themselves, for what is made of them leaves files.
async fn obstacle(app: &App, by: &Staff, found: &ProposalView) -> Result<Option<Text>, Problem> {
    if found.state != Progress::Open || found.proposed_by_person == by.session.person_id {
        return Ok(None);
    }
    let tried = async |mut work: Work| {
        let approved = proposal::approve(&mut work, &found.proposal_id).await?;
        if operator::KINDS.contains(&found.kind.as_str()) {
            return Ok(operator::check(&mut work, &approved).await?);
        }
        carry_out(app, &mut work, &approved, None).await.map(|_| ())
    };
    Ok(match by.rehearse(tried).await {
        // What is broken is told to whoever approves.
        Ok(()) | Err(Problem::Fault(_)) => None,
        Err(Problem::Domain { code: "stale" | "unchanged", .. }) => Some(words::proposal::NOT_AS_IT_WAS.clone()),
        Err(Problem::Domain { text, .. }) => Some(text),
        Err(other) => return Err(other),
    })
}

/// What was decided is told from when it was proposed, for by now it may be different again.
fn heads(state: Progress) -> (&'static Text, &'static Text) {
    match state {
        Progress::Approved => (words::confirm::WAS, words::confirm::BECAME),
        Progress::Ended | Progress::Refused | Progress::Withdrawn => (words::confirm::WAS, words::confirm::WAS_TO_BE),
        Progress::Open => (words::confirm::BEFORE, words::confirm::AFTER),
    }
}

/// `POST /operator/proposals/{id}/approve`: does it. A secret that comes of it is in the answer and nowhere else.
pub async fn approve(
    State(app): State<App>,
    by: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = find(&app, &page, &id).await?;
    let back = way(&found);
    // Nobody makes this node hash passwords for what is decided already.
    if found.state != Progress::Open {
        return match (found.state, found.kind.as_str()) {
            (Progress::Approved, operator::RESET) => Ok(people::was_handed_over(&page, &back)),
            (Progress::Approved, edit::RENEW_SECRET) => Ok(clients::was_shown(&page, &back)),
            _ => again(&app, &by, page, &found, identity::Error::ProposalOver.into()).await,
        };
    }
    let name = match whom(&app, &found).await?.filter(|_| found.kind == operator::RESET) {
        Some(person) => people::owner(&app, &by, &person.person_id).await?,
        None => String::new(),
    };
    let (clear, first) = password::first(&app.gate, &app.entropy).await?;
    let approve = async |mut work: Work| {
        let approved = proposal::approve(&mut work, &found.proposal_id).await?;
        let outcome = carry_out(&app, &mut work, &approved, Some(&first)).await?;
        work.commit().await?;
        Ok(outcome)
    };
    Ok(match by.attempt(approve).await {
        Err(problem) => return again(&app, &by, page, &found, problem).await,
        Ok(Outcome::Done) => see_other(&format!("/operator/proposals/{id}")),
        Ok(Outcome::Password(done)) => people::handed_over((&app, page), name, done, clear.expose().clone(), back),
        Ok(Outcome::Secret(secret)) => clients::shown_once(&app, page, found.object, secret.expose().clone(), back),
    })
}

/// The page of a proposal as it is now, with the rule that spoke.
async fn again(app: &App, by: &Staff, page: Page, found: &ProposalView, problem: Problem) -> Result<Response, Problem> {
    let found = find(app, &page, found.proposal_id.as_str()).await?;
    let problem = match problem {
        Problem::Domain { status, code, .. } if found.state != Progress::Open => {
            Problem::Domain { status, code, text: what_happened(&page, &found) }
        }
        other => other,
    };
    let again = Again::after(problem, &page, ("approve", Fields::default()), |_| Some("proposal"))?;
    render(app, by, page, &found, again).await
}

/// What became of a proposal, for whoever pressed a button too late.
fn what_happened(page: &Page, found: &ProposalView) -> Text {
    let by = found.decided_by_name.clone().unwrap_or_else(|| page.say(words::proposal::ANOTHER).to_owned());
    match found.state {
        Progress::Approved => words::proposal::was_approved(by),
        Progress::Refused => words::proposal::was_refused(by),
        Progress::Withdrawn => words::proposal::was_withdrawn(by),
        Progress::Ended => words::proposal::has_ended(found.ends_at.legal_text()),
        Progress::Open => words::proposal::OVER.clone(),
    }
}

/// `POST /operator/proposals/{id}/refuse`, with a reason that whoever proposed it is told.
pub async fn refuse((State(app), by, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let found = find(&app, &page, &id).await?;
    let done = match Reason::parse(fields.text("reason")) {
        Ok(why) => {
            let refuse = async |mut work: Work| {
                proposal::refuse(&mut work, &found.proposal_id, &why).await?;
                Ok(work.commit().await?)
            };
            by.attempt(refuse).await
        }
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => Ok(see_other(&format!("/operator/proposals/{id}"))),
        Err(problem @ Problem::Domain { code: "reason", .. }) => {
            let again = Again::after(problem, &page, ("refuse", fields), |_| None)?;
            render(&app, &by, page.clone(), &find(&app, &page, &id).await?, again).await
        }
        Err(problem) => again(&app, &by, page, &found, problem).await,
    }
}

/// `POST /operator/proposals/{id}/withdraw`.
pub async fn withdraw(
    State(app): State<App>,
    by: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = find(&app, &page, &id).await?;
    let withdraw = async |mut work: Work| {
        proposal::withdraw(&mut work, &found.proposal_id).await?;
        Ok(work.commit().await?)
    };
    match by.attempt(withdraw).await {
        Ok(()) => Ok(see_other(&format!("/operator/proposals/{id}"))),
        Err(problem) => again(&app, &by, page, &found, problem).await,
    }
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
    first: Option<&HashedPassword>,
) -> Result<Outcome, Problem> {
    if operator::KINDS.contains(&approved.proposal().kind.as_str()) {
        let first = first.ok_or_else(|| Fault::broken("an account is opened without a password"))?;
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
    let (kind, state) = progress_tag(page, one.state);
    Ok(Line {
        id: one.proposal_id.to_string(),
        what: page.say(called(&one.kind)).to_owned(),
        about: about(tx, page, one).await?,
        by: one.proposed_by_name.clone(),
        when: one.proposed_at.legal_text(),
        kind,
        state,
    })
}

/// What the object of a proposal is called in a list, which nobody has to answer for having seen: an account by its name, a
/// person by as much of theirs as everybody is shown, the rest by their names.
async fn about(tx: &mut Tx, page: &Page, one: &ProposalView) -> Result<String, Fault> {
    let object = one.object.clone();
    let name = match one.kind.as_str() {
        organisation::change::REPRESENTATIVE => {
            organisation::find(tx, &OrganisationId::stored(object)).await?.map(|found| found.name)
        }
        operator::RESET | operator::UNLOCK => {
            account::find(tx, &AccountId::stored(object)).await?.map(|found| found.username)
        }
        kind if is_of_person(kind) => {
            let found = person::find(tx, &PersonId::stored(object)).await?;
            found.map(|found| base::mask::person_name(&found.name))
        }
        kind if edit::KINDS.contains(&kind) => match ClientId::parse(&object) {
            Ok(id) => client::find(tx, &id).await?.map(|found| page.say(&found.name).to_owned()),
            Err(_) => None,
        },
        _ => keeper::about(tx, one).await?.map(|about| about.name),
    };
    Ok(name.unwrap_or_else(|| one.object.clone()))
}

/// The person that a proposal is about, whose name its page shows.
async fn whom(app: &App, one: &ProposalView) -> Result<Option<PersonView>, Problem> {
    let object = one.object.clone();
    let mut tx = app.database.read().await?;
    let person = match one.kind.as_str() {
        operator::RESET | operator::UNLOCK => {
            account::find(&mut tx, &AccountId::stored(object)).await?.map(|found| found.person_id)
        }
        kind if is_of_person(kind) => Some(PersonId::stored(object)),
        organisation::change::REPRESENTATIVE => {
            one.change::<organisation::change::Change>()?.after.legal_representative.map(PersonId::stored)
        }
        _ => None,
    };
    match person {
        Some(person) => Ok(person::find(&mut tx, &person).await?),
        None => Ok(None),
    }
}

/// Whether the object of a kind of proposals is a person.
fn is_of_person(kind: &str) -> bool {
    [appointment::APPOINT, person::change::NAME].contains(&kind)
}

/// The page of the object; none for seals, whose pages are for their department: what is to be known of them is shown here.
fn way(one: &ProposalView) -> String {
    let place = match one.kind.as_str() {
        operator::RESET | operator::UNLOCK => "accounts",
        organisation::change::REPRESENTATIVE => "organisations",
        kind if is_of_person(kind) => "people",
        kind if keeper::is_ours(kind) => return String::new(),
        _ => "clients",
    };
    format!("/operator/{place}/{}", one.object)
}
