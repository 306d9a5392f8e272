//! Revoking, which cannot be undone: one person of the department files it under the number of a decision, another one
//! approves it within a week, and until then the licence is as it was.
//!
//! Neither of them is the holder or acts for the holder. An issuer may leave licences of a type to one person. A system
//! that may attest its own reviews revokes at once; what another system asks for waits for a clerk, who takes it on, and
//! then for a reviewer (decision 0050).

mod filed;
pub(crate) mod queries;

use base::{
    Fault, Instant, ListPage, PageOf,
    id::{EventId, LicenceId, OrganisationId, RevocationId, StaffId},
};
use identity::{
    Reason, Role,
    staff::{self, StaffView},
};
use records::{Event, Tx, Work, log};

pub use filed::{Revocation, RevocationState};

use crate::{
    catalogue::licence_type,
    error::Error,
    events::{RevocationAdopted, RevocationFiled, RevocationRefused, RevocationWithdrawn},
    lifecycle::{self, Changed, Ground},
    limits, own_affair,
    register::{
        self,
        decision::DecisionNumber,
        licence::{Licence, Status},
        reason::RevocationReason,
    },
};
use queries::{By, Decided, New};

/// Of each kind of decision about a licence, the newest: what waits is put back within the days that it has.
const ENTRIES_LOOKED_AT: i64 = 50;

/// How many days a revocation waits for the second person.
pub const DAYS: i64 = limits::REVOCATION_SECONDS / (24 * 3600);

/// How many revocations of one department may wait for a reviewer at once.
pub const WAITING_MAX: usize = limits::REVOCATIONS_WAITING_MAX;

/// What filing comes to.
#[derive(Debug)]
pub enum Filed {
    /// One is enough: the licence is revoked.
    Revoked(Box<Changed>),
    /// It waits for another person.
    Waiting(Box<Revocation>),
}

/// Files a revocation, in the name of the clerk who acts. Where the issuer leaves licences of the type to one person, it
/// is done at once.
///
/// # Errors
///
/// [`Error::NotAuthorised`] when who acts is no clerk; [`Error::NotFound`], [`Error::OtherDepartment`],
/// [`Error::NotIssued`], [`Error::AlreadyRevoked`] about the licence; [`Error::OwnAffair`] when the clerk is the holder or
/// acts for it; [`Error::RevocationOpen`] when one waits already, [`Error::RevocationsWaiting`] beyond the limit.
pub async fn file(
    work: &mut Work,
    id: &LicenceId,
    reason: RevocationReason,
    decision: &DecisionNumber,
) -> Result<Filed, Error> {
    let clerk = staff::acting(work, Role::Clerk).await?;
    let licence = lifecycle::of_issuer(work, std::slice::from_ref(&clerk.organisation_id), id).await?;
    check_revocable(&licence)?;
    own_affair::check_licence(work, &clerk.person_id, &licence).await?;
    if licence_type::is_revoked_by_one(&mut work.tx, &licence).await? {
        let ground = Ground { decision: Some(decision.as_str().to_owned()), ..Ground::of(reason) };
        return Ok(Filed::Revoked(Box::new(lifecycle::revoked(work, licence, ground).await?)));
    }
    let by = By { staff: &clerk.staff_id, person: &clerk.person_id };
    insert(work, &licence, reason, (Some(decision), Some(by), None)).await
}

/// Asks for a revocation in the name of a system, which two people of the department are to decide: a clerk takes it on,
/// and a reviewer approves it. Where one person is enough, the system is it. Twice for the same reason is once.
///
/// # Errors
///
/// When it could not be filed either: as [`file()`].
pub async fn propose(
    work: &mut Work,
    departments: &[OrganisationId],
    client: &str,
    id: &LicenceId,
    (reason, decision): (RevocationReason, Option<&DecisionNumber>),
) -> Result<Filed, Error> {
    let licence = lifecycle::of_issuer(work, departments, id).await?;
    if let Some(before) = revoked_before(&licence, reason) {
        return Ok(Filed::Revoked(Box::new(before)));
    }
    check_revocable(&licence)?;
    if licence_type::is_revoked_by_one(&mut work.tx, &licence).await? {
        let ground = Ground { decision: decision.map(|number| number.as_str().to_owned()), ..Ground::of(reason) };
        return Ok(Filed::Revoked(Box::new(lifecycle::revoked(work, licence, ground).await?)));
    }
    insert(work, &licence, reason, (decision, None, Some(client))).await
}

