//! A revocation that was filed, as its department sees it.

use base::{
    Instant,
    id::{LicenceId, OrganisationId, PersonId, RevocationId, StaffId},
};

use crate::register::reason::RevocationReason;

/// How far a revocation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationState {
    /// A second person approved it: the licence is revoked.
    Approved,
    /// Nobody approved it in time, or the licence was revoked in another way.
    Ended,
    /// It waits for a reviewer.
    Open,
    /// A system asked for it; it waits for a clerk who takes it on.
    Proposed,
    /// Somebody refused it: the licence is as it was.
    Refused,
    /// Whoever filed it took it back.
    Withdrawn,
}

impl RevocationState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Proposed, Self::Open, Self::Approved, Self::Refused, Self::Withdrawn, Self::Ended];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Ended => "ended",
            Self::Open => "open",
            Self::Proposed => "proposed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What is stored, at an instant: what nobody decided ends by itself.
    pub(super) fn stored(text: &str, ends_at: Instant, at: Instant) -> Self {
        match Self::ALL.into_iter().find(|state| state.as_str() == text) {
            Some(state) if !state.waits() || at < ends_at => state,
            _ => Self::Ended,
        }
    }

    /// Whether somebody has to decide.
    pub fn waits(self) -> bool {
        matches!(self, Self::Open | Self::Proposed)
    }
}

/// A revocation that was filed.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Its identifier.
    pub id: RevocationId,
    /// What is to be revoked.
    pub licence: LicenceId,
    pub(crate) issuer: OrganisationId,
    /// Why; none when this version does not know the reason.
    pub reason: Option<RevocationReason>,
    /// The number of the decision; a system may leave it to the clerk.
    pub decision: Option<String>,
    /// The system that asked for it, if one did.
    pub client: Option<String>,
    /// Who answers for it; nobody yet while it waits for a clerk.
    pub filed_by: Option<StaffId>,
    /// The person behind that appointment.
    pub filed_person: Option<PersonId>,
    /// Since when it waits.
    pub filed_at: Instant,
    /// Until when it is to be decided.
    pub ends_at: Instant,
    /// How far it is.
    pub state: RevocationState,
    /// Who decided it.
    pub decided_by: Option<StaffId>,
    /// When.
    pub decided_at: Option<Instant>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// Whether it is as it was filed; whoever has the database alone can make none that is.
    pub(crate) is_intact: bool,
}
