//! What a seal keeper does on pages: freezes and renews at once; proposes what makes a seal, lets one seal again or ends
//! one, which an operator approves (decision 0051).
//!
//! The machine's command line calls [`crate::freeze`] and the others itself.

use base::{
    Fault, Instant,
    id::{OrganisationId, SealId},
};
use identity::{
    Reason,
    proposal::{self, Approved, ProposalView},
    staff::{self, Role, StaffView},
};
use pki::Custody;
use records::{Tx, Work};
use serde::{Deserialize, Serialize};

use crate::{
    Cabinet, Error, NewSeal, SealKind, SealState, SealView,
    lifecycle::{self, cancel_for, unfreeze_for},
    limits, making, queries, renewal,
};

/// A seal ends for good, as proposals name it.
pub const CANCEL: &str = "seal.cancel";

/// A frozen seal seals again.
pub const UNFREEZE: &str = "seal.unfreeze";

/// What is proposed for a seal.
const OF_SEAL: [&str; 2] = [CANCEL, UNFREEZE];

/// What is proposed for a department: it gets a seal of this kind.
const MAKING: [(SealKind, &str); 2] =
    [(SealKind::Licence, "seal.make_licence"), (SealKind::Official, "seal.make_official")];

/// Whether a kind of proposals is a matter of seals.
pub fn is_ours(kind: &str) -> bool {
    OF_SEAL.contains(&kind) || made(kind).is_some()
}

/// The kind of seal that a kind of proposals makes.
pub fn made(kind: &str) -> Option<SealKind> {
    MAKING.into_iter().find(|(_, name)| *name == kind).map(|(seal, _)| seal)
}

/// The state that a seal would have.
pub fn becomes(kind: &str) -> Option<SealState> {
    match kind {
        CANCEL => Some(SealState::Cancelled),
        UNFREEZE => Some(SealState::Enabled),
        _ => None,
    }
}

fn making(kind: SealKind) -> &'static str {
    match kind {
        SealKind::Licence => MAKING[0].1,
        SealKind::Official => MAKING[1].1,
    }
}

/// A seal as it was looked at: to another one nothing is done.
#[derive(Serialize, Deserialize)]
struct Looked {
    seen: String,
}

/// A department as it was looked at: under another name it gets no seal.
#[derive(Serialize, Deserialize)]
struct Named {
    name: String,
}

/// A proposal that waits, and whether what it was made for has changed since, so that nobody can approve it.
#[derive(Debug)]
pub struct Waiting {
    pub proposal: ProposalView,
    pub is_stale: bool,
}

/// What a proposal is about.
#[derive(Debug)]
pub struct About {
    pub organisation_id: OrganisationId,
    /// The department's name.
    pub department: String,
    /// The seal, if there is one already.
    pub seal: Option<SealView>,
    /// What the seal is called.
    pub name: String,
    /// Whether that is another one by now.
    pub is_stale: bool,
}

/// Stops a seal of the keeper's department at once.
///
/// # Errors
///
/// [`identity::Error::NotAllowed`] when who acts is no seal keeper; [`Error::NotFound`] for what is no seal of their
/// department; [`identity::Error::Stale`] when it is not any more as it was looked at; else as for [`crate::freeze`].
pub async fn freeze(work: &mut Work, seal: &SealId, seen: &str, reason: &Reason) -> Result<(), Error> {
    of_keeper(work, seal, seen).await?;
    lifecycle::freeze(work, seal, reason.as_str()).await
}

/// Gives a seal of the keeper's department a new key at once.
///
/// # Errors
///
/// [`Error::RenewedJustNow`] when its certificate is of today; else as for [`freeze`] and [`crate::renew`].
pub async fn renew(
    work: &mut Work,
    custody: &Custody,
    seal: &SealId,
    seen: &str,
    reason: &Reason,
) -> Result<(), Error> {
    let known = check_renewal(work, seal, seen).await?;
    renewal::renew_known(work, custody, known, reason.as_str()).await?;
    Ok(())
}

/// Whether a seal of the keeper's department may get a new key now; it gets none.
///
/// # Errors
///
/// As for [`renew`], as far as it can be known before a key is made.
pub async fn check_renewal(work: &mut Work, seal: &SealId, seen: &str) -> Result<SealView, Error> {
    let known = of_keeper(work, seal, seen).await?;
    if let Some(key) = &known.key_id
        && let Some(found) = Custody::find(&mut work.tx, key).await?
        && work.at().seconds_since(found.made_at) < limits::RENEWED_AGAIN_HOURS * 3600
    {
        return Err(Error::RenewedJustNow { hours: limits::RENEWED_AGAIN_HOURS });
    }
    Ok(known)
}

/// Proposes that a frozen seal of the keeper's department seals again, or that one ends for good.
///
/// # Errors
///
/// [`Error::Transition`] when it is in a state in which that cannot be done; else as for [`freeze`] and
/// [`proposal::propose`].
pub async fn propose(work: &mut Work, kind: &str, seal: &SealId, seen: &str, reason: &Reason) -> Result<(), Error> {
    let known = of_keeper(work, seal, seen).await?;
    check_state(kind, &known)?;
    proposal::propose(work, kind, seal.as_str(), &Looked { seen: seen.to_owned() }, reason).await?;
    Ok(())
}