/// Revokes at once in the name of a system that may say itself that two people decided. Twice for the same reason is
/// once; another reason is refused.
///
/// # Errors
///
/// When it cannot be revoked: as [`file()`]; a superseded licence can still be revoked, for it may have been obtained by
/// deceit.
pub async fn attest(
    work: &mut Work,
    departments: &[OrganisationId],
    client: &str,
    id: &LicenceId,
    (reason, decision): (RevocationReason, Option<&DecisionNumber>),
) -> Result<Changed, Error> {
    let licence = lifecycle::of_issuer(work, departments, id).await?;
    if let Some(before) = revoked_before(&licence, reason) {
        return Ok(before);
    }
    check_revocable(&licence)?;
    let ground = Ground {
        decision: decision.map(|number| number.as_str().to_owned()),
        attested_by: Some(client.to_owned()),
        ..Ground::of(reason)
    };
    lifecycle::revoked(work, licence, ground).await
}

/// Takes on what a system asked for, under the number of a decision.
///
/// # Errors
///
/// [`Error::NotAuthorised`] when who acts is no clerk; [`Error::NotFound`] when the department has no such revocation;
/// [`Error::RevocationOver`] when it waits for no clerk any more; [`Error::OwnAffair`] when the clerk is the holder or
/// acts for it; [`Error::RevocationsWaiting`] beyond the limit; [`Fault`] when it was changed past the product.
pub async fn adopt(work: &mut Work, id: &RevocationId, decision: &DecisionNumber) -> Result<(), Error> {
    let clerk = staff::acting(work, Role::Clerk).await?;
    let found = to_decide(work, &clerk, id, RevocationState::Proposed).await?;
    let licence = lifecycle::of_issuer(work, std::slice::from_ref(&clerk.organisation_id), &found.licence).await?;
    check_revocable(&licence)?;
    own_affair::check_licence(work, &clerk.person_id, &licence).await?;
    check_room(work, &clerk.organisation_id, None).await?;
    let by = By { staff: &clerk.staff_id, person: &clerk.person_id };
    let at = work.at();
    let times = (at, at.plus_seconds(limits::REVOCATION_SECONDS));
    if !queries::adopt(&mut work.tx, id, (by, decision.as_str()), times).await? {
        return Err(Error::RevocationOver);
    }
    work.record(RevocationAdopted {
        licence: found.licence,
        revocation: id.clone(),
        decision: decision.as_str().to_owned(),
    });
    Ok(())
}

