//! Examining a file away from the threads that answer requests.

use axum::body::Bytes;
use base::Fault;
use tokio::sync::Semaphore;
use verify::pdf::{self, Examined};

use crate::Problem;

/// Files examined at once: each keeps a core busy for milliseconds, a hostile one for longer.
const EXAMINATIONS_MAX: usize = 4;

static TURNS: Semaphore = Semaphore::const_new(EXAMINATIONS_MAX);

/// Examines a file on a thread that may block.
///
/// # Errors
///
/// [`Problem::Fault`] when that thread was lost.
pub async fn examine(bytes: Bytes) -> Result<Examined, Problem> {
    let _turn = TURNS.acquire().await.map_err(Fault::broken)?;
    Ok(tokio::task::spawn_blocking(move || pdf::examine(&bytes)).await.map_err(Fault::broken)?)
}
