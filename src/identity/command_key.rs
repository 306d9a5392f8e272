//! Keys with which commands on a machine act for an operator: who has the key in a file acts as that person.

use base::{
    Fault, Instant, Secret,
    id::{AccountId, PersonId, StaffId},
};
use records::{Actor, FromRow, Seen, Tx, Value, Work, args};

use crate::{
    Error, Role,
    events::{CommandKeyEnded, CommandKeyMade},
    limits,
    staff::{self, Roles},
};

/// Who a command acts for.
#[derive(Clone, Debug)]
pub struct CommandOperator {
    pub username: String,
    staff: StaffId,
    person: PersonId,
}

impl CommandOperator {
    /// As whom the log knows them.
    pub fn actor(&self) -> Actor {
        Actor::Operator { staff: self.staff.clone(), person: self.person.clone() }
    }
}

/// A key as its operator sees it once.
#[derive(Debug)]
pub struct Made {
    pub secret: Secret<String>,
    pub until: Instant,
}

/// A statement that reads who has an account and an appointment as [`Row`] takes them, and then what is asked for.
macro_rules! operators {
    ($rest:literal) => {
        concat!(
            "select a.account_id, a.username, a.person_id, f.staff_id, f.roles
               from account a
               join staff f on f.person_id = a.person_id and f.ended_at is null ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Row {
    account_id: String,
    username: String,
    person_id: String,
    staff_id: String,
    roles: String,
}

impl Row {
    /// The operator, if the account is open and the appointment one, both as the last acts left them.
    async fn operator(self, tx: &mut Tx) -> Result<Option<CommandOperator>, Fault> {
        if !Roles::stored(&self.roles).has(Role::Operator) {
            return Ok(None);
        }
        let person = || ("person_id", Value::from(&self.person_id));
        let account = vec![person(), ("state", Value::from("open"))];
        let staff = vec![person(), ("roles", Value::from(&self.roles)), ("ended_at", Value::from(None::<i64>))];
        let is_unchanged = tx.is_as_read("account", Seen { key: &[&self.account_id], columns: account }).await?
            && tx.is_as_read("staff", Seen { key: &[&self.staff_id], columns: staff }).await?;
        Ok(is_unchanged.then(|| CommandOperator {
            username: self.username,
            staff: StaffId::stored(self.staff_id),
            person: PersonId::stored(self.person_id),
        }))
    }
}

/// Makes a key for an account. It counts half a year at most, and ends for good when the account is locked or closed or its
/// person is no operator any more: whoever becomes one again makes another key.
///
/// # Errors
///
/// [`Error::TooManyKeys`] when the account has as many as it may.
pub async fn make(work: &mut Work, account: &AccountId) -> Result<Made, Error> {
    let (at, secret) = (work.at(), crypto::encoding::base64url(&work.entropy().bytes::<32>()));
    let until = at.plus_seconds(limits::COMMAND_KEY_SECONDS);
    let counting: (i64,) = work
        .tx
        .one(
            "select count(*) from command_key where account_id = $1 and ended_at is null and ends_at > $2",
            args![account, at],
        )
        .await?;
    if counting.0 >= limits::COMMAND_KEYS_MAX {
        return Err(Error::TooManyKeys { max: limits::COMMAND_KEYS_MAX });
    }
    let key = hash(&secret);
    work.tx
        .run(
            "insert into command_key (key_hash, account_id, made_at, ends_at) values ($1, $2, $3, $4)",
            args![&key, account, at, until],
        )
        .await?;
    work.record(CommandKeyMade { account: account.clone(), key, until: until.rfc3339() });
    Ok(Made { secret: Secret::new(secret), until })
}

/// Ends every key of an account. Returns how many.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn end_all(work: &mut Work, account: &AccountId) -> Result<usize, Fault> {
    let at = work.at();
    let ended: Vec<(String,)> = work
        .tx
        .change(
            "update command_key set ended_at = $2 where account_id = $1 and ended_at is null returning key_hash",
            args![account, at],
        )
        .await?;
    let count = ended.len();
    for (key,) in ended {
        work.record(CommandKeyEnded { account: account.clone(), key });
    }
    Ok(count)
}

/// Ends every key of an account that cannot be used any more.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn end_of_account(work: &mut Work, account: &AccountId) -> Result<(), Fault> {
    end_all(work, account).await.map(|_| ())
}

/// Ends every key of who had this appointment.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn end_of_staff(work: &mut Work, staff: &StaffId) -> Result<(), Fault> {
    let Some(member) = staff::ever(&mut work.tx, staff).await? else { return Ok(()) };
    let accounts: Vec<(String,)> =
        work.tx.all("select account_id from account where person_id = $1", args![&member.person_id]).await?;
    for (account,) in accounts {
        end_all(work, &AccountId::stored(account)).await?;
    }
    Ok(())
}

