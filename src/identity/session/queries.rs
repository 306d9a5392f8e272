use base::{
    Fault, Instant, ListPage,
    id::{AccountId, OrganisationId, PersonId, SessionId, StaffId},
};
use records::{FromRow, Tx, args};

use super::{Method, Opening, Session, SessionView};
use crate::{
    limits,
    staff::{Appointment, Roles},
};

#[derive(FromRow)]
struct Row {
    session_id: String,
    account_id: String,
    opened_at: i64,
    authenticated_at: i64,
    seen_at: i64,
    username: String,
    person_id: String,
    person_name: String,
    staff_id: Option<String>,
    roles: Option<String>,
    organisation_id: Option<String>,
    organisation_name: Option<String>,
    appointed_at: Option<i64>,
    method: String,
    ends_at: i64,
    session_marked: i64,
    session_mark: Option<String>,
    username_key: String,
    account_opened_at: i64,
    account_marked: i64,
    account_mark: Option<String>,
    staff_marked: Option<i64>,
    staff_mark: Option<String>,
}

impl Row {
    /// The row, if the session and the account are as the last act left them; without the appointment, if that is not.
    fn unchanged(mut self, tx: &Tx, token_hash: &str) -> Option<Self> {
        let session = args![
            &self.session_id,
            token_hash,
            &self.account_id,
            &self.method,
            self.opened_at,
            self.authenticated_at,
            self.ends_at,
            None::<i64>
        ];
        let account = args![
            &self.account_id,
            &self.person_id,
            &self.username,
            &self.username_key,
            "open",
            self.account_opened_at
        ];
        let is_right = tx.is_as_left("session", session, (self.session_marked, self.session_mark.as_deref()))
            && tx.is_as_left("account", account, (self.account_marked, self.account_mark.as_deref()));
        if self.staff_id.is_some() {
            let staff = args![
                self.staff_id.as_deref(),
                &self.person_id,
                self.organisation_id.as_deref(),
                self.roles.as_deref(),
                self.appointed_at,
                None::<i64>
            ];
            let mark = (self.staff_marked.unwrap_or_default(), self.staff_mark.as_deref());
            if !tx.is_as_left("staff", staff, mark) {
                self.staff_id = None;
            }
        }
        is_right.then_some(self)
    }

    fn session(self) -> Session {
        let staff = match (self.staff_id, self.organisation_id) {
            (Some(staff), Some(organisation)) => Some(Appointment {
                staff_id: StaffId::stored(staff),
                organisation_id: OrganisationId::stored(organisation),
                organisation_name: self.organisation_name.unwrap_or_default(),
                roles: Roles::stored(&self.roles.unwrap_or_default()),
            }),
            _ => None,
        };
        Session {
            session_id: SessionId::stored(self.session_id),
            account_id: AccountId::stored(self.account_id),
            person_id: PersonId::stored(self.person_id),
            name: self.person_name,
            username: self.username,
            method: Method::Password,
            opened_at: Instant::from_micros(self.opened_at),
            authenticated_at: Instant::from_micros(self.authenticated_at),
            seen_at: Instant::from_micros(self.seen_at),
            staff,
        }
    }
}

pub async fn by_token(tx: &mut Tx, token_hash: &str, at: Instant) -> Result<Option<Session>, Fault> {
    let row: Option<Row> = tx
        .first(
            "select s.session_id, s.account_id, s.opened_at, s.authenticated_at, s.seen_at, a.username, a.person_id,
                    p.name as person_name, f.staff_id, f.roles, f.organisation_id, o.name as organisation_name,
                    f.appointed_at, s.method, s.ends_at, s.marked as session_marked, s.mark as session_mark,
                    a.username_key, a.opened_at as account_opened_at, a.marked as account_marked,
                    a.mark as account_mark, f.marked as staff_marked, f.mark as staff_mark
               from session s
               join account a on a.account_id = s.account_id
               join person p on p.person_id = a.person_id
               left join staff f on f.person_id = a.person_id and f.ended_at is null
               left join organisation o on o.organisation_id = f.organisation_id
              where s.token_hash = $1
                and s.closed_at is null
                and s.idle_until > $2
                and s.ends_at > $2
                and a.state = 'open'",
            args![token_hash, at],
        )
        .await?;
    Ok(row.and_then(|row| row.unchanged(tx, token_hash)).map(Row::session))
}

