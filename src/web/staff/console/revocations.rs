//! `/console/revocations`: what one person of the department wants revoked and another one approves.

use std::collections::HashMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{ListPage, id::RevocationId};
use http::StatusCode;
use identity::{Progress, Reason, Role};
use licence::{
    DecisionNumber, Licence, Status,
    events::{LicenceOpened, RevocationOpened},
    own_affair,
    reason::SuspensionReason,
    register,
    revocation::{self, Revocation, RevocationState},
};
use records::{Tx, Work};

use super::parts::{PAGE, choices, name_of, system_name, tag, type_name};
use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::Worded,
    },
    staff::{
        confirm::{self, Act, Asked},
        proposed::progress_tag,
    },
};

/// One revocation in a list.
pub(super) struct Line {
    pub id: String,
    pub type_name: String,
    pub holder: String,
    pub decision: String,
    pub filed_by: String,
    pub when: String,
    pub kind: &'static str,
    pub state: &'static str,
}

/// Revocations as lines of a list.
pub(super) async fn lines(app: &App, tx: &mut Tx, page: &Page, found: &[Revocation]) -> Result<Vec<Line>, Problem> {
    let (mut names, mut lines) = (HashMap::new(), Vec::with_capacity(found.len()));
    for one in found {
        let licence = register::by_id(tx, &one.licence).await?.ok_or(Problem::NotFound)?;
        let (kind, state) = state_tag(page, one.state);
        lines.push(Line {
            id: one.id.to_string(),
            type_name: type_name(app, page, &licence)?,
            holder: licence.holder_shown.clone(),
            decision: decision(page, one),
            filed_by: filer(tx, page, &mut names, one).await?,
            when: one.filed_at.legal_text(),
            kind,
            state,
        });
    }
    Ok(lines)
}

/// Who answers for it: a member of staff, or the system that asked.
async fn filer(
    tx: &mut Tx,
    page: &Page,
    names: &mut HashMap<String, String>,
    one: &Revocation,
) -> Result<String, Problem> {
    match (&one.filed_by, &one.client) {
        (Some(staff), _) => name_of(tx, names, staff.as_str()).await,
        (None, Some(system)) => system_name(tx, page, names, system).await,
        (None, None) => Ok(String::new()),
    }
}

fn decision(page: &Page, one: &Revocation) -> String {
    one.decision.clone().unwrap_or_else(|| page.say(words::revoking::DECISION_OPEN).to_owned())
}

fn state_tag(page: &Page, state: RevocationState) -> (&'static str, &'static str) {
    match state {
        // Done as it was wanted, and the end of a licence: neither a refusal's red nor the green of what is in force.
        RevocationState::Approved => ("neutral", page.say(words::revoking::APPROVED)),
        RevocationState::Proposed => ("info", page.say(words::revoking::PROPOSED)),
        RevocationState::Ended => progress_tag(page, Progress::Ended),
        RevocationState::Open => progress_tag(page, Progress::Open),
        RevocationState::Refused => progress_tag(page, Progress::Refused),
        RevocationState::Withdrawn => progress_tag(page, Progress::Withdrawn),
    }
}

