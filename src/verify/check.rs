//! One check on the way to a verdict.

use base::Text;
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::reason::Reason;

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It was not or could not be made.
    NotDone,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which; stable, for programs.
    pub code: &'static str,
    /// How it ended.
    pub result: CheckResult,
    /// One sentence for people.
    pub text: Text,
    /// Why, unless it passed.
    pub reason: Option<Reason>,
}

impl Check {
    /// A check that holds.
    pub fn passed(code: &'static str, text: Text) -> Self {
        Self { code, result: CheckResult::Passed, text, reason: None }
    }

    /// A check that does not hold.
    pub fn failed(code: &'static str, reason: Reason) -> Self {
        Self { code, result: CheckResult::Failed, text: reason.text(), reason: Some(reason) }
    }

    /// A check that does not hold, in words of its own.
    pub fn failed_with(code: &'static str, reason: Reason, text: Text) -> Self {
        Self { code, result: CheckResult::Failed, text, reason: Some(reason) }
    }

    /// A check that was not made and does not matter for the outcome.
    pub fn not_done(code: &'static str, text: Text) -> Self {
        Self { code, result: CheckResult::NotDone, text, reason: None }
    }

    /// A check that could not be made and should have been.
    pub fn missing(code: &'static str, reason: Reason) -> Self {
        Self { code, result: CheckResult::NotDone, text: reason.text(), reason: Some(reason) }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Check", 3)?;
        out.serialize_field("code", self.code)?;
        out.serialize_field("result", &self.result)?;
        out.serialize_field("text", &Both(&self.text))?;
        out.end()
    }
}

struct Both<'a>(&'a Text);

impl Serialize for Both<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Text", 2)?;
        out.serialize_field("zh", &self.0.zh)?;
        out.serialize_field("en", &self.0.en)?;
        out.end()
    }
}
