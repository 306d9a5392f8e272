//! What all clients share, and how much of it one of them may have.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base::network;
use ipnet::IpNet;
use tokio::{sync::Notify, time::Instant};

use crate::{
    Problem,
    kit::limits::{
        BODIES_EACH_MAX, BODIES_MAX, FILES_AT_ONCE_EACH_MAX, FILES_EACH_MAX, REQUESTS_EACH_MAX, SIGN_INS_EACH_MAX,
        UPLOADS_BYTES_EACH_MAX, UPLOADS_BYTES_MAX,
    },
};

/// How often the log says the same thing that strangers can bring about.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// What clients share of this process.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Requests that are being answered.
    pub(crate) requests: Shares,
    /// Bodies of requests that have not come yet.
    pub(crate) bodies: Shares,
    /// What uploads hold, in kilobytes.
    pub(crate) uploads: Shares,
    /// Files that wait to be examined, or are.
    pub(crate) files: Shares,
    /// Sign-ins that wait for their turn at the gate, or have it.
    pub(crate) sign_ins: Shares,
    /// Files that are examined, as far as there is a process for them.
    pub(crate) turns: Shares,
    /// Answers to come again, which as many get as come, and the log tells now and then.
    pub(crate) sent_away: Arc<Seldom>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            requests: Shares::new("requests at once", usize::MAX, REQUESTS_EACH_MAX),
            bodies: Shares::new("bodies on their way", BODIES_MAX, BODIES_EACH_MAX),
            uploads: Shares::new("kilobytes of uploads", UPLOADS_BYTES_MAX / 1024, UPLOADS_BYTES_EACH_MAX / 1024),
            files: Shares::new("files to examine", usize::MAX, FILES_EACH_MAX),
            sign_ins: Shares::new("sign-ins at once", usize::MAX, SIGN_INS_EACH_MAX),
            turns: Shares::new("files examined at once", usize::MAX, FILES_AT_ONCE_EACH_MAX),
            sent_away: Arc::default(),
        }
    }
}

/// Something of which there is so much, and one client may have so much. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What it is, for the log.
    what: &'static str,
    all: usize,
    each: usize,
    held: Mutex<Held>,
    given_back: Notify,
    said: Seldom,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    each: HashMap<IpAddr, usize>,
}

/// What one client has, until it is dropped.
#[derive(Debug)]
pub struct Share {
    shares: Shares,
    client: Option<IpAddr>,
    amount: usize,
}

/// More than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// For this client.
    Client,
    /// For all together.
    All,
}

impl Over {
    /// As the client is told it.
    pub(crate) fn problem(self, retry_after_seconds: u32) -> Problem {
        match self {
            Self::Client => Problem::TooManyRequests { retry_after_seconds },
            Self::All => Problem::Busy { retry_after_seconds },
        }
    }
}

impl Shares {
    /// So much for all, of which one client may have so much.
    pub fn new(what: &'static str, all: usize, each: usize) -> Self {
        let (held, given_back, said) = (Mutex::default(), Notify::new(), Seldom::default());
        Self(Arc::new(Inner { what, all, each, held, given_back, said }))
    }

    /// Takes so much for a client; who is behind a proxy that does not say for whom it asks is nobody in particular, and
    /// takes of what is for all.
    ///
    /// # Errors
    ///
    /// [`Over`] when there is not so much left, or not for this one. The log says so now and then.
    pub fn take(&self, client: Option<IpAddr>, amount: usize) -> Result<Share, Over> {
        let mut share = Share { shares: self.clone(), client, amount: 0 };
        share.grow(amount)?;
        Ok(share)
    }

