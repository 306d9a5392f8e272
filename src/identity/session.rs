//! Signed-in browsers. All state is in the row: what closes a session holds on every node at once.

mod queries;

use base::{
    Fault, Instant, ListPage, PageOf, Secret,
    id::{AccountId, PersonId, SessionId},
};
use crypto::{digest, encoding};
use records::{Actor, Database, Tx, Work};

use crate::{
    events::{SessionClosed, SignInSucceeded},
    limits,
    staff::{Appointment, Role},
};

/// How long sessions last: the settings `session.idle_minutes` and `session.absolute_hours` say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A session that was not used for so long is over.
    pub idle_seconds: i64,
    /// A session that was opened so long ago is over.
    pub absolute_seconds: i64,
}

impl Default for Limits {
    /// Half an hour and half a day, for tests. A city's come from the settings.
    fn default() -> Self {
        Self { idle_seconds: 30 * 60, absolute_seconds: 12 * 3600 }
    }
}

impl Limits {
    fn ends(self, opened_at: Instant) -> Instant {
        opened_at.plus_seconds(self.absolute_seconds)
    }

    fn idle_until(self, seen_at: Instant, ends_at: Instant) -> Instant {
        seen_at.plus_seconds(self.idle_seconds).min(ends_at)
    }
}

/// What a browser shows to prove that it signed in: 256 random bits. Only its digest is stored.
#[derive(Clone, Debug)]
pub struct SessionToken(Secret<String>);

impl SessionToken {
    fn new(work: &Work) -> Self {
        Self(Secret::new(encoding::base64url(&work.entropy().bytes::<32>())))
    }

    /// Reads a cookie's value; none when it cannot be a token, so that the database is not asked about it.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 43 && encoding::base64url_decode(text).is_some_and(|bytes| bytes.len() == 32);
        well_formed.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The value for the cookie.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    fn digest(&self) -> String {
        digest::hex(&digest::sha256(self.0.expose().as_bytes()))
    }
}

/// How someone proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Password,
}

impl Method {
    /// The method, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Password => "password",
        }
    }
}

/// Who signed in and where.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    pub account: &'a AccountId,
    pub method: Method,
    pub address: &'a str,
    /// A browser in words, such as `Chrome, Windows`.
    pub device: &'a str,
    pub limits: Limits,
}

/// A live session: who acts, in which role, since when.
#[derive(Clone, Debug)]
pub struct Session {
    pub session_id: SessionId,
    pub account_id: AccountId,
    pub person_id: PersonId,
    pub name: String,
    pub username: String,
    pub method: Method,
    pub opened_at: Instant,
    pub authenticated_at: Instant,
    pub seen_at: Instant,
    pub staff: Option<Appointment>,
}

impl Session {
    pub fn person_actor(&self) -> Actor {
        Actor::Person { person: self.person_id.clone(), on_behalf: None }
    }

    /// Whether the person has this role now.
    pub fn has(&self, role: Role) -> bool {
        self.staff.as_ref().is_some_and(|staff| staff.roles.has(role))
    }
}

/// One row of the list a person sees of their own sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    pub session_id: SessionId,
    pub address: String,
    pub device: String,
    pub opened_at: Instant,
    pub seen_at: Instant,
    pub(crate) ends_at: Instant,
}

/// Opens a session.
pub async fn open(work: &mut Work, opening: Opening<'_>) -> Result<(SessionToken, SessionId), Fault> {
    let session: SessionId = work.new_id();
    let token = SessionToken::new(work);
    let at = work.at();
    queries::insert(&mut work.tx, &session, &token.digest(), opening, at).await?;
    succeeded(work, &session, opening, None);
    Ok((token, session))
}

/// Gives a session whose person proved again who they are a new token; the old one is dead. None when the session is
/// over meanwhile.
pub async fn renew(work: &mut Work, session: &SessionId, opening: Opening<'_>) -> Result<Option<SessionToken>, Fault> {
    let token = SessionToken::new(work);
    let at = work.at();
    if !queries::renew(&mut work.tx, session, &token.digest(), opening, at).await? {
        return Ok(None);
    }
    succeeded(work, session, opening, Some(true));
    Ok(Some(token))
}

/// The live session with this token, with the person, the account's state and the appointment as they are now: asked for
/// at once, because every request pays for it (`each_hot_path_of_openid_takes_so_many_statements_and_no_more`).
pub async fn find(tx: &mut Tx, token: &SessionToken, at: Instant) -> Result<Option<Session>, Fault> {
    queries::by_token(tx, &token.digest(), at).await
}

