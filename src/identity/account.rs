//! What a person signs in to.

use base::{
    Fault,
    id::{AccountId, PersonId},
};
use records::{Tx, Work, args};

use crate::{
    Error,
    events::{AccountClosed, AccountLocked, AccountOpened, AccountRenamed, AccountUnlocked},
    limits,
    password::{self, HashedPassword},
    person,
};

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
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    pub account_id: AccountId,
    pub person_id: PersonId,
    pub username: String,
    pub state: AccountState,
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
pub async fn close(work: &mut Work, account: &AccountId) -> Result<(), Error> {
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
pub async fn lock(work: &mut Work, account: &AccountId) -> Result<(), Error> {
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

/// The account with this name, whatever its case.
pub async fn find_by_username(tx: &mut Tx, username: &str) -> Result<Option<AccountView>, Fault> {
    let row: Option<(String, String, String, String)> = tx
        .first(
            "select account_id, person_id, username, state from account where username_key = $1",
            args![folded(username)],
        )
        .await?;
    Ok(row.map(view))
}

fn view((account, person, username, state): (String, String, String, String)) -> AccountView {
    AccountView {
        account_id: AccountId::stored(account),
        person_id: PersonId::stored(person),
        username,
        state: AccountState::stored(&state),
    }
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

/// The name under which an account is found. PostgreSQL takes no NUL in a text, and no name has one: what replaces it
/// is in no name either.
pub(crate) fn folded(username: &str) -> String {
    username.trim().to_lowercase().replace('\0', "\u{fffd}")
}

/// Letters, digits and `._@+-`, beginning with a letter or a digit: nothing that could look like another name.
fn check_username(username: &str) -> Result<(), Error> {
    let length = username.chars().count();
    let characters = username.chars().all(|c| c.is_ascii_alphanumeric() || "._@+-".contains(c));
    let first = username.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if characters && first && (limits::USERNAME_CHARACTERS_MIN..=limits::USERNAME_CHARACTERS_MAX).contains(&length) {
        Ok(())
    } else {
        Err(Error::UsernameForm)
    }
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
    }
}
