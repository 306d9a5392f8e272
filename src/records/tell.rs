//! Events that tell of something that changed nothing: somebody looked. There are many of them, so those that come at the
//! same time are written together; whoever tells one waits until it is kept.

use std::sync::{Mutex, PoisonError};

use base::Fault;
use tokio::sync::{Mutex as Turn, oneshot};

use crate::{
    database::Database,
    event::Event,
    event_row::EventRow,
    limits::TOLD_AT_ONCE_MAX,
    work::{self, Context},
};

/// What waits to be written, of one process.
#[derive(Debug, Default)]
pub struct Telling {
    waiting: Mutex<Vec<Told>>,
    turn: Turn<()>,
}

#[derive(Debug)]
struct Told {
    context: Context,
    event: EventRow,
    kept: oneshot::Sender<()>,
}

impl Telling {
    fn add(&self, context: &Context, event: &EventRow) -> oneshot::Receiver<()> {
        let (kept, is_kept) = oneshot::channel();
        let told = Told { context: context.clone(), event: event.clone(), kept };
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        is_kept
    }

    /// Those that wait longest, as many as are written at once.
    fn take(&self) -> Vec<Told> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(TOLD_AT_ONCE_MAX);
        waiting.drain(..count).collect()
    }
}

impl Database {
    /// Writes down an event of something that changed nothing, with those of others that come at the same time.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach: then nothing may be shown. An event from which something follows, or
    /// after which a row is marked, is refused.
    pub async fn tell(&self, context: &Context, event: impl Event) -> Result<(), Fault> {
        let event = EventRow::of(event);
        self.check_tells_only(event.kind())?;
        let telling = self.telling();
        let mut is_kept = telling.add(context, &event);
        loop {
            let _turn = telling.turn.lock().await;
            match is_kept.try_recv() {
                Ok(()) => return Ok(()),
                // Whoever wrote it went away or failed: it is told again, now by this one.
                Err(oneshot::error::TryRecvError::Closed) => is_kept = telling.add(context, &event),
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let all = telling.take();
            self.write_told(&all).await?;
            for told in all {
                let _ = told.kept.send(());
            }
        }
    }

    async fn write_told(&self, all: &[Told]) -> Result<(), Fault> {
        let mut tx = self.housekeeping().await?;
        for told in all {
            work::write(&mut tx, &told.context, &told.event, None).await?;
        }
        tx.commit().await
    }
}
