//! Who signs in, how, and what happens when they fail.

mod queries;
mod throttle;

use std::net::IpAddr;

use base::{
    Fault, Instant, Secret,
    id::{AccountId, PersonId, SessionId},
    number::IdentityNumber,
};
use records::{Actor, Context, Database, Tx, Work};

use crate::{
    Error, PasswordGate, Session, SessionToken, Vault,
    account::{self, AccountState},
    events::{CommandProved, SignInFailed},
    limits,
    password::{self, HashedPassword, Owner},
    person,
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

/// A password that was right. The session is opened by [`Self::open`]: nobody pays for a second hash because another
/// writer was faster.
#[derive(Debug)]
pub struct Proof {
    account: AccountId,
    person: PersonId,
    bucket: Bucket,
    /// The same password under current parameters, when it was stored under others.
    rehashed: Option<HashedPassword>,
    /// Whether it was handed out by somebody else.
    is_handed_out: bool,
    /// What the password was compared with.
    phc: Option<Secret<String>>,
    /// Another password, which its owner chose.
    chosen: Option<HashedPassword>,
}

/// Who signed in.
#[derive(Clone, Debug)]
pub struct Opened {
    pub token: SessionToken,
    pub session_id: SessionId,
    pub person_id: PersonId,
}

/// Checks a username and a password. The session is opened with what it returns.
///
/// [`Proof::open`] settles the throttle, the account, the session, those that it replaces and the event together. An
/// unknown account costs what a known one with a wrong password costs
/// (`a_wrong_password_and_an_unknown_name_get_the_same_answer_and_leave_the_same_traces`).
///
/// # Errors
///
/// [`Error::Refused`] when name and password are not those of an open account, without saying which;
/// [`Error::PasswordEnded`] when the password was right and was handed out too long ago; [`Error::Throttled`] when there
/// were too many failures, without looking at the password; [`Error::Busy`] when too many others are signing in;
/// [`Error::PasswordTooLong`] when it is longer than one may be.
pub async fn with_password(
    database: &Database,
    vault: &Vault,
    gate: &PasswordGate,
    context: &Context,
    attempt: &Attempt<'_>,
) -> Result<Proof, Error> {
    if attempt.password.len() > limits::PASSWORD_BYTES_MAX {
        return Err(Error::PasswordTooLong { max: limits::PASSWORD_BYTES_MAX });
    }
    let own = attempt.browser.map(|session| &session.session_id);
    let mut tx = database.read().await?;
    let (name, found) = find(&mut tx, vault, attempt.username).await?;
    let keys = Keys::new(vault, &name, attempt.address, own);
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
        Some(account) if right && account.state == AccountState::Open => {
            if account.password_ends_at.is_some_and(|ends_at| ends_at <= context.at) {
                let whose = (Some(&account.id), "password_ended");
                return Err(match fail(database, context, attempt, &bucket, whose).await? {
                    Error::Refused => Error::PasswordEnded,
                    other => other,
                });
            }
            let stale = account.phc.as_deref().is_some_and(|phc| !crypto::password::is_current(phc));
            let rehashed = if stale {
                match password::rehash(gate, &context.entropy, attempt.password).await {
                    // Whoever was found right is not sent away because of this: the next sign-in tries it again.
                    Err(Error::Busy { .. }) => None,
                    rehashed => Some(rehashed?),
                }
            } else {
                None
            };
            let is_handed_out = account.password_ends_at.is_some();
            Ok(Proof {
                account: account.id,
                person: account.person,
                bucket,
                rehashed,
                is_handed_out,
                phc: account.phc.map(Secret::new),
                chosen: None,
            })
        }
        other => {
            let reason = match &other {
                None => "unknown_account",
                Some(_) if right => "account_not_open",
                Some(_) => "password",
            };
            let account = other.map(|account| account.id);
            Err(fail(database, context, attempt, &bucket, (account.as_ref(), reason)).await?)
        }
    }
}

/// The account that is meant, and the name under which failures are counted: the account's, however it was found, or what
/// was typed. An identity number means its person's account when there is exactly one; whether there is one is told by
/// nothing, because what is asked depends on what was typed alone.
async fn find(tx: &mut Tx, vault: &Vault, typed: &str) -> Result<(String, Option<queries::Account>), Fault> {
    let typed = account::folded(typed);
    let mut found = queries::by_username(tx, &typed).await?;
    if let (None, Ok(number)) = (&found, IdentityNumber::parse(&typed)) {
        for meant in number.meant() {
            found = match found {
                None => queries::only_of_number(tx, vault.lookup(&meant)).await?,
                found => found,
            };
        }
    }
    Ok((found.as_ref().map_or(typed, |account| account.username_key.clone()), found))
}

/// Forgets the failures of strangers who typed an account's name: whoever got another password at a counter has usually
/// guessed before, and nobody knows the one they have now.
pub async fn forgive(work: &mut Work, vault: &Vault, username: &str) -> Result<(), Fault> {
    throttle::forgive(work, vault, &account::folded(username)).await
}

/// Forgets failures and addresses that are too old to matter, [`records::REMOVED_AT_ONCE`] at most. Returns how many.
pub async fn expire(tx: &mut Tx, at: Instant) -> Result<u64, Fault> {
    queries::expire(tx, at.plus_seconds(-limits::KNOWN_ADDRESS_SECONDS)).await
}

