//! What is ours to repair.

use std::fmt;

/// Trouble that is nobody's fault but ours: the database, a key, the disk.
///
/// The caller is told that something failed and a request id, never what; the text is for the log.
#[derive(Debug)]
pub struct Fault {
    kind: FaultKind,
    what: String,
}

/// Whether trying again soon can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Something we rely on does not answer, or is too busy: 503, try again.
    Unavailable,
    /// It broke while the act was being kept: whether it was, nobody here knows. 503, repeat under the same key.
    Unknown,
    /// Two acts wanted the same rows at the same time; the operation may simply be repeated.
    Conflict,
    /// A mistake of ours: 500.
    Broken,
}

impl Fault {
    /// Something we rely on does not answer.
    pub fn unavailable(what: impl fmt::Display) -> Self {
        Self { kind: FaultKind::Unavailable, what: what.to_string() }
    }

    /// The same trouble of an act that was on its way to be kept: what did not answer may have kept it.
    #[must_use]
    pub fn while_keeping(self) -> Self {
        match self.kind {
            FaultKind::Unavailable => Self { kind: FaultKind::Unknown, ..self },
            _ => self,
        }
    }

    /// A transient conflict between two acts.
    pub fn conflict(what: impl fmt::Display) -> Self {
        Self { kind: FaultKind::Conflict, what: what.to_string() }
    }

    /// A mistake of ours.
    pub fn broken(what: impl fmt::Display) -> Self {
        Self { kind: FaultKind::Broken, what: what.to_string() }
    }

    /// Whether trying again can help.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FaultKind::Unavailable => "unavailable",
            FaultKind::Unknown => "unknown outcome",
            FaultKind::Conflict => "conflict",
            FaultKind::Broken => "broken",
        };
        write!(f, "{kind}: {}", self.what)
    }
}

impl std::error::Error for Fault {}
