//! Entries of the event log in words, for auditors, who see whom and what they mean, and for operators, who see
//! identifiers.

use std::collections::HashMap;

use base::id::{AccountId, LicenceId, OrganisationId, PersonId, ProposalId, RenamingId, SealId, StaffId};
use identity::{
    account, organisation,
    person::{
        self,
        change::{Renaming, find_renaming},
    },
    proposal, staff,
};
use licence::register;
use oidc::client::{self, ClientId};
use records::{Event, Tx, events::LogAudited, log::Entry};
use serde_json::{Map, Value};

use crate::{
    Page, Problem,
    kit::{page::sentence, wording},
    staff::{audit::found, proposed::called},
};

/// An entry as a line.
pub(super) struct Line {
    pub number: String,
    pub when: String,
    pub who: String,
    /// Where a member of staff works, and in which roles.
    pub office: String,
    /// The identifier of a member of staff, to what else that person did.
    pub actor: Option<String>,
    pub what: String,
    /// The identifier of what it is about, and what that is called.
    pub about: String,
    pub about_name: String,
    /// Whether there are entries about it to go to.
    pub leads: bool,
    pub detail: String,
    /// What is registered otherwise since, field by field.
    pub changes: Vec<String>,
    pub request: Option<String>,
}

/// An entry in words.
///
/// # Errors
///
/// When the database is out of reach.
pub(super) async fn line(page: &Page, tx: &mut Tx, names: &mut Names, entry: &Entry) -> Result<Line, Problem> {
    let who = who(page, tx, names, entry).await?;
    let what = wording::event(&entry.kind).map_or(entry.kind.as_str(), |words| page.say(words));
    let is_staff = ["operator", "staff"].contains(&entry.actor_kind.as_str());
    let mut details = match serde_json::from_str(&entry.data) {
        Ok(Value::Object(details)) => details,
        _ => Map::new(),
    };
    let changes = changes(page, tx, names, &entry.kind, &mut details).await?;
    let about_name = if let Some(words) = wording::object(&entry.kind, &entry.object) {
        page.say(&words).to_owned()
    } else if OF_CLIENTS.iter().any(|begins| entry.kind.starts_with(begins)) {
        names.of_object(page, tx, &entry.object).await?
    } else {
        names.of(page, tx, &entry.object).await?
    };
    Ok(Line {
        number: entry.sequence.map(|number| number.to_string()).unwrap_or_default(),
        when: entry.at().legal_text(),
        who,
        office: if is_staff { names.office(page, tx, &entry.actor).await? } else { String::new() },
        actor: is_staff.then(|| entry.actor.clone()),
        what: sentence(what),
        leads: entry.object != "-" && is_plain(&entry.object),
        about: entry.object.clone(),
        about_name,
        detail: detail(page, tx, names, &entry.kind, details).await?,
        changes,
        request: entry.request_id.clone(),
    })
}

/// Who did it, in words.
///
/// # Errors
///
/// When the database is out of reach.
pub(super) async fn who(page: &Page, tx: &mut Tx, names: &mut Names, entry: &Entry) -> Result<String, Problem> {
    Ok(match entry.actor_kind.as_str() {
        "anonymous" => page.say(words::audit::NOBODY_SIGNED_IN).to_owned(),
        "job" => {
            let job = wording::job(&entry.actor).map_or(entry.actor.as_str(), |words| page.say(words));
            page.say(&words::audit::by_job(job)).to_owned()
        }
        "client" => page.say(&words::audit::by_client(names.of_client(page, tx, &entry.actor).await?)).to_owned(),
        "operator" => page.say(&words::audit::by_command(names.of(page, tx, &entry.actor).await?)).to_owned(),
        _ => names.of(page, tx, &entry.actor).await?,
    })
}

