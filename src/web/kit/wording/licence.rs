//! The words of what licences are refused, suspended and revoked for.

use base::Text;
use licence::{
    error::PeriodProblem,
    field::FieldProblem,
    reason::{ReturnReason, RevocationReason, StatusReason, SuspensionReason, WithdrawalReason},
};

use super::{Worded, code_of};

impl Worded for SuspensionReason {
    fn text(&self) -> Text {
        match self {
            Self::Investigation => words::suspension::INVESTIGATION,
            Self::Violation => words::suspension::VIOLATION,
            Self::ConditionsNotMet => words::suspension::CONDITIONS_NOT_MET,
            Self::HolderRequest => words::suspension::HOLDER_REQUEST,
            Self::CourtOrder => words::suspension::COURT_ORDER,
        }
        .clone()
    }
}

impl Worded for RevocationReason {
    fn text(&self) -> Text {
        match self {
            Self::Penalty => words::revocation::PENALTY,
            Self::WronglyGranted => words::revocation::WRONGLY_GRANTED,
            Self::Fraud => words::revocation::FRAUD,
            Self::HolderCeased => words::revocation::HOLDER_CEASED,
            Self::HolderRequest => words::revocation::HOLDER_REQUEST,
            Self::IssuedInError => words::revocation::ISSUED_IN_ERROR,
        }
        .clone()
    }
}

impl Worded for ReturnReason {
    fn text(&self) -> Text {
        match self {
            Self::Incomplete => words::return_reason::INCOMPLETE,
            Self::Mismatch => words::return_reason::MISMATCH,
            Self::ConditionsNotMet => words::return_reason::CONDITIONS_NOT_MET,
            Self::Duplicate => words::return_reason::DUPLICATE,
            Self::WrongType => words::return_reason::WRONG_TYPE,
        }
        .clone()
    }
}

impl Worded for WithdrawalReason {
    fn text(&self) -> Text {
        match self {
            Self::EnteredInError => words::withdrawal_reason::ENTERED_IN_ERROR,
            Self::WrongHolder => words::withdrawal_reason::WRONG_HOLDER,
            Self::Duplicate => words::withdrawal_reason::DUPLICATE,
            Self::GivenUp => words::withdrawal_reason::GIVEN_UP,
        }
        .clone()
    }
}

impl Worded for StatusReason {
    fn text(&self) -> Text {
        match self {
            Self::Revocation(reason) => reason.text(),
            Self::Suspension(reason) => reason.text(),
        }
    }
}

impl Worded for FieldProblem {
    fn text(&self) -> Text {
        match self {
            Self::CheckDigit => words::field_problem::CHECK_DIGIT,
            Self::Character(c) => return words::field_problem::character(code_of(*c)),
            Self::Glyph(c) => return words::field_problem::glyph(c, code_of(*c)),
            Self::Locked => words::field_problem::LOCKED,
            Self::Missing => words::field_problem::MISSING,
            Self::NoRoom => words::field_problem::NO_ROOM,
            Self::NotAChoice => words::field_problem::NOT_A_CHOICE,
            Self::NotADate => words::field_problem::NOT_A_DATE,
            Self::NotAnIdentityNumber => words::field_problem::NOT_AN_IDENTITY_NUMBER,
            Self::NotANumber => words::field_problem::NOT_A_NUMBER,
            Self::TooLong(max) => return words::field_problem::too_long(max),
            Self::Unknown => words::field_problem::UNKNOWN_FIELD,
        }
        .clone()
    }
}

impl Worded for PeriodProblem {
    fn text(&self) -> Text {
        match self {
            Self::EndBeforeStart => words::period_problem::END_BEFORE_START,
            Self::EndMissing => words::period_problem::END_MISSING,
            Self::EndNotAllowed => words::period_problem::END_NOT_ALLOWED,
            Self::TooLong => words::period_problem::PERIOD_TOO_LONG,
            Self::StartTooEarly => words::period_problem::START_TOO_EARLY,
            Self::StartTooLate => words::period_problem::START_TOO_LATE,
        }
        .clone()
    }
}