/// Proposes that the keeper's department gets a seal of a kind; whoever proposes it keeps it.
///
/// # Errors
///
/// [`identity::Error::NotAllowed`] when who acts is no seal keeper; else as for [`crate::create`] and
/// [`proposal::propose`].
pub async fn propose_making(work: &mut Work, cabinet: &Cabinet, kind: SealKind, reason: &Reason) -> Result<(), Error> {
    let keeper = staff::acting(work, Role::SealKeeper).await?;
    let new = NewSeal { organisation_id: keeper.organisation_id, kind, keeper: keeper.staff_id };
    let department = making::check(work, cabinet, &new).await?;
    let named = Named { name: department.name };
    proposal::propose(work, making(kind), new.organisation_id.as_str(), &named, reason).await?;
    Ok(())
}

/// Does what a keeper and an operator want.
///
/// # Errors
///
/// [`identity::Error::Stale`] when the seal or the department's name is another one than was looked at; else as for what
/// was proposed, when it cannot be done any more; [`Fault`] when it is no matter of seals.
pub async fn carry_out(work: &mut Work, cabinet: &Cabinet, approved: &Approved) -> Result<(), Error> {
    let proposal = approved.proposal();
    let reason = proposal.reason.as_str();
    let keeper = proposal.proposed_by.clone();
    if let Some(kind) = made(&proposal.kind) {
        let organisation_id = OrganisationId::stored(proposal.object.clone());
        let named: Named = proposal.change()?;
        let department = making::check(
            work,
            cabinet,
            &NewSeal { organisation_id: organisation_id.clone(), kind, keeper: keeper.clone() },
        )
        .await?;
        if department.name != named.name {
            return Err(identity::Error::Stale.into());
        }
        making::create(work, cabinet, NewSeal { organisation_id, kind, keeper }).await?;
        return Ok(());
    }
    let seal = SealId::stored(proposal.object.clone());
    let looked: Looked = proposal.change()?;
    let known = held(work, &seal).await?;
    if known.seen() != looked.seen {
        return Err(identity::Error::Stale.into());
    }
    check_state(&proposal.kind, &known)?;
    if proposal.kind == CANCEL {
        cancel_for(work, cabinet.custody(), &seal, reason, Some(keeper)).await
    } else {
        unfreeze_for(work, &seal, reason, Some(keeper)).await
    }
}

/// What waits for a seal.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn waiting(tx: &mut Tx, seal: &SealView, at: Instant) -> Result<Vec<Waiting>, Fault> {
    let found = proposal::waiting(tx, &OF_SEAL, seal.seal_id.as_str(), at).await?;
    let of_seal = |proposal: ProposalView| {
        let looked: Looked = proposal.change()?;
        Ok(Waiting { is_stale: looked.seen != seal.seen(), proposal })
    };
    found.into_iter().map(of_seal).collect()
}

/// The seals that a department waits for.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn waiting_to_be_made(
    tx: &mut Tx,
    organisation: &OrganisationId,
    at: Instant,
) -> Result<Vec<ProposalView>, Fault> {
    proposal::waiting(tx, &MAKING.map(|(_, name)| name), organisation.as_str(), at).await
}

/// What a proposal is about, in names; none when it is no matter of seals, or what it was about is not there.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn about(tx: &mut Tx, proposal: &ProposalView) -> Result<Option<About>, Fault> {
    let (organisation_id, seal) = if made(&proposal.kind).is_some() {
        (OrganisationId::stored(proposal.object.clone()), None)
    } else if OF_SEAL.contains(&proposal.kind.as_str()) {
        let seal = queries::by_id(tx, &SealId::stored(proposal.object.clone())).await?;
        let Some(seal) = seal else { return Ok(None) };
        (seal.organisation_id.clone(), Some(seal))
    } else {
        return Ok(None);
    };
    let Some(department) = identity::organisation::find(tx, &organisation_id).await? else { return Ok(None) };
    let is_stale = match &seal {
        Some(seal) => proposal.change::<Looked>()?.seen != seal.seen(),
        None => proposal.change::<Named>()?.name != department.name,
    };
    let name = match (&seal, made(&proposal.kind)) {
        (Some(seal), _) => seal.name.clone(),
        (None, Some(kind)) => kind.name_for(&department.name),
        (None, None) => String::new(),
    };
    Ok(Some(About { organisation_id, department: department.name, seal, name, is_stale }))
}

/// The seal, held until the commit, when a keeper of its department acts and it is as it was looked at.
async fn of_keeper(work: &mut Work, seal: &SealId, seen: &str) -> Result<SealView, Error> {
    let keeper: StaffView = staff::acting(work, Role::SealKeeper).await?;
    let known = held(work, seal).await?;
    if known.organisation_id != keeper.organisation_id {
        return Err(Error::NotFound);
    }
    if known.seen() != seen {
        return Err(identity::Error::Stale.into());
    }
    Ok(known)
}

async fn held(work: &mut Work, seal: &SealId) -> Result<SealView, Error> {
    queries::hold(&mut work.tx, seal).await?;
    queries::by_id(&mut work.tx, seal).await?.ok_or(Error::NotFound)
}

fn check_state(kind: &str, known: &SealView) -> Result<(), Error> {
    let Some(to) = becomes(kind) else {
        return Err(Fault::broken(format!("{kind} is no matter of a seal")).into());
    };
    let may = if kind == UNFREEZE { known.state == SealState::Frozen } else { known.state.may_become(to) };
    if may { Ok(()) } else { Err(Error::Transition { seal_id: known.seal_id.clone(), from: known.state, to }) }
}
