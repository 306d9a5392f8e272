//! One file for each command.

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, anyhow};
use base::{
    Instant, ListPage,
    id::{OrganisationId, PersonId},
    number::CreditCode,
};
use identity::{
    account,
    organisation::{OrganisationKind, OrganisationView},
};
use licence::events::{IssueVoided, LicenceRevoked};
use pki::{Ending, calendar::Ends};
use records::{Database, Event, EventRow, Tx};

pub mod archive;
pub mod audit;
pub mod backup;
pub mod bootstrap;
pub mod client;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod events;
pub mod keys;
pub mod licence_type;
pub mod migrate;
pub mod operator;
pub mod organisation;
pub mod person;
pub mod restore;
pub mod seal;
pub mod serve;
pub mod staff;

/// Writes to standard output; a reader that went away (`| head`) is no error.
///
/// # Errors
///
/// Never so far; the type is what commands return.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
    Ok(())
}

/// Whether what is listed, shown or added is said to a program.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// From now on what commands tell is said to a program.
pub fn speak_json() {
    AS_JSON.store(true, Ordering::Relaxed);
}

/// Says one thing: in words, or as an object of JSON on a line of its own.
///
/// # Errors
///
/// Never so far, as [`print`].
fn tell(words: &str, object: &serde_json::Value) -> anyhow::Result<()> {
    if AS_JSON.load(Ordering::Relaxed) { print(&format!("{object}\n")) } else { print(&format!("{words}\n")) }
}

/// What a rule says of a field, by the option that the command has for it.
fn by_option(error: oidc::Error, options: &[(&str, &str)]) -> anyhow::Error {
    let of = |field: &str| options.iter().find(|(known, _)| *known == field).map(|(_, option)| *option);
    match &error {
        oidc::Error::Registration { field, flaw } => match of(field) {
            Some(option) => anyhow!("{option}: {flaw}"),
            None => error.into(),
        },
        _ => error.into(),
    }
}

/// Something that ends, as a line: when, what, and what takes its place.
fn ending_line(ending: &Ending, now: Instant) -> String {
    let (kind, key) = ending.what.kind();
    let mut what = kind.replace('_', " ");
    if let Ends::Key(purpose, _) = &ending.what {
        what = format!("{what} {purpose}");
    }
    let days = ending.at.seconds_since(now).div_euclid(86_400);
    let when = if days < 0 { "has ended".to_owned() } else { format!("in {days} days") };
    let next = match ending.replaced_at {
        Some(at) if ending.is_overdue(now) => format!("to be replaced by itself since {}, and was not", at.date()),
        Some(at) => format!("replaced by itself on {}", at.date()),
        None if matches!(ending.what, Ends::CommandKey(_)) => "`guosuo operator bind` makes the next".to_owned(),
        None => "somebody has to see to it".to_owned(),
    };
    // A name is in the city's language; a key of a purpose is told by that.
    let name = if matches!(ending.what, Ends::Key(..)) { String::new() } else { format!("“{}”  ", ending.name) };
    format!("{} ({when})  {what}  {name}{key}: {next}", ending.at.date())
}

/// How many of these events are of a kind.
fn count<E: Event>(events: &[EventRow]) -> usize {
    events.iter().filter(|event| event.is::<E>()).count()
}

/// How many licences ended with their holder: those in force, and those that were only numbered.
fn licences_ended(events: &[EventRow]) -> usize {
    count::<LicenceRevoked>(events) + count::<IssueVoided>(events)
}

/// Reads the credit code of a department.
fn credit_code(text: &str) -> anyhow::Result<CreditCode> {
    CreditCode::parse(text).with_context(|| {
        format!(
            "--organisation-code {text} is no unified social credit code, which has 18 digits and capital letters, the \
             last one a check character"
        )
    })
}

/// The organisation that was named by its credit code.
async fn organisation_with(tx: &mut Tx, code: &CreditCode) -> anyhow::Result<OrganisationView> {
    let found = identity::organisation::find_by_code(tx, code).await?;
    found.with_context(|| format!("no organisation has the credit code {code}"))
}

/// The departments that a list is of, one after the other: the one that was named, or every one.
struct Departments<'d> {
    database: &'d Database,
    found: std::vec::IntoIter<OrganisationView>,
    next: Option<ListPage<OrganisationId>>,
}

async fn departments<'d>(database: &'d Database, code: Option<&str>) -> anyhow::Result<Departments<'d>> {
    let Some(code) = code else {
        let next = Some(ListPage::first(ListPage::<OrganisationId>::LIMIT_MAX));
        return Ok(Departments { database, found: Vec::new().into_iter(), next });
    };
    let one = organisation_with(&mut database.read().await?, &credit_code(code)?).await?;
    Ok(Departments { database, found: vec![one].into_iter(), next: None })
}

impl Departments<'_> {
    async fn next(&mut self) -> anyhow::Result<Option<OrganisationView>> {
        loop {
            if let Some(department) = self.found.next() {
                return Ok(Some(department));
            }
            let Some(page) = self.next.take() else { return Ok(None) };
            let kind = OrganisationKind::Department;
            let found = identity::organisation::list(&mut self.database.read().await?, kind, &page).await?;
            self.found = found.items.into_iter();
            self.next = found.next.map(|next| ListPage::after(next, page.limit));
        }
    }
}

/// The person who was named by an account.
async fn person_of(tx: &mut Tx, username: &str) -> anyhow::Result<PersonId> {
    let found = account::find_by_username(tx, username).await?;
    let found = found.with_context(|| format!("no account has the username {username}"))?;
    found.rely_on(tx).await?;
    Ok(found.person_id)
}
