//! The PKCE challenges that this process met lately, so that one which comes back is noticed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::limits;

/// Challenges and the codes they were redeemed with.
///
/// In memory and of one node: a trace for whoever reads the record, on which no decision hangs. A table would cost
/// every redemption an index.
#[derive(Debug, Default)]
pub(crate) struct Challenges(Mutex<HashMap<[u8; 32], String>>);

impl Challenges {
    /// Whether a challenge belongs to another code too; remembers it.
    pub(crate) fn seen_elsewhere(&self, challenge: &[u8; 32], family: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = known.get(challenge) {
            return first != family;
        }
        if known.len() >= limits::CHALLENGES_IN_MEMORY_MAX {
            known.clear();
        }
        known.insert(*challenge, family.to_owned());
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(n: usize) -> [u8; 32] {
        crypto::digest::sha256(&n.to_be_bytes())
    }

    #[test]
    fn a_challenge_of_another_code_is_noticed_and_ones_own_is_not() {
        let challenges = Challenges::default();
        assert!(!challenges.seen_elsewhere(&challenge(1), "a"));
        assert!(!challenges.seen_elsewhere(&challenge(1), "a"), "tried again after a conflict");
        assert!(challenges.seen_elsewhere(&challenge(1), "b"));
        assert!(!challenges.seen_elsewhere(&challenge(2), "b"));
    }

    #[test]
    fn the_memory_of_challenges_is_bounded() {
        let challenges = Challenges::default();
        for n in 0..limits::CHALLENGES_IN_MEMORY_MAX {
            assert!(!challenges.seen_elsewhere(&challenge(n), "a"));
        }
        assert!(challenges.seen_elsewhere(&challenge(0), "b"), "at the limit all are known");
        assert!(!challenges.seen_elsewhere(&challenge(usize::MAX), "a"));
        assert!(!challenges.seen_elsewhere(&challenge(0), "b"), "beyond it the memory begins anew");
    }
}
