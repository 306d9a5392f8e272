use base::{
    Fault, Instant,
    id::{AccountId, PersonId},
};
use records::{FromRow, Tx, args};

use crate::{account::AccountState, limits};

/// What a sign-in needs to know of an account.
#[derive(Debug)]
pub struct Account {
    pub id: AccountId,
    pub person: PersonId,
    /// The name under which its failures are counted, however it was found.
    pub username_key: String,
    pub state: AccountState,
    pub phc: Option<String>,
    /// Until when its password counts, if that was handed out.
    pub password_ends_at: Option<Instant>,
}

#[derive(FromRow)]
struct Row {
    account_id: String,
    person_id: String,
    username_key: String,
    state: String,
    username: String,
    opened_at: i64,
    marked: i64,
    mark: Option<String>,
    phc: Option<String>,
    set_at: Option<i64>,
    ends_at: Option<i64>,
    password_marked: Option<i64>,
    password_mark: Option<String>,
}

/// A statement that reads accounts as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! accounts {
    ($rest:literal) => {
        concat!(
            "select a.account_id, a.person_id, a.username_key, a.state, a.username, a.opened_at, a.marked, a.mark, w.phc, \
                    w.set_at, w.ends_at, w.marked as password_marked, w.mark as password_mark
               from account a
               left join password w on w.account_id = a.account_id ",
            $rest
        )
    };
}

impl Row {
    /// Whether the account and its password are as the last act left them.
    fn is_unchanged(&self, tx: &Tx) -> bool {
        let account =
            args![&self.account_id, &self.person_id, &self.username, &self.username_key, &self.state, self.opened_at];
        let password = args![&self.account_id, self.phc.as_deref(), self.set_at, self.ends_at];
        let mark = (self.password_marked.unwrap_or_default(), self.password_mark.as_deref());
        tx.is_as_left("account", account, (self.marked, self.mark.as_deref()))
            && (self.phc.is_none() || tx.is_as_left("password", password, mark))
    }

    /// An account to which no password opens, when somebody changed it, or its password, past the product.
    fn account(mut self, tx: &Tx) -> Account {
        if !self.is_unchanged(tx) {
            self.phc = None;
        }
        Account {
            id: AccountId::stored(self.account_id),
            person: PersonId::stored(self.person_id),
            username_key: self.username_key,
            state: AccountState::stored(&self.state),
            phc: self.phc,
            password_ends_at: self.ends_at.map(Instant::from_micros),
        }
    }
}

pub async fn by_username(tx: &mut Tx, username_key: &str) -> Result<Option<Account>, Fault> {
    let row: Option<Row> = tx.first(accounts!("where a.username_key = $1"), args![username_key]).await?;
    Ok(row.map(|row| row.account(tx)))
}

/// The account of the person whose identity number has this digest, if there is exactly one that is not closed.
pub async fn only_of_number(tx: &mut Tx, lookup: String) -> Result<Option<Account>, Fault> {
    let mut rows: Vec<Row> = tx
        .all(
            accounts!(
                "join person p on p.person_id = a.person_id
              where p.identity_lookup = $1
                and a.state <> 'closed'
              limit 2"
            ),
            args![lookup],
        )
        .await?;
    let first = rows.pop();
    Ok(if rows.is_empty() { first.map(|row| row.account(tx)) } else { None })
}

/// Holds the row of an open account until the commit; false when the account is not open. Sign-ins to one account go
/// one after the other from here on.
pub async fn hold_open(tx: &mut Tx, account: &AccountId) -> Result<bool, Fault> {
    let held =
        tx.run("update account set state = 'open' where account_id = $1 and state = 'open'", args![account]).await?;
    Ok(held == 1)
}

/// What the password of an account is compared with. Whoever relies on it holds the account ([`hold_open`]), as whoever
/// sets another one does.
pub async fn phc(tx: &mut Tx, account: &AccountId) -> Result<Option<String>, Fault> {
    let row: Option<(String,)> = tx.first("select phc from password where account_id = $1", args![account]).await?;
    Ok(row.map(|(phc,)| phc))
}

#[derive(Debug)]
pub struct Counter {
    pub key: String,
    pub delay: i64,
    pub retry_at: Instant,
    pub counted_at: Instant,
}

