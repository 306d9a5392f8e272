//! Passwords: hashed with Argon2id, a few at a time.

use std::{sync::Arc, time::Duration};

use base::{Entropy, Fault, Secret, id::AccountId};
use records::{Work, args};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, events, limits};

/// Lets as many passwords be hashed at once as there are cores; the others wait, but not for long.
///
/// Without it a burst of sign-ins would take all memory (19 MiB each) and leave no core to anyone else.
#[derive(Clone, Debug)]
pub struct PasswordGate {
    permits: Arc<Semaphore>,
    wait_max: Duration,
}

impl PasswordGate {
    /// A gate for so many cores, at which nobody waits longer than `wait_max`.
    pub fn new(cores: usize, wait_max: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(cores.max(1))), wait_max }
    }

    /// A place at the gate, for as long as it is held.
    pub async fn enter(&self) -> Result<OwnedSemaphorePermit, Error> {
        match tokio::time::timeout(self.wait_max, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(Fault::broken(closed).into()),
            Err(_) => {
                Err(Error::Busy { retry_after_seconds: u32::try_from(self.wait_max.as_secs()).unwrap_or(60).max(1) })
            }
        }
    }

    /// Runs one hashing on a thread that may block, inside the gate.
    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = self.enter().await?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await;
        done.map_err(|panicked| Fault::broken(panicked).into())
    }
}

/// A password that was hashed and may be stored.
#[derive(Clone, Debug)]
pub struct HashedPassword(Secret<String>);

/// Checks and hashes a new password. Before a [`Work`] begins: hashing takes longer than a transaction should.
pub async fn hash(
    gate: &PasswordGate,
    entropy: &Arc<dyn Entropy>,
    username: &str,
    password: &str,
) -> Result<HashedPassword, Error> {
    check_new(username, password)?;
    rehash(gate, entropy, password).await
}

/// Hashes a password that was accepted earlier.
pub(crate) async fn rehash(
    gate: &PasswordGate,
    entropy: &Arc<dyn Entropy>,
    password: &str,
) -> Result<HashedPassword, Error> {
    let (password, entropy) = (Secret::new(password.to_owned()), Arc::clone(entropy));
    let phc = gate.hashing(move || crypto::password::hash(password.expose(), &*entropy)).await?;
    Ok(HashedPassword(Secret::new(phc.map_err(Fault::broken)?)))
}

/// Gives an account a password, or another one.
pub async fn set(work: &mut Work, account: &AccountId, password: &HashedPassword) -> Result<(), Error> {
    store(work, account, password).await?;
    work.record(events::PASSWORD_SET, account);
    Ok(())
}

/// Stores the same password with current parameters.
pub(crate) async fn upgrade(work: &mut Work, account: &AccountId, password: &HashedPassword) -> Result<(), Fault> {
    store(work, account, password).await?;
    work.record(events::PASSWORD_UPGRADED, account);
    Ok(())
}

async fn store(work: &mut Work, account: &AccountId, password: &HashedPassword) -> Result<(), Fault> {
    let at = work.at();
    work.tx
        .run(
            "insert into password (account_id, phc, set_at)
             values ($1, $2, $3)
                 on conflict (account_id) do update set phc = excluded.phc, set_at = excluded.set_at",
            args![account, password.0.expose(), at],
        )
        .await?;
    Ok(())
}

/// Compares a password with a stored hash; without one, with a hash that nothing matches, at the same cost.
pub(crate) async fn verify(gate: &PasswordGate, password: &str, phc: Option<String>) -> Result<bool, Error> {
    let password = Secret::new(password.to_owned());
    gate.hashing(move || {
        let right = crypto::password::verify(password.expose(), phc.as_deref().unwrap_or(crypto::password::dummy()));
        right && phc.is_some()
    })
    .await
}

/// What people choose first; everything shorter than the minimum is refused anyway.
const GUESSABLE: &[&str] = &[
    "1234567890",
    "12345678",
    "123456789",
    "11111111",
    "88888888",
    "66666666",
    "00000000",
    "87654321",
    "password",
    "password1",
    "passw0rd",
    "qwertyuiop",
    "qwerty123",
    "1qaz2wsx",
    "abcd1234",
    "a1234567",
    "abc12345",
    "iloveyou",
    "woaini1314",
    "5201314520",
    "admin123",
    "administrator",
    "letmein123",
    "changeme",
    "welcome1",
];

/// Whether a new password may be used.
fn check_new(username: &str, password: &str) -> Result<(), Error> {
    if password.len() > limits::PASSWORD_BYTES_MAX {
        return Err(Error::PasswordTooLong { max: limits::PASSWORD_BYTES_MAX });
    }
    if password.chars().count() < limits::PASSWORD_CHARACTERS_MIN {
        return Err(Error::PasswordTooShort { min: limits::PASSWORD_CHARACTERS_MIN });
    }
    let folded = password.to_lowercase();
    let one_character = password.chars().all(|c| password.starts_with(c));
    if one_character || GUESSABLE.contains(&folded.as_str()) || folded == username.to_lowercase() {
        return Err(Error::PasswordGuessable);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_neither_short_nor_the_first_guess() {
        let check = |password: &str, good| assert_eq!(check_new("zhangwei8", password).is_ok(), good, "{password}");
        check("correct horse", true);
        check("密码很长很长很长", true);
        check("1234567", false);
        check("12345678", false);
        check("PassWord", false);
        check("ZhangWei8", false);
        check("aaaaaaaaaaaa", false);
        check(&"ab".repeat(512), true);
        check(&format!("{}c", "ab".repeat(512)), false);
    }
}
