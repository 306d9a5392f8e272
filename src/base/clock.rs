//! The time, given to those who may ask for it.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::time::Instant;

/// A source of the current instant. Only the edge (`web`, `server`, the job runner) holds one;
/// everything below takes an [`Instant`].
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Instant;
}

/// A clock that stands still until it is moved: for tests and for replaying.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `at`.
    pub fn new(at: Instant) -> Self {
        Self(AtomicI64::new(at.as_micros()))
    }

    /// Moves its hand.
    pub fn set(&self, at: Instant) {
        self.0.store(at.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}
