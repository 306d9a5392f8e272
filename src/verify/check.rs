use crate::{finding::Finding, reason::Reason};

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It was not or could not be made.
    NotDone,
}

impl CheckResult {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Passed, Self::Failed, Self::NotDone];

    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotDone => "not_done",
        }
    }
}

/// A question that a verification asked of its subject, and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which; stable, for programs.
    pub code: &'static str,
    /// How it ended.
    pub result: CheckResult,
    /// What was found.
    pub finding: Finding,
    /// Why, unless it passed.
    pub reason: Option<Reason>,
}

impl Check {
    /// A check that holds.
    pub(crate) fn passed(code: &'static str, finding: Finding) -> Self {
        Self { code, result: CheckResult::Passed, finding, reason: None }
    }

    /// A check that does not hold.
    pub fn failed(code: &'static str, reason: Reason) -> Self {
        Self { code, result: CheckResult::Failed, finding: Finding::Reason(reason), reason: Some(reason) }
    }

    /// A check that does not hold, and says more than why.
    pub(crate) fn failed_with(code: &'static str, reason: Reason, finding: Finding) -> Self {
        Self { code, result: CheckResult::Failed, finding, reason: Some(reason) }
    }

    /// A check that was not made and does not matter for the outcome.
    pub(crate) fn not_done(code: &'static str, finding: Finding) -> Self {
        Self { code, result: CheckResult::NotDone, finding, reason: None }
    }

    /// A check that could not be made and should have been.
    pub fn missing(code: &'static str, reason: Reason) -> Self {
        Self { code, result: CheckResult::NotDone, finding: Finding::Reason(reason), reason: Some(reason) }
    }
}
