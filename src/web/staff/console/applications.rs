//! `/console/applications`: the queue, and one application side by side with the register.

use std::collections::HashMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    ListPage,
    id::{ApplicationId, LicenceId, PersonId},
};
use http::StatusCode;
use identity::{Role, staff};
use licence::{
    HolderFacts, Official,
    application::{self, Application, ApplicationState},
    events::ApplicationOpened,
    holder,
    issue::{self, Begun, compose::from_register},
    own_affair,
    reason::{ReturnReason, WithdrawalReason},
};
use records::{Tx, Work};

use super::{
    parts::{PAGE, choices, reason_missing, system_name},
    sealing,
};
use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::Worded,
    },
};

/// One application in a list.
pub(super) struct Line {
    pub id: String,
    pub type_name: String,
    pub holder: String,
    pub when: String,
    pub kind: &'static str,
    pub state: &'static str,
    pub is_mine: bool,
    /// The system that asked for it; empty for none.
    pub system: String,
}

/// Applications as lines of a list.
pub(super) async fn lines(
    app: &App,
    tx: &mut Tx,
    page: &Page,
    found: &[Application],
    me: &PersonId,
) -> Result<Vec<Line>, Problem> {
    let (mut names, mut lines) = (HashMap::new(), Vec::with_capacity(found.len()));
    for one in found {
        let system = match &one.proposed_by {
            Some(system) => system_name(tx, page, &mut names, system).await?,
            None => String::new(),
        };
        lines.push(Line { system, ..line(app, page, one, me) });
    }
    Ok(lines)
}

fn line(app: &App, page: &Page, one: &Application, me: &PersonId) -> Line {
    let (kind, state) = state_tag(page, one.state);
    Line {
        id: one.id.to_string(),
        type_name: type_name(app, page, one),
        holder: one.holder_shown.clone(),
        when: one.submitted_at.legal_text(),
        kind,
        state,
        is_mine: is_of(one, me),
        system: String::new(),
    }
}

/// Whether a person handed an application in. The clerk whom a system named answers for nothing yet.
fn is_of(one: &Application, person: &PersonId) -> bool {
    one.state != ApplicationState::Proposed && one.maker_person == *person
}

fn type_name(app: &App, page: &Page, one: &Application) -> String {
    let found = app.library.catalogue.now().find(&one.licence_type);
    found.map(|found| page.say(&found.definition.name.text()).to_owned()).unwrap_or_default()
}

fn state_tag(page: &Page, state: ApplicationState) -> (&'static str, &'static str) {
    match state {
        ApplicationState::Proposed => ("info", page.say(words::console::STATE_PROPOSED)),
        ApplicationState::Submitted => ("info", page.say(words::console::STATE_SUBMITTED)),
        ApplicationState::Approved => ("good", page.say(words::console::STATE_APPROVED)),
        ApplicationState::Returned => ("warning", page.say(words::console::STATE_RETURNED)),
        ApplicationState::Withdrawn => ("neutral", page.say(words::console::STATE_WITHDRAWN)),
    }
}

