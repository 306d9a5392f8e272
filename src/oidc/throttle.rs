//! Counting wrong secrets, in memory: a secret of 256 random bits cannot be guessed, so this only keeps the noise of
//! somebody who tries from the log and the database.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base::Instant;

use crate::limits;

const WINDOW_SECONDS: i64 = 60;

/// Wrong secrets of the last minute by client and address; a household has many under IPv6, which count as one.
///
/// The right secret is always accepted: whoever tries wrong ones cannot lock the real client out, not even from the
/// same address.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<(String, String), Count>>);

#[derive(Debug)]
struct Count {
    since: Instant,
    wrong: u32,
}

/// What to do with a wrong secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Say so and remember it.
    Tell,
    /// Say "later" and remember nothing.
    Later,
}

impl Throttle {
    pub(crate) fn wrong(&self, client: &str, address: &str, at: Instant) -> Wrong {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= limits::WRONG_SECRETS_PAIRS_MAX {
            counts.retain(|_, count| at.seconds_since(count.since) < WINDOW_SECONDS);
            if counts.len() >= limits::WRONG_SECRETS_PAIRS_MAX {
                return Wrong::Later;
            }
        }
        let client: String = client.chars().take(limits::CLIENT_ID_LENGTH_MAX).collect();
        let network = address.parse().map_or_else(|_| address.to_owned(), |address| base::network(address).to_string());
        let count = counts.entry((client, network)).or_insert(Count { since: at, wrong: 0 });
        if at.seconds_since(count.since) >= WINDOW_SECONDS {
            *count = Count { since: at, wrong: 0 };
        }
        count.wrong = count.wrong.saturating_add(1);
        if count.wrong > limits::WRONG_SECRETS_MAX { Wrong::Later } else { Wrong::Tell }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_noisy_address_is_told_to_wait() {
        let throttle = Throttle::default();
        let at = Instant::from_seconds(1_800_000_000);
        for _ in 0..limits::WRONG_SECRETS_MAX {
            assert_eq!(throttle.wrong("a", "1", at), Wrong::Tell);
        }
        assert_eq!(throttle.wrong("a", "1", at), Wrong::Later);
        assert_eq!(throttle.wrong("a", "2", at), Wrong::Tell);
        assert_eq!(throttle.wrong("b", "1", at), Wrong::Tell);
        assert_eq!(throttle.wrong("a", "1", at.plus_seconds(WINDOW_SECONDS)), Wrong::Tell);
    }

    #[test]
    fn the_memory_of_wrong_secrets_is_bounded() {
        let throttle = Throttle::default();
        let at = Instant::from_seconds(1_800_000_000);
        for n in 0..limits::WRONG_SECRETS_PAIRS_MAX {
            assert_eq!(throttle.wrong("a", &n.to_string(), at), Wrong::Tell);
        }
        assert_eq!(throttle.wrong("a", "one more", at), Wrong::Later);
        assert_eq!(throttle.wrong("a", "one more", at.plus_seconds(WINDOW_SECONDS)), Wrong::Tell);
    }
}
