//! Electronic seals: making, filing, enabling, freezing, cancelling, and the one a department seals its licences with.
//!
//! A seal is a text from which its round picture is drawn, a keeper, and a key of its own with a certificate. It seals
//! only while it is enabled and its certificate counts.

mod cabinet;
pub mod calendar;
mod error;
pub mod events;
pub mod keeper;
mod kind;
mod lifecycle;
mod limits;
mod making;
pub mod marked;
mod queries;
mod renewal;

use base::{
    Fault, Instant, ListPage, PageOf,
    id::{KeyId, OrganisationId, SealId, StaffId},
};
use documents::SealText;
use records::Tx;

pub use cabinet::{ActiveSeal, Cabinet};
pub use error::Error;
pub use kind::{SealKind, SealState};
pub use lifecycle::{cancel, freeze, unfreeze};
pub use making::{NewSeal, create};
pub use renewal::renew;

/// The revision that grows when a seal changed.
pub const REVISION: &str = "seals";

/// A seal as we know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealView {
    pub seal_id: SealId,
    /// Whose it is.
    pub organisation_id: OrganisationId,
    pub kind: SealKind,
    /// Its full name.
    pub name: String,
    /// Its 14 digits.
    pub number: String,
    /// Who keeps it.
    pub keeper: StaffId,
    /// Where it is in its life.
    pub state: SealState,
    /// Why it is frozen or cancelled.
    pub reason: Option<String>,
    /// Its key, once it is made.
    pub key_id: Option<KeyId>,
    /// When it was applied for.
    pub applied_at: Instant,
    /// When its state last changed.
    pub changed_at: Instant,
    ring: String,
    below: String,
}

impl SealView {
    /// What its picture shows.
    pub fn text(&self) -> SealText {
        SealText { ring: self.ring.clone(), below: self.below.clone(), number: self.number.clone() }
    }

    /// How it is now, for whoever looks at it and acts afterwards: another text once its state or its key has changed.
    pub fn seen(&self) -> String {
        let key = self.key_id.as_ref().map_or("-", KeyId::as_str);
        format!("{} {} {key}", self.state, self.changed_at.as_micros())
    }
}

/// One seal, of whatever department.
pub async fn find(tx: &mut Tx, seal: &SealId) -> Result<Option<SealView>, Fault> {
    queries::by_id(tx, seal).await
}

/// The seal with the number that stands on it.
pub async fn find_by_number(tx: &mut Tx, number: &str) -> Result<Option<SealView>, Fault> {
    queries::by_number(tx, number).await
}

/// The first seals of this name, however it is typed: that of now, and those that were before it.
pub async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Vec<SealView>, Fault> {
    queries::by_name(tx, &base::name::key(name), limits::OF_ONE_NAME_MAX).await
}

/// Gives some seals of an older version, which had none, the keys by which they are found by their names; how many.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    queries::key_some(tx).await
}

/// What every seal is called, in whatever state, and whose it is.
pub async fn names(tx: &mut Tx) -> Result<Vec<(String, OrganisationId)>, Fault> {
    let names = queries::names(tx).await?;
    Ok(names.into_iter().map(|(name, organisation)| (name, OrganisationId::stored(organisation))).collect())
}

/// The seals of a department, oldest first.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    page: &ListPage<SealId>,
) -> Result<PageOf<SealView, SealId>, Fault> {
    let rows = queries::list(tx, organisation, page).await?;
    Ok(PageOf::from_rows(rows, page.limit, |row| row.seal_id.clone()))
}

#[cfg(test)]
mod tests;
