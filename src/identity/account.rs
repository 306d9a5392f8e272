//! What a person signs in to.

use base::{
    Fault,
    id::{AccountId, PersonId},
    number::{IdentityNumber, NumberKind},
};
use records::{Seen, Tx, Value, Work, args};

use crate::{
    Error,
    events::{AccountClosed, AccountLocked, AccountOpened, AccountRenamed, AccountUnlocked},
    limits,
    password::{self, HashedPassword},
    person, staff,
};

/// A statement that reads accounts as [`view`] takes them: the columns, and then what is asked for.
macro_rules! accounts {
    ($rest:literal) => {
        concat!("select account_id, person_id, username, state from account ", $rest)
    };
}
/// Whether an account can be signed in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// For good.
    Closed,
    /// Until it is unlocked.
    Locked,
    /// It can.
    Open,
}

impl AccountState {
    pub(crate) fn stored(code: &str) -> Self {
        match code {
            "open" => Self::Open,
            "locked" => Self::Locked,
            _ => Self::Closed,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Locked => "locked",
            Self::Open => "open",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    pub account_id: AccountId,
    pub person_id: PersonId,
    pub username: String,
    pub state: AccountState,
}

impl AccountView {
    /// Refuses to rest on this when it was changed past the product.
    ///
    /// # Errors
    ///
    /// [`Fault`] then, and when the database is out of reach.
    pub async fn rely_on(&self, tx: &mut Tx) -> Result<(), Fault> {
        let columns = vec![
            ("person_id", Value::from(&self.person_id)),
            ("username", Value::from(self.username.as_str())),
            ("state", Value::from(self.state.code())),
        ];
        tx.rely_on("account", Seen { key: &[self.account_id.as_str()], columns }).await
    }
}

/// Opens an account for a person, with a password or without one yet. Two accounts' names differ by more than case.
pub async fn open(
    work: &mut Work,
    person: &PersonId,
    username: &str,
    password: Option<&HashedPassword>,
) -> Result<AccountId, Error> {
    let username = username.trim();
    check_username(username)?;
    person::living(&mut work.tx, person).await?;
    let account: AccountId = work.new_id();
    let at = work.at();
    let inserted = work
        .tx
        .run(
            "insert into account (account_id, person_id, username, username_key, state, opened_at)
             values ($1, $2, $3, $4, 'open', $5)
                 on conflict (username_key) do nothing",
            args![&account, person, username, folded(username), at],
        )
        .await?;
    if inserted == 0 {
        return Err(Error::UsernameTaken);
    }
    work.record(AccountOpened { account: account.clone(), person: person.clone() });
    if let Some(password) = password {
        password::set(work, &account, password).await?;
    }
    Ok(account)
}

/// Closes an account for good.
///
/// # Errors
///
/// [`Error::Own`] for the one who acts; [`Error::AccountUnknown`] when it is closed already or there is none.
pub async fn close(work: &mut Work, account: &AccountId) -> Result<(), Error> {
    of_somebody_else(work, account).await?;
    change(work, account, "closed").await?;
    work.record(AccountClosed { account: account.clone() });
    Ok(())
}

/// Closes every account of a person for good.
pub async fn close_of_person(work: &mut Work, person: &PersonId) -> Result<(), Fault> {
    let closed: Vec<(String,)> = work
        .tx
        .change(
            "update account
                set state = 'closed'
              where person_id = $1 and state <> 'closed'
          returning account_id",
            args![person],
        )
        .await?;
    for (account,) in closed {
        work.record(AccountClosed { account: AccountId::stored(account) });
    }
    Ok(())
}

/// Locks an account.
///
/// # Errors
///
/// [`Error::Own`] for the one who acts; [`Error::AccountUnknown`] when it is not open or there is none.
pub async fn lock(work: &mut Work, account: &AccountId) -> Result<(), Error> {
    of_somebody_else(work, account).await?;
    change(work, account, "locked").await?;
    work.record(AccountLocked { account: account.clone() });
    Ok(())
}

/// Opens a locked account again.
pub async fn unlock(work: &mut Work, account: &AccountId) -> Result<(), Error> {
    change(work, account, "open").await?;
    work.record(AccountUnlocked { account: account.clone() });
    Ok(())
}

/// Gives an account another name to sign in with.
///
/// # Errors
///
/// [`Error::AccountUnknown`] when it is closed or there is none; [`Error::UsernameForm`] when the name is not plain;
/// [`Error::UsernameTaken`] when another account has it.
pub async fn rename(work: &mut Work, account: &AccountView, username: &str) -> Result<(), Error> {
    let username = username.trim();
    check_username(username)?;
    if find_by_username(&mut work.tx, username).await?.is_some_and(|other| other.account_id != account.account_id) {
        return Err(Error::UsernameTaken);
    }
    let renamed = work
        .tx
        .run(
            "update account set username = $2, username_key = $3 where account_id = $1 and state <> 'closed'",
            args![&account.account_id, username, folded(username)],
        )
        .await?;
    if renamed == 0 {
        return Err(Error::AccountUnknown);
    }
    let (before, after) = (account.username.clone(), username.to_owned());
    work.record(AccountRenamed { account: account.account_id.clone(), before, after });
    Ok(())
}

/// The account with this name, however its letters and spaces are typed.
pub async fn find_by_username(tx: &mut Tx, username: &str) -> Result<Option<AccountView>, Fault> {
    let row: Option<Row> = tx.first(accounts!("where username_key = $1"), args![folded(username)]).await?;
    Ok(row.map(view))
}

/// The accounts of a person that are not closed, the oldest first.
pub async fn of_person(tx: &mut Tx, person: &PersonId) -> Result<Vec<AccountView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            accounts!("where person_id = $1 and state <> 'closed' order by account_id || '' limit $2"),
            args![person, limits::LIST_PAGE],
        )
        .await?;
    Ok(rows.into_iter().map(view).collect())
}

