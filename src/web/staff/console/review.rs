//! `/console/applications/{id}`: one application side by side with the register, as the page that comes of it, and what is done
//! with it.

use std::collections::HashMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::id::{ApplicationId, LicenceId};
use http::StatusCode;
use identity::{Role, staff};
use licence::{
    Error, Fields as LicenceFields, HolderFacts, Official,
    application::{self, Application, ApplicationState},
    events::ApplicationOpened,
    field::FieldError,
    holder,
    issue::{self, Begun, compose::from_register},
    reason::{ReturnReason, WithdrawalReason},
};
use records::{Tx, Work};

use super::{
    applications::{is_of, state_tag, type_name},
    apply::{HANDED_IN, form},
    parts::{choices, is_own_applied, system_name},
    sealing,
    stands::{Stand, stand},
};
use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::Worded,
    },
    staff::{again::Again, confirm::Asked},
};

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
    /// What was just done with it.
    done: &'static str,
    /// Who answers for it; nobody before a clerk has taken it on.
    maker: Option<String>,
    submitted: String,
    checker: Option<String>,
    decided: Option<String>,
    is_withdrawn: bool,
    is_returned: bool,
    /// Why it was returned, now or before it was changed.
    return_reason: Option<String>,
    withdrawal_reason: Option<String>,
    note: Option<String>,
    licence: Option<String>,
    renews: Option<String>,
    /// Where the values beside those applied for come from.
    known_from: &'static str,
    fields: Vec<Compared>,
    valid_from: String,
    valid_until: String,
    /// The page that comes of it, while that is not issued.
    picture: Option<String>,
    digest: String,
    may_decide: bool,
    may_adopt: bool,
    may_change: bool,
    may_withdraw: bool,
    /// The system that asked for it.
    proposed_by: Option<String>,
    is_own: bool,
    /// Whether whoever looks is the holder or acts for it, and can do nothing about it.
    is_own_affair: bool,
    /// Whether it waits for somebody.
    waits: bool,
    return_reasons: Vec<(&'static str, String)>,
    withdrawal_reasons: Vec<(&'static str, String)>,
    /// Why nothing can be sealed, while it waits.
    no_seal: Vec<String>,
    stands: Option<Stand>,
    /// Why it was not approved: what each field that cannot be true says, and what would be right.
    wrong: Vec<String>,
    again: Again,
}

/// Why the page is shown, when that is not because somebody opened it.
#[derive(Default)]
struct Why {
    status: StatusCode,
    done: &'static str,
    stands: Option<Stand>,
    wrong: Vec<String>,
    again: Again,
}

/// `GET /console/applications/{id}`.
pub async fn review(
    State(app): State<App>,
    staff: Staff,
    page: Page,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let id = ApplicationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let done = if page.says(&query, HANDED_IN) { page.say(words::console::HANDED_IN) } else { "" };
    shown((&app, &staff), page, &id, Why { done, ..Why::default() }).await
}

/// The page of an application.
async fn shown((app, staff): (&App, &Staff), page: Page, id: &ApplicationId, why: Why) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let one = application::find(&mut tx, &app.library.safe, &staff.appointment.organisation_id, id).await?;
    let holder = holder::facts(&mut tx, &app.library.vault, &one.holder).await?;
    let suggested = licence::suggested(&mut tx, &holder).await?;
    let older = match &one.content.renews {
        Some(older) => Some(app.library.safe.content(&mut tx, &LicenceId::stored(older.clone())).await?),
        None => None,
    };
    let People { maker, proposed_by, checker } = people(&mut tx, &page, &one).await?;
    let is_own_affair = is_own_applied(&mut tx, &page, staff, &one).await?;
    let waits = matches!(one.state, ApplicationState::Proposed | ApplicationState::Submitted);
    let is_returned = one.state == ApplicationState::Returned;
    let no_seal = if waits {
        sealing::hindrance(app, &page, &mut tx, &staff.appointment.organisation_id).await?
    } else {
        Vec::new()
    };
    let picture = if waits || is_returned { drawn(app, &mut tx, &page, &one).await? } else { None };
    drop(tx);
    let holder_id = one.holder.id().to_owned();
    staff.tell(ApplicationOpened { application: id.clone(), holder: holder_id }).await?;
    let is_own = is_of(&one, &staff.session.person_id);
    let may =
        |role: Role, state: ApplicationState| staff.appointment.roles.has(role) && one.state == state && !is_own_affair;
    let may_decide = may(Role::Reviewer, ApplicationState::Submitted) && !is_own;
    let may_adopt = may(Role::Clerk, ApplicationState::Proposed);
    let may_withdraw = may(Role::Clerk, ApplicationState::Submitted) && is_own;
    let may_change = may_withdraw || may(Role::Clerk, ApplicationState::Returned);
    let offered = [("return", may_decide || may_adopt), ("withdraw", may_withdraw)];
    let offered: Vec<_> = offered.into_iter().filter(|(_, is)| *is).map(|(form, _)| form).collect();
    let (kind, state) = state_tag(&page, one.state);
    let known_from = if older.is_some() { words::console::REGISTER_OR_OLDER } else { words::console::REGISTER };
    let review = Review {
        id: id.to_string(),
        type_name: type_name(app, &page, &one),
        kind,
        state,
        done: why.done,
        maker,
        submitted: one.submitted_at.legal_text(),
        checker,
        decided: one.decided_at.map(base::Instant::legal_text),
        is_withdrawn: one.state == ApplicationState::Withdrawn,
        is_returned,
        return_reason: one.return_reason.map(|reason| page.say(&reason.text()).to_owned()),
        withdrawal_reason: one.withdrawal_reason.map(|reason| page.say(&reason.text()).to_owned()),
        note: one.note.clone(),
        licence: one.licence.as_ref().map(ToString::to_string),
        renews: one.content.renews.clone(),
        known_from: page.say(known_from),
        fields: compare(app, &page, &one, &holder, (older.as_ref(), &suggested)),
        valid_from: one.content.valid_from.clone(),
        valid_until: one.content.valid_until.clone().unwrap_or_else(|| page.say(words::console::FOR_GOOD).to_owned()),
        picture,
        digest: one.digest.clone(),
        may_decide,
        may_adopt,
        may_change,
        may_withdraw,
        proposed_by,
        is_own,
        is_own_affair,
        waits,
        return_reasons: choices(&page, ReturnReason::ALL, ReturnReason::code),
        withdrawal_reasons: choices(&page, WithdrawalReason::ALL, WithdrawalReason::code),
        no_seal,
        stands: why.stands,
        wrong: why.wrong,
        again: why.again.among(&offered),
        page,
    };
    Ok(html(why.status, &review))
}

