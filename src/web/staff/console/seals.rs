//! `/console/seals`: the seals of the department, and one of them with its dates, its history and what its keeper can do.

use std::collections::HashMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    ListPage, Text,
    id::{EventId, OrganisationId, SealId},
};
use http::StatusCode;
use identity::{
    Role,
    proposal::{self, ProposalView},
};
use pki::Ending;
use records::{Tx, log};
use seal::{
    SealKind, SealState, SealView, calendar,
    events::{Any as Told, SealEnabled, SealFiled, SealMade},
    keeper::{self, Waiting},
};

use super::parts::{PAGE, name_of};
use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::{html, sentence},
        session::Staff,
        wording,
    },
    staff::{
        confirm,
        proposed::{self, called},
    },
};

/// Events on the page of one seal.
const EVENTS: i64 = 100;

/// What a seal keeper can do to a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Cancel,
    Freeze,
    Renew,
    Unfreeze,
}

impl Deed {
    /// In the order in which they are offered.
    const ALL: [Self; 4] = [Self::Freeze, Self::Unfreeze, Self::Renew, Self::Cancel];

    /// Its part of the address, and of the identifiers of its form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Freeze => "freeze",
            Self::Renew => "renew",
            Self::Unfreeze => "unfreeze",
        }
    }

    /// What it is called, and what follows from it.
    pub fn words(self, kind: SealKind) -> (&'static Text, &'static Text) {
        match (self, kind) {
            (Self::Cancel, _) => (words::seals::CANCEL, words::seals::CANCEL_FOLLOWS),
            (Self::Freeze, SealKind::Licence) => (words::seals::FREEZE, words::seals::FREEZE_LICENCE),
            (Self::Freeze, SealKind::Official) => (words::seals::FREEZE, words::seals::FREEZE_OFFICIAL),
            (Self::Renew, _) => (words::seals::RENEW, words::seals::RENEW_FOLLOWS),
            (Self::Unfreeze, _) => (words::seals::UNFREEZE, words::seals::UNFREEZE_FOLLOWS),
        }
    }

    /// What follows from it once an operator has approved it, where one has to.
    pub fn follows_approved(self) -> Option<&'static Text> {
        match self {
            Self::Cancel => Some(words::seals::CANCEL_APPROVED),
            Self::Unfreeze => Some(words::seals::UNFREEZE_APPROVED),
            Self::Freeze | Self::Renew => None,
        }
    }

    /// The state that the seal then has, if it is another one.
    pub fn becomes(self) -> Option<SealState> {
        match self {
            Self::Cancel => Some(SealState::Cancelled),
            Self::Freeze => Some(SealState::Frozen),
            Self::Renew => None,
            Self::Unfreeze => Some(SealState::Enabled),
        }
    }

    /// As proposals name it, where an operator has to approve it.
    pub fn proposed_as(self) -> Option<&'static str> {
        match self {
            Self::Cancel => Some(keeper::CANCEL),
            Self::Unfreeze => Some(keeper::UNFREEZE),
            Self::Freeze | Self::Renew => None,
        }
    }

    fn is_offered(self, seal: &SealView, waiting: &[Waiting]) -> bool {
        let waits = self.proposed_as().is_some_and(|kind| waiting.iter().any(|one| one.proposal.kind == kind));
        let fits = match self {
            Self::Cancel => seal.state != SealState::Cancelled,
            Self::Freeze => seal.state == SealState::Enabled,
            Self::Renew => matches!(seal.state, SealState::Enabled | SealState::Frozen),
            Self::Unfreeze => seal.state == SealState::Frozen,
        };
        fits && !waits
    }
}

/// A seal in a list.
pub struct Line {
    pub id: String,
    pub name: String,
    pub number: String,
    pub kind: &'static str,
    pub state: &'static str,
    pub reason: Option<String>,
    pub keeper: String,
    pub changed: String,
    pub picture: String,
    /// Until when its certificate counts.
    pub until: String,
    /// When its certificate ends, if that is soon.
    pub ends: Option<Tag>,
    pub waits: bool,
}

/// A word with its colour.
pub struct Tag {
    pub kind: &'static str,
    pub word: String,
}

/// A form that waits for a reason.
struct Form {
    name: &'static str,
    /// Where it goes.
    action: String,
    title: &'static str,
    follows: &'static str,
    /// What was typed and not accepted.
    reason: String,
    error: String,
    is_danger: bool,
}

