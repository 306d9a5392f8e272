//! What happens to a primary.

/// What happens to a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It and its Patroni end at once.
    Killed,
    /// It and its Patroni stand still; connections to it stay open and silent.
    Frozen,
    /// Nothing comes from the other member and from etcd any more; nodes may still reach it, which is the worse case:
    /// it goes on taking what it must not acknowledge.
    CutOff { also_from_nodes: bool },
}

impl Fault {
    /// The faults by the word on the command line; being cut off with and without the nodes takes turns.
    pub fn named(word: &str, round: u32) -> Option<Self> {
        match word {
            "killed" => Some(Self::Killed),
            "frozen" => Some(Self::Frozen),
            "cut-off" => Some(Self::CutOff { also_from_nodes: round % 2 == 1 }),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::CutOff { also_from_nodes: true } => "cut off from all",
            Self::CutOff { also_from_nodes: false } => "cut off, but not from the nodes",
        }
    }
}