/// What was registered before and what is since, as far as it differs; both leave the details.
async fn changes(
    page: &Page,
    tx: &mut Tx,
    names: &mut Names,
    kind: &str,
    details: &mut Map<String, Value>,
) -> Result<Vec<String>, Problem> {
    if let Some(said) = renamed(page, tx, names, details).await? {
        return Ok(vec![said]);
    }
    let terms = |name: &str| serde_json::from_str::<Map<String, Value>>(details.get(name)?.as_str()?).ok();
    let Some((before, after)) = terms("before").zip(terms("after")) else { return Ok(Vec::new()) };
    details.retain(|name, _| name != "before" && name != "after");
    let mut changes = Vec::new();
    for (field, now) in &after {
        let was = before.get(field).unwrap_or(&Value::Null);
        if was != now {
            let label = wording::registered(kind, field).map_or(field.clone(), |words| page.say(&words).to_owned());
            let was = value(page, tx, names, (kind, field), was).await?;
            let now = value(page, tx, names, (kind, field), now).await?;
            changes.push(page.say(&words::audit::changed(label, was, now)).to_owned());
        }
    }
    Ok(changes)
}

/// From which name to which a correction led: the entry names the correction, and only those who may know names read it.
async fn renamed(
    page: &Page,
    tx: &mut Tx,
    names: &Names,
    details: &mut Map<String, Value>,
) -> Result<Option<String>, Problem> {
    let id = details.get("renaming").and_then(Value::as_str).and_then(|id| RenamingId::parse(id).ok());
    let Some(id) = id.filter(|_| !names.are_hidden) else { return Ok(None) };
    let Some(Renaming { before, after }) = find_renaming(tx, &id).await? else { return Ok(None) };
    details.remove("renaming");
    Ok(Some(page.say(&words::audit::changed(page.say(words::people::NAME), before, after)).to_owned()))
}

/// The details, one after the other, each with its words and the names of whom and what it means.
async fn detail(
    page: &Page,
    tx: &mut Tx,
    names: &mut Names,
    kind: &str,
    details: Map<String, Value>,
) -> Result<String, Problem> {
    let mut said = Vec::new();
    for (name, one) in &details {
        let value = value(page, tx, names, (kind, name), one).await?;
        let name = wording::detail(name).map_or(name.as_str(), |words| page.say(words));
        said.push(page.say(&words::audit::said(name, value)).to_owned());
    }
    Ok(said.join(page.say(words::audit::AND)))
}

/// What kinds begin with whose entries may be about applications.
const OF_CLIENTS: &[&str] = &["client.", "log.read", "oidc.", "reason.given"];

/// Details that name an application.
const CLIENTS: &[&str] = &["attested_by", "client"];

/// What a detail says, with the names of whom and what it means.
async fn value(
    page: &Page,
    tx: &mut Tx,
    names: &mut Names,
    (kind, name): (&str, &str),
    value: &Value,
) -> Result<String, Problem> {
    if let Some(words) = wording::detail_value(kind, name, value) {
        return Ok(page.say(&words).to_owned());
    }
    Ok(match value {
        Value::String(text) if name == "act" => page.say(called(text)).to_owned(),
        Value::String(text) if CLIENTS.contains(&name) => names.of_client(page, tx, text).await?,
        Value::String(text) if name == "about" && kind.starts_with("proposal.") => {
            names.of_object(page, tx, text).await?
        }
        Value::String(text) => names.of(page, tx, text).await?,
        Value::Array(items) if name == "named" && kind == LogAudited::KIND.name => {
            let sentences = items.iter().filter_map(Value::as_str).map(str::to_owned);
            let found = found::named(page, tx, names, sentences).await?;
            found.into_iter().map(|one| one.words).collect::<Vec<_>>().join(" ")
        }
        Value::Array(items) => {
            let mut said = Vec::new();
            for text in items.iter().filter_map(Value::as_str) {
                said.push(match wording::changed(text).filter(|_| name == "fields") {
                    Some(words) => page.say(&words).to_owned(),
                    None => names.of(page, tx, text).await?,
                });
            }
            said.join(page.say(words::consent::AND))
        }
        other => other.to_string(),
    })
}

/// The names behind identifiers, each looked up once.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<String, String>,
    clients: HashMap<String, String>,
    /// Where members of staff work, by their identifiers.
    offices: HashMap<String, String>,
    are_hidden: bool,
}