#[derive(askama::Template)]
#[template(path = "staff/console/applications.html")]
struct List {
    page: Page,
    state: String,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /console/applications`.
pub async fn list(State(app): State<App>, staff: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let state = ApplicationState::parse(query.text("state"));
    let stretch = match query.text("after") {
        "" => ListPage::first(PAGE),
        text => ListPage::after(ApplicationId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let department = &staff.appointment.organisation_id;
    let mut tx = app.database.read().await?;
    let found = application::list(&mut tx, &app.library.safe, department, state, &stretch).await?;
    let lines = lines(&app, &mut tx, &page, &found.items, &staff.session.person_id).await?;
    drop(tx);
    let state = state.map(ApplicationState::as_str).unwrap_or_default().to_owned();
    Ok(html(StatusCode::OK, &List { page, state, lines, next: found.next.map(|id| id.to_string()) }))
}

/// One field: what was applied for, what the register or the older licence says.
struct Compared {
    label: String,
    applied: String,
    known: String,
    differs: bool,
}

#[derive(askama::Template)]
#[template(path = "staff/console/review.html")]
struct Review {
    page: Page,
    id: String,
    type_name: String,
    kind: &'static str,
    state: &'static str,
    /// Who answers for it; nobody before a clerk has taken it on.
    maker: Option<String>,
    submitted: String,
    checker: Option<String>,
    decided: Option<String>,
    return_reason: Option<String>,
    withdrawal_reason: Option<String>,
    note: Option<String>,
    licence: Option<String>,
    renews: Option<String>,
    type_code: String,
    /// Where the values beside those applied for come from.
    known_from: &'static str,
    fields: Vec<Compared>,
    valid_from: String,
    valid_until: String,
    digest: String,
    may_decide: bool,
    may_adopt: bool,
    /// The system that asked for it.
    proposed_by: Option<String>,
    is_own: bool,
    /// Whether whoever looks is the holder or acts for it, and can do nothing about it.
    is_own_affair: bool,
    may_withdraw: bool,
    /// Whether it waits for somebody.
    waits: bool,
    return_reasons: Vec<(&'static str, String)>,
    withdrawal_reasons: Vec<(&'static str, String)>,
    /// Why nothing can be sealed, while it waits.
    no_seal: Vec<String>,
}

/// `GET /console/applications/{id}`.
pub async fn review(
    State(app): State<App>,
    staff: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = ApplicationId::parse(&id).map_err(|_| Problem::NotFound)?;
    shown((&app, &staff), page, &id, StatusCode::OK).await
}

/// The page of an application.
async fn shown(
    (app, staff): (&App, &Staff),
    page: Page,
    id: &ApplicationId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let one = application::find(&mut tx, &app.library.safe, &staff.appointment.organisation_id, id).await?;
    let holder = holder::facts(&mut tx, &app.library.vault, &one.holder).await?;
    let older = match &one.content.renews {
        Some(older) => Some(app.library.safe.content(&mut tx, &LicenceId::stored(older.clone())).await?),
        None => None,
    };
    let maker = match one.state {
        ApplicationState::Proposed => None,
        _ => Some(staff::find(&mut tx, &one.maker_staff).await?.map(|view| view.name).unwrap_or_default()),
    };
    let proposed_by = match &one.proposed_by {
        Some(system) => Some(system_name(&mut tx, &page, &mut HashMap::new(), system).await?),
        None => None,
    };
    let checker = match &one.checker_staff {
        Some(checker) => staff::find(&mut tx, checker).await?.map(|view| view.name),
        None => None,
    };
    let is_own_affair = own_affair::is_own(&mut tx, &staff.session.person_id, &one.holder, page.visit.at).await?;
    let no_seal = match one.state {
        ApplicationState::Proposed | ApplicationState::Submitted => {
            sealing::hindrance(app, &page, &mut tx, &staff.appointment.organisation_id).await?
        }
        _ => Vec::new(),
    };
    drop(tx);
    let holder_id = one.holder.id().to_owned();
    staff.tell(ApplicationOpened { application: id.clone(), holder: holder_id }).await?;
    let is_own = is_of(&one, &staff.session.person_id);
    let may =
        |role: Role, state: ApplicationState| staff.appointment.roles.has(role) && one.state == state && !is_own_affair;
    let may_decide = may(Role::Reviewer, ApplicationState::Submitted) && !is_own;
    let may_adopt = may(Role::Clerk, ApplicationState::Proposed);
    let may_withdraw = may(Role::Clerk, ApplicationState::Submitted) && is_own;
    let (kind, state) = state_tag(&page, one.state);
    let known_from = if older.is_some() { words::console::REGISTER_OR_OLDER } else { words::console::REGISTER };
    let review = Review {
        id: id.to_string(),
        type_name: type_name(app, &page, &one),
        kind,
        state,
        maker,
        submitted: one.submitted_at.legal_text(),
        checker,
        decided: one.decided_at.map(base::Instant::legal_text),
        return_reason: one.return_reason.map(|reason| page.say(&reason.text()).to_owned()),
        withdrawal_reason: one.withdrawal_reason.map(|reason| page.say(&reason.text()).to_owned()),
        note: one.note.clone(),
        licence: one.licence.as_ref().map(ToString::to_string),
        renews: one.content.renews.clone(),
        type_code: app
            .library
            .catalogue
            .now()
            .find(&one.licence_type)
            .map(|found| found.code.clone())
            .unwrap_or_default(),
        known_from: page.say(known_from),
        fields: compare(app, &page, &one, &holder, older.as_ref()),
        valid_from: one.content.valid_from.clone(),
        valid_until: one.content.valid_until.clone().unwrap_or_else(|| page.say(words::console::FOR_GOOD).to_owned()),
        digest: one.digest.clone(),
        may_decide,
        may_adopt,
        proposed_by,
        is_own,
        is_own_affair,
        may_withdraw,
        waits: matches!(one.state, ApplicationState::Proposed | ApplicationState::Submitted),
        return_reasons: choices(&page, ReturnReason::ALL, ReturnReason::code),
        withdrawal_reasons: choices(&page, WithdrawalReason::ALL, WithdrawalReason::code),
        no_seal,
        page,
    };
    Ok(html(status, &review))
}

/// Fields that a clerk types and the register knows too, more or less: a reviewer sees both.
const ADDRESSES: [&str; 2] = ["address", "residence"];

fn compare(
    app: &App,
    page: &Page,
    one: &Application,
    holder: &HolderFacts,
    older: Option<&licence::Content>,
) -> Vec<Compared> {
    let Some(licence_type) = app.library.catalogue.now().find(&one.licence_type) else { return vec![] };
    licence_type
        .definition
        .fields
        .iter()
        .map(|rule| {
            let applied = one.content.fields.get(&rule.key).cloned().unwrap_or_default();
            let registered = from_register(rule, holder);
            let before = || older.and_then(|older| older.fields.get(&rule.key).cloned());
            let address = || holder.address.clone().filter(|_| ADDRESSES.contains(&rule.key.as_str()));
            let compared = registered.is_some() || older.is_some() || address().is_some();
            let known = registered.or_else(before).or_else(address).unwrap_or_default();
            Compared {
                label: page.say(&rule.label.text()).to_owned(),
                differs: compared && applied != known,
                applied: page.say(&rule.on_screen(&applied)).to_owned(),
                known: page.say(&rule.on_screen(&known)).to_owned(),
            }
        })
        .collect()
}

/// `POST /console/applications/{id}/approve`: approves what the reviewer saw and issues the licence. While nothing can be
/// sealed, the application is shown again, which says why and whom to ask.
pub async fn approve(
    State(app): State<App>,
    reviewer: Staff,
    page: Page,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = ApplicationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let checker = Official::new(&reviewer.session.person_id, &reviewer.appointment);
    let digest = fields.text("digest");
    let approve = async |mut work: Work| {
        let begun = application::approve(&mut work, &app.library, &checker, &id, digest).await?;
        work.commit().await?;
        Ok(begun)
    };
    let begun = match reviewer.attempt(approve).await {
        Err(Problem::Domain { code: "seal_not_in_use" | "seal_expired", status, .. }) => {
            return shown((&app, &reviewer), page, &id, status).await;
        }
        begun => begun?,
    };
    let licence = match begun {
        Begun::Issued(licence) => licence,
        Begun::Intent(intent) => issue::finish(&app.database, &app.library, &reviewer.context(), &intent, None).await?,
    };
    Ok(see_other(&format!("/console/licences/{}", licence.id)))
}

/// `POST /console/applications/{id}/adopt`: the clerk takes on what a system proposed.
pub async fn adopt(
    State(app): State<App>,
    clerk: Staff,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = ApplicationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let official = Official::new(&clerk.session.person_id, &clerk.appointment);
    let digest = fields.text("digest");
    let adopt = async |mut work: Work| {
        application::adopt(&mut work, &app.library.safe, &official, &id, digest).await?;
        Ok(work.commit().await?)
    };
    clerk.attempt(adopt).await?;
    Ok(see_other(&format!("/console/applications/{id}")))
}

/// `POST /console/applications/{id}/return`.
pub async fn send_back(
    State(app): State<App>,
    reviewer: Staff,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = ApplicationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let reason = ReturnReason::parse(fields.text("reason")).ok_or_else(reason_missing)?;
    let checker = Official::new(&reviewer.session.person_id, &reviewer.appointment);
    let why = (reason, fields.text("note"));
    let send_back = async |mut work: Work| {
        application::send_back(&mut work, &app.library.safe, &checker, &id, why).await?;
        Ok(work.commit().await?)
    };
    reviewer.attempt(send_back).await?;
    Ok(see_other(&format!("/console/applications/{id}")))
}

/// `POST /console/applications/{id}/withdraw`: the clerk takes back what was entered by mistake.
pub async fn withdraw(
    State(app): State<App>,
    clerk: Staff,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = ApplicationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let reason = WithdrawalReason::parse(fields.text("reason")).ok_or_else(reason_missing)?;
    let official = Official::new(&clerk.session.person_id, &clerk.appointment);
    let why = (reason, fields.text("note"));
    let withdraw = async |mut work: Work| {
        application::withdraw(&mut work, &app.library.safe, &official, &id, why).await?;
        Ok(work.commit().await?)
    };
    clerk.attempt(withdraw).await?;
    Ok(see_other(&format!("/console/applications/{id}")))
}
