//! Every problem that the API can tell, for its page: a problem's `type` is an address there.

use licence::{Error, revocation};

use super::{idempotency, json, verify};
use crate::{
    Page, Problem,
    kit::{
        limits::{FORM_BYTES_MAX, LOOKS_SECONDS},
        rendering,
    },
};

/// One code as the page shows it.
pub struct Entry {
    /// The stable code, which is also its anchor.
    pub code: &'static str,
    /// The status it comes with.
    pub status: u16,
    /// What it means and what to do.
    pub meaning: String,
}

/// All of them, by their statuses.
pub fn all(page: &Page) -> Vec<Entry> {
    let problems =
        our_own().into_iter().chain(json::problems()).chain(idempotency::problems()).chain(verify::problems());
    let mut codes: Vec<Entry> = problems
        .chain(refusals().into_iter().map(Problem::from))
        .map(|problem| {
            let (status, code) = problem.status_and_code();
            Entry { code, status: status.as_u16(), meaning: rendering::words(&problem, page, true).1 }
        })
        .collect();
    codes.sort_by_key(|code| (code.status, code.code));
    codes.dedup_by_key(|code| code.code);
    codes
}

fn our_own() -> Vec<Problem> {
    let retry_after_seconds = u32::try_from(LOOKS_SECONDS).unwrap_or(60);
    vec![
        Problem::Busy { retry_after_seconds },
        Problem::DuplicateField("file".to_owned()),
        Problem::Fault(base::Fault::broken("an example")),
        Problem::Fault(base::Fault::unavailable("an example")),
        Problem::Fault(base::Fault::unavailable("an example").while_keeping()),
        Problem::Fields(vec![]),
        Problem::Forbidden,
        Problem::FormBroken,
        Problem::FormEncoding,
        Problem::HeadersTooLarge,
        Problem::MediaType { expected: "application/json" },
        Problem::MethodNotAllowed,
        Problem::Misdirected,
        Problem::NotFound,
        Problem::TokenInvalid,
        Problem::TokenMissing,
        Problem::TokenScope(oidc::scope::LICENCE_ISSUE),
        Problem::TooLarge { max: FORM_BYTES_MAX },
        Problem::TooManyRequests { retry_after_seconds },
        Problem::UriTooLong,
    ]
}

/// What the rules of licences refuse. Those that name fields are told as `invalid_fields`.
fn refusals() -> Vec<Error> {
    vec![
        Error::AlreadyDecided,
        Error::AlreadyHeld(base::id::LicenceId::stored(String::new())),
        Error::AlreadyRevoked,
        Error::AlreadySuperseded,
        Error::AlreadySuspended,
        Error::ApprovalStale,
        Error::Decision,
        Error::FourEyes,
        Error::HolderCeased,
        Error::HolderDeceased,
        Error::HolderUnknown,
        Error::IssuerCode,
        Error::IssuerSuspended,
        Error::Lint(String::new()),
        Error::NotAuthorised,
        Error::NotFiler,
        Error::NotIssued,
        Error::NotMaker,
        Error::NotSuspended,
        Error::OtherDepartment,
        Error::OwnAffair,
        Error::OwnAffairOfClerk,
        Error::Renewal,
        Error::RenewalBarred,
        Error::RevocationOpen,
        Error::RevocationOver,
        Error::RevocationsWaiting { max: revocation::WAITING_MAX },
        Error::Seal,
        Error::SealExpired,
        Error::TypeUnknown,
        Error::VersionsExhausted,
        Error::Voided(String::new()),
    ]
}
