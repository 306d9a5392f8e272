//! Why something about licences was refused.

use base::{
    Date, Fault,
    id::{ApplicationId, LicenceId},
};
use records::MaybeFault;
use thiserror::Error;

use crate::catalogue::field::FieldError;

/// What is true when an act on licences is refused.
#[derive(Debug, Error)]
pub enum Error {
    /// Somebody else decided on the application first; the caller looks at it again.
    #[error("the application is already decided")]
    AlreadyDecided,
    /// An application for this holder waits already, and only one of them could be approved; the caller looks at that one.
    #[error("the application {0} for this holder waits already")]
    AlreadyApplied(ApplicationId),
    /// The holder has a licence of this type in force, and the type allows only one.
    #[error("the holder has licence {0} of this type in force")]
    AlreadyHeld(LicenceId),
    /// Revocation is final; the caller's fault.
    #[error("the licence is revoked")]
    AlreadyRevoked,
    /// It is suspended for another reason; the caller reinstates it first.
    #[error("the licence is suspended for another reason")]
    AlreadySuspended,
    /// Another version took the licence's place; the caller acts on that one.
    #[error("the licence is superseded")]
    AlreadySuperseded,
    /// What the reviewer saw is not what is stored: somebody changed it in between.
    #[error("the application changed since it was reviewed")]
    ApprovalStale,
    /// The number of the decision is missing, too long, or holds what cannot be seen; the caller's fault.
    #[error("the number of the decision is refused")]
    Decision,
    /// Fields are missing or wrong; the caller's fault.
    #[error("{} fields are refused", .0.len())]
    Fields(Vec<FieldError>),
    /// Ours to repair.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Maker and checker are one person.
    #[error("maker and checker are the same person")]
    FourEyes,
    /// The organisation exists no more, or its registration was revoked.
    #[error("the holder has ceased to exist")]
    HolderCeased,
    /// The person has died.
    #[error("the holder has died")]
    HolderDeceased,
    /// There is no such person or organisation, or it is of the kind that cannot hold this type.
    #[error("there is no such holder")]
    HolderUnknown,
    /// The issuer's credit code cannot stand in an identifier.
    #[error("the issuer has no usable credit code")]
    IssuerCode,
    /// The department is suspended, or exists no more.
    #[error("the issuer is suspended")]
    IssuerSuspended,
    /// The page failed the checks before signing. No signature was made with a real key.
    #[error("the document failed the checks before signing: {0}")]
    Lint(String),
    /// The department may not issue this type, or the person has not the role.
    #[error("not authorised to issue")]
    NotAuthorised,
    /// There is no such licence or application, or it belongs to another department.
    #[error("not found")]
    NotFound,
    /// Only whoever handed an application in takes it back; a reviewer of the department returns it.
    #[error("somebody else handed the application in")]
    NotMaker,
    /// Only whoever filed a revocation takes it back; others of the department refuse it.
    #[error("somebody else filed the revocation")]
    NotFiler,
    /// Its document is not made yet, or its intent was voided.
    #[error("the licence is not issued")]
    NotIssued,
    /// Only a suspended licence can be reinstated.
    #[error("the licence is not suspended")]
    NotSuspended,
    /// Whoever acts is the holder, or acts for the organisation that is; somebody else of the department acts.
    #[error("nobody acts on a licence of their own")]
    OwnAffair,
    /// The clerk who entered it is the holder, or acts for the organisation that is; another clerk enters it.
    #[error("the clerk entered a licence of their own")]
    OwnAffairOfClerk,
    /// The licence belongs to another department.
    #[error("the licence was issued by another department")]
    OtherDepartment,
    /// The first or last day of validity is out of bounds.
    #[error("the period of validity is refused")]
    Period(PeriodProblem),
    /// The licence to be renewed is of another type, holder or department, or not in a state to be renewed.
    #[error("this licence cannot be renewed")]
    Renewal,
    /// A revocation of the licence to be renewed waits; somebody decides on that one first.
    #[error("a revocation of the licence to be renewed waits")]
    RenewalBarred,
    /// One waits for the licence already; somebody decides on that one first.
    #[error("a revocation of this licence waits already")]
    RevocationOpen,
    /// It was decided or withdrawn, its time is over, or whoever filed it has left.
    #[error("the revocation does not wait any more")]
    RevocationOver,
    /// As many of the department's wait, or of those that one system asked for, as may; the caller has them decided first.
    #[error("{max} revocations wait")]
    RevocationsWaiting {
        /// The most that may wait.
        max: usize,
    },
    /// The department's seal is missing or frozen.
    #[error("the department has no seal in use")]
    Seal,
    /// The certificate of the department's seal is out of date or revoked.
    #[error("the certificate of the department's seal does not count any more")]
    SealExpired,
    /// The type has another version since it was applied for: it is returned and entered anew.
    #[error("the licence type was changed since")]
    TypeChanged,
    /// The catalogue has no published type of this code.
    #[error("no such licence type is published")]
    TypeUnknown,
    /// 999 versions of one licence were issued.
    #[error("the licence was renewed too often")]
    VersionsExhausted,
    /// The issue was given up; a new one gets a new number.
    #[error("the issue was voided: {0}")]
    Voided(String),
}

