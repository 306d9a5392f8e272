//! Passwords: hashed with Argon2id, a few at a time; a new one is none that many would try.

mod guess;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base::{Entropy, Fault, Instant, Secret, id::AccountId};
use records::{Tx, Work, args};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

use crate::{
    Error, Vault,
    events::{PasswordHandedOut, PasswordSet, PasswordUpgraded},
    limits,
    person::PersonView,
};

/// Lets as many passwords be hashed at once as there are cores; the others wait, but not for long and not too many.
///
/// Without it a burst of sign-ins would take all memory (19 MiB each) and leave no core to anyone else.
#[derive(Clone, Debug)]
pub struct PasswordGate {
    permits: Arc<Semaphore>,
    /// Whoever has one of these waits for a permit.
    places: Arc<Semaphore>,
    wait_max: Duration,
    hashed: Arc<AtomicU64>,
}

impl PasswordGate {
    /// A gate for so many cores, at which nobody waits longer than `wait_max`.
    pub fn new(cores: usize, wait_max: Duration) -> Self {
        let permits = Arc::new(Semaphore::new(cores.max(1)));
        let places = Arc::new(Semaphore::new(limits::PASSWORDS_WAITING_MAX));
        Self { permits, places, wait_max, hashed: Arc::default() }
    }

    /// A place at the gate, for as long as it is held.
    pub async fn enter(&self) -> Result<OwnedSemaphorePermit, Error> {
        let _place = self.places.try_acquire().map_err(|_| BUSY)?;
        match tokio::time::timeout(self.wait_max, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(Fault::broken(closed).into()),
            Err(_) => Err(BUSY),
        }
    }

    /// Runs one hashing on a thread that may block, inside the gate.
    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = self.enter().await?;
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await;
        done.map_err(|panicked| Fault::broken(panicked).into())
    }
}

/// There is no place at the gate; most who wait have left it a moment later.
const BUSY: Error = Error::Busy { retry_after_seconds: limits::PASSWORD_RETRY_SECONDS };

/// A password that was hashed and may be stored.
#[derive(Clone, Debug)]
pub struct HashedPassword(Secret<String>);

/// Checks and hashes a new password. Before a [`Work`] begins: hashing takes longer than a transaction should.
pub async fn hash(
    gate: &PasswordGate,
    entropy: &Arc<dyn Entropy>,
    owner: impl Into<Owner>,
    password: &str,
) -> Result<HashedPassword, Error> {
    check_new(&owner.into(), password)?;
    rehash(gate, entropy, password).await
}

/// A first password, in clear to be handed over once, and hashed: random, in groups, of characters that nobody confuses
/// when they are read from paper.
pub async fn first(gate: &PasswordGate, entropy: &Arc<dyn Entropy>) -> Result<(Secret<String>, HashedPassword), Error> {
    let mut clear = String::new();
    let mut drawn = 0;
    while drawn < limits::FIRST_PASSWORD_CHARACTERS {
        // A byte that would make the first letters likelier is drawn again.
        let [byte] = entropy.bytes::<1>();
        let index = usize::from(byte & 31);
        let Some(character) = FIRST_ALPHABET.get(index) else { continue };
        if drawn > 0 && drawn % 4 == 0 {
            clear.push('-');
        }
        clear.push(char::from(*character));
        drawn += 1;
    }
    let hashed = rehash(gate, entropy, &clear).await?;
    Ok((Secret::new(clear), hashed))
}

/// Letters and digits without `i`, `l`, `o`, `0` and `1`.
const FIRST_ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// What an account is signed in to with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordState {
    /// Somebody else has seen it: until then its owner chooses another one with it.
    HandedOut(Instant),
    /// Nothing: nobody gave it one yet.
    Missing,
    /// Its owner chose it.
    Own,
}

/// What an account is signed in to with.
pub async fn state(tx: &mut Tx, account: &AccountId) -> Result<PasswordState, Fault> {
    let row: Option<(Option<i64>,)> =
        tx.first("select ends_at from password where account_id = $1", args![account]).await?;
    Ok(match row {
        None => PasswordState::Missing,
        Some((None,)) => PasswordState::Own,
        Some((Some(until),)) => PasswordState::HandedOut(Instant::from_micros(until)),
    })
}

/// Since when an account has the password that it has; none when it has none. Whoever acts on how it was looked at compares
/// it.
pub async fn since(tx: &mut Tx, account: &AccountId) -> Result<Option<Instant>, Fault> {
    let row: Option<(i64,)> = tx.first("select set_at from password where account_id = $1", args![account]).await?;
    Ok(row.map(|(at,)| Instant::from_micros(at)))
}

