//! Token families: everything that came out of one code, so that it can be ended at once.

use base::{
    Fault, Instant,
    id::{PersonId, SessionId},
};
use crypto::digest::sha256;
use records::{Context, Database, FromRow, Tx, Value, Work, args};

use crate::{
    client::ClientId,
    code::Code,
    events::{CodeRedeemed, TokenRefreshed},
    scope::ScopeSet,
};

/// What the tokens of a family are made from.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub name: String,
    /// Whose tokens these are.
    pub client: String,
    pub person: PersonId,
    /// The account that was signed in, of a family with a refresh token, which is bound to it; else empty.
    pub account: String,
    pub session: SessionId,
    pub scopes: ScopeSet,
    /// These as its row has them, also one that this version does not know any more.
    pub scopes_stored: String,
    pub authenticated_at: Instant,
    /// When all of them end.
    pub expires_at: Instant,
}

impl Family {
    /// What its row says of whom its tokens are for and about, and for how long, in short. A refresh token carries it under
    /// its mark: it is good for that family and not for what somebody else makes of its row.
    pub(crate) fn bound(&self) -> [u8; 16] {
        let (person, session) = (self.person.as_str(), self.session.as_str());
        let texts = [&self.client, person, &self.account, session, &self.scopes_stored];
        bound(texts, [self.authenticated_at, self.expires_at])
    }

    /// The same as an older version told it, which its refresh tokens still carry.
    pub(crate) fn bound_before(&self) -> [u8; 16] {
        let (person, session) = (self.person.as_str(), self.session.as_str());
        bound([&self.client, person, session, &self.scopes_stored], [self.authenticated_at])
    }
}

fn bound<const T: usize, const I: usize>(texts: [&str; T], instants: [Instant; I]) -> [u8; 16] {
    let mut all = Vec::with_capacity(256);
    for part in texts {
        all.extend_from_slice(&(part.len() as u64).to_be_bytes());
        all.extend_from_slice(part.as_bytes());
    }
    for instant in instants {
        all.extend_from_slice(&instant.as_micros().to_be_bytes());
    }
    sha256(&all).first_chunk::<16>().copied().unwrap_or_default()
}

/// What is written when a code is redeemed.
pub(crate) struct Redemption<'a> {
    pub code: &'a Code,
    pub expires_at: Instant,
    /// The digest of the first refresh token, and until when it must be used.
    pub refresh: Option<(&'a str, Instant)>,
}

/// The statement that begins a family, and then what it returns.
macro_rules! begin {
    ($rest:literal) => {
        concat!(
            "insert into token_family (family_id, client_id, person_id, account_id, session_id, scopes,
                                       authenticated_at, created_at, expires_at, offline, refresh_hash, idle_until)
             select $1, $2, s.person_id, s.account_id, s.session_id, $3, $4, $5, $6, $7, $8, $9
               from session_liveness s
              where s.session_id = $10
                and s.person_id = $11
                and s.account_state = 'open'
                and s.closed_at is null
                and s.idle_until > $5
                and s.ends_at > $5
                and not exists (select 1
                                  from client_grant g
                                 where g.person_id = s.person_id
                                   and g.client_id = $2
                                   and g.withdrawn_at is not null)
                 on conflict (family_id) do nothing ",
            $rest
        )
    };
}

/// Begins the family of a code in a session that lives, and tells the account that a refresh token is bound to, of one
/// without a refresh token nothing; none when the code was redeemed before, the session is over, or the person took back
/// what the client had: no code from after that exists without a new consent.
pub(crate) async fn begin(
    database: &Database,
    context: &Context,
    redemption: &Redemption<'_>,
    event: CodeRedeemed,
) -> Result<Option<String>, Fault> {
    let (code, at) = (redemption.code, context.at);
    let values = args![
        &code.family,
        &code.client,
        code.scopes.text(),
        code.authenticated_at,
        at,
        redemption.expires_at,
        redemption.refresh.is_some(),
        redemption.refresh.map(|(hash, _)| hash),
        redemption.refresh.map(|(_, until)| until),
        &code.session,
        &code.person,
    ];
    if redemption.refresh.is_none() {
        let has_begun = database.act_if(context, begin!(""), values, event).await?;
        return Ok(has_begun.then(String::new));
    }
    let rows: Vec<(String,)> = database.act(context, begin!("returning account_id"), values, event).await?;
    Ok(rows.into_iter().next().map(|(account,)| account))
}

