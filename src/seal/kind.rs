//! What a seal is for, and where it is in its life.

use std::fmt;

/// What a seal is for. It stands below the star.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealKind {
    /// 电子证照专用章: licences.
    Licence,
    /// 公章: everything. Its ring has the name alone.
    Official,
}

impl SealKind {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Licence, Self::Official];

    /// As it is stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Licence => "licence",
            Self::Official => "official",
        }
    }

    /// Reads what is stored.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What the seal of a department is called.
    pub fn name_for(self, department: &str) -> String {
        format!("{department}{}", self.title())
    }

    /// The words after the department's name in the seal's name.
    fn title(self) -> &'static str {
        match self {
            Self::Licence => "电子证照专用章",
            Self::Official => "公章",
        }
    }

    /// The words below the star.
    pub(crate) fn below(self) -> &'static str {
        match self {
            Self::Licence => "电子证照专用章",
            Self::Official => "",
        }
    }
}

/// Where a seal is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealState {
    /// 已申请.
    Applied,
    /// 已注销, for good.
    Cancelled,
    /// 已启用: the only state in which it seals.
    Enabled,
    /// 已备案.
    Filed,
    /// 已冻结.
    Frozen,
    /// 已制作.
    Made,
}

impl SealState {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Applied, Self::Made, Self::Filed, Self::Enabled, Self::Frozen, Self::Cancelled];

    /// As it is stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Cancelled => "cancelled",
            Self::Enabled => "enabled",
            Self::Filed => "filed",
            Self::Frozen => "frozen",
            Self::Made => "made",
        }
    }

    /// Reads what is stored.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether a seal may go from this state to another.
    pub(crate) fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Applied, Self::Made)
                | (Self::Made, Self::Filed)
                | (Self::Filed | Self::Frozen, Self::Enabled)
                | (Self::Enabled, Self::Frozen)
                | (Self::Applied | Self::Made | Self::Filed | Self::Enabled | Self::Frozen, Self::Cancelled)
        )
    }
}

impl fmt::Display for SealState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_seal_never_comes_back() {
        for state in SealState::ALL {
            assert!(!SealState::Cancelled.may_become(state));
        }
        assert!(SealState::Enabled.may_become(SealState::Frozen) && SealState::Frozen.may_become(SealState::Enabled));
        assert!(!SealState::Applied.may_become(SealState::Enabled));
    }

    #[test]
    fn what_is_stored_is_read_back() {
        assert!(SealState::ALL.into_iter().all(|state| SealState::parse(state.code()) == Some(state)));
        assert!(SealKind::ALL.into_iter().all(|kind| SealKind::parse(kind.code()) == Some(kind)));
    }
}