impl Names {
    /// No names: every identifier stays one.
    pub fn hidden() -> Self {
        Self { are_hidden: true, ..Self::default() }
    }

    /// Whether every identifier stays one.
    pub fn are_hidden(&self) -> bool {
        self.are_hidden
    }

    /// What somebody or something with this identifier is called.
    ///
    /// # Errors
    ///
    /// When the database is out of reach.
    pub async fn of(&mut self, page: &Page, tx: &mut Tx, id: &str) -> Result<String, Problem> {
        if self.are_hidden {
            return Ok(id.to_owned());
        }
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let found = if let Ok(staff) = StaffId::parse(id) {
            staff::ever(tx, &staff).await?.map(|view| view.name)
        } else if let Ok(person) = PersonId::parse(id) {
            person::find(tx, &person).await?.map(|view| view.name)
        } else if let Ok(account) = AccountId::parse(id) {
            account::find(tx, &account).await?.map(|view| view.username)
        } else if let Ok(organisation) = OrganisationId::parse(id) {
            organisation::find(tx, &organisation).await?.map(|view| view.name)
        } else if let Ok(licence) = LicenceId::parse(id) {
            register::by_id(tx, &licence).await?.map(|licence| licence.number().to_owned())
        } else if let Ok(seal) = SealId::parse(id) {
            seal::find(tx, &seal).await?.map(|seal| seal.name)
        } else if let Ok(proposal) = ProposalId::parse(id) {
            let found = proposal::find(tx, &proposal, page.visit.at).await?;
            found.map(|proposal| page.say(called(&proposal.kind)).to_owned())
        } else {
            None
        };
        let name = found.unwrap_or_else(|| id.to_owned());
        self.known.insert(id.to_owned(), name.clone());
        Ok(name)
    }

    /// What an application is called.
    ///
    /// # Errors
    ///
    /// When the database is out of reach.
    pub async fn of_client(&mut self, page: &Page, tx: &mut Tx, id: &str) -> Result<String, Problem> {
        if self.are_hidden {
            return Ok(id.to_owned());
        }
        if let Some(known) = self.clients.get(id) {
            return Ok(known.clone());
        }
        let found = match ClientId::parse(id) {
            Ok(id) => client::find(tx, &id).await?,
            Err(_) => None,
        };
        let name = found.map_or_else(|| id.to_owned(), |client| page.say(&client.name).to_owned());
        self.clients.insert(id.to_owned(), name.clone());
        Ok(name)
    }

    /// What the object of an act or a proposal is called. The identifier of an application is a plain word, which elsewhere
    /// means other things.
    ///
    /// # Errors
    ///
    /// When the database is out of reach.
    pub async fn of_object(&mut self, page: &Page, tx: &mut Tx, id: &str) -> Result<String, Problem> {
        let name = self.of(page, tx, id).await?;
        if name == id { self.of_client(page, tx, id).await } else { Ok(name) }
    }

    /// Where a member of staff works, or did, and in which roles; nothing while names are hidden.
    async fn office(&mut self, page: &Page, tx: &mut Tx, id: &str) -> Result<String, Problem> {
        if self.are_hidden {
            return Ok(String::new());
        }
        if let Some(known) = self.offices.get(id) {
            return Ok(known.clone());
        }
        let office = match StaffId::parse(id) {
            Ok(staff) => match staff::ever(tx, &staff).await? {
                Some(member) => {
                    let organisation = self.of(page, tx, member.organisation_id.as_str()).await?;
                    let roles = wording::roles(member.roles.iter());
                    page.say(&words::audit::office(organisation, page.say(&roles))).to_owned()
                }
                None => String::new(),
            },
            Err(_) => String::new(),
        };
        self.offices.insert(id.to_owned(), office.clone());
        Ok(office)
    }
}

/// Whether something may be an identifier, by which entries are asked for.
pub(super) fn is_plain(id: &str) -> bool {
    id.len() <= 100 && id.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}
