//! Waiting for what is to come. No test sleeps: it says what it waits for and how long at most, and goes on as soon as
//! that is there.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a running server may take to see what a command changed: half a second, and a machine as busy as they come.
pub const SEEN_WITHIN: Duration = Duration::from_secs(30);

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Looks again and again until it is there; fails after `most` and what one look takes.
pub async fn until<T>(what: &str, most: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        let in_time = begun.elapsed() < most;
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(in_time, "{what}: not within {most:?}");
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// The same for what a running server sees of itself.
pub async fn soon<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until(what, SEEN_WITHIN, look).await
}

/// Whether it comes to be so within `most`, for those who wait without a runtime.
pub fn comes(most: Duration, mut look: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        let in_time = begun.elapsed() < most;
        if look() || !in_time {
            return in_time;
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

/// Lets a moment pass. Only for a test that is about moments: something may happen at any of them.
pub async fn any_moment(length: Duration) {
    tokio::time::sleep(length).await;
}
