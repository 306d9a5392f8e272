//! What is over is removed: answers that were kept, counters, sessions, tokens. How long anything is kept.

use base::{Fault, Instant};
use records::{Database, REMOVED_AT_ONCE};

use crate::settings::{self, Setting, Settings};

const DAY_SECONDS: i64 = 86_400;

/// How often one turn removes a few rows.
const REMOVALS_A_TURN: usize = 200;

/// How long everything is kept, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    pub events: i64,
    pub receipts: i64,
    pub lists: i64,
    sessions: i64,
    resets: i64,
    proposals: i64,
    revocations: i64,
}

impl Retention {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        let seconds = |setting: &Setting| settings.integer(setting) * DAY_SECONDS;
        Self {
            events: seconds(&settings::RETENTION_EVENTS),
            receipts: seconds(&settings::RETENTION_RECEIPTS),
            lists: seconds(&settings::RETENTION_LISTS),
            sessions: seconds(&settings::RETENTION_SESSIONS),
            resets: seconds(&settings::RETENTION_RESETS),
            proposals: seconds(&settings::RETENTION_PROPOSALS),
            revocations: seconds(&settings::RETENTION_REVOCATIONS),
        }
    }
}

/// Removes what is over, a few rows at a time, each time in a transaction of its own: nobody who writes waits for all of
/// it. What a turn leaves the next one takes.
pub(crate) async fn remove_what_is_over(database: &Database, kept: &Retention, at: Instant) -> Result<(), Fault> {
    for _ in 0..REMOVALS_A_TURN {
        let mut tx = database.housekeeping().await?;
        let removed = [
            records::idempotency::expire(&mut tx, at).await?,
            identity::sign_in::expire(&mut tx, at).await?,
            identity::session::expire(&mut tx, at.plus_seconds(-kept.sessions)).await?,
            identity::reset::expire(&mut tx, at.plus_seconds(-kept.resets)).await?,
            identity::proposal::expire(&mut tx, at.plus_seconds(-kept.proposals)).await?,
            licence::revocation::expire(&mut tx, at.plus_seconds(-kept.revocations)).await?,
            oidc::family::expire(&mut tx, at).await?,
        ];
        tx.commit().await?;
        if removed.iter().all(|rows| *rows < REMOVED_AT_ONCE.unsigned_abs()) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use records::{idempotency, testing};

    use super::*;

    #[tokio::test]
    async fn everything_that_is_over_is_removed_in_one_turn_a_few_rows_at_a_time() {
        let fresh = testing::fresh().await.unwrap();
        let at = Instant::from_seconds(1_790_000_000);
        let mut tx = fresh.database.housekeeping().await.unwrap();
        for key in 0..=2 * REMOVED_AT_ONCE {
            idempotency::claim(&mut tx, "caller", &key.to_string(), "digest", at).await.unwrap();
        }
        idempotency::claim(&mut tx, "caller", "later", "digest", at.plus_seconds(3600)).await.unwrap();
        tx.commit().await.unwrap();
        let kept = Retention::of(&Settings::load(None, std::iter::empty(), &[]).unwrap());
        remove_what_is_over(&fresh.database, &kept, at.plus_seconds(24 * 3600)).await.unwrap();
        let mut tx = fresh.database.housekeeping().await.unwrap();
        assert_eq!(idempotency::expire(&mut tx, at.plus_seconds(24 * 3600)).await.unwrap(), 0);
        assert_eq!(idempotency::expire(&mut tx, at.plus_seconds(25 * 3600)).await.unwrap(), 1, "what was not over");
    }
}
