//! The only real clock and the only real randomness of the product.

use base::{Clock, Entropy, Instant};
use ring::rand::{SecureRandom, SystemRandom};

use crate::telemetry;

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place that asks the machine for the time")]
    fn now(&self) -> Instant {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Instant::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random generator.
#[derive(Debug)]
pub struct OsEntropy(SystemRandom);

impl OsEntropy {
    /// A handle on the generator; it is opened once for the process.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for OsEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Going on with predictable bytes would give away every session and key: stop at once instead.
        if self.0.fill(bytes).is_err() {
            telemetry::end(Some("the operating system gives no random bytes; stopping"));
            std::process::abort();
        }
    }
}