impl Proof {
    /// Whose password it is, for choosing another one.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database cannot be asked, or the vault has another key.
    pub async fn owner(&self, database: &Database, vault: &Vault) -> Result<Owner, Fault> {
        let mut tx = database.read().await?;
        let account = account::find(&mut tx, &self.account).await?;
        let person = person::find(&mut tx, &self.person).await?;
        let (Some(account), Some(person)) = (account, person) else {
            return Err(Fault::broken("an account without its person"));
        };
        Owner::of(&account.username, &person, vault)
    }

    /// Another password, which counts from when the session opens; the person's other sessions end then.
    pub fn choose(&mut self, password: HashedPassword) {
        self.chosen = Some(password);
    }

    /// Opens the session. Sign-ins to one account wait for each other here, so that however many come at once leave
    /// no more than `limits::SESSIONS_MAX` sessions; the oldest make room.
    ///
    /// # Errors
    ///
    /// [`Error::PasswordToChoose`] when the password was handed out and no other one was chosen;
    /// [`Error::Throttled`] when others' failures came first, [`Error::Refused`] when the account was locked or closed
    /// since the password was checked.
    pub async fn open(&self, database: &Database, context: &Context, attempt: &Attempt<'_>) -> Result<Opened, Error> {
        records::attempt(async || self.open_once(database, context, attempt).await).await
    }

    /// Accepts the password for one act outside of a session, by the command line; the other one that was chosen counts
    /// from now on.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`].
    pub async fn accept(
        &self,
        database: &Database,
        context: &Context,
        attempt: &Attempt<'_>,
    ) -> Result<AccountId, Error> {
        records::attempt(async || {
            let mut work = self.hold(database, context, attempt).await?;
            if let Some(chosen) = &self.chosen {
                password::set(&mut work, &self.account, chosen).await?;
                session::close_all(&mut work, &self.person, None, "password_changed").await?;
            }
            work.record(CommandProved { account: self.account.clone() });
            work.commit().await?;
            Ok(self.account.clone())
        })
        .await
    }

    /// Begins what a right password is good for, if it still is: others wait until it is done.
    async fn hold(&self, database: &Database, context: &Context, attempt: &Attempt<'_>) -> Result<Work, Error> {
        if self.is_handed_out && self.chosen.is_none() {
            return Err(Error::PasswordToChoose);
        }
        let actor = Actor::Person { person: self.person.clone(), on_behalf: None };
        let mut work = database.begin(Context { actor, ..context.clone() }).await?;
        // A right guess among many wrong ones sent at the same time counts only if it came before the limit.
        if !throttle::passed(&mut work, &self.bucket).await? {
            return Err(blocked(work, &self.bucket).await?);
        }
        if !queries::hold_open(&mut work.tx, &self.account).await? {
            drop(work);
            return Err(
                fail(database, context, attempt, &self.bucket, (Some(&self.account), "account_not_open")).await?
            );
        }
        // Somebody may have given the account another password since it was compared.
        let phc = queries::phc(&mut work.tx, &self.account).await?;
        if phc.as_ref() != self.phc.as_ref().map(Secret::expose) {
            drop(work);
            return Err(fail(database, context, attempt, &self.bucket, (Some(&self.account), "password")).await?);
        }
        Ok(work)
    }

    async fn open_once(&self, database: &Database, context: &Context, attempt: &Attempt<'_>) -> Result<Opened, Error> {
        let mut work = self.hold(database, context, attempt).await?;
        let address = attempt.address.to_string();
        let opening = Opening {
            account: &self.account,
            method: Method::Password,
            address: &address,
            device: attempt.device,
            limits: attempt.limits,
        };
        let mut renewed = None;
        if let Some(session) = attempt.browser {
            if session.account_id == self.account {
                let token = session::renew(&mut work, &session.session_id, opening).await?;
                renewed = token.map(|token| (token, session.session_id.clone()));
            } else {
                session::close(&mut work, &session.session_id, "replaced").await?;
            }
        }
        let (token, session_id) = match renewed {
            Some(renewed) => renewed,
            None => session::open(&mut work, opening).await?,
        };
        session::close_oldest(&mut work, &self.account).await?;
        if let Some(chosen) = &self.chosen {
            password::set(&mut work, &self.account, chosen).await?;
            session::close_all(&mut work, &self.person, Some(&session_id), "password_changed").await?;
        } else if let Some(rehashed) = &self.rehashed {
            password::upgrade(&mut work, &self.account, rehashed).await?;
        }
        work.commit().await?;
        Ok(Opened { token, session_id, person_id: self.person.clone() })
    }
}

/// Counts a failure and returns what the caller is told.
async fn fail(
    database: &Database,
    context: &Context,
    attempt: &Attempt<'_>,
    bucket: &Bucket,
    whose: (Option<&AccountId>, &str),
) -> Result<Error, Error> {
    records::attempt(async || fail_once(database, context, attempt, bucket, whose).await).await
}

async fn fail_once(
    database: &Database,
    context: &Context,
    attempt: &Attempt<'_>,
    bucket: &Bucket,
    (account, reason): (Option<&AccountId>, &str),
) -> Result<Error, Error> {
    let mut work = database.begin(context.clone()).await?;
    let Some(counted) = throttle::failed(&mut work, bucket).await? else {
        return blocked(work, bucket).await;
    };
    work.record(SignInFailed {
        // People type passwords into the wrong field.
        account: account.map_or_else(|| bucket.unknown_name(), ToString::to_string),
        reason: reason.to_owned(),
        address: attempt.address.to_string(),
        failures: counted.failures,
        wait_seconds: counted.wait_seconds,
    });
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