/// A proposal that waits.
pub struct Proposed {
    pub id: String,
    pub words: String,
    pub is_stale: bool,
    pub is_own: bool,
}

/// A proposal that waits no more.
struct Over {
    what: &'static str,
    by: String,
    when: String,
    kind: &'static str,
    state: &'static str,
    decided_by: String,
    /// Why it was refused.
    refusal: String,
}

struct Entry {
    when: String,
    what: String,
    detail: String,
    who: String,
}

/// What was asked for and not done: of which form, with which reason, and why not.
pub struct Refused {
    pub form: &'static str,
    pub reason: String,
    pub status: StatusCode,
    pub text: Text,
}

#[derive(askama::Template)]
#[template(path = "staff/console/seals.html")]
struct Seals {
    page: Page,
    lines: Vec<Line>,
    waiting: Vec<Proposed>,
    over: Vec<Over>,
    forms: Vec<Form>,
    done: &'static str,
    errors: Vec<FieldError>,
}

#[derive(askama::Template)]
#[template(path = "staff/console/seal.html")]
struct One {
    page: Page,
    /// How it was when this page was made, for the forms.
    seen: String,
    line: Line,
    kind: &'static str,
    dates: Vec<(&'static str, String)>,
    certificate: Vec<(&'static str, String)>,
    notices: Vec<(&'static str, String)>,
    waiting: Vec<Proposed>,
    over: Vec<Over>,
    history: Vec<Entry>,
    forms: Vec<Form>,
    done: &'static str,
    errors: Vec<FieldError>,
}

/// `GET /console/seals`.
pub async fn list(State(app): State<App>, member: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let done = done(&page, &query);
    render_list(&app, &member, page, done, None).await
}

/// The list, with what was refused of what was asked for on it.
pub async fn render_list(
    app: &App,
    member: &Staff,
    page: Page,
    done: &'static str,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let department = &member.appointment.organisation_id;
    let lines = lines(app, &mut tx, &page, department).await?;
    let waits = keeper::waiting_to_be_made(&mut tx, department, page.visit.at).await?;
    let over = over(&mut tx, &page, department.as_str()).await?;
    let has = seal::list(&mut tx, department, &ListPage::first(PAGE)).await?.items;
    drop(tx);
    let is_missing = |kind: SealKind| {
        let waits = waits.iter().any(|one| keeper::made(&one.kind) == Some(kind));
        !waits && !has.iter().any(|one| one.kind == kind && one.state != SealState::Cancelled)
    };
    let missing = SealKind::ALL.into_iter().filter(|kind| is_keeper(member) && is_missing(*kind));
    let forms = missing.map(|kind| {
        let called = (kind.code(), make_title(kind), words::seals::MAKE_FOLLOWS);
        form(&page, called, "/console/seals".to_owned(), refused.as_ref())
    });
    let forms: Vec<_> = forms.collect();
    let waiting = waits.iter().map(|one| proposed(&page, member, one, false)).collect();
    let (status, errors) = errors(&page, &forms, refused);
    Ok(html(status, &Seals { page, lines, waiting, over, forms, done, errors }))
}

/// What applying for a seal of a kind is called.
pub fn make_title(kind: SealKind) -> &'static Text {
    match kind {
        SealKind::Licence => words::seals::MAKE_LICENCE,
        SealKind::Official => words::seals::MAKE_OFFICIAL,
    }
}

/// `GET /console/seals/{id}`.
pub async fn show(
    State(app): State<App>,
    member: Staff,
    page: Page,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let seal = own(&app, &member, &id).await?;
    let done = done(&page, &query);
    render(&app, &member, page, &seal, done, None).await
}

/// The seal of the member's department with this identifier.
pub async fn own(app: &App, member: &Staff, id: &str) -> Result<SealView, Problem> {
    let id = SealId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = seal::find(&mut app.database.read().await?, &id).await?;
    found.filter(|seal| seal.organisation_id == member.appointment.organisation_id).ok_or(Problem::NotFound)
}

/// The page of a seal, with what was refused of what was asked for on it.
pub async fn render(
    app: &App,
    member: &Staff,
    page: Page,
    seal: &SealView,
    done: &'static str,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let certificate = calendar::certificate(&mut tx, seal).await?;
    let waits = keeper::waiting(&mut tx, seal, page.visit.at).await?;
    let line = line(app, &mut tx, &page, seal.clone()).await?;
    let filter = log::Filter { object: Some(seal.seal_id.to_string()), ..log::Filter::default() };
    let events = log::list(&mut tx, &filter, &ListPage::<EventId>::first(EVENTS)).await?.items;
    let history = history(&mut tx, &page, &events).await?;
    let over = over(&mut tx, &page, seal.seal_id.as_str()).await?;
    drop(tx);
    let offered = Deed::ALL.into_iter().filter(|deed| is_keeper(member) && deed.is_offered(seal, &waits));
    let forms: Vec<_> = offered
        .map(|deed| {
            let (title, follows) = deed.words(seal.kind);
            let action = format!("{}/{}", way(seal.seal_id.as_str()), deed.name());
            form(&page, (deed.name(), title, follows), action, refused.as_ref())
        })
        .collect();
    let waiting = waits.iter().map(|one| proposed(&page, member, &one.proposal, one.is_stale)).collect();
    let (status, errors) = errors(&page, &forms, refused);
    let one = One {
        seen: seal.seen(),
        line,
        kind: page.say(wording::seal_kind_words(seal.kind)),
        dates: dates(&page, seal, &events),
        certificate: certificate.as_ref().map(|one| certified(&page, one)).unwrap_or_default(),
        notices: notices(&page, seal, certificate.as_ref().and_then(|one| one.ending.as_ref())),
        waiting,
        over,
        history,
        forms,
        done,
        errors,
        page,
    };
    Ok(html(status, &one))
}

/// The page of a seal.
pub fn way(id: &str) -> String {
    format!("/console/seals/{id}")
}

/// The seals of a department, with what ends soon and what waits.
pub async fn lines(app: &App, tx: &mut Tx, page: &Page, department: &OrganisationId) -> Result<Vec<Line>, Problem> {
    let mut lines = Vec::new();
    for one in seal::list(tx, department, &ListPage::first(PAGE)).await?.items {
        lines.push(line(app, tx, page, one).await?);
    }
    Ok(lines)
}

async fn line(app: &App, tx: &mut Tx, page: &Page, seal: SealView) -> Result<Line, Problem> {
    let certificate = calendar::certificate(tx, &seal).await?;
    let until = match &certificate {
        Some(one) if one.is_revoked => page.say(words::seals::IS_REVOKED).to_owned(),
        Some(one) => page.say(&words::seals::counts_until(one.until.date())).to_owned(),
        None => page.say(words::seals::NO_CERTIFICATE).to_owned(),
    };
    let waits = !keeper::waiting(tx, &seal, page.visit.at).await?.is_empty();
    let (kind, state) = state_tag(page, seal.state);
    Ok(Line {
        id: seal.seal_id.to_string(),
        picture: app.library.cabinet.draw(&seal).map(|picture| picture.svg()).unwrap_or_default(),
        keeper: name_of(tx, &mut HashMap::new(), seal.keeper.as_str()).await?,
        until,
        ends: certificate.and_then(|one| ends_shortly(page, &one.ending?)),
        name: seal.name,
        number: seal.number,
        kind,
        state,
        // Why it was unfrozen is of its history, and says nothing of how it stands.
        reason: seal.reason.filter(|_| matches!(seal.state, SealState::Frozen | SealState::Cancelled)),
        changed: seal.changed_at.legal_text(),
        waits,
    })
}

fn is_keeper(member: &Staff) -> bool {
    member.appointment.roles.has(Role::SealKeeper)
}

fn done(page: &Page, query: &Fields) -> &'static str {
    if page.says(query, "withdrawn") {
        page.say(words::seals::WITHDRAWN)
    } else {
        confirm::what_was_done_or_proposed_to_operators(page, query)
    }
}

fn form(
    page: &Page,
    (name, title, follows): (&'static str, &'static Text, &'static Text),
    action: String,
    refused: Option<&Refused>,
) -> Form {
    let refused = refused.filter(|refused| refused.form == name);
    Form {
        is_danger: [Deed::Cancel, Deed::Freeze].iter().any(|deed| deed.name() == name),
        name,
        action,
        title: page.say(title),
        follows: page.say(follows),
        reason: refused.map(|refused| refused.reason.clone()).unwrap_or_default(),
        error: refused.map(|refused| page.say(&refused.text).to_owned()).unwrap_or_default(),
    }
}

/// What is said at the top: it leads to the form, or to what the page is about when there is no such form any more.
fn errors(page: &Page, forms: &[Form], refused: Option<Refused>) -> (StatusCode, Vec<FieldError>) {
    let Some(refused) = refused else { return (StatusCode::OK, Vec::new()) };
    let is_there = forms.iter().any(|form| form.name == refused.form);
    let field = if is_there { format!("{}-reason", refused.form) } else { "content".to_owned() };
    (refused.status, vec![FieldError::new(page, &field, &refused.text)])
}

/// What waits for the department: seals that are to be made.
pub async fn making(tx: &mut Tx, page: &Page, member: &Staff) -> Result<Vec<Proposed>, Problem> {
    let department = &member.appointment.organisation_id;
    let found = keeper::waiting_to_be_made(tx, department, page.visit.at).await?;
    Ok(found.iter().map(|one| proposed(page, member, one, false)).collect())
}

/// What was proposed of seals for a seal or a department and waits no more.
async fn over(tx: &mut Tx, page: &Page, object: &str) -> Result<Vec<Over>, Problem> {
    let found = proposal::over(tx, object, page.visit.at).await?;
    let mut over = Vec::new();
    for one in found.into_iter().filter(|one| keeper::is_ours(&one.kind)) {
        let refusal = proposal::decision(tx, &one).await?.and_then(|decision| decision.refusal).unwrap_or_default();
        let (kind, state) = proposed::progress_tag(page, one.state);
        over.push(Over {
            what: page.say(called(&one.kind)),
            when: one.proposed_at.legal_text(),
            by: one.proposed_by_name,
            kind,
            state,
            decided_by: one.decided_by_name.unwrap_or_default(),
            refusal,
        });
    }
    Ok(over)
}

fn proposed(page: &Page, member: &Staff, one: &ProposalView, is_stale: bool) -> Proposed {
    let what = page.say(called(&one.kind));
    let (at, until) = (one.proposed_at.legal_text(), one.ends_at.legal_text());
    Proposed {
        id: one.proposal_id.to_string(),
        words: page.say(&words::seals::waits(what, &one.proposed_by_name, at, until)).to_owned(),
        is_stale,
        is_own: is_keeper(member) && one.proposed_by_person == member.session.person_id,
    }
}

/// A state as a tag: its kind and its word.
pub fn state_tag(page: &Page, state: SealState) -> (&'static str, &'static str) {
    match state {
        SealState::Applied => ("info", page.say(words::console::SEAL_APPLIED)),
        SealState::Made => ("info", page.say(words::console::SEAL_MADE)),
        SealState::Filed => ("info", page.say(words::console::SEAL_FILED)),
        SealState::Enabled => ("good", page.say(words::console::SEAL_ENABLED)),
        SealState::Frozen => ("warning", page.say(words::console::SEAL_FROZEN)),
        SealState::Cancelled => ("neutral", page.say(words::console::SEAL_CANCELLED)),
    }
}

/// When each step was taken, as the log has it.
fn dates(page: &Page, seal: &SealView, events: &[log::Entry]) -> Vec<(&'static str, String)> {
    let first = |is_it: fn(&log::Entry) -> bool| events.iter().rev().find(|event| is_it(event)).map(log::Entry::at);
    let steps = [
        (words::seals::APPLIED_AT, Some(seal.applied_at)),
        (words::seals::MADE_AT, first(|event| event.read::<SealMade>().is_some())),
        (words::seals::FILED_AT, first(|event| event.read::<SealFiled>().is_some())),
        (words::seals::ENABLED_AT, first(|event| event.read::<SealEnabled>().is_some())),
        (words::console::SEAL_CHANGED, Some(seal.changed_at)),
    ];
    steps.into_iter().filter_map(|(label, at)| Some((page.say(label), at?.legal_text()))).collect()
}

fn certified(page: &Page, certificate: &calendar::Certificate) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        (page.say(words::seals::FROM), certificate.from.date().to_string()),
        (page.say(words::seals::UNTIL), certificate.until.date().to_string()),
    ];
    if let Some(at) = certificate.ending.as_ref().and_then(|ending| ending.replaced_at) {
        rows.push((page.say(words::seals::RENEWED_ON), at.date().to_string()));
    }
    if certificate.is_revoked {
        rows.push((page.say(words::seals::STATE), page.say(words::seals::IS_REVOKED).to_owned()));
    }
    rows
}

