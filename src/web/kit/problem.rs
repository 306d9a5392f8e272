//! The one mapping of what went wrong to a status and a stable code. OAuth's own error codes are in
//! `sign_in/oidc/error.rs`.
//!
//! A handler returns `Err(Problem)`; `edge` has it rendered when it knows language and request id. Its words are in
//! [`super::wording`], one title and one sentence of what to do for each code.

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use base::{Fault, Text, fault::FaultKind};
use http::StatusCode;
use records::MaybeFault;
use schemars::JsonSchema;
use serde::Serialize;

use super::wording::{self, Both, Worded};

/// Why an answer failed that says so in words of its own, for the one line of the log.
#[derive(Clone, Debug)]
pub struct Reason(pub String);

/// An answer in words of its own to come again, because more came at once than can be answered, and of what there was
/// too much.
#[derive(Clone, Copy, Debug)]
pub struct Crowded(pub &'static str);

/// Whoever answered has told the log.
#[derive(Clone, Copy, Debug)]
pub struct Told;

/// What went wrong, as far as the caller may know.
#[derive(Debug)]
pub enum Problem {
    /// The form's hidden token is missing or another browser's, or another site sent the form.
    Csrf,
    /// A rule of a domain says no: made by the `From` of that domain's error, below, and nowhere else.
    Domain {
        status: StatusCode,
        /// The stable code, for programs.
        code: &'static str,
        /// What is true and what to do.
        text: Text,
    },
    /// A field came twice.
    DuplicateField(String),
    /// Ours to repair; told as "something failed" with the request id.
    Fault(Fault),
    /// Fields of a JSON body that do not say what they must.
    Fields(Vec<FieldProblem>),
    /// Signed in, but not for this.
    Forbidden,
    /// A form that is cut off or no form at all.
    FormBroken,
    /// A form that is not in UTF-8.
    FormEncoding,
    /// All headers together are too long.
    HeadersTooLarge,
    /// The body is of a kind that this address does not read.
    MediaType {
        /// What it reads.
        expected: &'static str,
    },
    MethodNotAllowed,
    /// Meant for another host.
    Misdirected,
    /// There is no such thing, or not for this visitor.
    NotFound,
    /// Nothing is wrong any more with a form that was opened from its address, and nothing was done with it: it stands
    /// there.
    Stands {
        /// A path of ours.
        at: String,
    },
    /// Sign in first, then go on to this path.
    SignIn {
        /// A path of ours.
        to: String,
    },
    /// No access token where one is needed.
    TokenMissing,
    /// An access token that means nothing (any more).
    TokenInvalid,
    /// An access token without the scope.
    TokenScope(&'static str),
    /// The body or the file is too large.
    TooLarge {
        /// The most bytes.
        max: usize,
    },
    /// Too many tries.
    TooManyRequests {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// No room right now.
    Busy {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// The address itself is too long.
    UriTooLong,
}

/// One field of a JSON body that does not say what it must.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[schemars(inline, description = "")]
pub struct FieldProblem {
    /// Where, as a JSON pointer.
    #[schemars(description = "RFC 6901")]
    pub pointer: String,
    /// The stable code.
    #[schemars(description = "")]
    pub code: &'static str,
    /// What is wrong.
    #[schemars(description = "")]
    pub detail: Both,
}

/// A name as a part of a JSON pointer (RFC 6901), not longer than anyone reads.
pub fn escape(name: &str) -> String {
    let short: String = name.chars().take(60).collect();
    short.replace('~', "~0").replace('/', "~1")
}

impl MaybeFault for Problem {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<identity::Error> for Problem {
    fn from(error: identity::Error) -> Self {
        use identity::Error;
        let not_found = |code, text| Self::domain(StatusCode::NOT_FOUND, code, text);
        let conflict = |code, text| Self::domain(StatusCode::CONFLICT, code, text);
        let wrong = |code, text| Self::domain(StatusCode::UNPROCESSABLE_ENTITY, code, text);
        let forbidden = |code, text| Self::domain(StatusCode::FORBIDDEN, code, text);
        let limit = |code, text| Self::Domain { status: StatusCode::CONFLICT, code, text };
        let sentence = |code, text| Self::Domain { status: StatusCode::UNPROCESSABLE_ENTITY, code, text };
        match error {
            Error::AccountLocked => conflict("account_locked", words::identity::ACCOUNT_LOCKED),
            Error::AccountUnknown => not_found("account_unknown", words::identity::ACCOUNT_UNKNOWN),
            Error::AlreadyAppointed => conflict("already_appointed", words::identity::ALREADY_APPOINTED),
            Error::BornOn { born, earliest, latest } => {
                sentence("birthdate", words::identity::born_on(born, earliest, latest))
            }
            Error::Busy { retry_after_seconds } => Self::Busy { retry_after_seconds },
            Error::Contradiction { field, given, number } => {
                sentence(field, wording::contradiction(field, &given, &number))
            }
            Error::CreditCodeTaken => conflict("credit_code_taken", words::identity::CREDIT_CODE_TAKEN),
            Error::DiedOn { on, earliest, latest } => {
                sentence("died_on", words::identity::died_on(on, earliest, latest))
            }
            Error::DocumentOfChild { years } => {
                sentence("document_of_child", words::identity::document_of_child(years))
            }
            Error::DocumentOfOthers => wrong("document_of_others", words::identity::DOCUMENT_OF_OTHERS),
            Error::Fault(fault) => Self::Fault(fault),
            Error::FieldMissing { field } => sentence(field, wording::field_missing(field)),
            Error::Field { field } => sentence(field, wording::field_wrong(field)),
            Error::FirstLeft => conflict("first_left", words::identity::FIRST_LEFT),
            Error::FourEyes => forbidden("four_eyes", words::identity::FOUR_EYES),
            Error::HasPowers => forbidden("has_powers", words::identity::HAS_POWERS),
            Error::IdentityNumberTaken => conflict("identity_number_taken", words::identity::IDENTITY_NUMBER_TAKEN),
            Error::Name(error) => sentence("name", error.text()),
            Error::NotAllowed => Self::Forbidden,
            Error::Number(error) => wrong("number", wording::number_wrong(error)),
            Error::OrganisationUnknown => not_found("organisation_unknown", words::identity::ORGANISATION_UNKNOWN),
            Error::Own => forbidden("own_account", words::identity::OWN),
            Error::PasswordEnded => wrong("password_ended", words::identity::PASSWORD_ENDED),
            Error::PasswordGuessable => wrong("password_guessable", words::identity::PASSWORD_GUESSABLE),
            Error::PasswordSame => wrong("password_same", words::identity::PASSWORD_SAME),
            Error::PasswordToChoose => wrong("password_to_choose", words::identity::PASSWORD_TO_CHOOSE),
            Error::PasswordTooLong { max } => sentence("password_too_long", words::identity::password_too_long(max)),
            Error::PasswordTooShort { min } => sentence("password_too_short", words::identity::password_too_short(min)),
            Error::Period { start, end, years } => sentence("period", words::identity::period(start, end, years)),
            Error::PersonDeceased => conflict("person_deceased", words::identity::PERSON_DECEASED),
            Error::PersonUnknown => not_found("person_unknown", words::identity::PERSON_UNKNOWN),
            Error::Refused => wrong("sign_in_refused", words::identity::SIGN_IN_REFUSED),
            Error::ProposalOpen => conflict("proposal_open", words::proposal::ALREADY),
            Error::ProposalOver => conflict("proposal_over", words::proposal::OVER),
            Error::ProposalsWaiting { max } => limit("proposals_waiting", words::proposal::too_many(max)),
            Error::Reason => wrong("reason", words::proposal::REASON_MISSING),
            Error::ResetOpen => conflict("reset_open", words::identity::RESET_OPEN),
            Error::ResetOver => conflict("reset_over", words::identity::RESET_OVER),
            Error::ResetSearchUsed => conflict("reset_search_used", words::reset::NOT_SEARCHED),
            Error::ProposalUnknown | Error::ResetUnknown => Self::NotFound,
            Error::ResetsOften { max } => limit("resets_often", words::identity::resets_often(max)),
            Error::ResetsWaiting { max } => limit("resets_waiting", words::identity::resets_waiting(max)),
            Error::RoleMissing => wrong("role_missing", words::identity::ROLE_MISSING),
            Error::RolesExclude { .. } => conflict("roles_exclude", words::identity::ROLES_EXCLUDE),
            Error::StaffUnknown => not_found("staff_unknown", words::identity::STAFF_UNKNOWN),
            Error::Stale => conflict("stale", words::proposal::STALE),
            Error::Throttled { retry_after_seconds, .. } => Self::TooManyRequests { retry_after_seconds },
            Error::TooManyKeys { .. } => conflict("too_many_keys", words::identity::TOO_MANY_KEYS),
            Error::TwoNeeded => forbidden("two_needed", words::proposal::TWO_NEEDED),
            Error::Unchanged => wrong("unchanged", words::proposal::UNCHANGED),
            Error::UsernameForm => wrong("username_form", words::identity::USERNAME_FORM),
            Error::UsernameNumber => wrong("username_number", words::identity::USERNAME_NUMBER),
            Error::UsernameTaken => conflict("username_taken", words::identity::USERNAME_TAKEN),
        }
    }
}

impl From<licence::Error> for Problem {
    fn from(error: licence::Error) -> Self {
        use licence::Error;
        let conflict = |code, text| Self::domain(StatusCode::CONFLICT, code, text);
        let refused = |code, text| Self::domain(StatusCode::UNPROCESSABLE_ENTITY, code, text);
        let forbidden = |code, text| Self::domain(StatusCode::FORBIDDEN, code, text);
        let code = error.code();
        match error {
            Error::AlreadyApplied(_) => conflict(code, words::licence::ALREADY_APPLIED),
            Error::AlreadyDecided => conflict(code, words::licence::ALREADY_DECIDED),
            Error::AlreadyHeld(_) => conflict(code, words::licence::ALREADY_HELD),
            Error::AlreadyRevoked => conflict(code, words::licence::ALREADY_REVOKED),
            Error::AlreadySuperseded => conflict(code, words::licence::ALREADY_SUPERSEDED),
            Error::AlreadySuspended => conflict(code, words::licence::ALREADY_SUSPENDED),
            Error::ApprovalStale => conflict(code, words::licence::APPROVAL_STALE),
            Error::Decision => refused(code, words::licence::DECISION),
            Error::Fields(errors) => Self::Fields(
                errors
                    .into_iter()
                    .map(|error| FieldProblem {
                        pointer: format!("/fields/{}", escape(&error.key)),
                        code: error.problem.code(),
                        detail: Both(error.problem.text()),
                    })
                    .collect(),
            ),
            Error::Fault(fault) => Self::Fault(fault),
            Error::FourEyes => forbidden(code, words::licence::FOUR_EYES),
            Error::OwnAffair => forbidden(code, words::licence::OWN_AFFAIR),
            Error::OwnAffairOfClerk => forbidden(code, words::licence::OWN_AFFAIR_OF_CLERK),
            Error::HolderCeased => refused(code, words::licence::HOLDER_CEASED),
            Error::HolderDeceased => refused(code, words::licence::HOLDER_DECEASED),
            Error::HolderUnknown => refused(code, words::licence::HOLDER_UNKNOWN),
            Error::IssuerCode => refused(code, words::licence::ISSUER_CODE),
            Error::IssuerSuspended => refused(code, words::licence::ISSUER_SUSPENDED),
            Error::Lint(_) => refused(code, words::licence::LINT_FAILED),
            Error::NotAuthorised => forbidden(code, words::licence::ISSUE_NOT_AUTHORISED),
            Error::NotFiler => forbidden(code, words::revoking::NOT_FILER),
            Error::NotFound => Self::NotFound,
            Error::NotMaker => forbidden(code, words::licence::NOT_MAKER),
            Error::NotIssued => conflict(code, words::licence::NOT_ISSUED),
            Error::NotSuspended => conflict(code, words::licence::NOT_SUSPENDED),
            Error::OtherDepartment => forbidden(code, words::licence::OTHER_DEPARTMENT),
            Error::Period(problem) => Self::Fields(vec![FieldProblem {
                pointer: if problem.is_about_start() { "/valid_from" } else { "/valid_until" }.to_owned(),
                code: problem.code(),
                detail: Both(problem.text()),
            }]),
            Error::Renewal => refused(code, words::licence::RENEWAL_REFUSED),
            Error::RenewalBarred => conflict(code, words::licence::RENEWAL_BARRED),
            Error::RevocationOpen => conflict(code, words::revoking::WAITS_ALREADY),
            Error::RevocationOver => conflict(code, words::revoking::DECIDED),
            Error::RevocationsWaiting { max } => {
                Self::Domain { status: StatusCode::CONFLICT, code, text: words::revoking::many(max) }
            }
            Error::Seal => refused(code, words::licence::SEAL_NOT_IN_USE),
            Error::SealExpired => refused(code, words::licence::SEAL_EXPIRED),
            Error::TypeChanged => conflict(code, words::licence::TYPE_CHANGED),
            Error::TypeUnknown => refused(code, words::licence::TYPE_UNKNOWN),
            Error::VersionsExhausted => conflict(code, words::licence::VERSIONS_EXHAUSTED),
            Error::Voided(_) => refused(code, words::licence::VOIDED),
        }
    }
}

impl From<seal::Error> for Problem {
    fn from(error: seal::Error) -> Self {
        use seal::Error;
        let conflict = |code, text| Self::domain(StatusCode::CONFLICT, code, text);
        let refused = |code, text| Self::domain(StatusCode::UNPROCESSABLE_ENTITY, code, text);
        match error {
            Error::AlreadyHasOne => conflict("seal_already", words::seals::ALREADY),
            Error::Fault(fault) => Self::Fault(fault),
            Error::Identity(error) => error.into(),
            Error::NoActiveSeal => refused("seal_not_in_use", words::licence::SEAL_NOT_IN_USE),
            Error::NotAKeeper => conflict("not_a_keeper", words::seals::NOT_A_KEEPER),
            Error::NotFound => Self::NotFound,
            Error::OrganisationUnknown => identity::Error::OrganisationUnknown.into(),
            Error::Picture(_) => refused("seal_picture", words::seals::PICTURE),
            Error::Pki(error) => error.into(),
            Error::Reason { .. } => refused("reason", words::proposal::REASON_MISSING),
            Error::RenewedJustNow { hours } => Self::Domain {
                status: StatusCode::CONFLICT,
                code: "renewed_just_now",
                text: words::seals::renewed_just_now(hours),
            },
            Error::Transition { .. } => conflict("seal_state", words::seals::STATE_REFUSED),
        }
    }
}

impl From<pki::Error> for Problem {
    fn from(error: pki::Error) -> Self {
        use pki::Error;
        let conflict = |code, text| Self::domain(StatusCode::CONFLICT, code, text);
        match error {
            Error::Fault(fault) => Self::Fault(fault),
            Error::KeyAway(_) => conflict("key_away", words::operator::KEY_AWAY),
            Error::KeyInUse(_) | Error::SealKey | Error::Transition { .. } => {
                conflict("key_state", words::operator::KEY_STATE)
            }
            Error::KeyTooNew { .. } => conflict("key_too_new", words::operator::KEY_TOO_NEW),
            Error::KeyUnknown(_) => Self::domain(StatusCode::NOT_FOUND, "key_unknown", words::operator::KEY_UNKNOWN),
            Error::KeyWaits(_) => conflict("key_waits", words::operator::KEY_WAITS),
            Error::KeyUnusable { .. } | Error::NoCurrentKey(_) => {
                conflict("key_unusable", words::operator::KEY_UNUSABLE)
            }
            Error::CertificateProfile(_)
            | Error::CertificateUnknown(_)
            | Error::DerivationMismatch
            | Error::EnvelopeMismatch
            | Error::KeyFileMissing(_)
            | Error::KeyFileTampered(_)
            | Error::Name
            | Error::PurposeMismatch { .. } => Self::Fault(Fault::broken(error)),
        }
    }
}

impl Problem {
    /// A domain's rule, for the `From` implementations below.
    fn domain(status: StatusCode, code: &'static str, text: &Text) -> Self {
        Self::Domain { status, code, text: text.clone() }
    }

    /// Status and stable code.
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Csrf => (StatusCode::FORBIDDEN, "csrf"),
            Self::Domain { status, code, .. } => (*status, code),
            Self::DuplicateField(_) => (StatusCode::BAD_REQUEST, "duplicate_field"),
            Self::Fault(fault) => match fault.kind() {
                FaultKind::Unavailable | FaultKind::Conflict => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
                FaultKind::Unknown => (StatusCode::SERVICE_UNAVAILABLE, "outcome_unknown"),
                FaultKind::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
            },
            Self::Fields(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::FormBroken => (StatusCode::BAD_REQUEST, "form_broken"),
            Self::FormEncoding => (StatusCode::BAD_REQUEST, "form_encoding"),
            Self::HeadersTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"),
            Self::MediaType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Misdirected => (StatusCode::MISDIRECTED_REQUEST, "misdirected"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::SignIn { .. } => (StatusCode::UNAUTHORIZED, "sign_in_required"),
            Self::Stands { .. } => (StatusCode::SEE_OTHER, "elsewhere"),
            Self::TokenInvalid => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::TokenMissing => (StatusCode::UNAUTHORIZED, "token_missing"),
            Self::TokenScope(_) => (StatusCode::FORBIDDEN, "insufficient_scope"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "uri_too_long"),
        }
    }

    /// What the log may say about it.
    pub fn for_the_log(&self) -> String {
        match self {
            Self::Fault(fault) => fault.to_string(),
            other => other.status_and_code().1.to_owned(),
        }
    }

    /// In how many seconds to try again.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Busy { retry_after_seconds } | Self::TooManyRequests { retry_after_seconds } => {
                Some(*retry_after_seconds)
            }
            Self::Fault(fault) if fault.kind() != FaultKind::Broken => Some(2),
            _ => None,
        }
    }

    /// What a caller without the right token is told in `WWW-Authenticate`.
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::TokenMissing => Some("Bearer".to_owned()),
            Self::TokenInvalid => Some(r#"Bearer error="invalid_token""#.to_owned()),
            Self::TokenScope(scope) => Some(format!(r#"Bearer error="insufficient_scope", scope="{scope}""#)),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    /// An empty answer that carries the problem to `edge`.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status_and_code().0;
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
