//! `/operator/organisations`: what is registered of departments and companies, and what it was before.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    ListPage,
    id::{OrganisationId, PersonId},
    number::{CreditCode, IdentityNumber},
};
use http::StatusCode;
use identity::{
    Reason,
    events::PeopleSearched,
    organisation::{
        self, OrganisationKind, OrganisationState, OrganisationView,
        change::{self, Facts},
    },
    person, proposal,
};
use records::Work;

use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::{html, see_other},
        session::Staff,
    },
    staff::{
        confirm::{self, Act, Change},
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
    errors: Vec<FieldError>,
}

/// `GET /operator/organisations`, with `code=…` for one of them.
pub async fn list(State(app): State<App>, _: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let wanted = query.text("code").to_owned();
    let mut tx = app.database.read().await?;
    let mut wrong = "";
    if !wanted.is_empty() {
        let found = match CreditCode::parse(&base::plain(&wanted)) {
            Ok(code) => organisation::find_by_code(&mut tx, &code).await?,
            Err(_) => None,
        };
        match found {
            Some(found) => return Ok(see_other(&way(found.organisation_id.as_str()))),
            None => wrong = page.say(words::organisations::UNKNOWN),
        }
    }
    let list = ListPage { after: OrganisationId::parse(query.text("after")).ok(), limit: SHOWN };
    let found = organisation::list(&mut tx, OrganisationKind::Department, &list).await?;
    drop(tx);
    let next = found.next.map(|next| format!("/operator/organisations?after={next}"));
    let lines = found.items.iter().map(|one| line(&page, one)).collect();
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Ok(html(status, &Organisations { page, wanted, wrong, lines, next }))
}

/// `GET /operator/organisations/{id}`.
pub async fn show(
    State(app): State<App>,
    _: Staff,
    page: Page,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let found = find(&app, &id).await?;
    let done = confirm::what_was_done(&page, &query);
    render(&app, page, found, None, done, Vec::new()).await
}

/// `POST /operator/organisations/{id}/edit`: name and address.
pub async fn edit(
    State(app): State<App>,
    operator: Staff,
    page: Page,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let found = find(&app, &id).await?;
    let text = |name: &str| fields.text(name).to_owned();
    let typed = Typed { before: text("before"), name: text("name"), address: text("address"), reason: text("reason") };
    let Ok(reason) = Reason::parse(&typed.reason) else {
        let errors = vec![FieldError::new(&page, "reason", words::proposal::REASON_MISSING)];
        return render(&app, page, found, Some(typed), "", errors).await;
    };
    if typed.name.is_empty() {
        let errors = vec![FieldError::new(&page, "name", words::identity::NAME_EMPTY)];
        return render(&app, page, found, Some(typed), "", errors).await;
    }
    let before: Facts = serde_json::from_str(&typed.before).map_err(|_| Problem::FormBroken)?;
    let after = Facts {
        name: typed.name.clone(),
        address: Some(typed.address.clone()).filter(|address| !address.is_empty()),
        ..before.clone()
    };
    let wanted = change::Change { before, after };
    let edit = async |mut work: Work| {
        change::at_once(&mut work, &found.organisation_id, &wanted, &reason).await?;
        Ok(work.commit().await?)
    };
    let follows = (words::organisations::EDIT, words::organisations::EDIT_FOLLOWS);
    let again = again(&[("before", &typed.before), ("name", &typed.name), ("address", &typed.address)]);
    let act = Act::new(&way(&id), "edit", &found.name, follows).changing(changes(&page, &wanted)).with(again);
    confirm::perform(&operator, page, &fields, act.changed(), &reason, edit).await
}

/// `POST /operator/organisations/{id}/representative`: proposes somebody else, found by number. The number is not sent
/// again, only whose it is.
pub async fn representative(
    State(app): State<App>,
    operator: Staff,
    page: Page,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let found = find(&app, &id).await?;
    let reason = Reason::parse(fields.text("reason"))?;
    let mut tx = app.database.read().await?;
    let known = PersonId::parse(fields.text("person")).ok();
    let person = match (&known, IdentityNumber::typed(fields.text("number"))) {
        (Some(person), _) => person::find(&mut tx, person).await?,
        (None, Ok(number)) => person::find_by_identity_number(&mut tx, &app.vault, &number).await?,
        (None, Err(_)) => return Err(identity::Error::PersonUnknown.into()),
    };
    drop(tx);
    if known.is_none() {
        operator.tell(PeopleSearched::new("identity_number", person.as_slice())).await?;
    }
    let person = person.ok_or(identity::Error::PersonUnknown)?;
    let before = Facts::of(&found);
    let after = Facts { legal_representative: Some(person.person_id.as_str().to_owned()), ..before.clone() };
    let current = named(&app, &page, found.legal_representative.as_ref()).await?;
    let label = page.say(words::organisations::REPRESENTATIVE).to_owned();
    let becomes = format!("{} {}", person.name, person.identity_number(&app.vault)?.masked());
    let wanted = change::Change { before, after };
    let propose = async |mut work: Work| {
        change::propose(&mut work, &found.organisation_id, &wanted, &reason).await?;
        Ok(work.commit().await?)
    };
    let follows = (words::organisations::REPRESENTATIVE_GO, words::organisations::REPRESENTATIVE_FOLLOWS);
    let act = Act::new(&way(&id), "representative", &found.name, follows)
        .proposed()
        .changing(vec![Change { label, before: current, after: becomes }])
        .with(again(&[("person", person.person_id.as_str())]));
    confirm::perform(&operator, page, &fields, act, &reason, propose).await
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

fn again(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
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

async fn render(
    app: &App,
    page: Page,
    found: OrganisationView,
    typed: Option<Typed>,
    done: &'static str,
    errors: Vec<FieldError>,
) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let history = change::history(&mut tx, &found.organisation_id).await?;
    let id = found.organisation_id.as_str();
    let waiting = proposal::waiting(&mut tx, &[change::REPRESENTATIVE], id, page.visit.at).await?;
    drop(tx);
    let nothing = || page.say(words::confirm::NOTHING).to_owned();
    let former = |one: change::Former| Former {
        until: one.until.legal_text(),
        name: one.name,
        representative: one.legal_representative.unwrap_or_else(nothing),
        address: one.address.unwrap_or_else(nothing),
    };
    let history = history.into_iter().map(former).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let one = One {
        way: way(id),
        line: line(&page, &found),
        representative: named(app, &page, found.legal_representative.as_ref()).await?,
        is_over: found.state == OrganisationState::Ceased,
        typed: typed.unwrap_or_else(|| Typed {
            before: serde_json::to_string(&Facts::of(&found)).unwrap_or_default(),
            name: found.name.clone(),
            address: found.address.clone().unwrap_or_default(),
            reason: String::new(),
        }),
        history,
        waiting: waiting.iter().map(|one| proposed::waiting(&page, one)).collect(),
        done,
        errors,
        page,
    };
    Ok(html(status, &one))
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
