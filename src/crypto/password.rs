//! Passwords at rest: Argon2id in the PHC string format.
//!
//! Hashing is meant to cost 30 milliseconds of a core and 19 MiB; the caller puts it on a thread that may block and
//! bounds how many run at once. The memory is kept and used again, because asking the system for 19 MiB of fresh pages
//! each time costs a fifth on top.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base::Entropy;
use thiserror::Error;

use crate::{
    encoding::{base64_bare, base64_bare_decode},
    limits::{ARGON2_MEMORY_KIB_MAX, ARGON2_PASSES_MAX, PASSWORD_BYTES_MAX},
};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Blocks of memory that are kept for the next hash; a machine with more cores than this allocates the rest anew.
const BLOCKS_KEPT_MAX: usize = 8;

static KEPT: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// A password that cannot be hashed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PasswordError {
    /// Our parameters were refused by the algorithm: ours to repair.
    #[error("the parameters of the password hash are wrong")]
    Parameters,
    /// The caller's: longer than `PASSWORD_BYTES_MAX`.
    #[error("the password is longer than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
}

/// Hashes a password with the current parameters.
///
/// # Errors
///
/// [`PasswordError::TooLong`] when it is longer than `PASSWORD_BYTES_MAX`.
pub fn hash(password: &str, entropy: &dyn Entropy) -> Result<String, PasswordError> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::TooLong);
    }
    let salt = entropy.bytes::<SALT_BYTES>();
    let cost = Cost { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES };
    let hash = derive(password, &salt, HASH_BYTES, cost).ok_or(PasswordError::Parameters)?;
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}", base64_bare(&salt), base64_bare(&hash)))
}

/// Whether the password is the one that was hashed. A stored text that cannot be read is nobody's password.
pub fn verify(password: &str, phc: &str) -> bool {
    if password.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let Some(stored) = Stored::parse(phc) else { return false };
    derive(password, &stored.salt, stored.hash.len(), stored.cost)
        .is_some_and(|hash| base::secret::equal(&hash, &stored.hash))
}

/// Whether a stored hash has the current parameters; if not, it is replaced at the next successful sign-in.
pub fn is_current(phc: &str) -> bool {
    Stored::parse(phc).is_some_and(|stored| {
        stored.cost == Cost { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES }
            && stored.salt.len() == SALT_BYTES
            && stored.hash.len() == HASH_BYTES
    })
}

/// The hash of no password: verified when the account does not exist, so that an unknown name costs the same.
pub fn dummy() -> &'static str {
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

struct Stored {
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    fn parse(phc: &str) -> Option<Self> {
        let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
        let (cost, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut numbers = cost.split(',');
        let mut number = |name: &str| numbers.next()?.strip_prefix(name)?.parse::<u32>().ok();
        let cost = Cost { memory_kib: number("m=")?, passes: number("t=")?, lanes: number("p=")? };
        if parts.next().is_some() || numbers.next().is_some() {
            return None;
        }
        if cost.memory_kib > ARGON2_MEMORY_KIB_MAX || cost.passes > ARGON2_PASSES_MAX || cost.lanes > 4 {
            return None;
        }
        let (salt, hash) = (base64_bare_decode(salt)?, base64_bare_decode(hash)?);
        ((8..=64).contains(&salt.len()) && (16..=64).contains(&hash.len())).then_some(Self { cost, salt, hash })
    }
}

fn derive(password: &str, salt: &[u8], length: usize, cost: Cost) -> Option<Vec<u8>> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(length)).ok()?;
    let needed = params.block_count();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut blocks = kept().pop().unwrap_or_default();
    if blocks.len() < needed {
        blocks.resize(needed, Block::default());
    }
    let mut hash = vec![0; length];
    let done = argon2.hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        &mut hash,
        blocks.get_mut(..needed).unwrap_or_default(),
    );
    let mut kept = kept();
    // A hash with unusual parameters must not make us keep its memory for ever.
    if kept.len() < BLOCKS_KEPT_MAX && blocks.len() <= MEMORY_KIB as usize {
        kept.push(blocks);
    }
    done.ok().map(|()| hash)
}

fn kept() -> std::sync::MutexGuard<'static, Vec<Vec<Block>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use base::SeededEntropy;

    use super::*;

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let phc = hash("龙福 2026", &SeededEntropy::new(1)).unwrap();
        assert!(verify("龙福 2026", &phc));
        assert!(!verify("龙福 2027", &phc));
        assert!(is_current(&phc));
        assert!(!verify("", dummy()));
        assert!(is_current(dummy()));
    }

    #[test]
    fn a_hash_made_elsewhere_with_other_parameters_verifies_and_is_old() {
        // From the test suite of the reference implementation: password, somesalt, t=2, m=2^16, p=1.
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify("password", phc));
        assert!(!is_current(phc));
    }

    #[test]
    fn what_cannot_be_read_is_nobodys_password() {
        let good = hash("x", &SeededEntropy::new(1)).unwrap();
        for phc in [
            "",
            "x",
            "$argon2id$",
            "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=0,t=0,p=0$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            &format!("{good}$more"),
        ] {
            assert!(!verify("x", phc), "{phc}");
            assert!(!is_current(phc), "{phc}");
        }
    }

    #[test]
    fn the_longest_password_is_hashed_and_one_byte_more_is_not() {
        let entropy = SeededEntropy::new(1);
        let longest = "x".repeat(PASSWORD_BYTES_MAX);
        let phc = hash(&longest, &entropy).unwrap();
        assert!(verify(&longest, &phc));
        let longer = longest + "x";
        assert_eq!(hash(&longer, &entropy), Err(PasswordError::TooLong));
        assert!(!verify(&longer, &phc));
    }
}