pub async fn counters(
    tx: &mut Tx,
    name: &str,
    address: &str,
    pair: &str,
    session: &str,
) -> Result<Vec<Counter>, Fault> {
    let rows: Vec<(String, i64, i64, i64)> = tx
        .all(
            "select throttle_key, delay, retry_at, counted_at
               from sign_in_throttle
              where throttle_key in ($1, $2, $3, $4)",
            args![name, address, pair, session],
        )
        .await?;
    let counter = |(key, delay, retry_at, counted_at)| Counter {
        key,
        delay,
        retry_at: Instant::from_micros(retry_at),
        counted_at: Instant::from_micros(counted_at),
    };
    Ok(rows.into_iter().map(counter).collect())
}

/// What a counted failure leads to.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    pub failures: i64,
    pub wait_seconds: i64,
}

/// Starts a counter anew, unless it, or the counter of `address`, is waiting. Locks the row until the commit.
pub async fn reset(tx: &mut Tx, key: &str, address: &str, at: Instant) -> Result<bool, Fault> {
    let reset = tx
        .run(
            "insert into sign_in_throttle (throttle_key, failures, delay, retry_at, counted_at)
             select $1, 0, 0, 0, $2
              where not exists (select 1
                                  from sign_in_throttle waiting
                                 where waiting.throttle_key = $3
                                   and waiting.delay > 0
                                   and waiting.retry_at > $2)
                 on conflict (throttle_key)
                 do update set failures = 0, delay = 0, retry_at = 0, counted_at = excluded.counted_at
                     where sign_in_throttle.delay = 0 or sign_in_throttle.retry_at <= excluded.counted_at",
            args![key, at, address],
        )
        .await?;
    Ok(reset == 1)
}

/// Counts a failure, unless the counter is waiting: then it stays as it is and the answer is none.
///
/// `free` failures are answered at once, then waits double; at `stop` failures in a row the wait is a day.
pub async fn count(tx: &mut Tx, key: &str, (free, stop): (i64, i64), at: Instant) -> Result<Option<Counted>, Fault> {
    let rows: Vec<(i64, i64)> = tx
        .change(
            "insert into sign_in_throttle (throttle_key, failures, delay, retry_at, counted_at)
             values ($1, 1, 0, 0, $2)
                 on conflict (throttle_key)
                 do update set failures = case when sign_in_throttle.counted_at < $3 then 1
                                               else sign_in_throttle.failures + 1 end,
                               delay = case when sign_in_throttle.counted_at < $3 then 0
                                            when sign_in_throttle.failures + 1 < $4 then 0
                                            when sign_in_throttle.failures + 1 >= $7 then $8
                                            when sign_in_throttle.delay = 0 then $5
                                            when sign_in_throttle.delay * 2 > $6 then $6
                                            else sign_in_throttle.delay * 2 end,
                               retry_at = case when sign_in_throttle.counted_at < $3 then 0
                                               when sign_in_throttle.failures + 1 < $4 then 0
                                               when sign_in_throttle.failures + 1 >= $7 then $2 + $8
                                               when sign_in_throttle.delay = 0 then $2 + $5
                                               when sign_in_throttle.delay * 2 > $6 then $2 + $6
                                               else $2 + sign_in_throttle.delay * 2 end,
                               counted_at = $2
                     where sign_in_throttle.delay = 0 or sign_in_throttle.retry_at <= $2
             returning failures, delay",
            args![
                key,
                at,
                at.plus_seconds(-limits::THROTTLE_MEMORY_SECONDS),
                free,
                limits::THROTTLE_DELAY_FIRST_SECONDS * 1_000_000,
                limits::THROTTLE_DELAY_MAX_SECONDS * 1_000_000,
                stop,
                limits::THROTTLE_STOP_SECONDS * 1_000_000
            ],
        )
        .await?;
    let counted = rows.first();
    Ok(counted.map(|(failures, delay)| Counted { failures: *failures, wait_seconds: delay / 1_000_000 }))
}

pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    tx.run(
        "delete from sign_in_throttle
          where throttle_key in (select over.throttle_key
                            from sign_in_throttle over
                           where over.counted_at < $1
                           order by over.counted_at
                           limit 500)",
        args![before],
    )
    .await
}

/// Forgets a counter.
pub async fn forget(tx: &mut Tx, key: &str) -> Result<(), Fault> {
    tx.run("delete from sign_in_throttle where throttle_key = $1", args![key]).await?;
    Ok(())
}
