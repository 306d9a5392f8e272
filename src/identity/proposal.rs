//! What widens trust takes two operators: one proposes, another one approves, and until then nothing changes.
//!
//! A crate that has such an act names its kind, writes the change as JSON, and does it for an [`Approved`] alone, which
//! nobody makes but [`approve`]. What narrows trust needs none of this. What concerns seals is proposed by a seal keeper,
//! whom an operator can never be, and approved by an operator like the rest (decision 0051).

mod queries;

use base::{
    Fault, Instant, ListPage, PageOf,
    id::{PersonId, ProposalId, StaffId},
};
use records::{Event, Tx, Work, log};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error, Progress,
    events::{ProposalApproved, ProposalMade, ProposalRefused, ProposalWithdrawn},
    limits,
    reason::Reason,
    staff::{self, Role, StaffView},
};

/// Entries about one proposal: it is made, and decided once.
const ENTRIES_LOOKED_AT: i64 = 10;

/// What kinds begin with that others propose than operators. The kind is among what is marked of a proposal, so that
/// nobody with the database alone turns one into the other.
const PROPOSERS: [(&str, Role); 1] = [("seal.", Role::SealKeeper)];

/// The role in which this kind is proposed, and withdrawn.
fn proposer(kind: &str) -> Role {
    PROPOSERS.into_iter().find(|(begins, _)| kind.starts_with(begins)).map_or(Role::Operator, |(_, role)| role)
}

/// A proposal as operators see it.
#[derive(Clone, Debug)]
pub struct ProposalView {
    pub proposal_id: ProposalId,
    /// What is to be done, as its crate calls it.
    pub kind: String,
    /// The identifier of whom or what it concerns.
    pub object: String,
    change: String,
    pub reason: String,
    /// In which appointment.
    pub proposed_by: StaffId,
    pub proposed_by_person: PersonId,
    pub proposed_by_name: String,
    pub proposed_at: Instant,
    pub ends_at: Instant,
    pub state: Progress,
    pub decided_by_name: Option<String>,
    /// Whether it is as it was made; whoever has the database alone can make none that is.
    pub(crate) is_intact: bool,
}

impl ProposalView {
    /// The change, as its crate wrote it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it is another one.
    pub fn change<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(&self.change).map_err(Fault::broken)
    }
}

/// What two operators want: the warrant for doing it, in the unit of work in which it was approved.
#[derive(Debug)]
pub struct Approved(ProposalView);

impl Approved {
    /// What is to be done, to what, how.
    pub fn proposal(&self) -> &ProposalView {
        &self.0
    }
}

/// Proposes something, in the name of whoever acts. Its crate has checked that it could be done now.
///
/// # Errors
///
/// [`Error::NotAllowed`] when who acts has not the role in which this kind is proposed; [`Error::ProposalOpen`] when
/// the same is proposed for the object already; [`Error::ProposalsWaiting`] beyond the limit.
pub async fn propose(
    work: &mut Work,
    kind: &str,
    object: &str,
    change: &impl Serialize,
    reason: &Reason,
) -> Result<ProposalId, Error> {
    let member = staff::acting(work, proposer(kind)).await?;
    let change = serde_json::to_string(change).map_err(Fault::broken)?;
    let at = work.at();
    if queries::waiting_of(&mut work.tx, &member.staff_id, at).await? >= limits::PROPOSALS_WAITING_MAX {
        return Err(Error::ProposalsWaiting { max: limits::PROPOSALS_WAITING_MAX });
    }
    queries::end(&mut work.tx, kind, object, at).await?;
    let proposal: ProposalId = work.new_id();
    let new = queries::New {
        proposal: &proposal,
        kind,
        object,
        change,
        reason: reason.as_str(),
        proposed_by: &member.staff_id,
        ends_at: at.plus_seconds(limits::PROPOSAL_SECONDS),
    };
    if !queries::insert(&mut work.tx, new, at).await? {
        return Err(Error::ProposalOpen);
    }
    work.record(ProposalMade {
        proposal: proposal.clone(),
        act: kind.to_owned(),
        about: object.to_owned(),
        reason: reason.as_str().to_owned(),
    });
    Ok(proposal)
}

/// Approves what another operator proposed. Whoever calls it does it in the same unit of work, or nothing is approved.
///
/// # Errors
///
/// [`Error::NotAllowed`] when who acts is no operator; [`Error::FourEyes`] for whoever proposed it;
/// [`Error::ProposalUnknown`] when there is none; [`Error::ProposalOver`] when it was decided or its time is over;
/// [`Error::FirstLeft`] when whoever proposed it has not the role for it any more; [`Fault`] when it was changed past the
/// product.
pub async fn approve(work: &mut Work, proposal: &ProposalId) -> Result<Approved, Error> {
    let (operator, proposal) = to_decide(work, proposal).await?;
    check_other(&operator, &proposal)?;
    let role = proposer(&proposal.kind);
    if staff::find(&mut work.tx, &proposal.proposed_by).await?.is_none_or(|one| !one.roles.has(role)) {
        return Err(Error::FirstLeft);
    }
    decide(work, &proposal, &operator, "approved").await?;
    work.record(ProposalApproved {
        proposal: proposal.proposal_id.clone(),
        act: proposal.kind.clone(),
        about: proposal.object.clone(),
        proposed_by: proposal.proposed_by.clone(),
    });
    Ok(Approved(proposal))
}

/// Refuses what another operator proposed, and says why to whoever proposed it.
///
/// # Errors
///
/// As for [`approve`].
pub async fn refuse(work: &mut Work, proposal: &ProposalId, why: &Reason) -> Result<(), Error> {
    let (operator, proposal) = to_decide(work, proposal).await?;
    check_other(&operator, &proposal)?;
    decide(work, &proposal, &operator, "refused").await?;
    work.record(ProposalRefused {
        proposal: proposal.proposal_id,
        act: proposal.kind,
        about: proposal.object,
        proposed_by: proposal.proposed_by,
        why: Some(why.as_str().to_owned()),
    });
    Ok(())
}

