//! How far it is with what one person wants and another one decides.

use base::Instant;

/// How far a proposal or a reset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Somebody else approved it, and it was done.
    Approved,
    /// Nobody approved it in time.
    Ended,
    /// It waits for somebody else.
    Open,
    /// Somebody else refused it.
    Refused,
    /// Whoever wanted it took it back.
    Withdrawn,
}

impl Progress {
    /// What is stored, at an instant: what nobody decided ends by itself.
    pub(crate) fn stored(code: &str, ends_at: Instant, at: Instant) -> Self {
        match code {
            "open" if at < ends_at => Self::Open,
            "approved" => Self::Approved,
            "refused" => Self::Refused,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Ended,
        }
    }
}