pub async fn person_of(tx: &mut Tx, token_hash: &str) -> Result<Option<PersonId>, Fault> {
    let found: Option<(String,)> = tx
        .first(
            "select a.person_id
               from session s
               join account a on a.account_id = s.account_id
              where s.token_hash = $1",
            args![token_hash],
        )
        .await?;
    Ok(found.map(|(person,)| PersonId::stored(person)))
}

fn shortened(device: &str) -> String {
    device.chars().filter(|c| !c.is_control()).take(limits::DEVICE_CHARACTERS_MAX).collect()
}

pub async fn insert(
    tx: &mut Tx,
    session: &SessionId,
    token_hash: &str,
    opening: Opening<'_>,
    at: Instant,
) -> Result<(), Fault> {
    let ends_at = opening.limits.ends(at);
    tx.run(
        "insert into session (session_id, token_hash, account_id, method, address, device, opened_at,
                              authenticated_at, seen_at, idle_until, ends_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8, $9)",
        args![
            session,
            token_hash,
            opening.account,
            opening.method.code(),
            opening.address,
            shortened(opening.device),
            at,
            opening.limits.idle_until(at, ends_at),
            ends_at
        ],
    )
    .await?;
    Ok(())
}

pub async fn renew(
    tx: &mut Tx,
    session: &SessionId,
    token_hash: &str,
    opening: Opening<'_>,
    at: Instant,
) -> Result<bool, Fault> {
    let ends_at = opening.limits.ends(at);
    let renewed = tx
        .run(
            "update session
                set token_hash = $2, method = $4, address = $5, device = $6, opened_at = $7, authenticated_at = $7,
                    seen_at = $7, idle_until = $8, ends_at = $9
              where session_id = $1
                and account_id = $3
                and closed_at is null",
            args![
                session,
                token_hash,
                opening.account,
                opening.method.code(),
                opening.address,
                shortened(opening.device),
                at,
                opening.limits.idle_until(at, ends_at),
                ends_at
            ],
        )
        .await?;
    Ok(renewed == 1)
}

pub async fn touch(tx: &mut Tx, session: &SessionId, at: Instant, idle_until: Instant) -> Result<bool, Fault> {
    let touched = tx
        .run(
            "update session
                set seen_at = $2, idle_until = $3
              where session_id = $1
                and seen_at < $2
                and idle_until > $2
                and closed_at is null",
            args![session, at, idle_until],
        )
        .await?;
    Ok(touched == 1)
}

pub async fn close(tx: &mut Tx, session: &SessionId, at: Instant) -> Result<bool, Fault> {
    let closed = tx
        .run("update session set closed_at = $2 where session_id = $1 and closed_at is null", args![session, at])
        .await?;
    Ok(closed == 1)
}

pub async fn close_own(tx: &mut Tx, person: &PersonId, session: &SessionId, at: Instant) -> Result<bool, Fault> {
    let closed = tx
        .run(
            "update session
                set closed_at = $3
              where session_id = $1
                and closed_at is null
                and account_id in (select a.account_id from account a where a.person_id = $2)",
            args![session, person, at],
        )
        .await?;
    Ok(closed == 1)
}

/// The accounts of a person. What is asked of all their sessions is asked for each account, by an index of sessions that
/// begins with it.
async fn accounts(tx: &mut Tx, person: &PersonId) -> Result<Vec<AccountId>, Fault> {
    let rows: Vec<(String,)> = tx.all("select account_id from account where person_id = $1", args![person]).await?;
    Ok(rows.into_iter().map(|(account,)| AccountId::stored(account)).collect())
}