impl MaybeFault for Error {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<identity::Error> for Error {
    /// Of who acts nothing else is asked than whether they may.
    fn from(error: identity::Error) -> Self {
        match error {
            identity::Error::Fault(fault) => Self::Fault(fault),
            _ => Self::NotAuthorised,
        }
    }
}

impl Error {
    /// Whether the same issue can never succeed, so that its intent is to be voided.
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self, Self::Fault(_))
    }

    /// A stable word for the log and for the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyApplied(_) => "already_applied",
            Self::AlreadyDecided => "already_decided",
            Self::AlreadyHeld(_) => "already_held",
            Self::AlreadyRevoked => "already_revoked",
            Self::AlreadySuperseded => "already_superseded",
            Self::AlreadySuspended => "already_suspended",
            Self::ApprovalStale => "approval_stale",
            Self::Decision => "decision_number_refused",
            Self::Fields(_) => "fields_refused",
            Self::Fault(_) => "fault",
            Self::FourEyes => "four_eyes",
            Self::OwnAffair => "own_affair",
            Self::OwnAffairOfClerk => "own_affair_of_clerk",
            Self::HolderCeased => "holder_ceased",
            Self::HolderDeceased => "holder_deceased",
            Self::HolderUnknown => "holder_unknown",
            Self::IssuerCode => "issuer_code",
            Self::IssuerSuspended => "issuer_suspended",
            Self::Lint(_) => "lint_failed",
            Self::NotAuthorised => "issue_not_authorised",
            Self::NotFiler => "not_filer",
            Self::NotFound => "not_found",
            Self::NotMaker => "not_maker",
            Self::NotIssued => "not_issued",
            Self::NotSuspended => "not_suspended",
            Self::OtherDepartment => "other_department",
            Self::Period(problem) => problem.code(),
            Self::Renewal => "renewal_refused",
            Self::RenewalBarred => "renewal_barred",
            Self::RevocationOpen => "revocation_open",
            Self::RevocationOver => "revocation_over",
            Self::RevocationsWaiting { .. } => "revocations_waiting",
            Self::Seal => "seal_not_in_use",
            Self::SealExpired => "seal_expired",
            Self::TypeChanged => "type_changed",
            Self::TypeUnknown => "type_unknown",
            Self::VersionsExhausted => "versions_exhausted",
            Self::Voided(_) => "voided",
        }
    }
}

/// What is wrong with a period of validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodProblem {
    /// It ends before it begins.
    EndBeforeStart { typed: Date, start: Date },
    /// Its last day must be given for this type.
    EndMissing,
    /// Its last day follows from the type and must not be given, or not another one than that.
    EndNotAllowed { typed: Date, right: Option<Date> },
    /// It is longer than a licence can be valid.
    TooLong { typed: Date, latest: Date },
    /// It begins too far in the past.
    StartTooEarly { typed: Date, earliest: Date },
    /// It begins too far in the future.
    StartTooLate { typed: Date, latest: Date },
}

impl PeriodProblem {
    /// A stable word.
    pub fn code(self) -> &'static str {
        match self {
            Self::EndBeforeStart { .. } => "end_before_start",
            Self::EndMissing => "end_missing",
            Self::EndNotAllowed { .. } => "end_not_allowed",
            Self::TooLong { .. } => "period_too_long",
            Self::StartTooEarly { .. } => "start_too_early",
            Self::StartTooLate { .. } => "start_too_late",
        }
    }

    /// Which of the two dates it is about.
    pub fn is_about_start(self) -> bool {
        matches!(self, Self::StartTooEarly { .. } | Self::StartTooLate { .. })
    }
}