/// Whose session a token was, also of one that has ended, for as long as its row is kept. It says nothing of who may act.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn person_of(tx: &mut Tx, token: &SessionToken) -> Result<Option<PersonId>, Fault> {
    queries::person_of(tx, &token.digest()).await
}

/// Marks a session as used, at most once a minute. Outside of any [`Work`]: nothing else waits for it, and losing
/// it in a crash only makes the session end earlier.
pub async fn touch(database: &Database, session: &Session, limits: Limits, at: Instant) -> Result<bool, Fault> {
    if at.seconds_since(session.seen_at) < limits::SESSION_TOUCH_SECONDS {
        return Ok(false);
    }
    let idle_until = limits.idle_until(at, limits.ends(session.opened_at));
    let mut tx = database.housekeeping().await?;
    let touched = queries::touch(&mut tx, &session.session_id, at, idle_until).await?;
    tx.commit().await?;
    Ok(touched)
}

/// Closes a session. False when it was not open.
pub async fn close(work: &mut Work, session: &SessionId, reason: &'static str) -> Result<bool, Fault> {
    let at = work.at();
    let closed = queries::close(&mut work.tx, session, at).await?;
    if closed {
        work.record(SessionClosed { session: session.clone(), reason: reason.to_owned() });
    }
    Ok(closed)
}

/// Closes every session of a person but one.
pub async fn close_all(
    work: &mut Work,
    person: &PersonId,
    but: Option<&SessionId>,
    reason: &'static str,
) -> Result<(), Fault> {
    let at = work.at();
    let closed = queries::close_of_person(&mut work.tx, person, but, at).await?;
    record_closed(work, &closed, reason);
    Ok(())
}

/// Closes every session of an account.
pub async fn close_of_account(work: &mut Work, account: &AccountId, reason: &'static str) -> Result<(), Fault> {
    let at = work.at();
    let closed = queries::close_of_account(&mut work.tx, account, None, at).await?;
    record_closed(work, &closed, reason);
    Ok(())
}

/// Closes the oldest live sessions of an account beyond [`limits::SESSIONS_MAX`]. Whoever calls it holds the account, or
/// two of them would leave one too many.
pub(crate) async fn close_oldest(work: &mut Work, account: &AccountId) -> Result<(), Fault> {
    let at = work.at();
    let closed = queries::close_oldest(&mut work.tx, account, at).await?;
    record_closed(work, &closed, "too_many");
    Ok(())
}

/// Closes one session of a person: nobody can close another person's. False when it is not theirs or not open.
pub async fn close_own(
    work: &mut Work,
    person: &PersonId,
    session: &SessionId,
    reason: &'static str,
) -> Result<bool, Fault> {
    let at = work.at();
    let closed = queries::close_own(&mut work.tx, person, session, at).await?;
    if closed {
        work.record(SessionClosed { session: session.clone(), reason: reason.to_owned() });
    }
    Ok(closed)
}

/// The live sessions of a person, the newest first.
pub async fn list(
    tx: &mut Tx,
    person: &PersonId,
    at: Instant,
    page: &ListPage<SessionId>,
) -> Result<PageOf<SessionView, SessionId>, Fault> {
    let rows = queries::list(tx, person, at, page).await?;
    Ok(PageOf::from_rows(rows, page.limit, |row| row.session_id.clone()))
}

/// When somebody last signed in to an account, as far as sessions are kept.
pub async fn last_of_account(tx: &mut Tx, account: &AccountId) -> Result<Option<Instant>, Fault> {
    queries::last_of_account(tx, account).await
}

/// With which browser a session was opened, while its row is kept.
pub async fn device(tx: &mut Tx, session: &SessionId) -> Result<Option<String>, Fault> {
    queries::device(tx, session).await
}

/// Removes rows of sessions that ended before an instant, [`records::REMOVED_AT_ONCE`] at most. Returns how many.
pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    queries::expire(tx, before).await
}

fn succeeded(work: &mut Work, session: &SessionId, opening: Opening<'_>, again: Option<bool>) {
    work.record(SignInSucceeded {
        account: opening.account.clone(),
        session: session.clone(),
        method: opening.method.code().to_owned(),
        address: opening.address.to_owned(),
        again,
    });
}

fn record_closed(work: &mut Work, closed: &[SessionId], reason: &'static str) {
    for session in closed {
        work.record(SessionClosed { session: session.clone(), reason: reason.to_owned() });
    }
}
