//! Legal persons: departments and enterprises.

pub mod change;
mod queries;

use base::{
    Fault, Instant, ListPage, PageOf,
    id::{OrganisationId, PersonId},
    name,
    number::CreditCode,
};
use records::{Seen, Tx, Value, Work};

use crate::{
    Error,
    events::{OrganisationCeased, OrganisationRegistered, OrganisationResumed, OrganisationSuspended},
    limits, mandate,
};

/// What kind of legal person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganisationKind {
    /// A department: issues licences, has staff, may run apps.
    Department,
    /// Anyone else.
    Enterprise,
}

impl OrganisationKind {
    /// The kind, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Enterprise => "enterprise",
        }
    }

    fn stored(code: &str) -> Self {
        if code == "department" { Self::Department } else { Self::Enterprise }
    }
}

/// Whether an organisation may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganisationState {
    /// It may.
    Active,
    /// It exists no more, or its registration was revoked: for good.
    Ceased,
    /// Not until it resumes: a suspended department issues nothing.
    Suspended,
}

impl OrganisationState {
    /// The state, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ceased => "ceased",
            Self::Suspended => "suspended",
        }
    }

    fn stored(code: &str) -> Self {
        match code {
            "active" => Self::Active,
            "suspended" => Self::Suspended,
            _ => Self::Ceased,
        }
    }
}

/// An organisation to be registered.
#[derive(Clone, Debug)]
pub struct NewOrganisation {
    pub name: String,
    pub credit_code: CreditCode,
    pub kind: OrganisationKind,
    pub legal_representative: Option<PersonId>,
}

/// An organisation as we know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationView {
    pub organisation_id: OrganisationId,
    pub name: String,
    pub credit_code: CreditCode,
    pub kind: OrganisationKind,
    pub legal_representative: Option<PersonId>,
    pub state: OrganisationState,
    pub(crate) registered_at: Instant,
    /// Where it has its seat, if anybody wrote it down.
    pub address: Option<String>,
}

impl OrganisationView {
    /// Refuses to rest on this when it was changed past the product.
    ///
    /// # Errors
    ///
    /// [`Fault`] then, and when the database is out of reach.
    pub async fn rely_on(&self, tx: &mut Tx) -> Result<(), Fault> {
        tx.rely_on("organisation", self.seen(&[self.organisation_id.as_str()])).await
    }

    /// Whether this is as the last act left it.
    pub(crate) async fn is_unchanged(&self, tx: &mut Tx) -> Result<bool, Fault> {
        tx.is_as_read("organisation", self.seen(&[self.organisation_id.as_str()])).await
    }

