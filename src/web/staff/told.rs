//! Entries of the event log in words, for auditors, who see whom and what they mean, and for operators, who see
//! identifiers.

use std::collections::HashMap;

use base::id::{AccountId, LicenceId, OrganisationId, PersonId, RequestId, StaffId};
use identity::{account, organisation, person, staff};
use licence::register;
use oidc::client::{self, ClientId};
use records::{Tx, log::Entry};

use crate::{
    Page, Problem,
    kit::{page::sentence, wording},
    staff::proposed::called,
};

/// An entry as a line.
pub(super) struct Line {
    pub number: String,
    pub when: String,
    pub who: String,
    /// The identifier of a member of staff, to what else that person did.
    pub actor: Option<String>,
    pub what: String,
    /// The identifier of what it is about, and what that is called.
    pub about: String,
    pub about_name: String,
    pub detail: String,
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
    Ok(Line {
        number: entry.sequence.map(|number| number.to_string()).unwrap_or_default(),
        when: entry.at().legal_text(),
        who,
        actor: ["operator", "staff"].contains(&entry.actor_kind.as_str()).then(|| entry.actor.clone()),
        what: sentence(what),
        about: entry.object.clone(),
        about_name: names.of(tx, &entry.object).await?,
        detail: detail(page, tx, names, entry).await?,
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
        "job" => page.say(&words::audit::by_job(&entry.actor)).to_owned(),
        "client" => page.say(&words::audit::by_client(names.of_client(tx, page, &entry.actor).await?)).to_owned(),
        "operator" => page.say(&words::audit::by_command(names.of(tx, &entry.actor).await?)).to_owned(),
        _ => names.of(tx, &entry.actor).await?,
    })
}

/// The details, one after the other, each with its words and the names of whom and what it means.
async fn detail(page: &Page, tx: &mut Tx, names: &mut Names, entry: &Entry) -> Result<String, Problem> {
    let Ok(serde_json::Value::Object(details)) = serde_json::from_str(&entry.data) else { return Ok(String::new()) };
    let mut said = Vec::new();
    for (name, value) in details {
        let value = match value {
            serde_json::Value::String(text) if name == "act" => page.say(called(&text)).to_owned(),
            serde_json::Value::String(text) => match wording::detail_value(&entry.kind, &name, &text) {
                Some(words) => page.say(&words).to_owned(),
                None => names.of(tx, &text).await?,
            },
            serde_json::Value::Array(fields) if name == "fields" => {
                let fields = fields.iter().filter_map(|field| wording::changed(field.as_str()?));
                fields.map(|words| page.say(&words).to_owned()).collect::<Vec<_>>().join(page.say(words::consent::AND))
            }
            other => other.to_string(),
        };
        let name = wording::detail(&name).map_or(name.as_str(), |words| page.say(words)).to_owned();
        said.push(page.say(&words::audit::said(name, value)).to_owned());
    }
    Ok(said.join(page.say(words::audit::AND)))
}

/// The names behind identifiers, each looked up once.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<String, String>,
    are_hidden: bool,
}

impl Names {
    /// No names: every identifier stays one.
    pub fn hidden() -> Self {
        Self { are_hidden: true, ..Self::default() }
    }

    /// What somebody or something with this identifier is called.
    ///
    /// # Errors
    ///
    /// When the database is out of reach.
    pub async fn of(&mut self, tx: &mut Tx, id: &str) -> Result<String, Problem> {
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
        } else {
            None
        };
        let name = found.unwrap_or_else(|| id.to_owned());
        self.known.insert(id.to_owned(), name.clone());
        Ok(name)
    }

    async fn of_client(&mut self, tx: &mut Tx, page: &Page, id: &str) -> Result<String, Problem> {
        if self.are_hidden {
            return Ok(id.to_owned());
        }
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let found = match ClientId::parse(id) {
            Ok(id) => client::find(tx, &id).await?,
            Err(_) => None,
        };
        let name = found.map_or_else(|| id.to_owned(), |client| page.say(&client.name).to_owned());
        self.known.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}

/// A number as somebody reads it out or copies it: with spaces, in small letters, without what stands before it.
pub(super) fn request_number(typed: &str) -> Option<RequestId> {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    let number = plain.strip_prefix("REQ_").unwrap_or(&plain);
    RequestId::parse(&format!("req_{number}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_however_it_was_copied() {
        let number = "01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
        let right = RequestId::parse(&format!("req_{number}")).unwrap();
        for typed in [
            format!("req_{number}"),
            format!("  req_{number}\n"),
            number.to_owned(),
            format!("REQ_{}", number.to_lowercase()),
            format!("req_{} {}", &number[..8], &number[8..]),
        ] {
            assert_eq!(request_number(&typed).as_ref(), Some(&right), "{typed:?}");
        }
        for typed in ["", "req_", "lic_01K9Q3ZV5T8M2C4N6R7S9W0XYZ", "req_01K9Q3ZV5T8M2C4N6R7S9W0XY", "请求"] {
            assert_eq!(request_number(typed), None, "{typed:?}");
        }
    }
}