/// One account.
pub async fn find(tx: &mut Tx, account: &AccountId) -> Result<Option<AccountView>, Fault> {
    let row: Option<Row> = tx.first(accounts!("where account_id = $1"), args![account]).await?;
    Ok(row.map(view))
}

/// An account, held until the commit together with the others of its person: what is done to one of them waits for what
/// is done to another.
///
/// # Errors
///
/// [`Fault`] when it was changed past the product: whose account it is decides what may be done to it, and by whom.
pub(crate) async fn hold(tx: &mut Tx, account: &AccountId) -> Result<Option<AccountView>, Fault> {
    tx.run(
        "update account
            set state = state
          where person_id = (select person_id from account where account_id = $1)",
        args![account],
    )
    .await?;
    let found = find(tx, account).await?;
    if let Some(found) = &found {
        found.rely_on(tx).await?;
    }
    Ok(found)
}

/// Holds the accounts of a person until the commit. Whether one of them is open, or there is none.
pub(crate) async fn hold_open_of(tx: &mut Tx, person: &PersonId) -> Result<bool, Fault> {
    let states: Vec<(String,)> =
        tx.change("update account set state = state where person_id = $1 returning state", args![person]).await?;
    Ok(states.is_empty() || states.iter().any(|(state,)| state == "open"))
}

type Row = (String, String, String, String);

fn view((account, person, username, state): Row) -> AccountView {
    AccountView {
        account_id: AccountId::stored(account),
        person_id: PersonId::stored(person),
        username,
        state: AccountState::stored(&state),
    }
}

async fn of_somebody_else(work: &mut Work, account: &AccountId) -> Result<(), Error> {
    let found = find(&mut work.tx, account).await?.ok_or(Error::AccountUnknown)?;
    staff::not_oneself(work, &found.person_id)
}

async fn change(work: &mut Work, account: &AccountId, state: &'static str) -> Result<(), Error> {
    let changed = work
        .tx
        .run(
            "update account set state = $2 where account_id = $1 and state <> $2 and state <> 'closed'",
            args![account, state],
        )
        .await?;
    if changed == 0 { Err(Error::AccountUnknown) } else { Ok(()) }
}

/// The name under which an account is found, however it is typed: no name has a space or a wide character, so whoever
/// types one means the name without. PostgreSQL takes no NUL in a text, and no name has one: what replaces it
/// is in no name either.
pub(crate) fn folded(username: &str) -> String {
    base::plain(username).to_lowercase().replace('\0', "\u{fffd}")
}

/// Letters, digits and `._@+-`, beginning with a letter or a digit: nothing that could look like another name.
/// No identity number: it would stand in the clear, and means its person's account at the sign-in anyway.
fn check_username(username: &str) -> Result<(), Error> {
    if IdentityNumber::parse(username).is_ok_and(|number| is_told_apart(number.kind())) {
        return Err(Error::UsernameNumber);
    }
    let length = username.chars().count();
    let characters = username.chars().all(|c| c.is_ascii_alphanumeric() || "._@+-".contains(c));
    let first = username.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if characters && first && (limits::USERNAME_CHARACTERS_MIN..=limits::USERNAME_CHARACTERS_MAX).contains(&length) {
        Ok(())
    } else {
        Err(Error::UsernameForm)
    }
}

/// Whether nothing else that people call themselves has the form of such a number: a passport's is letters and digits, and
/// that of a Taiwan permit is eight digits, as a day is.
fn is_told_apart(kind: NumberKind) -> bool {
    !matches!(kind, NumberKind::Passport | NumberKind::TaiwanPermit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_plain() {
        let check = |username: &str, good| assert_eq!(check_username(username).is_ok(), good, "{username}");
        check("zhangwei", true);
        check("Zhang.Wei+1@example.org", true);
        check("13800138000", true);
        check("z", false);
        check(&"z".repeat(64), true);
        check(&"z".repeat(65), false);
        check("zhang wei", false);
        check("zhаngwei", false); // the third letter is Cyrillic
        check("张伟", false);
        check(".zhang", false);
        check("", false);
        check("11010519491231002X", false);
        check("110105194912310021", true); // no identity number: its last digit is wrong
    }
}
