//! Trying an operation again at its edge, when another act came between.

use std::time::Duration;

use base::{Fault, fault::FaultKind};

use crate::{
    database::Database,
    work::{Context, Work},
};

/// The most tries of one operation.
const TRIES_MAX: u32 = 4;

/// How long to wait before the second try; twice as long before each one after it.
const PAUSE_FIRST: Duration = Duration::from_millis(10);

/// The error of an operation: a rule that spoke, or a fault underneath.
pub trait MaybeFault {
    /// The fault, if it is one.
    fn fault(&self) -> Option<&Fault>;
}

impl MaybeFault for Fault {
    fn fault(&self) -> Option<&Fault> {
        Some(self)
    }
}

/// Runs an operation, and runs it again when another act wanted the same rows at the same time: a few times, with a
/// little pause. Nothing else is tried again. Each run opens a unit of work of its own, so that the run before it
/// has left nothing.
///
/// This is the edge of an operation, and the only place that tries again: what is called inside just says
/// [`FaultKind::Conflict`].
///
/// # Errors
///
/// What the last run said.
pub async fn attempt<T, E, F>(operation: impl Fn() -> F) -> Result<T, E>
where
    E: MaybeFault,
    F: Future<Output = Result<T, E>>,
{
    let mut pause = PAUSE_FIRST;
    for _ in 1..TRIES_MAX {
        match operation().await {
            Err(error) if error.fault().is_some_and(|fault| fault.kind() == FaultKind::Conflict) => {}
            outcome => return outcome,
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    operation().await
}

impl Database {
    /// Runs an operation in a unit of work, as [`attempt`] does. The operation commits it; when it refuses instead, or
    /// finds nothing to do, nothing is kept.
    ///
    /// # Errors
    ///
    /// What the operation said the last time, and [`Fault`] from the database.
    pub async fn attempt<T, E, F>(&self, context: &Context, operation: impl Fn(Work) -> F) -> Result<T, E>
    where
        E: MaybeFault + From<Fault>,
        F: Future<Output = Result<T, E>>,
    {
        attempt(async || operation(self.begin(context.clone()).await?).await).await
    }

    /// Finds out what [`Database::attempt`] would say of an operation, and keeps nothing of it: for whoever is to confirm
    /// what they see, and should not learn afterwards that it cannot be done. What an operation does outside of the
    /// database is not undone; such a one is not rehearsed.
    ///
    /// # Errors
    ///
    /// As for [`Database::attempt`].
    pub async fn rehearse<T, E, F>(&self, context: &Context, operation: impl Fn(Work) -> F) -> Result<T, E>
    where
        E: MaybeFault + From<Fault>,
        F: Future<Output = Result<T, E>>,
    {
        attempt(async || operation(self.begin(context.clone()).await?.rehearsal()).await).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Runs an operation that fails so often, and tells what came of it, after how many runs and how long a wait.
    async fn run(failures: u32, fault: fn(&'static str) -> Fault) -> (Result<u32, FaultKind>, u32, Duration) {
        let runs = Cell::new(0);
        let start = tokio::time::Instant::now();
        let outcome = attempt(async || {
            runs.set(runs.get() + 1);
            if runs.get() <= failures { Err(fault("another came between")) } else { Ok(runs.get()) }
        });
        let outcome = outcome.await.map_err(|fault| fault.kind());
        (outcome, runs.get(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflict_is_tried_again_four_times_and_nothing_else_is() {
        let ms = Duration::from_millis;
        assert_eq!(run(0, Fault::conflict).await, (Ok(1), 1, ms(0)));
        assert_eq!(run(1, Fault::conflict).await, (Ok(2), 2, ms(10)));
        assert_eq!(run(TRIES_MAX - 1, Fault::conflict).await, (Ok(TRIES_MAX), TRIES_MAX, ms(70)));
        assert_eq!(run(TRIES_MAX, Fault::conflict).await, (Err(FaultKind::Conflict), TRIES_MAX, ms(70)));
        assert_eq!(run(1, Fault::unavailable).await, (Err(FaultKind::Unavailable), 1, ms(0)));
        assert_eq!(run(1, Fault::broken).await, (Err(FaultKind::Broken), 1, ms(0)));
    }
}
