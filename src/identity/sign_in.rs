//! Who signs in, how, and what happens when they fail.

mod queries;
mod throttle;

use std::net::IpAddr;

use base::{
    Fault, Instant,
    id::{AccountId, PersonId, SessionId},
};
use records::{Actor, Context, Database, Tx, Work};

use crate::{
    Error, PasswordGate, Session, SessionToken, Vault,
    account::{self, State},
    events, limits, password,
    session::{self, Method, Opening},
};
use throttle::{Bucket, Keys};

/// One try to sign in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub username: &'a str,
    pub password: &'a str,
    pub address: IpAddr,
    /// The browser in words.
    pub device: &'a str,
    /// The session this browser has now. It ends, or, when the same person proves again who they are, goes on under
    /// a new token.
    pub browser: Option<&'a Session>,
    pub limits: session::Limits,
}

/// A sign-in that succeeded and is not committed yet: the caller adds what belongs to it and commits.
#[derive(Debug)]
pub struct SignedIn {
    pub work: Work,
    pub opened: Opened,
    /// Another person's session in the same browser, closed by this sign-in: apps must be told.
    pub ended: Option<SessionId>,
}

/// Who signed in.
#[derive(Clone, Debug)]
pub struct Opened {
    pub token: SessionToken,
    pub session_id: SessionId,
    pub account_id: AccountId,
    pub person_id: PersonId,
}

impl SignedIn {
    /// Commits the sign-in.
    pub async fn commit(self) -> Result<Opened, Fault> {
        self.work.commit().await?;
        Ok(self.opened)
    }
}

/// Checks a username and a password and opens a session.
///
/// Statements: two reads; then in one transaction the throttle, the session and the event (three, and one more the
/// first time from an address). An unknown account costs what a known one with a wrong password costs: two reads,
/// one hash, two counters and an event.
///
/// # Errors
///
/// [`Error::Refused`] without saying why; [`Error::Throttled`] without looking at the password;
/// [`Error::Busy`] when too many others are signing in; [`Error::PasswordTooLong`].
pub async fn with_password(
    database: &Database,
    vault: &Vault,
    gate: &PasswordGate,
    context: &Context,
    attempt: &Attempt<'_>,
) -> Result<SignedIn, Error> {
    if attempt.password.len() > limits::PASSWORD_BYTES_MAX {
        return Err(Error::PasswordTooLong { max: limits::PASSWORD_BYTES_MAX });
    }
    let keys = Keys::new(vault, attempt);
    let mut tx = database.read().await?;
    let found = queries::by_username(&mut tx, &account::folded(attempt.username)).await?;
    let standing = throttle::look(&mut tx, &keys).await?;
    // Nobody keeps a connection while they wait for a core.
    drop(tx);
    let own_session = attempt.browser.filter(|session| found.as_ref().is_some_and(|a| a.id == session.account_id));
    let bucket = standing.bucket(keys, own_session.is_some(), context.at);
    if let Some(retry_at) = standing.blocked_until(&bucket, context.at) {
        return Err(throttled(retry_at, context.at));
    }
    let phc = found.as_ref().and_then(|account| account.phc.clone());
    let right = password::verify(gate, attempt.password, phc).await?;
    match found {
        Some(account) if right && account.state == State::Open => {
            let stale = account.phc.as_deref().is_some_and(|phc| !crypto::password::is_current(phc));
            let rehashed =
                if stale { Some(password::rehash(gate, &context.entropy, attempt.password).await?) } else { None };
            let mut signed_in = succeed(database, context, attempt, &bucket, account).await?;
            if let Some(rehashed) = rehashed {
                password::upgrade(&mut signed_in.work, &signed_in.opened.account_id, &rehashed).await?;
            }
            Ok(signed_in)
        }
        other => Err(fail(database, context, attempt, &bucket, other, right).await?),
    }
}

/// Forgets failures and addresses that are too old to matter. Returns how many.
pub async fn expire(tx: &mut Tx, at: Instant) -> Result<u64, Fault> {
    queries::expire(tx, at.plus_seconds(-limits::KNOWN_ADDRESS_SECONDS)).await
}

async fn succeed(
    database: &Database,
    context: &Context,
    attempt: &Attempt<'_>,
    bucket: &Bucket,
    account: queries::Account,
) -> Result<SignedIn, Error> {
    let actor = Actor::Person { person: account.person.clone(), on_behalf: None };
    let mut work = database.begin(Context { actor, ..context.clone() }).await?;
    // A right guess among many wrong ones sent at the same time counts only if it came before the limit.
    if !throttle::passed(&mut work, bucket).await? {
        return Err(blocked(work, bucket).await?);
    }
    let address = attempt.address.to_string();
    let opening = Opening {
        account: &account.id,
        method: Method::Password,
        address: &address,
        device: attempt.device,
        limits: attempt.limits,
    };
    let mut ended = None;
    let mut renewed = None;
    if let Some(session) = attempt.browser {
        if session.account_id == account.id {
            let token = session::renew(&mut work, &session.session_id, opening).await?;
            renewed = token.map(|token| (token, session.session_id.clone()));
        } else if session::close(&mut work, &session.session_id, "replaced").await? {
            ended = Some(session.session_id.clone());
        }
    }
    let (token, session_id) = match renewed {
        Some(renewed) => renewed,
        None => session::open(&mut work, opening).await?,
    };
    let opened = Opened { token, session_id, account_id: account.id, person_id: account.person };
    Ok(SignedIn { work, opened, ended })
}

/// Counts a failure and returns what the caller is told.
async fn fail(
    database: &Database,
    context: &Context,
    attempt: &Attempt<'_>,
    bucket: &Bucket,
    found: Option<queries::Account>,
    right: bool,
) -> Result<Error, Error> {
    let mut work = database.begin(context.clone()).await?;
    let Some(counted) = throttle::failed(&mut work, bucket).await? else {
        return blocked(work, bucket).await;
    };
    let reason = match &found {
        None => "unknown_account",
        Some(_) if right => "account_not_open",
        Some(_) => "password",
    };
    let data = serde_json::json!({
        "reason": reason,
        "address": attempt.address.to_string(),
        "failures": counted.failures,
        "wait_seconds": counted.wait_seconds,
    });
    match &found {
        Some(account) => work.record_with(events::SIGN_IN_FAILED, &account.id, data),
        // People type passwords into the wrong field.
        None => work.record_with(events::SIGN_IN_FAILED, bucket.unknown_name(), data),
    }
    work.commit().await?;
    Ok(Error::Refused)
}

async fn blocked(mut work: Work, bucket: &Bucket) -> Result<Error, Error> {
    let at = work.at();
    let standing = throttle::look(&mut work.tx, bucket.keys()).await?;
    let soon = at.plus_seconds(limits::THROTTLE_DELAY_FIRST_SECONDS);
    Ok(throttled(standing.blocked_until(bucket, at).unwrap_or(soon), at))
}

fn throttled(retry_at: Instant, at: Instant) -> Error {
    let wait = retry_at.as_micros().saturating_sub(at.as_micros()).max(0) as u64;
    Error::Throttled { retry_at, retry_after_seconds: u32::try_from(wait.div_ceil(1_000_000)).unwrap_or(u32::MAX) }
}