/// Burns a code: it can never be redeemed, and what was redeemed with it no longer counts.
pub(crate) async fn burn(tx: &mut Tx, code: &Code, why: &str, at: Instant) -> Result<bool, Fault> {
    let burnt = tx.run(
        "insert into token_family (family_id, client_id, person_id, account_id, session_id, scopes, authenticated_at,
                                   created_at, expires_at, offline, revoked_at, revoked_for)
         select $1, $2, s.person_id, s.account_id, s.session_id, $3, $4, $5, $6, 0, $5, $7
           from session_liveness s
          where s.session_id = $8
             on conflict (family_id) do update
                set revoked_at = excluded.revoked_at, revoked_for = excluded.revoked_for
              where token_family.revoked_at is null",
        args![
            &code.family,
            &code.client,
            code.scopes.text(),
            code.authenticated_at,
            at,
            code.expires_at.plus_seconds(60),
            why,
            &code.session,
        ],
    )
    .await?;
    Ok(burnt == 1)
}

/// Revokes a family; false when there is none or it was revoked before.
pub(crate) async fn revoke(tx: &mut Tx, family: &str, why: &str, at: Instant) -> Result<bool, Fault> {
    let revoked = tx
        .run(
            "update token_family
                set revoked_at = $2, revoked_for = $3
              where family_id = $1 and revoked_at is null",
            args![family, at, why],
        )
        .await?;
    Ok(revoked == 1)
}

/// Whether a code was redeemed.
pub(crate) async fn exists(tx: &mut Tx, family: &str) -> Result<bool, Fault> {
    let row: Option<(String,)> =
        tx.first("select family_id from token_family where family_id = $1", args![family]).await?;
    Ok(row.is_some())
}

/// Whether tokens of a family count: not revoked, the account open, the session not signed out.
pub(crate) async fn lives(tx: &mut Tx, family: &str) -> Result<bool, Fault> {
    let row: Option<(String,)> = tx
        .first(
            "select f.family_id
               from token_family f
               join account_liveness a on a.account_id = f.account_id
              where f.family_id = $1
                and f.revoked_at is null
                and a.state = 'open'
                and not exists (select 1
                                  from session_liveness s
                                 where s.session_id = f.session_id and s.closed_at is not null)",
            args![family],
        )
        .await?;
    Ok(row.is_some())
}

#[derive(FromRow)]
struct FamilyRow {
    family_id: String,
    client_id: String,
    person_id: String,
    account_id: String,
    session_id: String,
    scopes: String,
    authenticated_at: i64,
    expires_at: i64,
}

impl FamilyRow {
    fn family(self) -> Family {
        Family {
            name: self.family_id,
            client: self.client_id,
            person: PersonId::stored(self.person_id),
            account: self.account_id,
            session: SessionId::stored(self.session_id),
            scopes: ScopeSet::stored(&self.scopes),
            scopes_stored: self.scopes,
            authenticated_at: Instant::from_micros(self.authenticated_at),
            expires_at: Instant::from_micros(self.expires_at),
        }
    }
}

/// A refresh token that is presented, and what would take its place.
pub(crate) struct Rotation<'a> {
    pub family: &'a str,
    pub client: &'a ClientId,
    pub presented_hash: &'a str,
    pub next_hash: &'a str,
    pub idle_until: Instant,
}

const ROTATE: &str = "update token_family
    set refresh_hash_before = refresh_hash, refresh_hash = $3, refreshed_at = $4, idle_until = $5
  where family_id = $1
    and refresh_hash = $2
    and client_id = $6
    and offline = 1
    and revoked_at is null
    and expires_at > $4
    and idle_until > $4
    and exists (select 1
                  from account_liveness a
                 where a.account_id = token_family.account_id and a.state = 'open')
    and not exists (select 1
                      from session_liveness s
                     where s.session_id = token_family.session_id and s.closed_at is not null)
returning family_id, client_id, person_id, account_id, session_id, scopes, authenticated_at, expires_at";

