//! Correcting what is registered of a person. The name, by which others know whom they deal with, takes two operators;
//! how to reach somebody takes one.

mod queries;

use base::{
    Fault, Instant,
    id::{PersonId, RenamingId},
    name,
};
use records::{Actor, Tx, Work};
use serde::{Deserialize, Serialize};

use super::{Address, PersonView, check_profile, find};
use crate::{
    Error, Reason,
    events::PersonChanged,
    limits, phone,
    proposal::{self, Approved},
    staff::{self, Role},
};

/// Another name, as proposals call it.
pub const NAME: &str = "person.name";

/// From the name that was looked at to the one that is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renaming {
    pub before: String,
    pub after: String,
}

impl Renaming {
    /// From the name that a person has to one that somebody typed.
    ///
    /// # Errors
    ///
    /// [`Error::Name`] for one that cannot be.
    pub fn to(person: &PersonView, typed: &str) -> Result<Self, Error> {
        Ok(Self { before: person.name.clone(), after: name::person(typed)? })
    }
}

/// A name that a person had, until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    pub name: String,
    /// Since when; none for the name that the person was registered under.
    pub since: Option<Instant>,
    pub until: Instant,
}

/// How somebody is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub phone_number: Option<String>,
    pub email: Option<String>,
    /// On one line.
    pub address: Option<String>,
    /// Whether somebody of ours saw it proven that the number and the address reach the person.
    #[serde(default)]
    pub phone_verified: bool,
    #[serde(default)]
    pub email_verified: bool,
}

impl Contact {
    /// How a person is reached now.
    pub fn of(person: &PersonView) -> Self {
        let profile = &person.profile;
        let address = profile.address.as_ref().and_then(|address| address.formatted.clone());
        Self {
            phone_number: profile.phone_number.clone(),
            email: profile.email.clone(),
            address: address.map(|address| address.replace('\n', " ")),
            phone_verified: profile.phone_number_verified,
            email_verified: profile.email_verified,
        }
    }
}

/// Corrects a name at once: a matter of the machine's operator, or of two on a page.
///
/// # Errors
///
/// [`Error::TwoNeeded`] for anybody else alone; [`Error::PersonUnknown`] when there is none; [`Error::Stale`] when it is
/// not any more as it was looked at, [`Error::Unchanged`] when it is the same; [`Error::Name`] for one that cannot be.
pub async fn rename(work: &mut Work, person: &PersonId, renaming: &Renaming, reason: &Reason) -> Result<(), Error> {
    if !matches!(work.actor(), Actor::Operator { .. }) {
        return Err(Error::TwoNeeded);
    }
    apply_name(work, person, renaming).await?;
    reason.record(work, person.as_str());
    Ok(())
}

/// Proposes another name.
///
/// # Errors
///
/// [`Error::Own`] for one's own; else as for [`rename`] and [`proposal::propose`].
pub async fn propose(work: &mut Work, person: &PersonId, renaming: &Renaming, reason: &Reason) -> Result<(), Error> {
    of_somebody_else(work, person, Role::Operator).await?;
    check_name(work, person, renaming).await?;
    proposal::propose(work, NAME, person.as_str(), renaming, reason).await?;
    Ok(())
}

/// Does what two operators want of a name.
///
/// # Errors
///
/// As for [`propose`], when it cannot be done any more.
pub async fn carry_out(work: &mut Work, approved: &Approved) -> Result<(), Error> {
    let proposal = approved.proposal();
    let person = PersonId::stored(proposal.object.clone());
    of_somebody_else(work, &person, Role::Operator).await?;
    apply_name(work, &person, &proposal.change()?).await
}

/// Writes down how somebody is reached from now on, and whether who acts saw that proven: the log says who that is.
///
/// # Errors
///
/// [`Error::NotAllowed`] when who acts is no operator, [`Error::Own`] for oneself on a page; [`Error::PersonUnknown`] when
/// there is none; [`Error::Stale`], [`Error::Unchanged`] as for [`rename`]; [`Error::Field`] for what is not well formed, and
/// for what is verified and is not there, or is no number of the world's network.
pub async fn contact(
    work: &mut Work,
    person: &PersonId,
    before: &Contact,
    after: &Contact,
    reason: &Reason,
) -> Result<(), Error> {
    if !matches!(work.actor(), Actor::Operator { .. }) {
        of_somebody_else(work, person, Role::Operator).await?;
    }
    apply_contact(work, person, before, after, reason).await
}