/// Approves what another person filed: the licence is revoked, in the same unit of work.
///
/// # Errors
///
/// [`Error::NotAuthorised`] when who acts is no reviewer; [`Error::NotFound`] when the department has no such revocation;
/// [`Error::FourEyes`] for whoever filed it; [`Error::OwnAffair`] when the reviewer is the holder or acts for it,
/// [`Error::OwnAffairOfClerk`] when whoever filed it is or does; [`Error::RevocationOver`] when it was decided or its
/// time is over, or when whoever filed it is no clerk of the department any more; [`Error::AlreadyRevoked`] when the
/// licence was revoked in another way; [`Fault`] when it was changed past the product.
pub async fn approve(work: &mut Work, id: &RevocationId) -> Result<Changed, Error> {
    let reviewer = staff::acting(work, Role::Reviewer).await?;
    let found = to_decide(work, &reviewer, id, RevocationState::Open).await?;
    check_other(&reviewer, &found)?;
    let filer = filer_in_office(work, &found).await?;
    let licence = lifecycle::of_issuer(work, std::slice::from_ref(&reviewer.organisation_id), &found.licence).await?;
    check_revocable(&licence)?;
    own_affair::check_licence(work, &reviewer.person_id, &licence).await?;
    // Whoever filed it may act for the holder since.
    own_affair::check_licence(work, &filer.person_id, &licence).await.map_err(own_affair::of_clerk)?;
    decide(work, &found, (&reviewer, RevocationState::Approved), None).await?;
    let reason = found.reason.ok_or_else(|| Fault::broken("a revocation has no known reason"))?;
    let ground =
        Ground { decision: found.decision, revocation: Some(found.id), filed_by: found.filed_by, ..Ground::of(reason) };
    lifecycle::revoked(work, licence, ground).await
}

/// Refuses what another person filed, or, as a clerk, what a system asked for: the licence stays as it is.
///
/// # Errors
///
/// As for [`approve`], whatever became of the licence.
pub async fn refuse(work: &mut Work, id: &RevocationId, why: &Reason) -> Result<(), Error> {
    let at = work.at();
    let waits_for = queries::by_id(&mut work.tx, id, at).await?.map(|found| found.state);
    let (by, found) = if waits_for == Some(RevocationState::Proposed) {
        let clerk = staff::acting(work, Role::Clerk).await?;
        let found = to_decide(work, &clerk, id, RevocationState::Proposed).await?;
        (clerk, found)
    } else {
        let reviewer = staff::acting(work, Role::Reviewer).await?;
        let found = to_decide(work, &reviewer, id, RevocationState::Open).await?;
        check_other(&reviewer, &found)?;
        (reviewer, found)
    };
    let licence = register::by_id(&mut work.tx, &found.licence).await?.ok_or(Error::NotFound)?;
    own_affair::check_licence(work, &by.person_id, &licence).await?;
    decide(work, &found, (&by, RevocationState::Refused), Some(why.as_str())).await?;
    work.record(RevocationRefused {
        licence: found.licence,
        revocation: found.id,
        filed_by: found.filed_by,
        why: why.as_str().to_owned(),
    });
    Ok(())
}

/// Takes back what one filed oneself.
///
/// # Errors
///
/// [`Error::NotFiler`] for what another person filed; [`Error::OwnAffair`] when the clerk acts for the holder since, for
/// whom it is kept by that; else as for [`approve`].
pub async fn withdraw(work: &mut Work, id: &RevocationId) -> Result<(), Error> {
    let clerk = staff::acting(work, Role::Clerk).await?;
    let found = to_decide(work, &clerk, id, RevocationState::Open).await?;
    if found.filed_person.as_ref() != Some(&clerk.person_id) {
        return Err(Error::NotFiler);
    }
    let licence = register::by_id(&mut work.tx, &found.licence).await?.ok_or(Error::NotFound)?;
    own_affair::check_licence(work, &clerk.person_id, &licence).await?;
    decide(work, &found, (&clerk, RevocationState::Withdrawn), None).await?;
    work.record(RevocationWithdrawn { licence: found.licence, revocation: found.id });
    Ok(())
}

/// One revocation of a department.
///
/// # Errors
///
/// [`Error::NotFound`], also for another department's: its existence is nobody else's business.
pub async fn find(
    tx: &mut Tx,
    department: &OrganisationId,
    id: &RevocationId,
    at: Instant,
) -> Result<Revocation, Error> {
    let found = queries::by_id(tx, id, at).await?;
    found.filter(|found| found.issuer == *department).ok_or(Error::NotFound)
}

/// What waits for a licence.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn of_licence(tx: &mut Tx, licence: &LicenceId, at: Instant) -> Result<Option<Revocation>, Fault> {
    Ok(queries::of_licence(tx, licence, at).await?.filter(|found| found.state.waits()))
}

