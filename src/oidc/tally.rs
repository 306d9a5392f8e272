//! What strangers do wrong, counted in memory and written down with its number: the first of a kind at once, the others
//! when their minute is over. However much somebody sends, the log gets two entries a minute of each kind, of each client
//! and each address, and what is tried on one client is never lost among what is tried on others.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base::{Entropy, Fault, Instant, ListPage, id::EventId};
use records::{
    Actor, Context, Database, Event, Tx,
    log::{self, Entry, Filter},
};

use crate::{
    ClientId,
    events::{AuthorizationRefused, ClientRefused, CodeReused},
    limits,
};

const WINDOW_SECONDS: i64 = 60;

/// How long after its minute what was counted may be told.
const TOLD_WITHIN_SECONDS: i64 = 30;

/// The address that stands for all that there is no more room for.
const MANY: &str = "*";

/// What the count goes by. A household has many addresses under IPv6, which count as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    what: What,
    /// The client, `-` for all that are none of ours.
    client: String,
    network: String,
}

/// What was done wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// A wrong secret, or none where one is needed.
    Secret,
    /// An authorization request that was answered with a page of ours, for this reason.
    Authorization(String),
    /// A code that was redeemed or burnt before, of this family.
    DeadCode(String),
}

#[derive(Debug)]
struct Count {
    since: Instant,
    seen: u64,
    /// How many of them were written down.
    told: u64,
}

/// What to do with one that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// How many are to be written down now, this one among them.
    pub tell: Option<u64>,
    /// Whether so many came that whoever sends them is told to come later.
    pub is_too_many: bool,
}

/// The counts of this process. The right secret is always accepted: whoever tries wrong ones cannot lock the real client
/// out, not even from the same address.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<HashMap<Key, Count>>);

impl Tally {
    /// Counts one.
    pub(crate) fn count(&self, what: What, client: &str, address: &str, at: Instant) -> Counted {
        let network = address.parse().map_or_else(|_| address.to_owned(), |address| base::network(address).to_string());
        let mut key = Key { what, client: client.to_owned(), network };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= limits::TALLIED_MAX && !counts.contains_key(&key) {
            MANY.clone_into(&mut key.network);
            if let What::Authorization(which) | What::DeadCode(which) = &mut key.what {
                MANY.clone_into(which);
            }
        }
        let Some(count) = counts.get_mut(&key) else {
            counts.insert(key, Count { since: at, seen: 1, told: 1 });
            return Counted { tell: Some(1), is_too_many: false };
        };
        count.seen = count.seen.saturating_add(1);
        if at.seconds_since(count.since) < WINDOW_SECONDS {
            return Counted { tell: None, is_too_many: count.seen > limits::WRONG_SECRETS_MAX };
        }
        let tell = count.seen - count.told;
        *count = Count { since: at, seen: 1, told: 1 };
        Counted { tell: Some(tell), is_too_many: false }
    }

    /// Takes out what is over, with how many of each were not written down.
    fn over(&self, at: Instant, is_end: bool) -> Vec<(Key, u64)> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |count: &Count| is_end || at.seconds_since(count.since) >= WINDOW_SECONDS;
        let over = counts.extract_if(|_, count| is_over(count)).map(|(key, count)| (key, count.seen - count.told));
        over.filter(|(_, left)| *left > 0).collect()
    }
}

/// Writes down what was counted and is over, or everything when the process ends.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach: then what was counted is lost.
pub(crate) async fn tell(tally: &Tally, database: &Database, context: &Context, is_end: bool) -> Result<(), Fault> {
    let over = tally.over(context.at, is_end);
    if over.is_empty() {
        return Ok(());
    }
    let mut work = database.begin(Context { actor: Actor::Anonymous, ..context.clone() }).await?;
    for (Key { what, client, network: address }, left) in over {
        let count = Some(left);
        match what {
            What::Secret => work.record(ClientRefused { client, address, count }),
            What::Authorization(why) => {
                work.record(AuthorizationRefused { client, why, address, count, received: None, registered: None });
            }
            What::DeadCode(family) => work.record(CodeReused { family, client: ClientId::stored(client), count }),
        }
    }
    work.commit().await
}