pub async fn close_of_person(
    tx: &mut Tx,
    person: &PersonId,
    but: Option<&SessionId>,
    at: Instant,
) -> Result<Vec<SessionId>, Fault> {
    let mut closed = Vec::new();
    for account in accounts(tx, person).await? {
        closed.extend(close_of_account(tx, &account, but, at).await?);
    }
    Ok(closed)
}

pub async fn close_of_account(
    tx: &mut Tx,
    account: &AccountId,
    but: Option<&SessionId>,
    at: Instant,
) -> Result<Vec<SessionId>, Fault> {
    let closed: Vec<(String,)> = tx
        .change(
            "update session
                set closed_at = $3
              where account_id = $1
                and closed_at is null
                and ends_at > $3
                and session_id <> $2
             returning session_id",
            args![account, but.map_or("", SessionId::as_str), at],
        )
        .await?;
    Ok(closed.into_iter().map(|(session,)| SessionId::stored(session)).collect())
}

/// Closes the live sessions of an account that are older than its newest [`limits::SESSIONS_MAX`].
pub async fn close_oldest(tx: &mut Tx, account: &AccountId, at: Instant) -> Result<Vec<SessionId>, Fault> {
    let closed: Vec<(String,)> = tx
        .change(
            "update session
                set closed_at = $2
              where account_id = $1
                and closed_at is null
                and session_id in (select s.session_id
                                     from session s
                                    where s.account_id = $1
                                      and s.closed_at is null
                                      and s.idle_until > $2
                                      and s.ends_at > $2
                                    order by s.opened_at desc, s.session_id desc
                                    limit 1000
                                   offset $3)
             returning session_id",
            args![account, at, limits::SESSIONS_MAX],
        )
        .await?;
    Ok(closed.into_iter().map(|(session,)| SessionId::stored(session)).collect())
}

pub async fn list(
    tx: &mut Tx,
    person: &PersonId,
    at: Instant,
    page: &ListPage<SessionId>,
) -> Result<Vec<SessionView>, Fault> {
    let mut views = Vec::new();
    for account in accounts(tx, person).await? {
        let rows: Vec<(String, String, String, i64, i64, i64)> = tx
            .all(
                "select session_id, address, device, opened_at, seen_at, ends_at
                   from session
                  where closed_at is null
                    and account_id >= $1
                    and (account_id, session_id) < ($1, $2)
                    and idle_until > $3
                  order by account_id desc, session_id desc
                  limit $4",
                args![&account, page.below(), at, page.limit + 1],
            )
            .await?;
        views.extend(rows.into_iter().map(|(session, address, device, opened_at, seen_at, ends_at)| SessionView {
            session_id: SessionId::stored(session),
            address,
            device,
            opened_at: Instant::from_micros(opened_at),
            seen_at: Instant::from_micros(seen_at),
            ends_at: Instant::from_micros(ends_at),
        }));
    }
    views.sort_by(|a, b| b.session_id.cmp(&a.session_id));
    Ok(views)
}

pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    tx.run(
        "delete from session
          where session_id in (select over.session_id
                          from session over
                         where over.ends_at < $1
                         order by over.ends_at
                         limit 500)",
        args![before],
    )
    .await
}

pub async fn last_of_account(tx: &mut Tx, account: &AccountId) -> Result<Option<Instant>, Fault> {
    let row: Option<(i64,)> = tx
        .first(
            "select authenticated_at from session where account_id = $1 order by session_id desc limit 1",
            args![account],
        )
        .await?;
    Ok(row.map(|(at,)| Instant::from_micros(at)))
}

pub async fn device(tx: &mut Tx, session: &SessionId) -> Result<Option<String>, Fault> {
    let row: Option<(String,)> = tx.first("select device from session where session_id = $1", args![session]).await?;
    Ok(row.map(|(device,)| device))
}