/// The revocations of a department, newest first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn list(
    tx: &mut Tx,
    department: &OrganisationId,
    page: &ListPage<RevocationId>,
    at: Instant,
) -> Result<PageOf<Revocation, RevocationId>, Fault> {
    let rows = queries::list(tx, department, page, at).await?;
    Ok(PageOf::from_rows(rows, page.limit, |one| one.id.clone()))
}

/// The revocations of a department that wait, newest first. A page may hold fewer than asked for: those whose time is
/// over are left out.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn waiting(
    tx: &mut Tx,
    department: &OrganisationId,
    page: &ListPage<RevocationId>,
    at: Instant,
) -> Result<PageOf<Revocation, RevocationId>, Fault> {
    let rows = queries::waiting(tx, department, page, at).await?;
    let mut found = PageOf::from_rows(rows, page.limit, |one: &Revocation| one.id.clone());
    found.items.retain(|one| one.state.waits());
    Ok(found)
}

/// The revocations that a member of staff filed, newest first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn filed_by(
    tx: &mut Tx,
    staff: &StaffId,
    page: &ListPage<RevocationId>,
    at: Instant,
) -> Result<PageOf<Revocation, RevocationId>, Fault> {
    let rows = queries::filed_by(tx, staff, page, at).await?;
    Ok(PageOf::from_rows(rows, page.limit, |one| one.id.clone()))
}

/// Forgets revocations that were filed before an instant; the log keeps them. Returns how many.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    queries::expire(tx, before).await
}

/// Whether one person is enough to revoke a licence, because its issuer said so of its type.
///
/// # Errors
///
/// [`Fault`] when that was said past the product, or the database is out of reach.
pub async fn is_by_one(tx: &mut Tx, licence: &Licence) -> Result<bool, Fault> {
    licence_type::is_revoked_by_one(tx, licence).await
}

