//! Failures in a row make the next try wait: for an account, and for an address.
//!
//! Nobody is locked out by strangers: an address that signed in with this name before, and a browser that still has
//! a session of the account, count on their own. A wait is a quarter of an hour at most, until a hundred failures in
//! a row; then whoever failed is not looked at for a day.
//!
//! The counters are settled after the password was checked, each atomically, and an answer is given only
//! to a try that was settled before the limit. So many tries at once learn no more than the same tries one
//! after the other, on however many nodes they run.

use std::net::IpAddr;

use base::{Fault, Instant, id::SessionId};
use records::{Tx, Work};

use super::queries::{self, Counted};
use crate::{Vault, limits};

/// Where failures of one try may be counted.
#[derive(Clone, Debug)]
pub struct Keys {
    /// All strangers who try this name.
    name: String,
    /// All names tried from this address.
    address: String,
    /// This name from this address.
    pair: String,
    /// This browser's session.
    session: Option<String>,
}

impl Keys {
    /// For a name as [`crate::account::folded`] makes it.
    pub fn new(vault: &Vault, name: &str, address: IpAddr, session: Option<&SessionId>) -> Self {
        let address = network(address);
        Self {
            name: vault.blind(&[b"name\0", name.as_bytes()]),
            address: vault.blind(&[b"address\0", address.as_bytes()]),
            pair: vault.blind(&[b"pair\0", address.as_bytes(), b"\0", name.as_bytes()]),
            session: session.map(|session| vault.blind(&[b"session\0", session.as_str().as_bytes()])),
        }
    }
}

/// The subscriber's network as it has always stood in the keys of counters.
fn network(address: IpAddr) -> String {
    match base::network(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Where the failures of one try are counted.
#[derive(Clone, Debug)]
pub struct Bucket {
    keys: Keys,
    kind: BucketKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BucketKind {
    /// The address signed in with this name before.
    KnownAddress,
    /// The browser has a session of the account.
    OwnSession,
    Stranger,
}

impl Bucket {
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What stands in the log for a name that no account has.
    pub fn unknown_name(&self) -> String {
        format!("unknown:{}", self.keys.name)
    }

    fn key(&self) -> &str {
        match self.kind {
            BucketKind::KnownAddress => &self.keys.pair,
            BucketKind::OwnSession => self.keys.session.as_deref().unwrap_or(&self.keys.pair),
            BucketKind::Stranger => &self.keys.name,
        }
    }

    /// The address counts for strangers only: a neighbour's failures must not keep anyone out who was here before.
    fn address_key(&self) -> Option<&str> {
        (self.kind == BucketKind::Stranger).then_some(self.keys.address.as_str())
    }
}

/// The counters as they were read.
#[derive(Debug)]
pub struct Standing(Vec<queries::Counter>);

impl Standing {
    /// Chooses where to count.
    pub fn bucket(&self, keys: Keys, own_session: bool, at: Instant) -> Bucket {
        let since = at.plus_seconds(-limits::KNOWN_ADDRESS_SECONDS);
        let known = self.0.iter().any(|row| row.key == keys.pair && row.counted_at > since);
        let kind = match (own_session, known) {
            (true, _) => BucketKind::OwnSession,
            (false, true) => BucketKind::KnownAddress,
            (false, false) => BucketKind::Stranger,
        };
        Bucket { keys, kind }
    }

    /// Until when a try is not even looked at.
    pub fn blocked_until(&self, bucket: &Bucket, at: Instant) -> Option<Instant> {
        self.0
            .iter()
            .filter(|row| row.key == bucket.key() || Some(row.key.as_str()) == bucket.address_key())
            .filter(|row| row.delay > 0 && row.retry_at > at)
            .map(|row| row.retry_at)
            .max()
    }
}

/// Forgets what strangers failed under a name.
pub async fn forgive(work: &mut Work, vault: &Vault, name: &str) -> Result<(), Fault> {
    queries::forget(&mut work.tx, &vault.blind(&[b"name\0", name.as_bytes()])).await
}

/// Reads the counters.
pub async fn look(tx: &mut Tx, keys: &Keys) -> Result<Standing, Fault> {
    let session = keys.session.as_deref().unwrap_or_default();
    Ok(Standing(queries::counters(tx, &keys.name, &keys.address, &keys.pair, session).await?))
}

/// Settles a try with the right password; false when others' failures came first.
pub async fn passed(work: &mut Work, bucket: &Bucket) -> Result<bool, Fault> {
    let at = work.at();
    if !queries::reset(&mut work.tx, bucket.key(), bucket.address_key().unwrap_or_default(), at).await? {
        return Ok(false);
    }
    if bucket.kind == BucketKind::Stranger {
        queries::reset(&mut work.tx, &bucket.keys.pair, "", at).await?;
    }
    Ok(true)
}

/// Settles a try with a wrong password; none when others' failures came first.
pub async fn failed(work: &mut Work, bucket: &Bucket) -> Result<Option<Counted>, Fault> {
    let at = work.at();
    let account = (limits::ACCOUNT_FAILURES_FREE, limits::ACCOUNT_FAILURES_STOP);
    let Some(counted) = queries::count(&mut work.tx, bucket.key(), account, at).await? else {
        return Ok(None);
    };
    // Always after the account's counter: two transactions that take the same two rows take them in one order.
    if let Some(address) = bucket.address_key()
        && queries::count(&mut work.tx, address, (limits::ADDRESS_FAILURES_FREE, i64::MAX), at).await?.is_none()
    {
        return Ok(None);
    }
    Ok(Some(counted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_one_address_under_both_protocols() {
        let check = |text: &str, expected: &str| assert_eq!(network(text.parse().unwrap()), expected);
        check("192.0.2.7", "192.0.2.7");
        check("::ffff:192.0.2.7", "192.0.2.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64");
        check("2001:db8:1:2::", "2001:db8:1:2::/64");
    }
}