/// Hashes a password that was accepted earlier.
pub(crate) async fn rehash(
    gate: &PasswordGate,
    entropy: &Arc<dyn Entropy>,
    password: &str,
) -> Result<HashedPassword, Error> {
    let (password, entropy) = (normal(password), Arc::clone(entropy));
    let phc = gate.hashing(move || crypto::password::hash(password.expose(), &*entropy)).await?;
    Ok(HashedPassword(Secret::new(phc.map_err(Fault::broken)?)))
}

/// Gives an account a password that its owner chose, or another one.
pub async fn set(work: &mut Work, account: &AccountId, password: &HashedPassword) -> Result<(), Error> {
    store(work, account, password, None).await?;
    work.record(PasswordSet { account: account.clone() });
    Ok(())
}

/// Gives an account a password that somebody else has seen: for a week its owner chooses another one with it, and can do
/// nothing else. Returns until when.
pub async fn hand_out(work: &mut Work, account: &AccountId, password: &HashedPassword) -> Result<Instant, Error> {
    let until = work.at().plus_seconds(limits::HANDED_OUT_SECONDS);
    store(work, account, password, Some(until)).await?;
    work.record(PasswordHandedOut { account: account.clone(), until: until.rfc3339() });
    Ok(until)
}

/// Stores the same password with current parameters.
pub(crate) async fn upgrade(work: &mut Work, account: &AccountId, password: &HashedPassword) -> Result<(), Fault> {
    let at = work.at();
    work.tx
        .run("update password set phc = $2, set_at = $3 where account_id = $1", args![account, password.0.expose(), at])
        .await?;
    work.record(PasswordUpgraded { account: account.clone() });
    Ok(())
}

async fn store(
    work: &mut Work,
    account: &AccountId,
    password: &HashedPassword,
    ends_at: Option<Instant>,
) -> Result<(), Fault> {
    let at = work.at();
    // Sign-ins that are about to open a session come before this or see it.
    work.tx.run("update account set state = state where account_id = $1", args![account]).await?;
    work.tx
        .run(
            "insert into password (account_id, phc, set_at, ends_at)
             values ($1, $2, $3, $4)
                 on conflict (account_id)
                 do update set phc = excluded.phc, set_at = excluded.set_at, ends_at = excluded.ends_at",
            args![account, password.0.expose(), at, ends_at],
        )
        .await?;
    Ok(())
}

/// Compares a password with a stored hash; without one, with a hash that nothing matches, at the same cost.
pub(crate) async fn verify(gate: &PasswordGate, password: &str, phc: Option<String>) -> Result<bool, Error> {
    let password = normal(password);
    gate.hashing(move || {
        let right = crypto::password::verify(password.expose(), phc.as_deref().unwrap_or(crypto::password::dummy()));
        right && phc.is_some()
    })
    .await
}

/// One form for what keyboards encode differently (NFC): an `é` typed as one character is one typed as two.
fn normal(password: &str) -> Secret<String> {
    Secret::new(password.nfc().collect())
}

/// Whose password it is: what others know of its owner is no secret.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// Names, in lower case.
    words: Vec<String>,
    /// Numbers, of which a part is enough to be known.
    numbers: Vec<String>,
}

impl Owner {
    /// The person behind an account.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the vault has another key.
    pub(crate) fn of(username: &str, person: &PersonView, vault: &Vault) -> Result<Self, Fault> {
        let number = person.identity_number(vault)?;
        let profile = &person.profile;
        let words = [Some(&person.name), profile.nickname.as_ref(), profile.email.as_ref()];
        let numbers = [Some(number.as_str()), profile.phone_number.as_deref()];
        Ok(Self::from(username).with_words(words.into_iter().flatten()).with_numbers(numbers.into_iter().flatten()))
    }

    /// With names, and what stands before the sign in an address.
    fn with_words(mut self, words: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        for word in words {
            let word = word.as_ref().trim().to_lowercase();
            let parts = word.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 2);
            self.words.extend(parts.map(str::to_owned));
            self.words.push(word);
        }
        self
    }

    /// With numbers, written without spaces.
    fn with_numbers(mut self, numbers: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        for number in numbers {
            self.numbers.push(number.as_ref().to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect());
        }
        self
    }
}

impl From<&str> for Owner {
    /// Whoever signs in with this name.
    fn from(username: &str) -> Self {
        Self::default().with_words([username])
    }
}