/// Writes a revocation down that waits, for a licence that is still as it was looked at.
pub(crate) async fn insert(
    work: &mut Work,
    licence: &Licence,
    reason: RevocationReason,
    (decision, by, client): (Option<&DecisionNumber>, Option<By<'_>>, Option<&str>),
) -> Result<Filed, Error> {
    let at = work.at();
    // What ends the licence ends what waits for it, and has to see this one.
    if !register::queries::hold(&mut work.tx, licence).await? {
        return Err(Fault::conflict("the licence was changed at the same time").into());
    }
    queries::end_over(&mut work.tx, &licence.id, at).await?;
    check_room(work, &licence.issuer, client.filter(|_| by.is_none())).await?;
    let id: RevocationId = work.new_id();
    let decision = decision.map(DecisionNumber::as_str);
    let new = New {
        id: &id,
        licence: &licence.id,
        issuer: &licence.issuer,
        reason,
        decision,
        client,
        by,
        ends_at: at.plus_seconds(limits::REVOCATION_SECONDS),
        state: if by.is_some() { RevocationState::Open } else { RevocationState::Proposed },
    };
    if !queries::insert(&mut work.tx, new, at).await? {
        return Err(Error::RevocationOpen);
    }
    work.record(RevocationFiled {
        licence: licence.id.clone(),
        revocation: id.clone(),
        reason,
        decision: decision.map(str::to_owned),
        client: client.map(str::to_owned),
    });
    let found = queries::by_id(&mut work.tx, &id, at).await?;
    let found = found.ok_or_else(|| Fault::broken("a revocation that was filed is not there"))?;
    Ok(Filed::Waiting(Box::new(found)))
}

/// Whether there is room for one more that waits for a reviewer of a department or, asked for by a system, for a clerk.
/// Each system has room of its own, so that none takes a department's.
async fn check_room(work: &mut Work, issuer: &OrganisationId, client: Option<&str>) -> Result<(), Error> {
    let at = work.at();
    let (waiting, max) = match client {
        None => (queries::how_many_wait(&mut work.tx, issuer, WAITING_MAX as i64, at).await?, WAITING_MAX),
        Some(client) => {
            let max = limits::REVOCATIONS_PROPOSED_MAX;
            (queries::how_many_proposed(&mut work.tx, (issuer, client), max as i64, at).await?, max)
        }
    };
    if waiting < max { Ok(()) } else { Err(Error::RevocationsWaiting { max }) }
}

/// A revocation of the department of who acts, which waits for that.
async fn to_decide(
    work: &mut Work,
    by: &StaffView,
    id: &RevocationId,
    waits_for: RevocationState,
) -> Result<Revocation, Error> {
    let at = work.at();
    let found = find(&mut work.tx, &by.organisation_id, id, at).await?;
    if found.state != waits_for {
        return Err(Error::RevocationOver);
    }
    if !found.is_intact {
        return Err(Fault::broken(format!("the row of revocation {id} is not as it was written")).into());
    }
    if was_decided(&mut work.tx, &found).await? {
        return Err(Fault::broken(format!("revocation {id} was decided, and its row says that it was not")).into());
    }
    Ok(found)
}

/// Whether the log says that a revocation was refused or withdrawn: a row that was put back to what it was before is as it
/// was written. One that was approved has ended the licence, which says so itself.
async fn was_decided(tx: &mut Tx, revocation: &Revocation) -> Result<bool, Fault> {
    for kind in [RevocationRefused::KIND, RevocationWithdrawn::KIND] {
        let (object, kind) = (Some(revocation.licence.to_string()), Some(kind.name.to_owned()));
        let about = log::Filter { object, kind, ..log::Filter::default() };
        let told = log::list(tx, &about, &ListPage::<EventId>::first(ENTRIES_LOOKED_AT)).await?;
        let is_this = |entry: &log::Entry| {
            let refused = entry.read::<RevocationRefused>().map(|told| told.revocation);
            let of = refused.or_else(|| entry.read::<RevocationWithdrawn>().map(|told| told.revocation));
            of.as_ref() == Some(&revocation.id)
        };
        if told.items.iter().any(is_this) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whoever filed it, if that is a clerk of the department still.
async fn filer_in_office(work: &mut Work, found: &Revocation) -> Result<StaffView, Error> {
    let Some(filer) = &found.filed_by else { return Err(Error::RevocationOver) };
    let filer = staff::find(&mut work.tx, filer).await?;
    let is_clerk = |filer: &StaffView| filer.roles.has(Role::Clerk) && filer.organisation_id == found.issuer;
    filer.filter(is_clerk).ok_or(Error::RevocationOver)
}

async fn decide(
    work: &mut Work,
    found: &Revocation,
    (by, to): (&StaffView, RevocationState),
    refusal: Option<&str>,
) -> Result<(), Error> {
    let at = work.at();
    let decided = Decided { from: found.state, to, by: &by.staff_id, refusal };
    if queries::decide(&mut work.tx, &found.id, decided, at).await? { Ok(()) } else { Err(Error::RevocationOver) }
}

fn check_other(reviewer: &StaffView, found: &Revocation) -> Result<(), Error> {
    if found.filed_person.as_ref() == Some(&reviewer.person_id) { Err(Error::FourEyes) } else { Ok(()) }
}

fn check_revocable(licence: &Licence) -> Result<(), Error> {
    match licence.status {
        Status::Intent | Status::Void => Err(Error::NotIssued),
        Status::Revoked => Err(Error::AlreadyRevoked),
        Status::Valid | Status::Suspended | Status::Superseded => Ok(()),
    }
}

/// What there is to say to whoever asks for it once more.
fn revoked_before(licence: &Licence, reason: RevocationReason) -> Option<Changed> {
    let is_done = licence.status == Status::Revoked && licence.reason.as_deref() == Some(reason.code());
    is_done.then(|| Changed { licence: licence.clone(), is_new: false })
}
