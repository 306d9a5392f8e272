//! A licence as it stands in the records.

use base::{
    Date, Fault, Instant,
    id::{LicenceId, LicenceTypeId, OrganisationId},
};

use verify::licence::Standing;

use crate::register::{
    holder::Holder,
    number::Code,
    reason::{RevocationReason, StatusReason, SuspensionReason},
};

/// What was recorded last about a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Numbered; its document is not recorded yet.
    Intent,
    /// Issued and in force as far as its dates go.
    Valid,
    /// Suspended until reinstated.
    Suspended,
    /// Revoked for good.
    Revoked,
    /// A newer version took its place.
    Superseded,
    /// Numbered, but never issued.
    Void,
}

impl Status {
    const ALL: [Self; 6] = [Self::Intent, Self::Valid, Self::Suspended, Self::Revoked, Self::Superseded, Self::Void];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::Void => "void",
        }
    }

    /// As whoever verifies knows it; none for what was never issued, which does not exist for anybody outside.
    pub fn issued(self) -> Option<verify::licence::Status> {
        match self {
            Self::Intent | Self::Void => None,
            Self::Valid => Some(verify::licence::Status::Valid),
            Self::Suspended => Some(verify::licence::Status::Suspended),
            Self::Revoked => Some(verify::licence::Status::Revoked),
            Self::Superseded => Some(verify::licence::Status::Superseded),
        }
    }

    pub(super) fn stored(text: &str) -> Result<Self, Fault> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Fault::broken("a licence has no known status"))
    }
}

/// A licence: the hot row, without its content and its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Our identifier.
    pub id: LicenceId,
    /// 证照标识, GB/T 36904.
    pub identifier: String,
    /// The decimal code of its QR.
    pub code: Code,
    /// The version of its type.
    pub licence_type: LicenceTypeId,
    /// The department.
    pub issuer: OrganisationId,
    /// The department's name on the day of issue.
    pub issuer_name: String,
    /// Whom it is about.
    pub holder: Holder,
    /// The holder's name, masked.
    pub holder_shown: String,
    /// What was recorded last.
    pub status: Status,
    /// The code of the reason for that, if it has one.
    pub reason: Option<String>,
    /// The number of the decision by which it was revoked, where one was given.
    pub decision: Option<String>,
    /// When that was recorded.
    pub changed_at: Instant,
    /// When it was numbered; after that its document was made.
    pub issued_at: Instant,
    /// The first day.
    pub valid_from: Date,
    /// The last day; none when it is valid for good.
    pub valid_until: Option<Date>,
    /// The older version whose place it took.
    pub renews: Option<LicenceId>,
    /// Whether a system said itself that two people decided, which nobody else has seen.
    pub is_attested: bool,
    /// Whether its row is as the last act left it. Of one that is not, nothing else here means anything.
    pub is_intact: bool,
}

impl Licence {
    /// How it stands at `at`; none for what was never issued.
    pub fn standing(&self, at: Instant) -> Option<Standing> {
        self.status.issued().map(|status| Standing::of(status, (self.valid_from, self.valid_until), at))
    }

    pub fn status_reason(&self) -> Option<StatusReason> {
        let code = self.reason.as_deref()?;
        match self.status {
            Status::Suspended => SuspensionReason::parse(code).map(StatusReason::Suspension),
            Status::Revoked => RevocationReason::parse(code).map(StatusReason::Revocation),
            _ => None,
        }
    }

    /// The number people know it by: its serial.
    pub fn number(&self) -> &str {
        self.identifier.rsplit('.').nth(2).unwrap_or_default()
    }

    /// Which version it is, from 1.
    pub fn version(&self) -> u16 {
        self.identifier.rsplit('.').nth(1).and_then(|version| version.parse().ok()).unwrap_or(1)
    }
}
