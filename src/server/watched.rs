//! Tasks that are watched: one that ends or stands still is started again, and until it turns again this node is not
//! ready.

use std::{future::Future, time::Duration};

use tokio::{sync::watch::Receiver, task::JoinSet, time::sleep};
use web::kit::health::Pulse;

/// How long a task that was lost is left alone before it is started again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Keeps a task going until `stop` turns true, when it ends by itself.
pub async fn keep<F>(pulse: Pulse, mut stop: Receiver<bool>, start: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while !*stop.borrow() {
        // A set of its own: the task ends when the set is dropped.
        let mut task = JoinSet::new();
        task.spawn(start());
        let why = tokio::select! {
            ended = task.join_next() => match ended {
                Some(Ok(())) if *stop.borrow() => return,
                Some(Err(_)) => "it panicked",
                _ => "it ended",
            },
            () = pulse.stands_still() => "it stands still",
        };
        drop(task);
        if pulse.lose() {
            tracing::error!(task = pulse.name(), why, "a task beside requests is started again");
        } else {
            tracing::debug!(task = pulse.name(), why, "a task beside requests is started once more");
        }
        tokio::select! {
            () = sleep(AGAIN_AFTER) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// The task has done a turn.
pub fn turned(pulse: &Pulse) {
    if pulse.turn() {
        tracing::info!(task = pulse.name(), "a task beside requests turns again");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
    };

    use tokio::sync::{mpsc, watch};
    use web::kit::health::Health;

    use super::*;

    type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

    /// A task that meets with something the first time; the second time it turns.
    async fn starts_again(mishap: fn() -> Task) {
        let pulse = Health::default().pulse("test", Duration::from_secs(10));
        let (stop, stopped) = watch::channel(false);
        let (tell, mut told) = mpsc::unbounded_channel();
        let (own, starts, asked) = (pulse.clone(), Arc::new(AtomicUsize::new(0)), stopped.clone());
        let kept = tokio::spawn(keep(pulse.clone(), stopped, move || {
            let (own, tell, mut asked) = (own.clone(), tell.clone(), asked.clone());
            let is_first = starts.fetch_add(1, SeqCst) == 0;
            async move {
                if is_first {
                    return mishap().await;
                }
                tell.send(own.is_lost()).unwrap();
                turned(&own);
                tell.send(own.is_lost()).unwrap();
                let _ = asked.wait_for(|stop| *stop).await;
            }
        }));
        assert_eq!(told.recv().await, Some(true), "what was lost is not ready before it turns");
        assert_eq!(told.recv().await, Some(false));
        stop.send(true).unwrap();
        kept.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_panics_or_stands_still_is_started_again_and_lost_until_it_turns() {
        starts_again(|| Box::pin(async {})).await;
        starts_again(|| Box::pin(async { panic!("a task panics") })).await;
        starts_again(|| Box::pin(std::future::pending())).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_turns_in_time_is_left_alone() {
        let pulse = Health::default().pulse("test", Duration::from_secs(10));
        for _ in 0..5 {
            sleep(Duration::from_secs(9)).await;
            assert!(!pulse.turn());
        }
        assert!(tokio::time::timeout(Duration::from_secs(9), pulse.stands_still()).await.is_err());
        pulse.stands_still().await;
        assert!(pulse.lose() && !pulse.lose(), "it is news once");
        assert!(pulse.is_lost() && pulse.turn() && !pulse.is_lost());
    }
}
