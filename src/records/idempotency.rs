//! Answers kept under the key a caller gave, so that a repeated request gets the first answer and acts once.

use base::{Fault, Instant};
use sqlx::FromRow;

use crate::{args, tx::Tx};

/// How long an answer is kept.
const KEPT_SECONDS: i64 = 24 * 3600;

/// A request that has not answered for so long is taken to have died; the same key may try again.
///
/// Short on purpose: nobody can tell a process that died from one that is slow, and nothing depends on it. What a
/// request begins is known by its origin, so two at work on the same one make one licence; the wait only spares the
/// second its work while the first is at it.
pub const IN_FLIGHT_SECONDS: i64 = 5;

/// What is known about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody used it in the last day: go on, then call [`complete`] or [`release`].
    Fresh,
    /// The same request was answered before: this is the answer.
    Answered {
        /// The HTTP status.
        status: i64,
        /// The whole answer, as it was sent.
        body: String,
    },
    /// The key was used for another request.
    OtherRequest,
    /// The same request is being worked on right now.
    InFlight,
}

#[derive(FromRow)]
struct Row {
    request_digest: String,
    status: Option<i64>,
    body: Option<String>,
    claimed_at: i64,
}

/// Claims `key` of `caller` for a request with this digest.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn claim(tx: &mut Tx, caller: &str, key: &str, request_digest: &str, at: Instant) -> Result<Claim, Fault> {
    claim_for(tx, (caller, key), request_digest, at, IN_FLIGHT_SECONDS).await
}

/// The same where something depends on it that two are not at work: for so many seconds nobody takes it over.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn claim_for(
    tx: &mut Tx,
    (caller, key): (&str, &str),
    request_digest: &str,
    at: Instant,
    seconds: i64,
) -> Result<Claim, Fault> {
    let fresh = tx
        .run(
            "insert into idempotency (caller, idempotency_key, request_digest, claimed_at)
             values ($1, $2, $3, $4)
                 on conflict (caller, idempotency_key) do nothing",
            args![caller, key, request_digest, at],
        )
        .await?;
    if fresh == 1 {
        return Ok(Claim::Fresh);
    }
    let row: Option<Row> = tx
        .first(
            "select request_digest, status, body, claimed_at
               from idempotency
              where caller = $1 and idempotency_key = $2",
            args![caller, key],
        )
        .await?;
    // Whoever had it let it go meanwhile.
    let Some(row) = row else { return Ok(Claim::InFlight) };
    if is_over(Instant::from_micros(row.claimed_at), at) {
        // Whether its row was removed already is chance. Only one of several new requests may have the key.
        let taken = tx
            .run(
                "update idempotency
                    set request_digest = $4, claimed_at = $5, status = null, body = null
                  where caller = $1 and idempotency_key = $2 and claimed_at = $3",
                args![caller, key, row.claimed_at, request_digest, at],
            )
            .await?;
        return Ok(if taken == 1 { Claim::Fresh } else { Claim::InFlight });
    }
    if row.request_digest != request_digest {
        return Ok(Claim::OtherRequest);
    }
    if let (Some(status), Some(body)) = (row.status, row.body) {
        return Ok(Claim::Answered { status, body });
    }
    // The process that worked on it died. Only one of several repeated requests may take it over.
    let taken = tx
        .run(
            "update idempotency
                set claimed_at = $4
              where caller = $1 and idempotency_key = $2 and claimed_at = $3 and claimed_at < $5",
            args![caller, key, row.claimed_at, at, at.plus_seconds(-seconds)],
        )
        .await?;
    Ok(if taken == 1 { Claim::Fresh } else { Claim::InFlight })
}

/// Keeps the answer.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn complete(tx: &mut Tx, caller: &str, key: &str, status: u16, body: &str) -> Result<(), Fault> {
    tx.run(
        "update idempotency set status = $3, body = $4 where caller = $1 and idempotency_key = $2",
        args![caller, key, status, body],
    )
    .await?;
    Ok(())
}

/// Forgets a claim whose request failed in a way that may be tried again.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn release(tx: &mut Tx, caller: &str, key: &str) -> Result<(), Fault> {
    tx.run("delete from idempotency where caller = $1 and idempotency_key = $2 and status is null", args![caller, key])
        .await?;
    Ok(())
}

/// Whether the day of a key that was claimed then is over: what was answered under it is another request's.
pub fn is_over(claimed_at: Instant, at: Instant) -> bool {
    claimed_at <= at.plus_seconds(-KEPT_SECONDS)
}

/// Forgets answers older than a day, [`REMOVED_AT_ONCE`](crate::REMOVED_AT_ONCE) at most.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn expire(tx: &mut Tx, at: Instant) -> Result<u64, Fault> {
    tx.run(
        "delete from idempotency
          where (caller, idempotency_key) in (select over.caller, over.idempotency_key
                                                from idempotency over
                                               where over.claimed_at <= $1
                                               order by over.claimed_at
                                               limit 500)",
        args![at.plus_seconds(-KEPT_SECONDS)],
    )
    .await
}