/// Who has to do with an application: who answers for it, which system asked for it, who decided.
struct People {
    maker: Option<String>,
    proposed_by: Option<String>,
    checker: Option<String>,
}

async fn people(tx: &mut Tx, page: &Page, one: &Application) -> Result<People, Problem> {
    let maker = match one.state {
        ApplicationState::Proposed => None,
        _ => Some(staff::find(tx, &one.maker_staff).await?.map(|view| view.name).unwrap_or_default()),
    };
    let proposed_by = match &one.proposed_by {
        Some(system) => Some(system_name(tx, page, &mut HashMap::new(), system).await?),
        None => None,
    };
    let checker = match &one.checker_staff {
        Some(checker) => staff::find(tx, checker).await?.map(|view| view.name),
        None => None,
    };
    Ok(People { maker, proposed_by, checker })
}

/// The page that comes of it; none when it cannot be printed any more, which is told to whoever changes or approves it.
async fn drawn(app: &App, tx: &mut Tx, page: &Page, one: &Application) -> Result<Option<String>, Problem> {
    let as_drawn = (page.visit.at, page.say(words::console::PREVIEW));
    match application::picture(tx, &app.library, one, as_drawn).await {
        Ok(picture) => Ok(Some(picture)),
        Err(Error::Fault(fault)) => Err(fault.into()),
        Err(_) => Ok(None),
    }
}

fn compare(
    app: &App,
    page: &Page,
    one: &Application,
    holder: &HolderFacts,
    (older, suggested): (Option<&licence::Content>, &LicenceFields),
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
            let suggested = || suggested.get(&rule.key).cloned();
            let compared = registered.is_some() || older.is_some() || suggested().is_some();
            let known = registered.or_else(before).or_else(suggested).unwrap_or_default();
            Compared {
                label: page.say(&rule.label.text()).to_owned(),
                differs: compared && applied != known,
                applied: page.say(&rule.on_screen(&applied)).to_owned(),
                known: page.say(&rule.on_screen(&known)).to_owned(),
            }
        })
        .collect()
}

