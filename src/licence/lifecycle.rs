//! Suspend and reinstate, by somebody who acts for the issuers named; what a revocation leaves. Renewal is an issue that
//! names the older licence; expiry is read off the dates.

use base::{
    Fault,
    id::{LicenceId, OrganisationId, RevocationId, StaffId},
};
use records::Work;

use crate::{
    catalogue::Catalogue,
    error::Error,
    events::{LicenceReinstated, LicenceRevoked, LicenceSuspended},
    issue, own_affair,
    register::{
        self,
        holder::Holder,
        licence::{Licence, Status},
        reason::{RevocationReason, SuspensionReason},
    },
    revocation,
};

/// A licence after an act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// As it stands now.
    pub licence: Licence,
    /// Whether the act changed it; false when it already stood so.
    pub is_new: bool,
}

/// On what a licence is revoked.
pub(crate) struct Ground {
    pub reason: RevocationReason,
    /// The number of the decision.
    pub decision: Option<String>,
    /// What was approved, and who had filed it.
    pub revocation: Option<RevocationId>,
    pub filed_by: Option<StaffId>,
    /// The system that said itself that two people decided.
    pub attested_by: Option<String>,
}

impl Ground {
    /// A reason and no more.
    pub(crate) fn of(reason: RevocationReason) -> Self {
        Self { reason, decision: None, revocation: None, filed_by: None, attested_by: None }
    }
}

/// Suspends a licence from now until it is reinstated. Twice for the same reason is once; the holder was told that
/// reason, so another one is refused.
///
/// # Errors
///
/// [`Error::NotFound`] when there is no such licence, [`Error::OtherDepartment`] when somebody else issued it,
/// [`Error::OwnAffair`] when whoever acts is the holder or acts for it; [`Error::NotIssued`] when it never was;
/// [`Error::AlreadySuspended`] when it is suspended for another reason;
/// [`Error::AlreadyRevoked`] or [`Error::AlreadySuperseded`] when it is out of force for good.
pub async fn suspend(
    work: &mut Work,
    issuers: &[OrganisationId],
    id: &LicenceId,
    reason: SuspensionReason,
) -> Result<Changed, Error> {
    let licence = of_issuer(work, issuers, id).await?;
    own_affair::check_acting(work, &licence).await?;
    match licence.status {
        Status::Intent | Status::Void => Err(Error::NotIssued),
        Status::Revoked => Err(Error::AlreadyRevoked),
        Status::Superseded => Err(Error::AlreadySuperseded),
        Status::Suspended if is_for(&licence, reason.code()) => Ok(Changed { licence, is_new: false }),
        Status::Suspended => Err(Error::AlreadySuspended),
        Status::Valid => {
            let changed = moved(work, licence, Status::Suspended, Some(reason.code())).await?;
            work.record(LicenceSuspended { licence: id.clone(), reason });
            Ok(changed)
        }
    }
}

/// Puts a suspended licence in force again.
///
/// # Errors
///
/// As [`suspend`], and [`Error::NotSuspended`] when it is in force.
pub async fn reinstate(work: &mut Work, issuers: &[OrganisationId], id: &LicenceId) -> Result<Changed, Error> {
    let licence = of_issuer(work, issuers, id).await?;
    own_affair::check_acting(work, &licence).await?;
    match licence.status {
        Status::Intent | Status::Void => Err(Error::NotIssued),
        Status::Revoked => Err(Error::AlreadyRevoked),
        Status::Superseded => Err(Error::AlreadySuperseded),
        Status::Valid => Err(Error::NotSuspended),
        Status::Suspended => {
            let changed = moved(work, licence, Status::Valid, None).await?;
            work.record(LicenceReinstated { licence: id.clone() });
            Ok(changed)
        }
    }
}

/// Revokes what a holder has of the types that end with it, after the death of a person or the end of an organisation.
/// What was only numbered is given up. Each department finds it in its own history.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn holder_ended(work: &mut Work, holder: &Holder) -> Result<(), Error> {
    let reason = RevocationReason::HolderCeased;
    let held = register::queries::not_over(&mut work.tx, holder).await?;
    if held.is_empty() {
        return Ok(());
    }
    // Read anew and not remembered: this happens once in a life, and in any process that has the database.
    let catalogue = Catalogue::load(&mut work.tx).await?;
    // A damaged one is not in force for anybody who verifies it.
    for licence in held.into_iter().filter(|licence| licence.is_intact) {
        if !catalogue.of(&licence)?.definition.ends_with_holder {
            continue;
        }
        if licence.status == Status::Intent {
            issue::void(work, &licence.id, reason.code()).await?;
        } else {
            revoked(work, licence, Ground::of(reason)).await?;
        }
    }
    Ok(())
}

fn is_for(licence: &Licence, reason: &str) -> bool {
    licence.reason.as_deref() == Some(reason)
}

/// A licence that one of these departments issued, which nobody changed past the product.
pub(crate) async fn of_issuer(work: &mut Work, issuers: &[OrganisationId], id: &LicenceId) -> Result<Licence, Error> {
    let licence = register::by_id(&mut work.tx, id).await?.ok_or(Error::NotFound)?;
    // Another status would be written over what was damaged, with a mark that says that it is as it should be.
    if !licence.is_intact {
        return Err(Fault::broken(format!("the row of licence {id} is not as it was written")).into());
    }
    if issuers.contains(&licence.issuer) { Ok(licence) } else { Err(Error::OtherDepartment) }
}

/// Revokes a licence that can be revoked. What waited for it waits no more.
pub(crate) async fn revoked(work: &mut Work, mut licence: Licence, ground: Ground) -> Result<Changed, Error> {
    let at = work.at();
    let Ground { reason, decision, revocation, filed_by, attested_by } = ground;
    let why = (reason.code(), decision.as_deref());
    if register::queries::revoke(&mut work.tx, &licence, why, at).await? == 0 {
        return Err(Fault::conflict("the licence was changed at the same time").into());
    }
    revocation::queries::end_all(&mut work.tx, &licence.id).await?;
    licence.status = Status::Revoked;
    licence.reason = Some(reason.code().to_owned());
    licence.decision = decision.clone();
    licence.changed_at = at;
    let id = licence.id.clone();
    work.record(LicenceRevoked { licence: id, reason, decision, revocation, filed_by, attested_by });
    Ok(Changed { licence, is_new: true })
}

async fn moved(work: &mut Work, mut licence: Licence, to: Status, reason: Option<&str>) -> Result<Changed, Error> {
    let at = work.at();
    if register::queries::move_status(&mut work.tx, &licence.id, licence.status, to, reason, at).await? == 0 {
        // Someone else changed it between our look and our step; the operation's edge looks again.
        return Err(Fault::conflict("the licence was changed at the same time").into());
    }
    licence.status = to;
    licence.reason = reason.map(str::to_owned);
    licence.changed_at = at;
    Ok(Changed { licence, is_new: true })
}
