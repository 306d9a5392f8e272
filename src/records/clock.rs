//! One time for all nodes: what one of them writes down, another compares with its own "now".

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time,
};

use base::{Clock, Fault, Instant};

use crate::{database::Database, limits::SKEW_BORNE_MICROS};

/// The clock of this machine, put right by the database's, which every node has in common. A small difference is left
/// alone: it does no harm, and is not known exactly.
#[derive(Clone)]
pub struct SharedClock(Arc<Inner>);

struct Inner {
    own: Arc<dyn Clock>,
    last: Mutex<Option<Compared>>,
}

/// What was seen when the clocks were compared.
#[derive(Clone, Copy)]
struct Compared {
    /// How far the database was ahead.
    skew_micros: i64,
    /// Its time then.
    theirs_micros: i64,
    at: time::Instant,
}

impl SharedClock {
    /// The clock of this machine as it is, until it is compared.
    pub fn new(own: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { own, last: Mutex::default() }))
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
        let (ours, before) = (self.0.own.now().as_micros(), time::Instant::now());
        let (theirs_micros,): (i64,) = tx.one(database.dialect().clock_query(), vec![]).await?;
        let (at, taken) = (time::Instant::now(), micros(before.elapsed()));
        if taken <= SKEW_BORNE_MICROS {
            // Nobody knows how long it took either way: half of it is the best guess.
            let theirs_micros = theirs_micros.saturating_add(taken / 2);
            let skew_micros = theirs_micros.saturating_sub(ours.saturating_add(taken));
            *self.last() = Some(Compared { skew_micros, theirs_micros, at });
        }
        Ok(self.skew_micros())
    }

    fn last(&self) -> MutexGuard<'_, Option<Compared>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many microseconds the database's clock was ahead when they were compared last.
    pub fn skew_micros(&self) -> i64 {
        self.last().map_or(0, |last| last.skew_micros)
    }
}

fn micros(time: time::Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

impl Clock for SharedClock {
    fn now(&self) -> Instant {
        match *self.last() {
            // Counted on from the database's time: whoever sets this machine's clock right does not set this one wrong.
            Some(last) if last.skew_micros.abs() > SKEW_BORNE_MICROS => {
                Instant::from_micros(last.theirs_micros.saturating_add(micros(last.at.elapsed())))
            }
            _ => self.0.own.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::testing;

    /// A clock whose hand is moved by hand.
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Instant {
            Instant::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    #[tokio::test]
    async fn clocks_that_differ_tell_the_time_of_the_database_and_a_small_difference_is_left_alone() {
        const SECOND: i64 = 1_000_000;
        let fresh = testing::fresh().await.unwrap();
        let mut tx = fresh.database.read().await.unwrap();
        let (now,): (i64,) = tx.one(fresh.database.dialect().clock_query(), vec![]).await.unwrap();
        drop(tx);
        let compared = async |ahead: i64| {
            let hand = Arc::new(Hand(AtomicI64::new(now + ahead)));
            let clock = SharedClock::new(Arc::clone(&hand) as Arc<dyn Clock>);
            assert_eq!(clock.now(), hand.now(), "not compared yet");
            let skew = clock.compare(&fresh.database).await.unwrap();
            assert_eq!(clock.skew_micros(), skew);
            (hand, clock)
        };
        let a_moment = 0..10 * SECOND;
        for ahead in [15 * SECOND, -15 * SECOND, 3600 * SECOND] {
            let (hand, clock) = compared(ahead).await;
            let told = clock.now().as_micros() - now;
            assert!(a_moment.contains(&told), "{ahead}: {told}");
            // Somebody sets the clock of this machine right before they are compared again.
            hand.0.store(now, Ordering::Relaxed);
            let told = clock.now().as_micros() - now;
            assert!(a_moment.contains(&told), "{ahead}, set right: {told}");
        }
        let (hand, clock) = compared(SECOND / 4).await;
        if clock.skew_micros().abs() <= SKEW_BORNE_MICROS {
            assert_eq!(clock.now(), hand.now());
        }
    }
}