#[derive(askama::Template)]
#[template(path = "staff/console/revocations.html")]
struct List {
    page: Page,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /console/revocations`.
pub async fn list(State(app): State<App>, staff: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let stretch = match query.text("after") {
        "" => ListPage::first(PAGE),
        text => ListPage::after(RevocationId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let mut tx = app.database.read().await?;
    let found = revocation::list(&mut tx, &staff.appointment.organisation_id, &stretch, page.visit.at).await?;
    let lines = lines(&app, &mut tx, &page, &found.items).await?;
    drop(tx);
    let next = found.next.map(|next| format!("/console/revocations?after={next}"));
    Ok(html(StatusCode::OK, &List { page, lines, next }))
}

/// What is to be revoked, as all of its pages show it.
pub(super) struct Shown {
    pub id: String,
    pub type_name: String,
    pub number: String,
    pub holder: String,
    pub kind: &'static str,
    pub word: String,
}

/// The same for a page that tells nothing else of who looked: that stands in the log before anything is shown.
pub(super) async fn opened(app: &App, staff: &Staff, page: &Page, licence: &Licence) -> Result<Shown, Problem> {
    staff.tell(LicenceOpened { licence: licence.id.clone(), what: "revoke".to_owned() }).await?;
    shown(app, &mut app.database.read().await?, page, licence).await
}

async fn shown(app: &App, tx: &mut Tx, page: &Page, licence: &Licence) -> Result<Shown, Problem> {
    let content = app.library.safe.content(tx, &licence.id).await?;
    let (kind, word) = tag(page, licence.standing(page.visit.at));
    Ok(Shown {
        id: licence.id.to_string(),
        type_name: type_name(app, page, licence)?,
        number: licence.number().to_owned(),
        holder: content.holder_name,
        kind,
        word,
    })
}

/// What both pages that say what follows show of the licence.
pub(super) fn facts(page: &Page, shown: &Shown) -> Vec<(String, String)> {
    vec![
        (page.say(words::console::NUMBER).to_owned(), shown.number.clone()),
        (page.say(words::console::HOLDER).to_owned(), shown.holder.clone()),
    ]
}

#[derive(askama::Template)]
#[template(path = "staff/console/revocation.html")]
struct One {
    page: Page,
    id: String,
    licence: Shown,
    kind: &'static str,
    state: &'static str,
    reason: String,
    decision: String,
    client: String,
    filed_by: String,
    filed_at: String,
    until: String,
    decided_by: String,
    decided_at: String,
    refusal: String,
    is_open: bool,
    is_own: bool,
    /// Whether whoever looks is the holder or acts for it, and can do nothing about it.
    is_own_affair: bool,
    may_adopt: bool,
    may_approve: bool,
    may_refuse: bool,
    may_withdraw: bool,
    may_suspend: bool,
    suspensions: Vec<(&'static str, String)>,
    /// What was typed into the forms.
    typed: String,
    why: String,
    errors: Vec<FieldError>,
}

impl One {
    /// What is wrong with a field.
    fn wrong(&self, field: &str) -> &str {
        FieldError::of(&self.errors, field)
    }
}

/// A form that is shown again, with what is wrong.
#[derive(Default)]
struct Again {
    status: StatusCode,
    decision: Option<String>,
    why: String,
    errors: Vec<FieldError>,
}

impl Again {
    fn of(problem: Problem, page: &Page, field: &str, fields: &Fields) -> Result<Self, Problem> {
        let Problem::Domain { status, text, .. } = problem else { return Err(problem) };
        Ok(Self::wrong(status, vec![FieldError::new(page, field, &text)], fields))
    }

    fn wrong(status: StatusCode, errors: Vec<FieldError>, fields: &Fields) -> Self {
        let decision = fields.has("decision").then(|| fields.text("decision").to_owned());
        Self { status, decision, why: fields.text("why").to_owned(), errors }
    }
}

/// `GET /console/revocations/{id}`.
pub async fn show(
    State(app): State<App>,
    staff: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    one(&app, &staff, page, &id, Again::default()).await
}

async fn find(app: &App, staff: &Staff, page: &Page, id: &str) -> Result<Revocation, Problem> {
    let id = RevocationId::parse(id).map_err(|_| Problem::NotFound)?;
    let mut tx = app.database.read().await?;
    Ok(revocation::find(&mut tx, &staff.appointment.organisation_id, &id, page.visit.at).await?)
}

async fn one(app: &App, staff: &Staff, page: Page, id: &str, again: Again) -> Result<Response, Problem> {
    let found = find(app, staff, &page, id).await?;
    staff.tell(RevocationOpened { licence: found.licence.clone(), revocation: found.id.clone() }).await?;
    let mut tx = app.database.read().await?;
    let licence = register::by_id(&mut tx, &found.licence).await?.ok_or(Problem::NotFound)?;
    let shown = shown(app, &mut tx, &page, &licence).await?;
    let mut names = HashMap::new();
    let filed_by = filer(&mut tx, &page, &mut names, &found).await?;
    let client = match &found.client {
        Some(system) => system_name(&mut tx, &page, &mut names, system).await?,
        None => String::new(),
    };
    let decided_by = match &found.decided_by {
        Some(staff) => name_of(&mut tx, &mut names, staff.as_str()).await?,
        None => String::new(),
    };
    let is_own_affair = own_affair::is_own_licence(&mut tx, &staff.session.person_id, &licence, page.visit.at).await?;
    drop(tx);
    let roles = &staff.appointment.roles;
    let may = |role: Role| roles.has(role) && !is_own_affair;
    let (is_clerk, is_reviewer) = (may(Role::Clerk), may(Role::Reviewer));
    let is_own = found.filed_person.as_ref() == Some(&staff.session.person_id);
    let (is_open, is_proposed) = (found.state == RevocationState::Open, found.state == RevocationState::Proposed);
    let (kind, state) = state_tag(&page, found.state);
    let one = One {
        id: found.id.to_string(),
        licence: shown,
        kind,
        state,
        reason: found.reason.map(|reason| page.sentence(&reason.text())).unwrap_or_default(),
        decision: decision(&page, &found),
        client,
        filed_by,
        filed_at: found.filed_at.legal_text(),
        until: found.ends_at.legal_text(),
        decided_by,
        decided_at: found.decided_at.map(base::Instant::legal_text).unwrap_or_default(),
        refusal: found.refusal.clone().unwrap_or_default(),
        is_open,
        is_own,
        is_own_affair,
        may_adopt: is_clerk && is_proposed,
        may_approve: is_reviewer && is_open && !is_own,
        may_refuse: (is_reviewer && is_open && !is_own) || (is_clerk && is_proposed),
        may_withdraw: is_clerk && is_open && is_own,
        may_suspend: is_clerk && found.state.waits() && licence.status == Status::Valid,
        suspensions: choices(&page, SuspensionReason::ALL, SuspensionReason::code),
        typed: again.decision.or_else(|| found.decision.clone()).unwrap_or_default(),
        why: again.why,
        errors: again.errors,
        page,
    };
    Ok(html(again.status, &one))
}

/// `POST /console/revocations/{id}/approve`: says what follows, until that was seen; then revokes.
pub async fn approve((State(app), reviewer, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let found = find(&app, &reviewer, &page, &id).await?;
    if !confirm::is_confirmed(&fields) && found.state == RevocationState::Open {
        let mut tx = app.database.read().await?;
        let licence = register::by_id(&mut tx, &found.licence).await?.ok_or(Problem::NotFound)?;
        drop(tx);
        let shown = opened(&app, &reviewer, &page, &licence).await?;
        let mut facts = facts(&page, &shown);
        let reason = found.reason.map(|reason| page.sentence(&reason.text())).unwrap_or_default();
        facts.push((page.say(words::forms::REASON).to_owned(), reason));
        facts.push((page.say(words::console::DECISION).to_owned(), decision(&page, &found)));
        let words = (words::revoking::APPROVE, words::revoking::FOLLOWS);
        return Ok(confirm::ask(
            page,
            Act::new(&way(&found.id), "approve", &shown.type_name, words).danger().facts(facts),
        ));
    }
    let approve = async |mut work: Work| {
        revocation::approve(&mut work, &found.id).await?;
        Ok(work.commit().await?)
    };
    let licence = format!("/console/licences/{}", found.licence);
    ending((&app, &reviewer), page, (&found, &licence), ("approve", &fields), approve).await
}

/// `POST /console/revocations/{id}/refuse`.
pub async fn refuse((State(app), by, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let found = find(&app, &by, &page, &id).await?;
    let Ok(why) = Reason::parse(fields.text("why")) else {
        let errors = vec![FieldError::new(&page, "why", words::revoking::WHY_MISSING)];
        let again = Again::wrong(StatusCode::UNPROCESSABLE_ENTITY, errors, &fields);
        return one(&app, &by, page, &id, again).await;
    };
    let refuse = async |mut work: Work| {
        revocation::refuse(&mut work, &found.id, &why).await?;
        Ok(work.commit().await?)
    };
    ending((&app, &by), page, (&found, &way(&found.id)), ("why", &fields), refuse).await
}

/// `POST /console/revocations/{id}/withdraw`.
pub async fn withdraw((State(app), clerk, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let found = find(&app, &clerk, &page, &id).await?;
    let withdraw = async |mut work: Work| {
        revocation::withdraw(&mut work, &found.id).await?;
        Ok(work.commit().await?)
    };
    ending((&app, &clerk), page, (&found, &way(&found.id)), ("withdraw", &fields), withdraw).await
}

/// `POST /console/revocations/{id}/adopt`: the clerk takes on what a system asked for.
pub async fn adopt((State(app), clerk, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let found = find(&app, &clerk, &page, &id).await?;
    let Ok(number) = DecisionNumber::parse(fields.text("decision")) else {
        let errors = vec![FieldError::new(&page, "decision", words::revoking::DECISION_WRONG)];
        let again = Again::wrong(StatusCode::UNPROCESSABLE_ENTITY, errors, &fields);
        return one(&app, &clerk, page, &id, again).await;
    };
    let adopt = async |mut work: Work| {
        revocation::adopt(&mut work, &found.id, &number).await?;
        Ok(work.commit().await?)
    };
    ending((&app, &clerk), page, (&found, &way(&found.id)), ("decision", &fields), adopt).await
}

/// Does what was asked for and leads on, or says on the page of the revocation, beside the field that it is about, why it
/// was not done.
async fn ending<F>(
    (app, by): (&App, &Staff),
    page: Page,
    (found, leads_to): (&Revocation, &str),
    (field, fields): (&str, &Fields),
    operation: impl Fn(Work) -> F,
) -> Result<Response, Problem>
where
    F: Future<Output = Result<(), Problem>>,
{
    match by.attempt(operation).await {
        Ok(()) => Ok(see_other(leads_to)),
        Err(problem) => {
            let again = Again::of(problem, &page, field, fields)?;
            one(app, by, page, found.id.as_str(), again).await
        }
    }
}

/// The page of a revocation.
fn way(id: &RevocationId) -> String {
    format!("/console/revocations/{id}")
}
