//! The durable job queue: work for other systems is enqueued in the transaction of the act that asks for it.

use base::{Fault, Instant, id::JobId};
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    args,
    database::Database,
    events::JobDead,
    tx::Tx,
    work::{Context, Work},
};

/// How long a claimed job is left alone before another node may take it.
pub(crate) const LEASE_SECONDS: i64 = 60;

/// The most tries of a job before it is a dead letter.
pub(crate) const ATTEMPTS_MAX: i64 = 12;

/// How long a job's last error may be.
const ERROR_LENGTH_MAX: usize = 500;

/// A job taken from the queue.
#[derive(Clone, Debug, FromRow)]
pub struct Claimed {
    /// Its identifier.
    pub job_id: String,
    /// Which kind of work.
    pub kind: String,
    /// Whom it waits for: of one lane only so many run at the same time, so that somebody who never answers holds nobody
    /// else up. Empty when it waits for nobody.
    pub lane: String,
    /// What the work needs, JSON.
    pub payload: String,
    /// Which try this is, from 1.
    pub(crate) attempts: i64,
}

/// Puts a job into a lane of the queue as part of `work`; it runs after the commit.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn enqueue(
    work: &mut Work,
    kind: &'static str,
    lane: &str,
    payload: &impl Serialize,
) -> Result<JobId, Fault> {
    let (at, payload) = (work.at(), serde_json::to_string(payload).map_err(Fault::broken)?);
    let id = work.new_id();
    work.tx
        .run(
            "insert into job (job_id, kind, lane, payload, run_at, attempts, dead)
             values ($1, $2, $3, $4, $5, 0, 0)",
            args![&id, kind, lane, payload, at],
        )
        .await?;
    Ok(id)
}

/// Takes up to `limit` jobs that are due, none of the lanes that are full; nobody else gets them until the lease ends.
///
/// Of a lane whose party is silent a hundred thousand may wait, so nothing walks past them to reach the others: the lanes
/// are hopped over one by one, and of each the job that has waited longest is looked at.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn claim(database: &Database, at: Instant, limit: i64, full: &[String]) -> Result<Vec<Claimed>, Fault> {
    let lanes: Vec<(String, Option<i64>)> = database
        .read()
        .await?
        .all(
            "with recursive lanes(lane) as (
                    select min(job.lane) from job where job.dead = 0
                     union all
                    select (select min(next.lane) from job next where next.dead = 0 and next.lane > lanes.lane)
                      from lanes
                     where lanes.lane is not null)
             select lanes.lane,
                    (select due.run_at
                       from job due
                      where due.dead = 0
                        and due.lane = lanes.lane
                        and due.run_at <= $1
                        and (due.leased_until is null or due.leased_until < $1)
                      order by due.run_at
                      limit 1) as since
               from lanes
              where lanes.lane is not null",
            args![at],
        )
        .await?;
    let due = lanes.into_iter().filter_map(|(lane, since)| Some((since?, lane)));
    let mut due: Vec<(i64, String)> = due.filter(|(_, lane)| !full.contains(lane)).collect();
    due.sort_unstable();
    let mut claimed = Vec::new();
    if due.is_empty() {
        return Ok(claimed);
    }
    let mut tx = database.housekeeping().await?;
    let sql = format!(
        "update job
            set leased_until = $1, attempts = attempts + 1
          where job_id in (
                select job_id
                  from job
                 where dead = 0
                   and lane >= $4
                   and (lane, run_at) <= ($4, $2)
                   and (leased_until is null or leased_until < $2)
                 order by lane, run_at
                 limit $3{})
      returning job_id, kind, lane, payload, attempts",
        tx.dialect().skip_locked()
    );
    for (_, lane) in due {
        let left = limit - claimed.len() as i64;
        if left <= 0 {
            break;
        }
        let taken: Vec<Claimed> =
            tx.change_composed(&sql, args![at.plus_seconds(LEASE_SECONDS), at, left, &lane]).await?;
        claimed.extend(taken);
    }
    tx.commit().await?;
    Ok(claimed)
}

/// Removes a job that is done.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach; then it may run once more, so every job must bear that.
pub async fn done(database: &Database, job: &Claimed) -> Result<(), Fault> {
    let mut tx = database.housekeeping().await?;
    tx.run("delete from job where job_id = $1", args![&job.job_id]).await?;
    tx.commit().await
}

/// Puts a failed job back with a growing delay, or sets it aside as a dead letter after its last try.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn failed(database: &Database, context: Context, job: &Claimed, error: &str) -> Result<(), Fault> {
    let error: String = error.chars().take(ERROR_LENGTH_MAX).collect();
    let at = context.at;
    if job.attempts >= ATTEMPTS_MAX {
        let mut work = database.begin(context).await?;
        work.tx
            .run(
                "update job set dead = 1, leased_until = null, last_error = $2 where job_id = $1",
                args![&job.job_id, &error],
            )
            .await?;
        work.record(JobDead { job: JobId::stored(job.job_id.clone()), kind: job.kind.clone(), error });
        return work.commit().await;
    }
    let delay = 1_i64 << job.attempts.clamp(0, 12);
    let mut tx = database.housekeeping().await?;
    tx.run(
        "update job set run_at = $2, leased_until = null, last_error = $3 where job_id = $1",
        args![&job.job_id, at.plus_seconds(delay), &error],
    )
    .await?;
    tx.commit().await
}

/// How many jobs wait, and how many are dead letters.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn census(tx: &mut Tx) -> Result<(i64, i64), Fault> {
    tx.one("select coalesce(cast(sum(1 - dead) as bigint), 0), coalesce(cast(sum(dead) as bigint), 0) from job", vec![])
        .await
}
