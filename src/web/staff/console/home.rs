//! `/console`: what waits for me.

use axum::{extract::State, response::Response};
use base::{ListPage, id::ProposalId};
use http::StatusCode;
use identity::{
    Progress, Role,
    proposal::{self, ProposalView},
};
use licence::{
    application::{self, ApplicationState},
    revocation,
};
use records::{Tx, backups};

use super::{
    applications::{self, Line},
    revocations, sealing, seals,
};
use crate::{
    App, Page, Problem,
    kit::{page::html, session::Staff},
    staff::proposed::called,
};

/// Applications of each kind on this page, and revocations; the rest are in the lists.
const SHOWN: i64 = 10;
/// Of those that one filed oneself, the newest.
const MINE: i64 = 5;
/// A proposal that was refused is shown to whoever made it for so long after it was made: two weeks, of which it may have
/// waited one.
const REFUSED_SHOWN_SECONDS: i64 = 14 * 86_400;

/// A proposal that another one refused.
struct Refused {
    what: &'static str,
    when: String,
    why: String,
    by: String,
}

#[derive(askama::Template)]
#[template(path = "staff/console/home.html")]
struct Home {
    page: Page,
    department: String,
    is_clerk: bool,
    is_reviewer: bool,
    is_auditor: bool,
    is_operator: bool,
    may_verify: bool,
    /// What the roles without work on this page do, and where.
    elsewhere: Vec<&'static str>,
    /// What systems proposed and a clerk takes on.
    proposed: Vec<Line>,
    waiting: Vec<Line>,
    returned: Vec<Line>,
    /// What waits for one of two operators.
    to_approve: usize,
    /// What whoever looks proposed and was refused lately.
    refused: Vec<Refused>,
    /// Why nothing can be sealed, for those who issue.
    no_seal: Vec<String>,
    /// That no backup was made for so many days, for operators; empty when one was.
    backup_late: String,
    is_keeper: bool,
    /// The seals of a keeper's department.
    seals: Vec<seals::Line>,
    making: Vec<seals::Proposed>,
    /// Revocations that wait.
    revoking: Vec<revocations::Line>,
    /// Those that whoever looks filed, and what became of them.
    filed: Vec<revocations::Line>,
}

/// `GET /console`.
pub async fn home(State(app): State<App>, staff: Staff, page: Page) -> Result<Response, Problem> {
    let roles = &staff.appointment.roles;
    let (is_clerk, is_reviewer) = (roles.has(Role::Clerk), roles.has(Role::Reviewer));
    let mut tx = app.database.read().await?;
    let department = &staff.appointment.organisation_id;
    let mut lists = Vec::new();
    for (wanted, state) in [
        (is_clerk, ApplicationState::Proposed),
        (is_clerk || is_reviewer, ApplicationState::Submitted),
        (is_clerk, ApplicationState::Returned),
    ] {
        let mut lines = Vec::new();
        if wanted {
            let found =
                application::list(&mut tx, &app.library.safe, department, Some(state), &ListPage::first(SHOWN)).await?;
            lines = applications::lines(&app, &mut tx, &page, &found.items, &staff.session.person_id).await?;
        }
        lists.push(lines);
    }
    let is_keeper = roles.has(Role::SealKeeper);
    let seals = if is_keeper { seals::lines(&app, &mut tx, &page, department).await? } else { Vec::new() };
    let making = if is_keeper { seals::making(&mut tx, &page, &staff).await? } else { Vec::new() };
    let at = page.visit.at;
    let (mut revoking, mut filed) = (Vec::new(), Vec::new());
    if is_clerk || is_reviewer {
        let found = revocation::waiting(&mut tx, department, &ListPage::first(SHOWN), at).await?;
        revoking = revocations::lines(&app, &mut tx, &page, &found.items).await?;
    }
    if is_clerk {
        let staff_id = &staff.appointment.staff_id;
        let found = revocation::filed_by(&mut tx, staff_id, &ListPage::first(MINE), at).await?;
        filed = revocations::lines(&app, &mut tx, &page, &found.items).await?;
    }
    let (mut to_approve, mut backup_late) = (0, String::new());
    if roles.has(Role::Operator) {
        let days = app.settings.backup_late_days;
        if backups::standing(&mut tx).await?.is_late(at, days) {
            page.say(&words::backups::late(days)).clone_into(&mut backup_late);
        }
    }
    let mut refused = Vec::new();
    if is_keeper || roles.has(Role::Operator) {
        let found = proposal::list(&mut tx, &ListPage::first(ListPage::<ProposalId>::LIMIT_MAX), at).await?.items;
        if roles.has(Role::Operator) {
            to_approve = found.iter().filter(|one| one.state == Progress::Open).count();
        }
        refused = refused_lately(&mut tx, &page, &staff, &found).await?;
    }
    let issues = is_clerk || is_reviewer;
    let no_seal = if issues { sealing::hindrance(&app, &page, &mut tx, department).await? } else { Vec::new() };
    drop(tx);
    let mut lists = lists.into_iter();
    let [proposed, waiting, returned] = [(); 3].map(|()| lists.next().unwrap_or_default());
    let elsewhere = [
        (Role::Auditor, words::console::AUDITOR_HELP),
        (Role::Operator, words::console::OPERATOR_HELP),
        (Role::SealKeeper, words::console::KEEPER_HELP),
    ];
    let elsewhere =
        elsewhere.into_iter().filter(|(role, _)| roles.has(*role)).map(|(_, help)| page.say(help)).collect();
    let home = Home {
        elsewhere,
        department: staff.appointment.organisation_name.clone(),
        is_clerk,
        is_reviewer,
        is_auditor: roles.has(Role::Auditor),
        is_operator: roles.has(Role::Operator),
        may_verify: [Role::Auditor, Role::Counter].into_iter().any(|role| roles.has(role)),
        proposed,
        waiting,
        returned,
        to_approve,
        refused,
        no_seal,
        backup_late,
        is_keeper,
        seals,
        making,
        revoking,
        filed,
        page,
    };
    Ok(html(StatusCode::OK, &home))
}

/// What whoever looks proposed within the last days and another one refused, with why: the newest first.
async fn refused_lately(
    tx: &mut Tx,
    page: &Page,
    staff: &Staff,
    found: &[ProposalView],
) -> Result<Vec<Refused>, Problem> {
    let since = page.visit.at.plus_seconds(-REFUSED_SHOWN_SECONDS);
    let own = found.iter().filter(|one| one.proposed_by_person == staff.session.person_id && one.proposed_at > since);
    let mut refused = Vec::new();
    for one in own.filter(|one| one.state == Progress::Refused).take(MINE as usize) {
        refused.push(Refused {
            what: page.say(called(&one.kind)),
            when: one.proposed_at.legal_text(),
            why: proposal::decision(tx, one).await?.and_then(|decision| decision.refusal).unwrap_or_default(),
            by: one.decided_by_name.clone().unwrap_or_default(),
        });
    }
    Ok(refused)
}