/// What an act came to: on to where it leads, or the application again, as it is now, with what was typed and what stands in
/// the way.
async fn ended(
    (app, staff): (&App, &Staff),
    page: Page,
    (id, form, fields): (&ApplicationId, &'static str, Fields),
    outcome: Result<Option<String>, Error>,
) -> Result<Response, Problem> {
    let error = match outcome {
        Ok(Some(leads_to)) => return Ok(see_other(&leads_to)),
        // Opened from its address, and nothing stands in the way any more.
        Ok(None) => return Ok(see_other(&way(id))),
        Err(error) => error,
    };
    if let Error::Fields(wrong) = error {
        let wrong = wrong_fields((app, staff), &page, id, wrong).await?;
        let (status, again) = (StatusCode::UNPROCESSABLE_ENTITY, Again::typed_in((form, fields)));
        return shown((app, staff), page, id, Why { status, wrong, again, ..Why::default() }).await;
    }
    // The page says so of itself, and whom to ask.
    let is_said = matches!(error, Error::Seal | Error::SealExpired);
    let (status, stands) = stand((app, staff), &page, error, None).await?;
    let stands = Some(stands).filter(|_| !is_said);
    let again = Again::typed_in((form, fields));
    shown((app, staff), page, id, Why { status, stands, again, ..Why::default() }).await
}

/// What is wrong with each field by now, behind what people call it.
async fn wrong_fields(
    (app, staff): (&App, &Staff),
    page: &Page,
    id: &ApplicationId,
    wrong: Vec<FieldError>,
) -> Result<Vec<String>, Problem> {
    let mut tx = app.database.read().await?;
    let one = application::find(&mut tx, &app.library.safe, &staff.appointment.organisation_id, id).await?;
    let licence_type = app.library.catalogue.now().find(&one.licence_type).ok_or(Problem::NotFound)?;
    Ok(form::wrong_fields(page, &licence_type, wrong).into_iter().map(|error| error.text).collect())
}

fn way(id: &ApplicationId) -> String {
    format!("/console/applications/{id}")
}

fn read(id: &str) -> Result<ApplicationId, Problem> {
    ApplicationId::parse(id).map_err(|_| Problem::NotFound)
}

/// The application again: its form names no reason.
async fn without_reason(
    by: (&App, &Staff),
    page: Page,
    (id, form, fields): (&ApplicationId, &'static str, Fields),
) -> Result<Response, Problem> {
    let again = Again::wrong(&page, (form, fields), &format!("{form}-reason"), words::console::REASON_MISSING);
    let (status, stands) = (again.status(), None);
    shown(by, page, id, Why { status, stands, again, ..Why::default() }).await
}

/// `POST /console/applications/{id}/approve`: approves what the reviewer saw and issues the licence.
pub async fn approve((State(app), reviewer, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let id = read(&id)?;
    let checker = Official::new(&reviewer.session.person_id, &reviewer.appointment);
    let digest = fields.text("digest").to_owned();
    let approve = async |mut work: Work| {
        let begun = application::approve(&mut work, &app.library, &checker, &id, &digest).await?;
        work.commit().await?;
        Ok(begun)
    };
    let licence = match reviewer.act(approve).await {
        Ok(None) => Ok(None),
        Ok(Some(Begun::Issued(licence))) => Ok(Some(licence)),
        Ok(Some(Begun::Intent(intent))) => {
            issue::finish(&app.database, &app.library, &reviewer.context(), &intent, None).await.map(Some)
        }
        Err(error) => Err(error),
    };
    let outcome = licence.map(|licence| licence.map(|licence| format!("/console/licences/{}", licence.id)));
    ended((&app, &reviewer), page, (&id, "approve", fields), outcome).await
}

/// `POST /console/applications/{id}/adopt`: the clerk takes on what a system proposed.
pub async fn adopt((State(app), clerk, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let id = read(&id)?;
    let official = Official::new(&clerk.session.person_id, &clerk.appointment);
    let digest = fields.text("digest").to_owned();
    let adopt = async |mut work: Work| {
        application::adopt(&mut work, &app.library.safe, &official, &id, &digest).await?;
        work.commit().await?;
        Ok(way(&id))
    };
    let outcome = clerk.act(adopt).await;
    ended((&app, &clerk), page, (&id, "adopt", fields), outcome).await
}

/// `POST /console/applications/{id}/return`.
pub async fn send_back((State(app), reviewer, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let id = read(&id)?;
    let Some(reason) = ReturnReason::parse(fields.text("reason")) else {
        return without_reason((&app, &reviewer), page, (&id, "return", fields)).await;
    };
    let checker = Official::new(&reviewer.session.person_id, &reviewer.appointment);
    let note = fields.text("note").to_owned();
    let send_back = async |mut work: Work| {
        application::send_back(&mut work, &app.library.safe, &checker, &id, (reason, &note)).await?;
        work.commit().await?;
        Ok(way(&id))
    };
    let outcome = reviewer.act(send_back).await;
    ended((&app, &reviewer), page, (&id, "return", fields), outcome).await
}

/// `POST /console/applications/{id}/withdraw`: the clerk takes back what was entered by mistake.
pub async fn withdraw((State(app), clerk, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let id = read(&id)?;
    let Some(reason) = WithdrawalReason::parse(fields.text("reason")) else {
        return without_reason((&app, &clerk), page, (&id, "withdraw", fields)).await;
    };
    let official = Official::new(&clerk.session.person_id, &clerk.appointment);
    let note = fields.text("note").to_owned();
    let withdraw = async |mut work: Work| {
        application::withdraw(&mut work, &app.library.safe, &official, &id, (reason, &note)).await?;
        work.commit().await?;
        Ok(way(&id))
    };
    let outcome = clerk.act(withdraw).await;
    ended((&app, &clerk), page, (&id, "withdraw", fields), outcome).await
}
