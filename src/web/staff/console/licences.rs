//! `/console/licences`: finding licences, one licence with its history, suspend, reinstate.

use std::collections::HashMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    ListPage,
    id::{EventId, LicenceId, OrganisationId},
};
use http::StatusCode;
use identity::Role;
use licence::{
    Licence, Standing, Status,
    events::{
        Any as Told, HolderCompared, LicenceOpened, LicenceRevoked, LicenceVerified, LicencesListed, LicencesSearched,
        ReceiptOpened, RevocationOpened,
    },
    holder, lifecycle, own_affair,
    reason::{RevocationReason, SuspensionReason},
    register::{self, Ending},
    revocation,
};
use records::{
    Tx, Work,
    events::LogRead,
    log::{self, Entry as Logged},
};

use super::parts::{PAGE, choices, name_of, reason_missing, system_name, tag, type_name};
use crate::{
    App, Page, Problem,
    kit::{
        document,
        form::{Fields, Query},
        page::{html, see_other, sentence},
        session::Staff,
        wording::{self, Worded},
    },
};

/// Events on the page of one licence.
const EVENTS: i64 = 100;
/// Pages of its log that are read for them.
const PAGES_MAX: usize = 10;

/// One licence in a list.
pub(super) struct Line {
    id: String,
    type_name: String,
    holder: String,
    number: String,
    until: String,
    kind: &'static str,
    word: String,
}

#[derive(askama::Template)]
#[template(path = "staff/console/licences.html")]
pub(super) struct List {
    pub page: Page,
    pub status: String,
    pub wanted: String,
    pub not_found: Option<String>,
    pub lines: Vec<Line>,
    pub next: Option<String>,
}

pub(super) fn line(app: &App, page: &Page, licence: &Licence) -> Result<Line, Problem> {
    let (kind, word) = tag(page, licence.standing(page.visit.at));
    Ok(Line {
        id: licence.id.to_string(),
        type_name: type_name(app, page, licence)?,
        holder: licence.holder_shown.clone(),
        number: licence.number().to_owned(),
        until: licence.valid_until.map_or_else(|| page.say(words::console::FOR_GOOD).to_owned(), |day| day.to_string()),
        kind,
        word,
    })
}

fn read_status(text: &str) -> Option<Status> {
    [Status::Valid, Status::Suspended, Status::Revoked, Status::Superseded]
        .into_iter()
        .find(|status| status.as_str() == text)
}

/// What the list is asked for beside a recorded status.
const EXPIRED: &str = "expired";
const EXPIRING: &str = "expiring";

/// Within how many days a licence is told to end soon: a renewal takes its time.
const SOON_DAYS: i32 = 90;

/// `GET /console/licences`.
pub async fn list(State(app): State<App>, staff: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let wanted = query.text("status");
    let issuer = staff.appointment.organisation_id.clone();
    let (items, after, next) = match wanted {
        EXPIRED | EXPIRING => ending((&app, &page), &issuer, wanted == EXPIRED, query.text("after")).await?,
        _ => recorded(&app, &issuer, read_status(wanted), query.text("after")).await?,
    };
    staff.tell(LicencesListed { issuer, count: items.len(), after }).await?;
    let lines = items.iter().map(|licence| line(&app, &page, licence)).collect::<Result<_, _>>()?;
    let status = match wanted {
        EXPIRED | EXPIRING => wanted.to_owned(),
        _ => read_status(wanted).map(Status::as_str).unwrap_or_default().to_owned(),
    };
    Ok(html(StatusCode::OK, &List { page, status, wanted: String::new(), not_found: None, lines, next }))
}

/// A page of a list, behind which licence it begins, and where the next one does.
type Stretch = (Vec<Licence>, Option<LicenceId>, Option<String>);