fn notices(page: &Page, seal: &SealView, ending: Option<&Ending>) -> Vec<(&'static str, String)> {
    let mut notices = Vec::new();
    let state = match (seal.state, seal.kind) {
        (SealState::Frozen, SealKind::Licence) => Some(("is-warning", words::seals::FROZEN_LICENCE)),
        (SealState::Frozen, SealKind::Official) => Some(("is-warning", words::seals::FROZEN_OFFICIAL)),
        (SealState::Cancelled, _) => Some(("is-info", words::seals::CANCELLED)),
        (SealState::Applied | SealState::Made | SealState::Filed | SealState::Enabled, _) => None,
    };
    notices.extend(state.map(|(kind, words)| (kind, page.say(words).to_owned())));
    notices.extend(ending.and_then(|ending| ends(page, ending)));
    notices
}

/// That a certificate ends within 90, 30, 7 days or one, and what is done about it.
fn ends(page: &Page, ending: &Ending) -> Option<(&'static str, String)> {
    let now = page.visit.at;
    let days = ending.at.seconds_since(now).div_euclid(86_400);
    let text = match (ending.within_days(now)?, ending.replaced_at) {
        (0, _) => words::seals::HAS_ENDED.clone(),
        (_, Some(at)) if at >= now => words::seals::ends_in(days, at.date()),
        (_, at) => words::seals::ends_overdue(days, at.unwrap_or(ending.at).date()),
    };
    let kind = if ending.is_urgent(now) { "is-problem" } else { "is-info" };
    Some((kind, page.say(&text).to_owned()))
}

