//! What stands in the records about a licence, and how it is found.

pub mod content;
pub mod decision;
pub mod holder;
pub mod licence;
pub mod number;
pub(crate) mod pieces;
pub(crate) mod queries;
pub mod reason;
pub mod safe;
pub mod suggested;

use base::{
    Fault, ListPage, PageOf,
    id::{EventId, LicenceId, OrganisationId},
};
use records::{Event, Tx, log};

use crate::events::IssueIntended;
use holder::Holder;
use licence::{Licence, Status};
pub use queries::{by_code, by_id, by_identifier, newest_in_force, renewed_by};

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
    }
    rows.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(PageOf::from_rows(rows, page.limit, |licence| licence.id.clone()))
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