/// What was refused and counted around an instant, the newest first: of those that come within a minute of the first of
/// their kind the log has the number, and no entry for each request.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn counted_near(tx: &mut Tx, entropy: &dyn Entropy, at: Instant) -> Result<Vec<Entry>, Fault> {
    // Identifiers sort by time: this one is behind whatever was told of that minute.
    let behind = EventId::new(at.plus_seconds(WINDOW_SECONDS + TOLD_WITHIN_SECONDS), entropy);
    let from = at.plus_seconds(-WINDOW_SECONDS);
    let mut near = Vec::new();
    for kind in [AuthorizationRefused::KIND.name, ClientRefused::KIND.name] {
        let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
        let found = log::list(tx, &filter, &ListPage::after(behind.clone(), limits::COUNTED_SHOWN_MAX)).await?;
        near.extend(found.items.into_iter().filter(|entry| entry.at() >= from));
    }
    Ok(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Instant = Instant::from_seconds(1_800_000_000);

    fn secret(tally: &Tally, client: &str, address: &str, seconds: i64) -> Counted {
        tally.count(What::Secret, client, address, AT.plus_seconds(seconds))
    }

    const FIRST: Counted = Counted { tell: Some(1), is_too_many: false };
    const COUNTED: Counted = Counted { tell: None, is_too_many: false };

    #[test]
    fn the_first_is_told_at_once_and_the_others_with_their_number() {
        let tally = Tally::default();
        assert_eq!(secret(&tally, "a", "10.0.0.1", 0), FIRST);
        for _ in 1..limits::WRONG_SECRETS_MAX {
            assert_eq!(secret(&tally, "a", "10.0.0.1", 1), COUNTED);
        }
        assert!(secret(&tally, "a", "10.0.0.1", 2).is_too_many);
        assert_eq!(secret(&tally, "a", "10.0.0.2", 2), FIRST, "another address");
        assert_eq!(secret(&tally, "b", "10.0.0.1", 2), FIRST, "another client");
        assert_eq!(tally.over(AT.plus_seconds(59), false), []);
        let over = tally.over(AT.plus_seconds(60), false);
        assert_eq!(over.iter().map(|(key, left)| (key.client.as_str(), *left)).collect::<Vec<_>>(), [("a", 10)]);
        assert_eq!(secret(&tally, "a", "10.0.0.1", 61), FIRST);
        // Nothing took it out when its minute was over: the next one brings it along.
        secret(&tally, "a", "10.0.0.1", 62);
        assert_eq!(secret(&tally, "a", "10.0.0.1", 130), Counted { tell: Some(2), is_too_many: false });
        secret(&tally, "a", "10.0.0.1", 131);
        assert_eq!(tally.over(AT.plus_seconds(131), true).len(), 1, "at the end everything is told");
        assert_eq!(tally.over(AT.plus_seconds(131), true), []);
    }

    #[test]
    fn a_flood_takes_no_memory_and_silences_nothing_that_is_tried_on_a_client() {
        let tally = Tally::default();
        let mut told = 0;
        for n in 0..limits::TALLIED_MAX * 3 {
            told += usize::from(secret(&tally, "-", &format!("flood {n}"), 0).tell.is_some());
        }
        assert!(told <= limits::TALLIED_MAX + 1, "{told}");
        for _ in 0..20 {
            secret(&tally, "tax", "10.9.9.9", 1);
        }
        let over = tally.over(AT.plus_seconds(70), false);
        let of = |client: &str| over.iter().filter(|(key, _)| key.client == client).map(|(_, left)| *left).sum::<u64>();
        assert_eq!(of("tax"), 19, "and the first was told at once");
        assert_eq!(of("-") as usize + told, limits::TALLIED_MAX * 3);
        assert!(tally.0.lock().unwrap().is_empty());
    }
}