/// Takes back what one proposed oneself.
///
/// # Errors
///
/// [`Error::NotAllowed`] for what somebody else proposed, and when who acts has not the role for it any more; else as for
/// [`approve`].
pub async fn withdraw(work: &mut Work, proposal: &ProposalId) -> Result<(), Error> {
    let proposal = open(work, proposal).await?;
    let member = staff::acting(work, proposer(&proposal.kind)).await?;
    if proposal.proposed_by_person != member.person_id {
        return Err(Error::NotAllowed);
    }
    decide(work, &proposal, &member, "withdrawn").await?;
    work.record(ProposalWithdrawn { proposal: proposal.proposal_id, act: proposal.kind, about: proposal.object });
    Ok(())
}

/// One proposal.
pub async fn find(tx: &mut Tx, proposal: &ProposalId, at: Instant) -> Result<Option<ProposalView>, Fault> {
    queries::by_id(tx, proposal, at).await
}

/// How a proposal was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub at: Instant,
    /// Why it was refused, if it was.
    pub refusal: Option<String>,
}

/// How a proposal was decided; none of one that was not, or about which the log of this database says nothing any more.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn decision(tx: &mut Tx, proposal: &ProposalView) -> Result<Option<Decision>, Fault> {
    if matches!(proposal.state, Progress::Ended | Progress::Open) {
        return Ok(None);
    }
    let told = told(tx, &proposal.proposal_id).await?;
    let refusal = |entry: &log::Entry| entry.read::<ProposalRefused>().and_then(|told| told.why);
    let decision = |entry: &log::Entry| Decision { at: entry.at(), refusal: refusal(entry) };
    Ok(told.iter().find(|entry| decides(entry)).map(decision))
}

/// Whether an entry says that a proposal was decided.
fn decides(entry: &log::Entry) -> bool {
    [ProposalApproved::KIND.name, ProposalRefused::KIND.name, ProposalWithdrawn::KIND.name]
        .contains(&entry.kind.as_str())
}

/// What the log says of a proposal.
async fn told(tx: &mut Tx, proposal: &ProposalId) -> Result<Vec<log::Entry>, Fault> {
    let about = log::Filter { object: Some(proposal.to_string()), ..log::Filter::default() };
    Ok(log::list(tx, &about, &ListPage::first(ENTRIES_LOOKED_AT)).await?.items)
}

/// What waits for an object, whatever it is.
pub async fn waiting(tx: &mut Tx, kinds: &[&str], object: &str, at: Instant) -> Result<Vec<ProposalView>, Fault> {
    let mut found = Vec::new();
    for kind in kinds {
        found.extend(queries::open_of(tx, kind, object, at).await?);
    }
    found.retain(|proposal| proposal.state == Progress::Open);
    Ok(found)
}

/// What was proposed for an object last, the newest first.
pub async fn of_object(tx: &mut Tx, object: &str, at: Instant) -> Result<Vec<ProposalView>, Fault> {
    queries::of_object(tx, object, limits::PROPOSALS_OVER_SHOWN, at).await
}

/// The same without what waits, for whoever proposed it.
pub async fn over(tx: &mut Tx, object: &str, at: Instant) -> Result<Vec<ProposalView>, Fault> {
    let mut found = of_object(tx, object, at).await?;
    found.retain(|proposal| proposal.state != Progress::Open);
    Ok(found)
}

/// Proposals, the newest first.
pub async fn list(
    tx: &mut Tx,
    page: &ListPage<ProposalId>,
    at: Instant,
) -> Result<PageOf<ProposalView, ProposalId>, Fault> {
    let rows = queries::list(tx, page, at).await?;
    Ok(PageOf::from_rows(rows, page.limit, |row| row.proposal_id.clone()))
}

/// Forgets proposals that were made before an instant; the log keeps them. Returns how many.
pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    queries::expire(tx, before).await
}

/// Who acts, and the proposal that is to be decided.
async fn to_decide(work: &mut Work, proposal: &ProposalId) -> Result<(StaffView, ProposalView), Error> {
    let operator = staff::acting(work, Role::Operator).await?;
    Ok((operator, open(work, proposal).await?))
}

/// The proposal, when it can be decided.
async fn open(work: &mut Work, proposal: &ProposalId) -> Result<ProposalView, Error> {
    let at = work.at();
    let found = find(&mut work.tx, proposal, at).await?.ok_or(Error::ProposalUnknown)?;
    if found.state != Progress::Open {
        return Err(Error::ProposalOver);
    }
    if !found.is_intact {
        return Err(Fault::broken(format!("the row of proposal {proposal} is not as it was written")).into());
    }
    // A row that was put back to what it was before it was decided is as it was written; the log knows better.
    if told(&mut work.tx, proposal).await?.iter().any(decides) {
        return Err(Fault::broken(format!("proposal {proposal} was decided, and its row says that it was not")).into());
    }
    Ok(found)
}

fn check_other(operator: &StaffView, proposal: &ProposalView) -> Result<(), Error> {
    if proposal.proposed_by_person == operator.person_id { Err(Error::FourEyes) } else { Ok(()) }
}

async fn decide(work: &mut Work, proposal: &ProposalView, by: &StaffView, state: &'static str) -> Result<(), Error> {
    if queries::decide(&mut work.tx, &proposal.proposal_id, state, &by.staff_id).await? {
        Ok(())
    } else {
        Err(Error::ProposalOver)
    }
}
