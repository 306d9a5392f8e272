//! Changing what is registered of an organisation, with what it was before kept beside it.

mod queries;

use base::{
    Fault, Instant,
    id::{OrganisationId, PersonId},
    name,
};
use records::{Actor, Tx, Work};
use serde::{Deserialize, Serialize};

use super::{OrganisationState, OrganisationView, find};
use crate::{
    Error, Reason,
    events::OrganisationChanged,
    limits, person,
    person::change::Former as FormerName,
    proposal::{self, Approved},
    staff::{self, Role},
};

/// Another legal representative, as proposals name it: whoever it is acts for the organisation.
pub const REPRESENTATIVE: &str = "organisation.representative";

/// What of an organisation can be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub name: String,
    pub address: Option<String>,
    /// The identifier of a person.
    pub legal_representative: Option<String>,
}

impl Facts {
    /// Those of an organisation now.
    pub fn of(view: &OrganisationView) -> Self {
        Self {
            name: view.name.clone(),
            address: view.address.clone(),
            legal_representative: view.legal_representative.as_ref().map(|person| person.as_str().to_owned()),
        }
    }
}

/// The name of an organisation that somebody typed, beside the one that it has: an unchanged one stays as it is.
///
/// # Errors
///
/// [`Error::Name`] for one that cannot be.
pub fn renamed(before: &str, typed: &str) -> Result<String, Error> {
    if typed.trim() == before { Ok(before.to_owned()) } else { Ok(name::organisation(typed)?) }
}

/// From what was looked at to what is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub before: Facts,
    pub after: Facts,
}

impl Change {
    /// Whether somebody else will act for it.
    pub fn widens(&self) -> bool {
        self.after.legal_representative.is_some() && self.after.legal_representative != self.before.legal_representative
    }
}

/// An organisation as it was, until then.
#[derive(Clone, Debug)]
pub struct Former {
    pub until: Instant,
    pub name: String,
    /// Who acted for it.
    pub representative: Option<PersonId>,
    /// The name of that person.
    pub legal_representative: Option<String>,
    pub address: Option<String>,
}

/// Changes an organisation at once.
///
/// # Errors
///
/// [`Error::TwoNeeded`] when somebody else would act for it and a member of staff acts alone; [`Error::NotAllowed`] when
/// who acts is no operator; [`Error::OrganisationUnknown`], also when it has ceased; [`Error::Stale`] when it is not any
/// more as it was looked at, [`Error::Unchanged`] when nothing is different; [`Error::Name`], [`Error::Field`] for what is
/// not well formed; [`Error::PersonUnknown`], [`Error::PersonDeceased`] for who cannot represent it.
pub async fn at_once(
    work: &mut Work,
    organisation: &OrganisationId,
    change: &Change,
    reason: &Reason,
) -> Result<(), Error> {
    if !matches!(work.actor(), Actor::Operator { .. }) {
        staff::acting(work, Role::Operator).await?;
        if change.widens() {
            return Err(Error::TwoNeeded);
        }
    }
    apply(work, organisation, change).await?;
    reason.record(work, organisation.as_str());
    Ok(())
}

/// Proposes another legal representative.
///
/// # Errors
///
/// As for [`at_once`] and [`proposal::propose`].
pub async fn propose(
    work: &mut Work,
    organisation: &OrganisationId,
    change: &Change,
    reason: &Reason,
) -> Result<(), Error> {
    check(work, organisation, change).await?;
    proposal::propose(work, REPRESENTATIVE, organisation.as_str(), change, reason).await?;
    Ok(())
}

/// Does what two operators want of an organisation.
///
/// # Errors
///
/// As for [`at_once`], when it cannot be done any more.
pub async fn carry_out(work: &mut Work, approved: &Approved) -> Result<(), Error> {
    let proposal = approved.proposal();
    apply(work, &OrganisationId::stored(proposal.object.clone()), &proposal.change()?).await
}

/// What an organisation was, the newest first.
pub async fn history(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Former>, Fault> {
    queries::history(tx, organisation, limits::LIST_PAGE).await
}

/// What an organisation was called before, the newest first.
pub async fn former_names(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<FormerName>, Fault> {
    let mut next = find(tx, organisation).await?.map(|found| found.name).unwrap_or_default();
    // What changed something else than the name is passed over.
    let mut renamings = Vec::new();
    for one in history(tx, organisation).await? {
        if one.name != next {
            renamings.push((one.name.clone(), one.until));
        }
        next = one.name;
    }
    let since: Vec<_> = renamings.iter().skip(1).map(|(_, until)| Some(*until)).chain([None]).collect();
    let former = |((name, until), since)| FormerName { name, since, until };
    Ok(renamings.into_iter().zip(since).map(former).collect())
}

/// Gives some names of before, which an older version kept without, the keys by which organisations are found by them; how many.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    queries::key_some(tx).await
}

async fn apply(work: &mut Work, organisation: &OrganisationId, change: &Change) -> Result<(), Error> {
    check(work, organisation, change).await?;
    let at = work.at();
    queries::change(&mut work.tx, organisation, &change.before, &change.after, at).await?;
    let told = |facts: &Facts| serde_json::to_string(facts).map_err(Fault::broken);
    let (before, after) = (told(&change.before)?, told(&change.after)?);
    work.record(OrganisationChanged { organisation: organisation.clone(), before, after });
    Ok(())
}

/// Whether the change can be made now; the organisation is held until the commit.
async fn check(work: &mut Work, organisation: &OrganisationId, change: &Change) -> Result<(), Error> {
    queries::hold(&mut work.tx, organisation).await?;
    let found = find(&mut work.tx, organisation).await?;
    let found = found.filter(|found| found.state != OrganisationState::Ceased).ok_or(Error::OrganisationUnknown)?;
    if Facts::of(&found) != change.before {
        return Err(Error::Stale);
    }
    if change.before == change.after {
        return Err(Error::Unchanged);
    }
    let after = &change.after;
    if renamed(&change.before.name, &after.name)? != after.name {
        return Err(Error::Field { field: "name" });
    }
    let is_plain = |address: &String| {
        base::line(address, limits::PROFILE_FIELD_CHARACTERS_MAX).is_some_and(|plain| plain == *address)
    };
    if !after.address.as_ref().is_none_or(is_plain) {
        return Err(Error::Field { field: "address" });
    }
    if let Some(representative) = &after.legal_representative
        && change.widens()
    {
        person::living(&mut work.tx, &PersonId::stored(representative.clone())).await?;
    }
    Ok(())
}