/// The same at a counter, where the person is.
///
/// # Errors
///
/// [`Error::NotAllowed`] when who acts is at no counter; else as for [`contact`].
pub async fn contact_at_counter(
    work: &mut Work,
    person: &PersonId,
    before: &Contact,
    after: &Contact,
    reason: &Reason,
) -> Result<(), Error> {
    of_somebody_else(work, person, Role::Counter).await?;
    apply_contact(work, person, before, after, reason).await
}

async fn apply_contact(
    work: &mut Work,
    person: &PersonId,
    before: &Contact,
    after: &Contact,
    reason: &Reason,
) -> Result<(), Error> {
    let found = held(work, person).await?;
    if Contact::of(&found) != *before {
        return Err(Error::Stale);
    }
    if before == after {
        return Err(Error::Unchanged);
    }
    let mut profile = found.profile;
    let mut fields = Vec::new();
    if before.phone_number != after.phone_number {
        profile.phone_number.clone_from(&after.phone_number);
        fields.push("phone".to_owned());
    }
    if before.email != after.email {
        profile.email.clone_from(&after.email);
        fields.push("email".to_owned());
    }
    if after.phone_verified && after.phone_number.as_deref().and_then(phone::e164).is_none() {
        return Err(Error::Field { field: "phone_number" });
    }
    if after.email_verified && after.email.is_none() {
        return Err(Error::Field { field: "email" });
    }
    // Of another number it is said anew that it was seen proven.
    let phone_differs = before.phone_number != after.phone_number && after.phone_verified;
    if phone_differs || after.phone_verified != before.phone_verified {
        fields.push("phone_verified".to_owned());
    }
    let email_differs = before.email != after.email && after.email_verified;
    if email_differs || after.email_verified != before.email_verified {
        fields.push("email_verified".to_owned());
    }
    profile.phone_number_verified = after.phone_verified;
    profile.email_verified = after.email_verified;
    if before.address != after.address {
        profile.address = after.address.clone().map(|text| Address { formatted: Some(text), ..Address::default() });
        fields.push("address".to_owned());
    }
    check_profile(&profile)?;
    let at = work.at();
    queries::update(&mut work.tx, person, &found.name, &profile, at).await?;
    work.record(PersonChanged { person: person.clone(), fields, renaming: None });
    reason.record(work, person.as_str());
    Ok(())
}

async fn apply_name(work: &mut Work, person: &PersonId, renaming: &Renaming) -> Result<(), Error> {
    let found = check_name(work, person, renaming).await?;
    let (id, at): (RenamingId, Instant) = (work.new_id(), work.at());
    queries::update(&mut work.tx, person, &renaming.after, &found.profile, at).await?;
    queries::keep(&mut work.tx, &id, person, renaming, at).await?;
    work.record(PersonChanged { person: person.clone(), fields: vec!["name".to_owned()], renaming: Some(id) });
    Ok(())
}

/// What a person was called before, the newest first.
pub async fn history(tx: &mut Tx, person: &PersonId) -> Result<Vec<Former>, Fault> {
    queries::history(tx, person, limits::LIST_PAGE).await
}

/// What a correction of a name changed.
pub async fn find_renaming(tx: &mut Tx, id: &RenamingId) -> Result<Option<Renaming>, Fault> {
    queries::renaming(tx, id).await
}

/// Gives some names of before, which an older version kept without, the keys by which persons are found by them; how many.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    queries::key_some(tx).await
}

async fn check_name(work: &mut Work, person: &PersonId, renaming: &Renaming) -> Result<PersonView, Error> {
    let found = held(work, person).await?;
    if found.name != renaming.before {
        return Err(Error::Stale);
    }
    if renaming.before == renaming.after {
        return Err(Error::Unchanged);
    }
    if name::person(&renaming.after)? != renaming.after {
        return Err(Error::Field { field: "name" });
    }
    Ok(found)
}

/// A person, held until the commit.
async fn held(work: &mut Work, person: &PersonId) -> Result<PersonView, Error> {
    queries::hold(&mut work.tx, person).await?;
    find(&mut work.tx, person).await?.ok_or(Error::PersonUnknown)
}

async fn of_somebody_else(work: &mut Work, person: &PersonId, role: Role) -> Result<(), Error> {
    let acting = staff::acting(work, role).await?;
    if acting.person_id == *person { Err(Error::Own) } else { Ok(()) }
}