    fn seen<'a>(&self, key: &'a [&'a str]) -> Seen<'a> {
        let columns = vec![
            ("name", Value::from(self.name.as_str())),
            ("credit_code", Value::from(self.credit_code.as_str())),
            ("kind", Value::from(self.kind.code())),
            ("legal_representative", Value::from(self.legal_representative.as_ref())),
            ("state", Value::from(self.state.code())),
            ("address", Value::from(self.address.as_deref())),
        ];
        Seen { key, columns }
    }
}

/// Registers an organisation.
pub async fn register(work: &mut Work, new: NewOrganisation) -> Result<OrganisationId, Error> {
    let name = name::organisation(&new.name)?;
    if let Some(person) = &new.legal_representative
        && crate::person::find(&mut work.tx, person).await?.is_none()
    {
        return Err(Error::PersonUnknown);
    }
    let organisation: OrganisationId = work.new_id();
    let view = OrganisationView {
        organisation_id: organisation.clone(),
        name,
        credit_code: new.credit_code,
        kind: new.kind,
        legal_representative: new.legal_representative,
        state: OrganisationState::Active,
        registered_at: work.at(),
        address: None,
    };
    if !queries::insert(&mut work.tx, &view).await? {
        return Err(Error::CreditCodeTaken);
    }
    work.record(OrganisationRegistered { organisation: organisation.clone() });
    Ok(organisation)
}

/// Suspends an organisation until it resumes.
///
/// # Errors
///
/// [`Error::OrganisationUnknown`], also when it is not active.
pub async fn suspend(work: &mut Work, organisation: &OrganisationId) -> Result<(), Error> {
    change(work, organisation, &[OrganisationState::Active], OrganisationState::Suspended).await?;
    work.record(OrganisationSuspended { organisation: organisation.clone() });
    Ok(())
}

/// Lets a suspended organisation act again.
///
/// # Errors
///
/// [`Error::OrganisationUnknown`], also when it is not suspended.
pub async fn resume(work: &mut Work, organisation: &OrganisationId) -> Result<(), Error> {
    change(work, organisation, &[OrganisationState::Suspended], OrganisationState::Active).await?;
    work.record(OrganisationResumed { organisation: organisation.clone() });
    Ok(())
}

/// Writes down that an organisation ceased to exist, or that its registration was revoked. That is for good.
///
/// # Errors
///
/// [`Error::OrganisationUnknown`], also when it has ceased before.
pub async fn cease(work: &mut Work, organisation: &OrganisationId) -> Result<(), Error> {
    change(work, organisation, &[OrganisationState::Active, OrganisationState::Suspended], OrganisationState::Ceased)
        .await?;
    work.record(OrganisationCeased { organisation: organisation.clone() });
    Ok(())
}

async fn change(
    work: &mut Work,
    organisation: &OrganisationId,
    from: &[OrganisationState],
    to: OrganisationState,
) -> Result<(), Error> {
    for from in from {
        if queries::set_state(&mut work.tx, organisation, *from, to).await? {
            return Ok(());
        }
    }
    Err(Error::OrganisationUnknown)
}

/// One organisation.
pub async fn find(tx: &mut Tx, organisation: &OrganisationId) -> Result<Option<OrganisationView>, Fault> {
    queries::by_id(tx, organisation).await
}

/// One organisation as the last act left it: what others rest on.
///
/// # Errors
///
/// [`Fault`] when the row was changed past the product, and when the database is out of reach.
pub async fn find_unchanged(tx: &mut Tx, organisation: &OrganisationId) -> Result<Option<OrganisationView>, Fault> {
    let found = find(tx, organisation).await?;
    if let Some(found) = &found {
        found.rely_on(tx).await?;
    }
    Ok(found)
}

/// The organisation with this credit code.
pub async fn find_by_code(tx: &mut Tx, code: &CreditCode) -> Result<Option<OrganisationView>, Fault> {
    queries::by_code(tx, code).await
}

/// The first organisations that have this name, however it is typed, and behind them those that had it before.
pub async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Vec<OrganisationView>, Fault> {
    let key = name::key(name);
    let mut found = queries::by_name(tx, &key, limits::LIST_PAGE).await?;
    for former in queries::by_former_name(tx, &key, limits::LIST_PAGE).await? {
        if found.iter().all(|known| known.organisation_id != former.organisation_id) {
            found.push(former);
        }
    }
    Ok(found)
}

/// Gives some rows of an older version, which had none, the keys by which organisations are found by their names; how many.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    queries::key_some(tx).await
}

/// Organisations of one kind, in the order they were registered.
pub async fn list(
    tx: &mut Tx,
    kind: OrganisationKind,
    page: &ListPage<OrganisationId>,
) -> Result<PageOf<OrganisationView, OrganisationId>, Fault> {
    let rows = queries::list(tx, kind, page).await?;
    Ok(PageOf::from_rows(rows, page.limit, |row| row.organisation_id.clone()))
}

/// Whether something can have been asked of the product at an instant: after its first department was registered, before
/// which nobody signed in, and not later than now, as far as clocks of nodes agree.
pub async fn can_have_been_asked(tx: &mut Tx, asked: Instant, now: Instant) -> Result<bool, Fault> {
    if asked > now.plus_seconds(limits::CLOCKS_APART_SECONDS) {
        return Ok(false);
    }
    let first = list(tx, OrganisationKind::Department, &ListPage::first(1)).await?.items;
    Ok(first.first().is_none_or(|first| asked >= first.organisation_id.drawn_at()))
}

/// Organisations that a person may act for at an instant: as legal representative or under a mandate.
pub async fn of_person(tx: &mut Tx, person: &PersonId, at: Instant) -> Result<Vec<OrganisationView>, Fault> {
    let mut organisations = Vec::new();
    for found in queries::of_person(tx, person, at).await? {
        let is_representative = found.legal_representative.as_ref() == Some(person);
        let may_act = is_representative || mandate::runs(tx, &found.organisation_id, person, at).await?;
        if may_act && found.is_unchanged(tx).await? {
            organisations.push(found);
        }
    }
    Ok(organisations)
}
