//! What a holder is told: that a licence was suspended or revoked, until the holder says that this was seen.

use base::{
    Fault, Instant, ListPage,
    id::{LicenceId, PersonId},
};
use records::{Tx, Work};

use crate::{
    error::Error,
    events::LicenceNoticeSeen,
    limits, own_affair,
    register::{
        self,
        holder::Holder,
        licence::{Licence, Status},
    },
};

/// The licences of these holders that are suspended or revoked and of which this person has not said so yet, newest first;
/// no more than fit on a page.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn unseen(tx: &mut Tx, holders: &[Holder], person: &PersonId) -> Result<Vec<Licence>, Fault> {
    let page = ListPage::first(limits::NOTICES_SHOWN_MAX);
    let mut found = Vec::new();
    for holder in holders {
        found.extend(register::queries::unseen(tx, holder, person, &page).await?);
    }
    for licence in register::held_jointly(tx, person, &page).await? {
        if is_unseen(tx, &licence, person).await? {
            found.push(licence);
        }
    }
    // Of a row that somebody changed nothing is told.
    found.retain(|licence| licence.is_intact);
    found.sort_by(|a, b| b.changed_at.cmp(&a.changed_at).then_with(|| b.id.cmp(&a.id)));
    found.truncate(limits::NOTICES_SHOWN_MAX as usize);
    Ok(found)
}

/// Whether there is something about a licence that this person has not seen yet.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn is_unseen(tx: &mut Tx, licence: &Licence, person: &PersonId) -> Result<bool, Fault> {
    Ok(is_told(licence) && !register::queries::is_seen(tx, licence, person).await?)
}

/// How a licence stood on the page on which somebody says that this was seen.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The word of its status.
    pub status: &'a str,
    /// Since when.
    pub since: Instant,
}

/// Writes down that a person has seen how a licence stands, which is the person's own or that of an organisation for
/// which the person acts. Twice is once. When something happened to the licence since the page was made, nothing is
/// written: that has not been seen yet.
///
/// # Errors
///
/// [`Error::NotFound`] for anybody else's licence, and for one of which there is nothing to be told.
pub async fn see(work: &mut Work, person: &PersonId, id: &LicenceId, shown: Shown<'_>) -> Result<(), Error> {
    let at = work.at();
    let licence = register::by_id(&mut work.tx, id).await?.filter(is_told).ok_or(Error::NotFound)?;
    if !own_affair::is_own_licence(&mut work.tx, person, &licence, at).await? {
        return Err(Error::NotFound);
    }
    if (shown.status, shown.since) != (licence.status.as_str(), licence.changed_at) {
        return Ok(());
    }
    if register::queries::see(&mut work.tx, &licence, person, at).await? == 1 {
        work.record(LicenceNoticeSeen {
            licence: id.clone(),
            status: licence.status.as_str().to_owned(),
            since: Some(licence.changed_at.rfc3339()),
        });
    }
    Ok(())
}

fn is_told(licence: &Licence) -> bool {
    licence.is_intact && matches!(licence.status, Status::Suspended | Status::Revoked)
}
