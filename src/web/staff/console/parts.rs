//! What several pages of the console show: a status as a tag, choices, somebody's name, one refusal.

use std::collections::HashMap;

use base::{Fault, id::StaffId};
use identity::staff;
use licence::{Licence, Standing, application::Application, own_affair};
use oidc::client::{self, ClientId};
use records::Tx;

use crate::{
    App, Page, Problem,
    kit::{session::Staff, wording::Worded},
};

/// Items on one page of a list.
pub const PAGE: i64 = 30;

/// A status as a tag: its kind and its word.
pub fn tag(page: &Page, standing: Option<Standing>) -> (&'static str, String) {
    let kind = match standing {
        Some(Standing::Valid) => "good",
        Some(Standing::Suspended) => "warning",
        Some(Standing::Revoked) => "bad",
        Some(Standing::NotYetValid) => "info",
        Some(Standing::Expired | Standing::Superseded) | None => "neutral",
    };
    let word = match standing {
        Some(standing) => page.sentence(&standing.text()),
        None => page.say(words::console::BEING_ISSUED).to_owned(),
    };
    (kind, word)
}

/// The name of the type of a licence.
pub fn type_name(app: &App, page: &Page, licence: &Licence) -> Result<String, Fault> {
    Ok(page.say(&app.library.catalogue.now().of(licence)?.definition.name.text()).to_owned())
}

/// What may be chosen in a form: the code, the words.
pub fn choices<T: Copy + Worded>(page: &Page, all: &[T], code: fn(T) -> &'static str) -> Vec<(&'static str, String)> {
    all.iter().map(|one| (code(*one), page.sentence(&one.text()))).collect()
}

/// A reason must be chosen: nothing is revoked by pressing Enter.
pub fn reason_missing() -> Problem {
    Problem::Domain {
        status: http::StatusCode::UNPROCESSABLE_ENTITY,
        code: "reason_missing",
        text: words::console::REASON_MISSING.clone(),
    }
}

/// Nobody fills in a form about themselves, or about what they act for, which would be refused at its end.
pub async fn refuse_own(tx: &mut Tx, page: &Page, clerk: &Staff, licence: &Licence) -> Result<(), Problem> {
    let is_own = own_affair::is_own_licence(tx, &clerk.session.person_id, licence, page.visit.at).await?;
    if is_own { Err(licence::Error::OwnAffair.into()) } else { Ok(()) }
}

/// Whether what was applied for is the own affair of who looks.
pub async fn is_own_applied(tx: &mut Tx, page: &Page, staff: &Staff, one: &Application) -> Result<bool, Fault> {
    let person = &staff.session.person_id;
    let is_joint = one.content.joint_holder.as_deref() == Some(person.as_str());
    Ok(is_joint || own_affair::is_own(tx, person, &one.holder, page.visit.at).await?)
}

/// The name of a system that asked for something.
pub async fn system_name(
    tx: &mut Tx,
    page: &Page,
    names: &mut HashMap<String, String>,
    id: &str,
) -> Result<String, Problem> {
    if let Some(known) = names.get(id) {
        return Ok(known.clone());
    }
    let found = match ClientId::parse(id) {
        Ok(id) => client::find(tx, &id).await?,
        Err(_) => None,
    };
    let name = found.map_or_else(|| id.to_owned(), |client| page.say(&client.name).to_owned());
    names.insert(id.to_owned(), name.clone());
    Ok(name)
}

/// The name of a member of staff, also of one who has left.
pub async fn name_of(tx: &mut Tx, names: &mut HashMap<String, String>, id: &str) -> Result<String, Problem> {
    if let Some(known) = names.get(id) {
        return Ok(known.clone());
    }
    let name = staff::ever(tx, &StaffId::stored(id.to_owned())).await?.map_or_else(|| id.to_owned(), |view| view.name);
    names.insert(id.to_owned(), name.clone());
    Ok(name)
}