fn ends_shortly(page: &Page, ending: &Ending) -> Option<Tag> {
    let now = page.visit.at;
    let text = match ending.within_days(now)? {
        0 => words::seals::SHORT_ENDED.clone(),
        _ => words::seals::short_in(ending.at.seconds_since(now).div_euclid(86_400)),
    };
    let kind = if ending.is_urgent(now) { "bad" } else { "warning" };
    Some(Tag { kind, word: page.say(&text).to_owned() })
}

/// What happened to a seal, oldest first, with the names of those who did it.
async fn history(tx: &mut Tx, page: &Page, events: &[log::Entry]) -> Result<Vec<Entry>, Problem> {
    let mut names = HashMap::new();
    let mut entries = Vec::new();
    for event in events.iter().rev() {
        let Some(told) = Told::read(event) else { continue };
        let (detail, proposed_by) = match &told {
            Told::SealApplied(applied) => (String::new(), Some(&applied.keeper)),
            Told::SealCancelled(cancelled) => (cancelled.reason.clone(), cancelled.proposed_by.as_ref()),
            Told::SealFrozen(frozen) => (frozen.reason.clone(), None),
            Told::SealRenewed(renewed) if event.actor_kind == "job" => {
                let detail = if renewed.reason == calendar::BY_CALENDAR {
                    page.say(words::seals::EXPIRING)
                } else {
                    &renewed.reason
                };
                (detail.to_owned(), None)
            }
            Told::SealRenewed(renewed) => (renewed.reason.clone(), None),
            Told::SealUnfrozen(unfrozen) => (unfrozen.reason.clone(), unfrozen.proposed_by.as_ref()),
            Told::SealEnabled(_) | Told::SealFiled(_) | Told::SealMade(_) => (String::new(), None),
        };
        let who = match event.actor_kind.as_str() {
            "staff" => name_of(tx, &mut names, &event.actor).await?,
            "operator" => page.say(&words::audit::by_command(name_of(tx, &mut names, &event.actor).await?)).to_owned(),
            _ => page.say(words::console::BY_RECOVERY).to_owned(),
        };
        let who = match proposed_by.filter(|one| event.actor_kind == "staff" && one.as_str() != event.actor) {
            Some(one) => {
                let one = name_of(tx, &mut names, one.as_str()).await?;
                page.say(&words::seals::two_people(one, who)).to_owned()
            }
            None => who,
        };
        let what = wording::event(&event.kind).map_or(event.kind.as_str(), |words| page.say(words));
        entries.push(Entry { when: event.at().legal_text(), what: sentence(what), detail, who });
    }
    Ok(entries)
}
