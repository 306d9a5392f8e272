//! The answer: an outcome, and every check that led to it.

use base::{Instant, id::ReceiptId};

use crate::{advice::Advice, check::Check, licence::LicenceFacts, outcome::Outcome, reason::Reason};

/// What was found about one signature of a file, in the words of ETSI EN 319 102-1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureReport {
    /// `TOTAL-PASSED`, `TOTAL-FAILED` or `INDETERMINATE`.
    pub indication: &'static str,
    /// Why, unless it passed.
    pub sub_indication: Option<&'static str>,
    /// Whom the certificate names, if it could be read: fit to be shown, and no more than what it says of itself unless
    /// that is confirmed.
    pub signer: Option<String>,
    /// Whether the signature is genuine and the signer a seal of ours.
    pub is_signer_confirmed: bool,
    /// Whether the signature covers every byte of the file but itself.
    pub covers_whole_file: bool,
}

impl SignatureReport {
    /// Every indication there is.
    pub const INDICATIONS: [&str; 3] = ["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"];
}

/// Where facts came from and how old they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A code that programs can rely on, and that has its words.
    pub name: &'static str,
    /// Its age: the instant at which it was current.
    pub as_of: Instant,
}

/// The answer to one verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub outcome: Outcome,
    /// The instant of which it speaks: a licence that is valid then may have ended since.
    pub holds_at: Instant,
    /// The number of the receipt; none until the verification was recorded.
    pub receipt: Option<ReceiptId>,
    /// What our records say of the licence in question.
    pub licence: Option<LicenceFacts>,
    /// Every check, in the order they were made.
    pub checks: Vec<Check>,
    /// Every signature of the file.
    pub signatures: Vec<SignatureReport>,
    /// Where facts came from.
    pub sources: Vec<Source>,
}

/// The four things that people at a counter ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// 内容未改动.
    Content,
    /// 发证机关可信.
    Issuer,
    /// 状态正常.
    Status,
    /// 在有效期.
    Period,
}

impl Facet {
    /// All, in the order they are shown.
    pub const ALL: [Self; 4] = [Self::Content, Self::Issuer, Self::Status, Self::Period];

    /// The check behind it.
    fn check_code(self) -> &'static str {
        match self {
            Self::Content => "content_unaltered",
            Self::Issuer => "issuer_trusted",
            Self::Status => "status_in_force",
            Self::Period => "within_validity",
        }
    }
}

impl Verdict {
    /// The check that decided: the first one that led to the outcome.
    pub fn deciding(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.reason.is_some_and(|reason| reason.outcome() == self.outcome))
    }

    /// Why it is not valid.
    pub fn reason(&self) -> Option<Reason> {
        self.deciding().and_then(|check| check.reason)
    }

    /// What the person who asked should do now.
    pub fn advice(&self) -> Advice {
        Advice::on(self.reason())
    }

    /// The check behind a facet, if it was made.
    pub fn facet(&self, facet: Facet) -> Option<&Check> {
        self.checks.iter().find(|check| check.code == facet.check_code())
    }
}
