//! `/me/history`: what happened to one's account: who signed in or tried to, and what offices did to it.

use std::collections::HashMap;

use axum::{extract::State, response::Response};
use base::{
    Instant, ListPage,
    id::{AccountId, EventId, StaffId},
};
use http::StatusCode;
use identity::{
    events::{
        AccountClosed, AccountLocked, AccountOpened, AccountRenamed, AccountUnlocked, PasswordHandedOut,
        PasswordResetApproved, PasswordResetFiled, PasswordResetRefused, PasswordResetWithdrawn, PasswordSet,
        SignInFailed, SignInSucceeded,
    },
    organisation, session, staff,
};
use records::{
    Event, Tx, archive,
    log::{self, Entry, Filter},
};

use crate::{
    App, Page, Problem,
    kit::{
        form::Query,
        page::html,
        session::Citizen,
        wording::{self, detail_value},
    },
};

/// Entries of the log on one page; those that tell nothing to who owns the account are passed over.
const PAGE: i64 = 40;

/// For how long somebody is told where they begin what an office did to the account.
const TOLD_SECONDS: i64 = 30 * 86_400;

/// What is told of an account to its owner.
const TOLD: [&str; 13] = [
    AccountClosed::KIND.name,
    AccountLocked::KIND.name,
    AccountOpened::KIND.name,
    AccountRenamed::KIND.name,
    AccountUnlocked::KIND.name,
    PasswordHandedOut::KIND.name,
    PasswordResetApproved::KIND.name,
    PasswordResetFiled::KIND.name,
    PasswordResetRefused::KIND.name,
    PasswordResetWithdrawn::KIND.name,
    PasswordSet::KIND.name,
    SignInFailed::KIND.name,
    SignInSucceeded::KIND.name,
];

/// One thing that happened.
pub(super) struct Line {
    pub when: String,
    pub what: String,
    /// Which office did it; oneself, or nobody who had signed in.
    pub who: String,
    pub detail: String,
    is_by_office: bool,
    at: Instant,
}

#[derive(askama::Template)]
#[template(path = "me/history.html")]
struct History {
    page: Page,
    username: String,
    lines: Vec<Line>,
    next: Option<String>,
    is_archived: bool,
}

/// `GET /me/history`.
pub async fn list(
    State(app): State<App>,
    citizen: Citizen,
    page: Page,
    Query(query): Query,
) -> Result<Response, Problem> {
    let stretch = match query.text("after") {
        "" => ListPage::first(PAGE),
        text => ListPage::after(EventId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let mut tx = app.database.read().await?;
    let (lines, next) = lines(&mut tx, &page, &citizen.session.account_id, &stretch).await?;
    let is_archived = archive::last(&mut tx).await? > 0;
    drop(tx);
    let next = next.map(|next| format!("/me/history?after={next}"));
    let username = citizen.session.username.clone();
    Ok(html(StatusCode::OK, &History { page, username, lines, next, is_archived }))
}

/// What an office did to an account lately, the newest of it: its owner is told where they begin.
pub(super) async fn by_office(tx: &mut Tx, page: &Page, account: &AccountId) -> Result<Option<Line>, Problem> {
    let (lines, _) = lines(tx, page, account, &ListPage::first(PAGE)).await?;
    let is_told = |line: &Line| line.is_by_office && line.at > page.visit.at.plus_seconds(-TOLD_SECONDS);
    Ok(lines.into_iter().find(is_told))
}

async fn lines(
    tx: &mut Tx,
    page: &Page,
    account: &AccountId,
    stretch: &ListPage<EventId>,
) -> Result<(Vec<Line>, Option<EventId>), Problem> {
    let filter = Filter { object: Some(account.to_string()), ..Filter::default() };
    let found = log::list(tx, &filter, stretch).await?;
    let mut offices = HashMap::new();
    let mut lines = Vec::new();
    for entry in found.items.iter().filter(|entry| TOLD.contains(&entry.kind.as_str())) {
        let is_sign_in = [SignInFailed::KIND.name, SignInSucceeded::KIND.name].contains(&entry.kind.as_str());
        let who = if is_sign_in { None } else { who(tx, page, &mut offices, entry).await? };
        lines.push(Line {
            when: entry.at().legal_text(),
            what: wording::event(&entry.kind).map(|words| page.sentence(words)).unwrap_or_default(),
            detail: detail(tx, page, entry).await?,
            // With its opening an account begins.
            is_by_office: who.is_some() && entry.kind != AccountOpened::KIND.name,
            who: match who {
                Some(office) => office,
                None if entry.actor_kind == "anonymous" && entry.kind == SignInFailed::KIND.name => {
                    page.say(words::audit::NOBODY_SIGNED_IN).to_owned()
                }
                None => page.say(words::history::ONESELF).to_owned(),
            },
            at: entry.at(),
        });
    }
    Ok((lines, found.next))
}

/// The office of who did it: people answer for what they did to their department, which anybody can ask.
async fn who(
    tx: &mut Tx,
    page: &Page,
    offices: &mut HashMap<String, String>,
    entry: &Entry,
) -> Result<Option<String>, Problem> {
    match entry.actor_kind.as_str() {
        "job" => return Ok(Some(page.say(words::history::SYSTEM).to_owned())),
        "operator" | "staff" => {}
        _ => return Ok(None),
    }
    if let Some(known) = offices.get(&entry.actor) {
        return Ok(Some(known.clone()));
    }
    let member = match StaffId::parse(&entry.actor) {
        Ok(staff) => staff::ever(tx, &staff).await?,
        Err(_) => None,
    };
    let office = match member {
        Some(member) => organisation::find(tx, &member.organisation_id).await?.map(|found| found.name),
        None => None,
    };
    let office = office.unwrap_or_else(|| page.say(words::history::SYSTEM).to_owned());
    offices.insert(entry.actor.clone(), office.clone());
    Ok(Some(office))
}

/// What else is known of it: from where, with which browser, and why not.
async fn detail(tx: &mut Tx, page: &Page, entry: &Entry) -> Result<String, Problem> {
    let mut said = Vec::new();
    if let Some(SignInSucceeded { session, address, .. }) = entry.read() {
        said.push(address);
        // The row of a session is removed in time, its entry stays.
        said.extend(session::device(tx, &session).await?.filter(|device| !device.is_empty()));
    } else if let Some(SignInFailed { reason, address, .. }) = entry.read() {
        said.push(address);
        let reason = detail_value(&entry.kind, "reason", &reason.into());
        said.extend(reason.map(|words| page.say(&words).to_owned()));
    } else if let Some(AccountRenamed { before, after, .. }) = entry.read() {
        said.push(format!("{before} → {after}"));
    } else if let Some(PasswordResetFiled { document, .. }) = entry.read() {
        let document = detail_value(&entry.kind, "document", &document.into());
        said.extend(document.map(|words| page.say(&words).to_owned()));
    }
    Ok(said.join(page.say(words::audit::AND)))
}