async fn recorded(app: &App, issuer: &OrganisationId, status: Option<Status>, after: &str) -> Result<Stretch, Problem> {
    let stretch = match after {
        "" => ListPage::first(PAGE),
        text => ListPage::after(LicenceId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let department = std::slice::from_ref(issuer);
    let found = register::issued_by(&mut app.database.read().await?, department, status, &stretch).await?;
    Ok((found.items, stretch.after, found.next.map(|id| id.to_string())))
}

async fn ending(
    (app, page): (&App, &Page),
    issuer: &OrganisationId,
    is_over: bool,
    after: &str,
) -> Result<Stretch, Problem> {
    let stretch = match after {
        "" => ListPage::first(PAGE),
        text => ListPage::after(Ending::parse(text).ok_or(Problem::NotFound)?, PAGE),
    };
    let (mut tx, today) = (app.database.read().await?, page.visit.at.date());
    let found = if is_over {
        register::expired(&mut tx, issuer, today, &stretch).await?
    } else {
        register::expiring(&mut tx, issuer, (today, SOON_DAYS), &stretch).await?
    };
    Ok((found.items, stretch.after.map(|after| after.licence), found.next.map(|next| next.to_string())))
}

/// One entry of the history.
struct Entry {
    when: String,
    what: String,
    who: String,
    detail: String,
}

#[derive(askama::Template)]
#[template(path = "staff/console/licence.html")]
struct Show {
    page: Page,
    id: String,
    type_name: String,
    type_code: String,
    kind: &'static str,
    word: String,
    reason: Option<String>,
    identifier: String,
    number: String,
    code: String,
    holder: String,
    /// What the holder is called now, when the licence has another name.
    holder_now: Option<String>,
    issuer: String,
    valid_from: String,
    valid_until: String,
    issued_at: String,
    renews: Option<String>,
    renewed_by: Option<String>,
    fields: Vec<(String, String)>,
    events: Vec<Entry>,
    has_file: bool,
    is_attested: bool,
    /// Whether whoever looks is the holder or acts for it, and can do nothing about it.
    is_own_affair: bool,
    may_suspend: bool,
    may_reinstate: bool,
    may_revoke: bool,
    may_renew: bool,
    suspensions: Vec<(&'static str, String)>,
    /// The number of the decision by which it was revoked.
    decision: Option<String>,
    /// What waits for somebody who decides whether it is revoked.
    waits: Option<String>,
}

async fn own(app: &App, staff: &Staff, id: &str) -> Result<Licence, Problem> {
    let id = LicenceId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = register::by_id(&mut app.database.read().await?, &id).await?;
    found.filter(|licence| licence.issuer == staff.appointment.organisation_id).ok_or(Problem::NotFound)
}

/// `GET /console/licences/{id}`.
pub async fn show(
    State(app): State<App>,
    staff: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let licence = own(&app, &staff, &id).await?;
    staff.tell(LicenceOpened { licence: licence.id.clone(), what: "page".to_owned() }).await?;
    let mut tx = app.database.read().await?;
    let content = app.library.safe.content(&mut tx, &licence.id).await?;
    let facts = holder::facts(&mut tx, &app.library.vault, &licence.holder).await?;
    let renewed_by = register::renewed_by(&mut tx, &licence).await?;
    let events = history(&mut tx, &page, &licence).await?;
    let waits = revocation::of_licence(&mut tx, &licence.id, page.visit.at).await?;
    let is_own_affair = own_affair::is_own_licence(&mut tx, &staff.session.person_id, &licence, page.visit.at).await?;
    drop(tx);
    let licence_type = app.library.catalogue.now().of(&licence)?;
    let standing = licence.standing(page.visit.at);
    let (kind, word) = tag(&page, standing);
    let may_act = staff.appointment.roles.has(Role::Clerk) && !is_own_affair;
    let is_in_force = matches!(standing, Some(Standing::Valid | Standing::NotYetValid | Standing::Expired));
    let fields = licence_type.definition.fields.iter().filter_map(|rule| {
        let value = rule.on_screen(content.fields.get(&rule.key)?);
        Some((page.say(&rule.label.text()).to_owned(), page.say(&value).to_owned()))
    });
    let show = Show {
        id: licence.id.to_string(),
        type_name: page.say(&licence_type.definition.name.text()).to_owned(),
        type_code: licence_type.code.clone(),
        kind,
        word,
        reason: licence.status_reason().map(|reason| page.sentence(&reason.text())),
        identifier: licence.identifier.clone(),
        number: licence.number().to_owned(),
        code: licence.code.grouped(),
        holder_now: (facts.name != content.holder_name).then_some(facts.name),
        holder: content.holder_name.clone(),
        issuer: licence.issuer_name.clone(),
        valid_from: licence.valid_from.to_string(),
        valid_until: licence
            .valid_until
            .map_or_else(|| page.say(words::console::FOR_GOOD).to_owned(), |day| day.to_string()),
        issued_at: licence.issued_at.legal_text(),
        renews: licence.renews.as_ref().map(ToString::to_string),
        renewed_by: renewed_by.map(|id| id.to_string()),
        fields: fields.collect(),
        events,
        has_file: standing.is_some(),
        is_attested: licence.is_attested,
        is_own_affair,
        may_suspend: may_act && licence.status == Status::Valid,
        may_reinstate: may_act && licence.status == Status::Suspended,
        may_revoke: may_act
            && waits.is_none()
            && matches!(licence.status, Status::Valid | Status::Suspended | Status::Superseded),
        may_renew: may_act && is_in_force && waits.is_none(),
        suspensions: choices(&page, SuspensionReason::ALL, SuspensionReason::code),
        decision: licence.decision.clone(),
        waits: waits.map(|waits| waits.id.to_string()),
        page,
    };
    Ok(html(StatusCode::OK, &show))
}

/// Whoever looked at a licence, verified it or read its entries did nothing to it; auditors are told, and not those who
/// are audited.
fn is_look(event: &Logged) -> bool {
    event.read::<LicenceOpened>().is_some()
        || event.read::<RevocationOpened>().is_some()
        || event.read::<LicenceVerified>().is_some()
        || event.read::<LicencesSearched>().is_some()
        || event.read::<HolderCompared>().is_some()
        || event.read::<ReceiptOpened>().is_some()
        || event.read::<LogRead>().is_some()
}

/// Everything that happened to a licence, oldest first, with the names of those who did it.
async fn history(tx: &mut Tx, page: &Page, licence: &Licence) -> Result<Vec<Entry>, Problem> {
    let filter = log::Filter { object: Some(licence.id.to_string()), ..log::Filter::default() };
    let mut stretch = ListPage::<EventId>::first(EVENTS);
    let mut acts = Vec::new();
    for _ in 0..PAGES_MAX {
        let found = log::list(tx, &filter, &stretch).await?;
        acts.extend(found.items.into_iter().filter(|event| !is_look(event)));
        match found.next.filter(|_| acts.len() < EVENTS as usize) {
            Some(next) => stretch = ListPage::after(next, EVENTS),
            None => break,
        }
    }
    let mut names = HashMap::new();
    let mut entries = Vec::new();
    for event in acts.iter().rev() {
        let who = match event.actor_kind.as_str() {
            "staff" => name_of(tx, &mut names, &event.actor).await?,
            "job" => page.say(words::console::BY_RECOVERY).to_owned(),
            "operator" => page.say(words::console::BY_OPERATOR).to_owned(),
            "person" => page.say(words::console::BY_HOLDER).to_owned(),
            "client" => system_name(tx, page, &mut names, &event.actor).await?,
            _ => event.actor.clone(),
        };
        let told = Told::read(event);
        let detail = match &told {
            // Who applied and who approved, whoever sent the request.
            Some(Told::IssueIntended(intended)) => {
                let maker = name_of(tx, &mut names, intended.maker.as_str()).await?;
                let checker = name_of(tx, &mut names, intended.checker.as_str()).await?;
                page.say(&words::console::two_people(maker, checker)).to_owned()
            }
            Some(told) => detail_of(page, told),
            None => String::new(),
        };
        let what = wording::event(&event.kind).map_or(event.kind.as_str(), |words| page.say(words));
        // The reason of a revocation says itself which of its two kinds it was, 吊销 or 注销.
        let (what, detail) = match &told {
            Some(Told::LicenceRevoked(revoked)) => (detail.as_str(), grounds(tx, page, &mut names, revoked).await?),
            _ => (what, detail),
        };
        entries.push(Entry { when: event.at().legal_text(), what: sentence(what), who, detail });
    }
    Ok(entries)
}

/// By which decision a licence was revoked, and who had filed that.
async fn grounds(
    tx: &mut Tx,
    page: &Page,
    names: &mut HashMap<String, String>,
    revoked: &LicenceRevoked,
) -> Result<String, Problem> {
    let Some(decision) = revoked.decision.clone() else { return Ok(String::new()) };
    let text = match &revoked.filed_by {
        Some(filer) => words::console::by_decision_filed(decision, name_of(tx, names, filer.as_str()).await?),
        None => words::console::by_decision(decision),
    };
    Ok(page.say(&text).to_owned())
}

fn detail_of(page: &Page, told: &Told) -> String {
    let (text, code) = match told {
        Told::IssueVoided(voided) => {
            (RevocationReason::parse(&voided.reason).map(|reason| reason.text()), voided.reason.as_str())
        }
        Told::LicenceRevoked(revoked) => (Some(revoked.reason.text()), ""),
        Told::RevocationFiled(filed) => (Some(filed.reason.text()), ""),
        Told::RevocationRefused(refused) => (None, refused.why.as_str()),
        Told::LicenceSuspended(suspended) => (Some(suspended.reason.text()), ""),
        Told::LicenceVerified(verified) => {
            let outcome = verify::Outcome::ALL.into_iter().find(|known| known.as_str() == verified.outcome);
            (outcome.map(|known| known.text()), verified.outcome.as_str())
        }
        _ => (None, ""),
    };
    text.map_or_else(|| code.to_owned(), |text| page.say(&text).to_owned())
}

/// `GET /console/licences/{id}/file.pdf`.
pub async fn file(State(app): State<App>, staff: Staff, Path(id): Path<String>) -> Result<Response, Problem> {
    let licence = own(&app, &staff, &id).await?;
    staff.tell(LicenceOpened { licence: licence.id.clone(), what: "file".to_owned() }).await?;
    let (_, bytes) = app.library.safe.document(&mut app.database.read().await?, &licence.id).await?;
    Ok(document::pdf(&licence, bytes))
}

/// `POST /console/licences/{id}/suspend`.
pub async fn suspend(clerk: Staff, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = LicenceId::parse(&id).map_err(|_| Problem::NotFound)?;
    let reason = SuspensionReason::parse(fields.text("reason")).ok_or_else(reason_missing)?;
    let department = std::slice::from_ref(&clerk.appointment.organisation_id);
    let suspend = async |mut work: Work| {
        lifecycle::suspend(&mut work, department, &id, reason).await?;
        Ok(work.commit().await?)
    };
    clerk.attempt(suspend).await?;
    Ok(see_other(&format!("/console/licences/{id}")))
}

/// `POST /console/licences/{id}/reinstate`.
pub async fn reinstate(clerk: Staff, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = LicenceId::parse(&id).map_err(|_| Problem::NotFound)?;
    let department = std::slice::from_ref(&clerk.appointment.organisation_id);
    let reinstate = async |mut work: Work| {
        lifecycle::reinstate(&mut work, department, &id).await?;
        Ok(work.commit().await?)
    };
    clerk.attempt(reinstate).await?;
    Ok(see_other(&format!("/console/licences/{id}")))
}