    /// Takes one for a client as soon as it has its turn.
    pub(crate) async fn turn(&self, client: Option<IpAddr>) -> Share {
        let mut share = Share { shares: self.clone(), client, amount: 0 };
        loop {
            let given_back = self.0.given_back.notified();
            if share.try_grow(1).is_ok() {
                return share;
            }
            given_back.await;
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Takes so much more.
    ///
    /// # Errors
    ///
    /// [`Over`] when there is not so much left, or not for this one: then it has what it had.
    pub(crate) fn grow(&mut self, amount: usize) -> Result<(), Over> {
        self.try_grow(amount).inspect_err(|over| {
            let Inner { what, said, .. } = &*self.shares.0;
            if said.is_time() {
                // Whose share it was, when it was one client's.
                let client = self.client.filter(|_| *over == Over::Client).map(|client| client.to_string());
                tracing::warn!(what, client, "more was wanted than there is");
            }
        })
    }

    fn try_grow(&mut self, amount: usize) -> Result<(), Over> {
        let Inner { all, each, .. } = *self.shares.0;
        let mut held = self.shares.held();
        if let Some(client) = self.client {
            let own = held.each.get(&client).copied().unwrap_or_default();
            if own + amount > each {
                return Err(Over::Client);
            }
        }
        if held.all + amount > all {
            return Err(Over::All);
        }
        held.all += amount;
        self.amount += amount;
        if let Some(client) = self.client.filter(|_| amount > 0) {
            *held.each.entry(client).or_default() += amount;
        }
        Ok(())
    }

    /// How much it is.
    pub(crate) fn amount(&self) -> usize {
        self.amount
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.held();
        held.all = held.all.saturating_sub(self.amount);
        if let Some(client) = self.client
            && let Some(own) = held.each.get_mut(&client)
        {
            *own = own.saturating_sub(self.amount);
            if *own == 0 {
                held.each.remove(&client);
            }
        }
        drop(held);
        self.shares.0.given_back.notify_waiters();
    }
}

/// Keeps strangers from filling the log.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<Unsaid>);

#[derive(Debug, Default)]
struct Unsaid {
    last: Option<Instant>,
    times: u64,
}

impl Seldom {
    /// Whether it was long enough ago that this was true.
    pub fn is_time(&self) -> bool {
        self.times().is_some()
    }

    /// How many times it has happened since it was said, when it is time to say so.
    pub(crate) fn times(&self) -> Option<u64> {
        let mut unsaid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unsaid.times = unsaid.times.saturating_add(1);
        if unsaid.last.is_some_and(|last| last.elapsed() < SAID_EVERY) {
            return None;
        }
        unsaid.last = Some(Instant::now());
        Some(std::mem::take(&mut unsaid.times))
    }
}

/// Who has a share: the network of an address. Nobody in particular when that is a proxy of ours.
pub fn client(address: IpAddr, proxies: &[IpNet]) -> Option<IpAddr> {
    let is_proxy = proxies.iter().any(|range| range.contains(&address.to_canonical()));
    (!is_proxy).then(|| network(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Option<IpAddr> {
        client(address.parse().unwrap(), &["10.0.0.0/8".parse().unwrap()])
    }

    #[test]
    fn one_client_leaves_something_to_the_others_and_gives_back_what_it_had() {
        let shares = Shares::new("places", 10, 4);
        let (one, other) = (of("203.0.113.1"), of("203.0.113.2"));
        let mut held = shares.take(one, 3).unwrap();
        assert_eq!(shares.take(one, 2).unwrap_err(), Over::Client);
        held.grow(1).unwrap();
        assert_eq!((held.grow(1), held.amount()), (Err(Over::Client), 4));
        let others = shares.take(other, 4).unwrap();
        assert_eq!(shares.take(of("203.0.113.3"), 3).unwrap_err(), Over::All);
        drop(held);
        assert_eq!(shares.take(one, 4).unwrap().amount(), 4);
        // Who is nobody in particular is bounded by what there is.
        assert_eq!(shares.take(None, 6).unwrap().amount(), 6);
        assert_eq!(shares.take(None, 7).unwrap_err(), Over::All);
        drop(others);
        assert!(shares.held().each.is_empty() && shares.held().all == 0);
    }

    #[tokio::test]
    async fn whoever_has_its_share_of_turns_waits_for_its_own_and_holds_up_nobody() {
        let turns = Shares::new("turns", 10, 1);
        let (one, other) = (of("203.0.113.1"), of("203.0.113.2"));
        let first = turns.turn(one).await;
        let mut waiting = std::pin::pin!(turns.turn(one));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        drop(turns.turn(other).await);
        assert!(waiting.as_mut().poll(&mut cx).is_pending(), "another's turn is not its own");
        drop(first);
        assert_eq!(waiting.await.amount(), 1);
    }

    #[test]
    fn a_household_is_one_client_and_a_proxy_of_ours_is_nobody() {
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("203.0.113.1"), of("::ffff:203.0.113.1"));
        assert_eq!((of("10.1.2.3"), of("::ffff:10.1.2.3")), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_strangers_bring_about_is_said_once_a_minute() {
        let said = Seldom::default();
        assert!(said.is_time() && !said.is_time());
        tokio::time::advance(SAID_EVERY).await;
        assert!(said.is_time() && !said.is_time());
        assert_eq!(said.times(), None);
        tokio::time::advance(SAID_EVERY).await;
        assert_eq!((said.times(), said.times()), (Some(3), None), "with those that were not said");
    }
}