/// The operator whose key this is, if it counts. One from before the appointment is of an earlier one.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn of_key(tx: &mut Tx, secret: &str, at: Instant) -> Result<Option<CommandOperator>, Fault> {
    let row: Option<Row> = tx
        .first(
            operators!(
                "join command_key k on k.account_id = a.account_id
              where k.key_hash = $1
                and k.ended_at is null
                and k.ends_at > $2
                and k.made_at >= f.appointed_at
                and a.state = 'open'"
            ),
            args![hash(secret), at],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (key, ended) = (hash(secret), Value::from(None::<i64>));
    let columns = vec![("account_id", Value::from(&row.account_id)), ("ended_at", ended)];
    if !tx.is_as_read("command_key", Seen { key: &[&key], columns }).await? {
        return Ok(None);
    }
    row.operator(tx).await
}

/// The operator whose account this is, if it is open and its person one.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn of_account(tx: &mut Tx, account: &AccountId) -> Result<Option<CommandOperator>, Fault> {
    let row: Option<Row> = tx.first(operators!("where a.account_id = $1 and a.state = 'open'"), args![account]).await?;
    match row {
        Some(row) => row.operator(tx).await,
        None => Ok(None),
    }
}

/// When a key ends, and of which operator it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEnding {
    pub username: String,
    /// The beginning of its hash, by which a monitoring system tells it from others.
    pub key: String,
    pub at: Instant,
}

#[derive(FromRow)]
struct EndingRow {
    username: String,
    person_id: String,
    state: String,
    key_hash: String,
    ends_at: i64,
}

/// When keys end of who is an operator still, the first to end first: those that count now, and those that ended within
/// the last month and in whose place nobody made another one.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn endings(tx: &mut Tx, at: Instant) -> Result<Vec<KeyEnding>, Fault> {
    let rows: Vec<EndingRow> = tx
        .all(
            "select a.username, a.person_id, a.state, k.key_hash, k.ends_at
               from command_key k
               join account a on a.account_id = k.account_id
              where k.ended_at is null
                and k.ends_at > $1
              order by k.ends_at
              limit 100",
            args![at.plus_seconds(-limits::COMMAND_KEY_ENDED_TOLD_SECONDS)],
        )
        .await?;
    let mut all = Vec::new();
    for row in rows.into_iter().filter(|row| row.state == "open") {
        let office = staff::of_person(tx, &PersonId::stored(row.person_id)).await?;
        if office.is_some_and(|office| office.roles.has(Role::Operator)) {
            let (key, at) = (row.key_hash.chars().take(16).collect(), Instant::from_micros(row.ends_at));
            all.push(KeyEnding { username: row.username, key, at });
        }
    }
    let is_replaced = |one: &KeyEnding| all.iter().any(|next| next.username == one.username && next.at > at);
    Ok(all.iter().filter(|one| one.at > at || !is_replaced(one)).cloned().collect())
}

fn hash(secret: &str) -> String {
    crypto::digest::hex(&crypto::digest::sha256(secret.trim().as_bytes()))
}
