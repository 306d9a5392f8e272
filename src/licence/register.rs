//! What stands in the records about a licence, and how it is found.

pub mod content;
pub mod decision;
pub mod holder;
pub(crate) mod joint;
pub mod licence;
pub mod number;
pub(crate) mod pieces;
pub(crate) mod queries;
pub mod reason;
pub mod safe;
pub mod sex;
pub mod suggested;

use base::{
    Date, Fault, ListPage, PageOf,
    id::{EventId, LicenceId, OrganisationId, PersonId},
    number::LicenceIdentifier,
};
use records::{Event, Tx, log};

use crate::events::IssueIntended;
use holder::Holder;
use licence::{Licence, Status};
pub(crate) use queries::{by_code, by_identifier};
pub use queries::{by_id, newest_in_force, renewed_by};

/// The identifier under which people know a licence, also one whose row was changed or taken away: as the log says that it
/// was numbered, and by its row when that entry is in the archive.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn known_identifier(tx: &mut Tx, id: &LicenceId) -> Result<Option<String>, Fault> {
    let (object, kind) = (Some(id.to_string()), Some(IssueIntended::KIND.name.to_owned()));
    let about = log::Filter { object, kind, ..log::Filter::default() };
    let told = log::list(tx, &about, &ListPage::<EventId>::first(1)).await?.items;
    match told.first().and_then(log::Entry::read::<IssueIntended>) {
        Some(intended) => Ok(Some(intended.identifier)),
        None => Ok(by_id(tx, id).await?.map(|licence| licence.identifier)),
    }
}

/// Licences of these holders, newest first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn held_by(
    tx: &mut Tx,
    holders: &[Holder],
    page: &ListPage<LicenceId>,
) -> Result<PageOf<Licence, LicenceId>, Fault> {
    let mut rows = Vec::new();
    for holder in holders {
        rows.extend(queries::held_by(tx, holder, page).await?);
        if let Holder::Person(person) = holder {
            rows.extend(held_jointly(tx, person, page).await?);
        }
    }
    rows.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(PageOf::from_rows(rows, page.limit, |licence| licence.id.clone()))
}

/// Licences that a person holds beside their holders, newest first.
pub(crate) async fn held_jointly(
    tx: &mut Tx,
    person: &PersonId,
    page: &ListPage<LicenceId>,
) -> Result<Vec<Licence>, Fault> {
    let mut held = Vec::new();
    // Of one person they are few: the children.
    for id in joint::held(tx, person, page).await? {
        let found = queries::by_id(tx, &id).await?;
        held.extend(found.filter(|licence| !matches!(licence.status, Status::Intent | Status::Void)));
    }
    Ok(held)
}

/// Licences that one department issued to one holder, newest first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn issued_to(
    tx: &mut Tx,
    issuer: &OrganisationId,
    holder: &Holder,
    page: &ListPage<LicenceId>,
) -> Result<PageOf<Licence, LicenceId>, Fault> {
    let rows = queries::issued_to(tx, issuer, holder, page).await?;
    Ok(PageOf::from_rows(rows, page.limit, |licence| licence.id.clone()))
}

/// Where a licence stands among those that end: its last day, and which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The last day.
    pub on: Date,
    pub licence: LicenceId,
}

impl Ending {
    /// Reads what [`std::fmt::Display`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (on, licence) = text.split_once('.')?;
        Some(Self { on: Date::parse(on).ok()?, licence: LicenceId::parse(licence).ok()? })
    }

    fn of(licence: &Licence) -> Self {
        // Those lists have none without a last day.
        Self { on: licence.valid_until.unwrap_or(licence.valid_from), licence: licence.id.clone() }
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.on, self.licence)
    }
}

/// Licences of a department that were in force to their last day, which has passed; those that ended last first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn expired(
    tx: &mut Tx,
    issuer: &OrganisationId,
    today: Date,
    page: &ListPage<Ending>,
) -> Result<PageOf<Licence, Ending>, Fault> {
    Ok(PageOf::from_rows(queries::expired(tx, issuer, today, page).await?, page.limit, Ending::of))
}

/// Licences of a department in force that end within so many days; those that end first come first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn expiring(
    tx: &mut Tx,
    issuer: &OrganisationId,
    (today, days): (Date, i32),
    page: &ListPage<Ending>,
) -> Result<PageOf<Licence, Ending>, Fault> {
    let until = today.plus_days(days);
    Ok(PageOf::from_rows(queries::expiring(tx, issuer, (today, until), page).await?, page.limit, Ending::of))
}

/// The licences of an issuer that people know by this serial, of types with these codes, in their newest version.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn by_serial(tx: &mut Tx, types: &[&str], issuer_code: &str, serial: &str) -> Result<Vec<Licence>, Fault> {
    let mut found = Vec::new();
    for code in types {
        let Ok(first) = LicenceIdentifier::compose(code, issuer_code, serial, 1) else { continue };
        let Some(mut newest) = by_identifier(tx, &first).await? else { continue };
        while let Some(newer) = renewed_by(tx, &newest).await? {
            match by_id(tx, &newer).await? {
                // Versions are numbered one after the other.
                Some(newer) if newer.version() > newest.version() => newest = newer,
                _ => break,
            }
        }
        found.push(newest);
    }
    Ok(found)
}

/// Licences of these departments, newest first; all, or of one recorded status.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn issued_by(
    tx: &mut Tx,
    issuers: &[OrganisationId],
    status: Option<Status>,
    page: &ListPage<LicenceId>,
) -> Result<PageOf<Licence, LicenceId>, Fault> {
    let mut rows = Vec::new();
    for issuer in issuers {
        rows.extend(queries::issued_by(tx, issuer, status, page).await?);
    }
    rows.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(PageOf::from_rows(rows, page.limit, |licence| licence.id.clone()))
}
