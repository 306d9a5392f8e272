//! One time for all nodes: what one of them writes down, another compares with its own "now".

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use base::{Clock, Fault, Instant};

use crate::{database::Database, limits::SKEW_BORNE_MICROS};

/// The clock of this machine, put right by the database's, which every node has in common. A small difference is left
/// alone: it does no harm, and is not known exactly.
#[derive(Clone)]
pub struct SharedClock(Arc<Inner>);

struct Inner {
    own: Arc<dyn Clock>,
    skew_micros: AtomicI64,
}

impl SharedClock {
    /// The clock of this machine as it is, until it is compared.
    pub fn new(own: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { own, skew_micros: AtomicI64::new(0) }))
    }

    /// Compares it with the database's; what was measured holds until the next time. Returns how many microseconds the
    /// database is ahead, less than nought when it is behind. An answer that took too long tells nothing: then it is what
    /// it was.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach: then the last difference stays.
    pub async fn compare(&self, database: &Database) -> Result<i64, Fault> {
        let mut tx = database.read().await?;
        let before = self.0.own.now();
        let (theirs,): (i64,) = tx.one(database.dialect().clock_query(), vec![]).await?;
        let after = self.0.own.now();
        // Nobody knows how long it took either way: half of it is the best guess.
        let (before, after) = (before.as_micros(), after.as_micros());
        let ours = before.midpoint(after);
        if after - before <= SKEW_BORNE_MICROS {
            self.0.skew_micros.store(theirs.saturating_sub(ours), Ordering::Relaxed);
        }
        Ok(self.skew_micros())
    }

    /// How many microseconds the database's clock was ahead when they were compared last.
    pub fn skew_micros(&self) -> i64 {
        self.0.skew_micros.load(Ordering::Relaxed)
    }
}

impl Clock for SharedClock {
    fn now(&self) -> Instant {
        let (own, skew) = (self.0.own.now(), self.skew_micros());
        if skew.abs() <= SKEW_BORNE_MICROS { own } else { Instant::from_micros(own.as_micros().saturating_add(skew)) }
    }
}

#[cfg(test)]
mod tests {
    use base::ManualClock;

    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn clocks_that_differ_tell_the_time_of_the_database_and_a_small_difference_is_left_alone() {
        const SECOND: i64 = 1_000_000;
        let fresh = testing::fresh().await.unwrap();
        let mut tx = fresh.database.read().await.unwrap();
        let (now,): (i64,) = tx.one(fresh.database.dialect().clock_query(), vec![]).await.unwrap();
        drop(tx);
        let compared = async |ahead: i64| {
            let own = Instant::from_micros(now + ahead);
            let clock = SharedClock::new(Arc::new(ManualClock::new(own)));
            assert_eq!(clock.now(), own, "not compared yet");
            let skew = clock.compare(&fresh.database).await.unwrap();
            assert_eq!(clock.skew_micros(), skew);
            // The hand of such a clock stands still, so the time that passed here is part of the difference.
            (clock.now().as_micros() - now, skew + ahead)
        };
        for ahead in [15 * SECOND, -15 * SECOND, 3600 * SECOND] {
            let (told, passed) = compared(ahead).await;
            assert_eq!(told, passed);
            assert!((0..10 * SECOND).contains(&passed), "{ahead}: {passed}");
        }
        let (told, passed) = compared(SECOND / 4).await;
        let is_small = (passed - SECOND / 4).abs() <= SKEW_BORNE_MICROS;
        assert_eq!(told, if is_small { SECOND / 4 } else { passed });
    }
}
