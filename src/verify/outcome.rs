//! The four answers that a verification can have.

/// The four answers, from ETSI EN 319 102-1 to words that people know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// 有效: every check passed and the licence is in force.
    Valid,
    /// 需人工核对: authentic as far as checked, but something needs a person.
    NeedsReview,
    /// 无法核验: a source was out of reach or the thing cannot be read.
    Unverifiable,
    /// 无效: altered, forged, revoked, suspended, expired, superseded.
    Invalid,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Valid, Self::NeedsReview, Self::Unverifiable, Self::Invalid];

    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NeedsReview => "needs_review",
            Self::Unverifiable => "unverifiable",
            Self::Invalid => "invalid",
        }
    }

    /// Which of two outcomes decides: what is known to be wrong outweighs what is not known.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::NeedsReview => 1,
            Self::Unverifiable => 2,
            Self::Invalid => 3,
        }
    }
}