impl Rotation<'_> {
    fn values(&self, at: Instant) -> Vec<Value> {
        args![self.family, self.presented_hash, self.next_hash, at, self.idle_until, self.client.as_str()]
    }
}

/// Exchanges the current refresh token of a live family for the next, with its event; none when it is not the current
/// one or the family no longer lives. Of many at the same time one wins.
pub(crate) async fn rotate(
    database: &Database,
    context: &Context,
    rotation: &Rotation<'_>,
    event: TokenRefreshed,
) -> Result<Option<Family>, Fault> {
    let rows: Vec<FamilyRow> = database.act(context, ROTATE, rotation.values(context.at), event).await?;
    Ok(rows.into_iter().next().map(FamilyRow::family))
}

/// The same as a part of a unit of work that may still be undone.
pub(crate) async fn rotate_within(work: &mut Work, rotation: &Rotation<'_>) -> Result<Option<Family>, Fault> {
    let at = work.at();
    let rows: Vec<FamilyRow> = work.tx.change(ROTATE, rotation.values(at)).await?;
    Ok(rows.into_iter().next().map(FamilyRow::family))
}

/// Where the refresh tokens of a family stand.
#[derive(FromRow)]
pub(crate) struct Standing {
    family_id: String,
    person_id: String,
    account_id: String,
    session_id: String,
    scopes: String,
    authenticated_at: i64,
    pub client_id: String,
    pub refresh_hash: Option<String>,
    pub refresh_hash_before: Option<String>,
    pub refreshed_at: Option<i64>,
    pub expires_at: i64,
    pub idle_until: Option<i64>,
    pub live: i64,
}

impl Standing {
    pub(crate) fn family(self) -> Family {
        FamilyRow {
            family_id: self.family_id,
            client_id: self.client_id,
            person_id: self.person_id,
            account_id: self.account_id,
            session_id: self.session_id,
            scopes: self.scopes,
            authenticated_at: self.authenticated_at,
            expires_at: self.expires_at,
        }
        .family()
    }
}

/// Looks why a rotation found nothing.
pub(crate) async fn standing(tx: &mut Tx, family: &str) -> Result<Option<Standing>, Fault> {
    tx.first(
        "select f.family_id, f.person_id, f.account_id, f.session_id, f.scopes, f.authenticated_at, f.client_id,
                f.refresh_hash, f.refresh_hash_before, f.refreshed_at, f.expires_at, f.idle_until,
                cast(case when f.revoked_at is null
                           and a.state = 'open'
                           and not exists (select 1
                                             from session_liveness s
                                            where s.session_id = f.session_id and s.closed_at is not null)
                          then 1 else 0 end as bigint) as live
           from token_family f
           join account_liveness a on a.account_id = f.account_id
          where f.family_id = $1",
        args![family],
    )
    .await
}

/// Revokes what a client has of a person; returns how many families.
pub(crate) async fn revoke_pair(
    tx: &mut Tx,
    person: &PersonId,
    client: &ClientId,
    why: &str,
    at: Instant,
) -> Result<u64, Fault> {
    tx.run(
        "update token_family
            set revoked_at = $3, revoked_for = $4
          where person_id = $1 and client_id = $2 and revoked_at is null",
        args![person, client.as_str(), at, why],
    )
    .await
}

/// Revokes everything that came out of a session; returns the clients.
pub(crate) async fn revoke_session(
    tx: &mut Tx,
    session: &SessionId,
    why: &str,
    at: Instant,
) -> Result<Vec<(String, String)>, Fault> {
    tx.change(
        "update token_family
            set revoked_at = $2, revoked_for = $3
          where session_id = $1 and revoked_at is null
      returning client_id, person_id",
        args![session, at, why],
    )
    .await
}

/// Removes families that ended a day ago or earlier, [`records::REMOVED_AT_ONCE`] at most: nothing that came out of them
/// can come back.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn expire(tx: &mut Tx, at: Instant) -> Result<u64, Fault> {
    tx.run(
        "delete from token_family
          where family_id in (select over.family_id
                                from token_family over
                               where over.expires_at < $1
                               order by over.expires_at
                               limit 500)",
        args![at.plus_seconds(-24 * 3600)],
    )
    .await
}
