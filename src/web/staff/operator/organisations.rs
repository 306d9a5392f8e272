//! `/operator/organisations`: what is registered of departments and companies, and what it was before.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Fault, ListPage,
    id::{OrganisationId, PersonId},
    number::{CreditCode, IdentityNumber},
};
use http::StatusCode;
use identity::{
    Reason,
    events::{PeopleSearched, PersonOpened},
    organisation::{
        self, OrganisationKind, OrganisationState, OrganisationView,
        change::{self, Facts},
    },
    person, proposal,
};
use records::Work;

use super::people::found_as;
use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::{html, see_other},
        session::Staff,
    },
    staff::{
        again::Again,
        confirm::{self, Act, Asked, Change},
        proposed::{self, Waiting},
    },
};

/// Departments on one page of the list.
const SHOWN: i64 = 50;

struct Line {
    id: String,
    name: String,
    code: String,
    kind: &'static str,
    state: &'static str,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/organisations.html")]
struct Organisations {
    page: Page,
    wanted: String,
    wrong: &'static str,
    /// What is listed: all departments, or those of one name.
    title: &'static str,
    lines: Vec<Line>,
    next: Option<String>,
}

struct Former {
    until: String,
    name: String,
    representative: String,
    address: String,
}

/// What stands in the form: as it is, or as it was typed.
struct Typed {
    before: String,
    name: String,
    address: String,
    reason: String,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/organisation.html")]
struct One {
    page: Page,
    /// The address of this page, below which its acts are.
    way: String,
    line: Line,
    representative: String,
    is_over: bool,
    typed: Typed,
    history: Vec<Former>,
    waiting: Vec<Waiting>,
    done: &'static str,
    again: Again,
}

/// `GET /operator/organisations`, with `code=…` for one of them, also by the whole name that it has or had.
pub async fn list(State(app): State<App>, _: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let wanted = query.text("code").to_owned();
    let mut tx = app.database.read().await?;
    let mut wrong = "";
    if !wanted.is_empty() {
        let found = match CreditCode::parse(&wanted) {
            Ok(code) => organisation::find_by_code(&mut tx, &code).await?.into_iter().collect(),
            Err(_) => organisation::find_by_name(&mut tx, &wanted).await?,
        };
        match found.as_slice() {
            [] => wrong = page.say(words::organisations::UNKNOWN),
            [found] => return Ok(see_other(&way(found.organisation_id.as_str()))),
            several => {
                let found_as = |one: &OrganisationView| found_as(&page, &one.name, &wanted);
                let lines = several.iter().map(|one| Line { name: found_as(one), ..line(&page, one) }).collect();
                let title = page.say(words::organisations::SEVERAL);
                return Ok(html(StatusCode::OK, &Organisations { page, wanted, wrong, title, lines, next: None }));
            }
        }
    }
    let list = ListPage { after: OrganisationId::parse(query.text("after")).ok(), limit: SHOWN };
    let found = organisation::list(&mut tx, OrganisationKind::Department, &list).await?;
    drop(tx);
    let next = found.next.map(|next| format!("/operator/organisations?after={next}"));
    let lines = found.items.iter().map(|one| line(&page, one)).collect();
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let title = page.say(words::organisations::DEPARTMENTS);
    Ok(html(status, &Organisations { page, wanted, wrong, title, lines, next }))
}

/// `GET /operator/organisations/{id}`.
pub async fn show(
    State(app): State<App>,
    by: Staff,
    page: Page,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let found = find(&app, &id).await?;
    let done = confirm::what_was_done(&page, &query);
    render((&app, &by), page, found, done, Again::default()).await
}

/// `POST /operator/organisations/{id}/edit`: name and address.
pub async fn edit((State(app), operator, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let found = find(&app, &id).await?;
    match change_facts(&operator, page.clone(), &found, &fields).await {
        Err(problem) => {
            let place = |code: &str| match code {
                "address" => Some("address"),
                "name" | "unchanged" => Some("name"),
                _ => Some("reason"),
            };
            let again = Again::after(problem, &page, ("edit", fields), place)?;
            render((&app, &operator), page, find(&app, &id).await?, "", again).await
        }
        done => done,
    }
}

async fn change_facts(
    operator: &Staff,
    page: Page,
    found: &OrganisationView,
    fields: &Fields,
) -> Result<Response, Problem> {
    let reason = Reason::parse(fields.text("reason"))?;
    let before: Facts = serde_json::from_str(fields.text("before")).map_err(|_| Problem::FormBroken)?;
    let after = Facts {
        name: fields.text("name").to_owned(),
        address: Some(fields.text("address").to_owned()).filter(|address| !address.is_empty()),
        ..before.clone()
    };
    let wanted = change::Change { before, after };
    let edit = async |mut work: Work| {
        change::at_once(&mut work, &found.organisation_id, &wanted, &reason).await?;
        Ok(work.commit().await?)
    };
    let follows = (words::organisations::EDIT, words::organisations::EDIT_FOLLOWS);
    let again = ["before", "name", "address"].map(|name| (name.to_owned(), fields.text(name).to_owned()));
    let act = Act::new(&way(found.organisation_id.as_str()), "edit", &found.name, follows);
    let act = act.changed().changing(changes(&page, &wanted)).with(again.to_vec());
    confirm::perform(operator, page, fields, act, &reason, edit).await
}

/// `POST /operator/organisations/{id}/representative`: proposes somebody else, found by number. The number is not sent
/// again, only whose it is.
pub async fn representative((State(app), operator, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let found = find(&app, &id).await?;
    match change_representative(&app, &operator, page.clone(), &found, &fields).await {
        Err(problem) => {
            let place = |code: &str| (code != "reason").then_some("number");
            let again = Again::after(problem, &page, ("representative", fields), place)?;
            render((&app, &operator), page, find(&app, &id).await?, "", again).await
        }
        done => done,
    }
}

async fn change_representative(
    app: &App,
    operator: &Staff,
    page: Page,
    found: &OrganisationView,
    fields: &Fields,
) -> Result<Response, Problem> {
    let reason = Reason::parse(fields.text("reason"))?;
    let mut tx = app.database.read().await?;
    let known = PersonId::parse(fields.text("person")).ok();
    let person = match (&known, IdentityNumber::parse(fields.text("number"))) {
        (Some(person), _) => person::find(&mut tx, person).await?,
        (None, Ok(number)) => person::find_by_identity_number(&mut tx, &app.vault, &number).await?,
        (None, Err(wrong)) => return Err(identity::Error::Number(wrong).into()),
    };
    drop(tx);
    match known {
        Some(person) => operator.tell(PersonOpened { person, what: "organisation".to_owned() }).await?,
        None => operator.tell(PeopleSearched::new("identity_number", person.as_slice())).await?,
    }
    let person = person.ok_or(identity::Error::PersonUnknown)?;
    let before = Facts::of(found);
    let after = Facts { legal_representative: Some(person.person_id.as_str().to_owned()), ..before.clone() };
    let current = named(app, &page, found.legal_representative.as_ref()).await?;
    let label = page.say(words::organisations::REPRESENTATIVE).to_owned();
    let becomes = format!("{} {}", person.name, person.identity_number(&app.vault)?.masked());
    let wanted = change::Change { before, after };
    let propose = async |mut work: Work| {
        change::propose(&mut work, &found.organisation_id, &wanted, &reason).await?;
        Ok(work.commit().await?)
    };
    let follows = (words::organisations::REPRESENTATIVE_GO, words::organisations::REPRESENTATIVE_FOLLOWS);
    let act = Act::new(&way(found.organisation_id.as_str()), "representative", &found.name, follows)
        .proposed()
        .changing(vec![Change { label, before: current, after: becomes }])
        .with(vec![("person".to_owned(), person.person_id.to_string())]);
    // Who would be it was written down when found.
    let act = match &found.legal_representative {
        Some(now) => act.showing(now, "organisation"),
        None => act,
    };
    confirm::perform(operator, page, fields, act, &reason, propose).await
}

/// What a proposed representative changes, for the page of the proposal.
pub(super) async fn proposed(app: &App, page: &Page, wanted: &change::Change) -> Result<Vec<Change>, Problem> {
    let person = |text: &Option<String>| text.clone().map(PersonId::stored);
    let label = page.say(words::organisations::REPRESENTATIVE).to_owned();
    let before = named(app, page, person(&wanted.before.legal_representative).as_ref()).await?;
    let after = named(app, page, person(&wanted.after.legal_representative).as_ref()).await?;
    Ok(vec![Change { label, before, after }])
}

/// Somebody's name with the masked number.
async fn named(app: &App, page: &Page, person: Option<&PersonId>) -> Result<String, Problem> {
    let Some(person) = person else { return Ok(page.say(words::confirm::NOTHING).to_owned()) };
    let found = person::find(&mut app.database.read().await?, person).await?;
    let Some(found) = found else { return Ok(person.to_string()) };
    Ok(format!("{} {}", found.name, found.identity_number(&app.vault)?.masked()))
}

fn changes(page: &Page, wanted: &change::Change) -> Vec<Change> {
    let nothing = || page.say(words::confirm::NOTHING).to_owned();
    let address = |facts: &Facts| facts.address.clone().unwrap_or_else(nothing);
    [
        (words::organisations::NAME, wanted.before.name.clone(), wanted.after.name.clone()),
        (words::organisations::ADDRESS, address(&wanted.before), address(&wanted.after)),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .map(|(label, before, after)| Change { label: page.say(label).to_owned(), before, after })
    .collect()
}

/// The page of an organisation.
fn way(id: &str) -> String {
    format!("/operator/organisations/{id}")
}

async fn find(app: &App, id: &str) -> Result<OrganisationView, Problem> {
    let id = OrganisationId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = organisation::find(&mut app.database.read().await?, &id).await?;
    found.ok_or(Problem::NotFound)
}

/// The page of an organisation, with what was refused of what was asked for on it. It names the legal representative and
/// those of before, which is a look at each of them.
async fn render(
    (app, by): (&App, &Staff),
    page: Page,
    found: OrganisationView,
    done: &'static str,
    again: Again,
) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let history = change::history(&mut tx, &found.organisation_id).await?;
    let id = found.organisation_id.as_str();
    let waiting = proposal::waiting(&mut tx, &[change::REPRESENTATIVE], id, page.visit.at).await?;
    drop(tx);
    let mut looked_at: Vec<PersonId> = history.iter().filter_map(|one| one.representative.clone()).collect();
    looked_at.extend(found.legal_representative.clone());
    looked_at.sort();
    looked_at.dedup();
    for person in looked_at {
        by.tell(PersonOpened { person, what: "organisation".to_owned() }).await?;
    }
    let nothing = || page.say(words::confirm::NOTHING).to_owned();
    let former = |one: change::Former| Former {
        until: one.until.legal_text(),
        name: one.name,
        representative: one.legal_representative.unwrap_or_else(nothing),
        address: one.address.unwrap_or_else(nothing),
    };
    let history = history.into_iter().map(former).collect();
    let is_over = found.state == OrganisationState::Ceased;
    let before = serde_json::to_string(&Facts::of(&found)).map_err(Fault::broken)?;
    let address = found.address.clone().unwrap_or_default();
    let typed = Typed {
        before: again.before("edit", &before).to_owned(),
        name: again.typed("edit", "name", &found.name).to_owned(),
        address: again.typed("edit", "address", &address).to_owned(),
        reason: again.typed("edit", "reason", "").to_owned(),
    };
    let one = One {
        way: way(id),
        line: line(&page, &found),
        representative: named(app, &page, found.legal_representative.as_ref()).await?,
        is_over,
        typed,
        history,
        waiting: waiting.iter().map(|one| proposed::waiting(&page, one)).collect(),
        done,
        again: again.among(if is_over { &[] } else { &["edit", "representative"] }),
        page,
    };
    Ok(html(one.again.status(), &one))
}

fn line(page: &Page, one: &OrganisationView) -> Line {
    let (kind, state) = match one.state {
        OrganisationState::Active => ("good", page.say(words::organisations::ACTIVE)),
        OrganisationState::Ceased => ("neutral", page.say(words::organisations::CEASED)),
        OrganisationState::Suspended => ("warning", page.say(words::organisations::SUSPENDED)),
    };
    Line {
        id: one.organisation_id.to_string(),
        name: one.name.clone(),
        code: one.credit_code.as_str().to_owned(),
        kind,
        state,
    }
}