/// Whether a new password may be used: long enough, and not made of what anyone would try first. No rule about kinds
/// of characters: such rules make passwords worse.
fn check_new(owner: &Owner, password: &str) -> Result<(), Error> {
    if password.len() > limits::PASSWORD_BYTES_MAX {
        return Err(Error::PasswordTooLong { max: limits::PASSWORD_BYTES_MAX });
    }
    let password: String = password.nfc().collect();
    if password.chars().count() < limits::PASSWORD_CHARACTERS_MIN {
        return Err(Error::PasswordTooShort { min: limits::PASSWORD_CHARACTERS_MIN });
    }
    if guess::bits(&password, owner) < limits::PASSWORD_BITS_MIN { Err(Error::PasswordGuessable) } else { Ok(()) }
}

#[cfg(test)]
impl PasswordGate {
    /// How many passwords were hashed so far: what a sign-in costs is counted in them.
    pub(crate) fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_neither_short_nor_what_anyone_would_try() {
        let check =
            |password: &str, good| assert_eq!(check_new(&"zhangwei8".into(), password).is_ok(), good, "{password}");
        check("correct horse b", true);
        check("correct horse ", false);
        check("密码很长很长很长，要十五个字。", true);
        check("密码很长很长，十四个字也不行", false);
        check("Binjiang-2027-Demo", true);
        check("XU5k-hhQ2_cTpwR3lqNB", true);
        check("83920174650291837", true);
        for guess in [
            "123456789012345",
            "987654321098765",
            "202601012026010120260101",
            "passwordpassword",
            "PassWord-2026-PassWord",
            "Guosuo-Password-2026",
            "1qaz2wsx3edc4rfv5tgb",
            "ZhangWei8-ZhangWei8-2026",
            "aaaaaaaaaaaaaaaaaaaa",
            "abababababababababab",
            "xyzzyxyzzyxyzzyxyzzy",
            "我爱你我爱你我爱你我爱你我爱你",
            "................",
        ] {
            check(guess, false);
        }
        let longest: String = ('a'..='z').chain('A'..='Z').cycle().take(limits::PASSWORD_BYTES_MAX - 1).collect();
        check(&format!("{longest}é"), false);
        check("p,", false);
    }

    #[test]
    fn a_password_has_up_to_1024_bytes() {
        let text = |bytes: usize| {
            format!("{}!", "correct horse battery staple ".repeat(40)).split_at(bytes - 1).0.to_owned() + "z"
        };
        let check = |bytes: usize| check_new(&"zhangwei8".into(), &text(bytes));
        assert!(check(limits::PASSWORD_BYTES_MAX).is_ok());
        assert!(matches!(check(limits::PASSWORD_BYTES_MAX + 1), Err(Error::PasswordTooLong { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_wait_at_the_gate_for_so_long_and_one_more_is_told_to_come_again() {
        let gate = PasswordGate::new(1, Duration::from_secs(10));
        let held = gate.enter().await.unwrap();
        let mut all: Vec<_> = (0..limits::PASSWORDS_WAITING_MAX).map(|_| Box::pin(gate.enter())).collect();
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        for one in &mut all {
            assert!(one.as_mut().poll(&mut cx).is_pending());
        }
        let begun = tokio::time::Instant::now();
        assert!(matches!(gate.enter().await, Err(Error::Busy { retry_after_seconds: 1.. })));
        assert!(begun.elapsed().is_zero(), "nobody waits for a place in the queue");
        let last = all.pop().unwrap();
        assert!(matches!(last.await, Err(Error::Busy { .. })));
        assert_eq!(begun.elapsed(), Duration::from_secs(10));
        drop(held);
        assert!(all.swap_remove(0).await.is_ok(), "whoever waits gets the place");
        drop(all);
        assert_eq!(gate.places.available_permits(), limits::PASSWORDS_WAITING_MAX);
    }

    #[tokio::test]
    async fn a_password_is_the_same_however_its_accents_are_encoded() {
        let gate = PasswordGate::new(1, Duration::from_mins(1));
        let entropy: Arc<dyn Entropy> = Arc::new(base::SeededEntropy::new(1));
        let (one, two) = ("café au lait très chaud", "cafe\u{301} au lait tre\u{300}s chaud");
        let hashed = hash(&gate, &entropy, "zhangwei8", one).await.unwrap();
        assert!(verify(&gate, two, Some(hashed.0.expose().clone())).await.unwrap());
        assert!(!verify(&gate, "cafe au lait tres chaud", Some(hashed.0.expose().clone())).await.unwrap());
    }
}
