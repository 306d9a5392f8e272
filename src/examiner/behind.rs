//! Whose files go behind those of the others.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use tokio::time::Instant;

use crate::limits;

/// Clients that sent a file which took long, each until it is forgotten. However many such files one of them sends, they
/// share one turn with those of its kind, and not the turns of everybody.
#[derive(Debug, Default)]
pub(crate) struct Behind(Mutex<HashMap<IpAddr, Instant>>);

impl Behind {
    /// Whether this client goes behind now. Nobody in particular never does: it may be anybody.
    pub(crate) fn has(&self, client: Option<IpAddr>) -> bool {
        let until = client.and_then(|client| self.held().get(&client).copied());
        until.is_some_and(|until| Instant::now() < until)
    }

    /// This client sent a file that took long.
    pub(crate) fn put(&self, client: Option<IpAddr>) {
        let Some(client) = client else { return };
        let (mut held, now) = (self.held(), Instant::now());
        if held.len() >= limits::BEHIND_MAX {
            held.retain(|_, until| now < *until);
        }
        if held.len() < limits::BEHIND_MAX || held.contains_key(&client) {
            held.insert(client, now + limits::BEHIND);
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn client(number: usize) -> IpAddr {
        Ipv4Addr::from_bits(u32::try_from(number).unwrap()).into()
    }

    #[tokio::test(start_paused = true)]
    async fn who_sent_what_took_long_goes_behind_for_a_while_and_nobody_else_does() {
        let behind = Behind::default();
        behind.put(Some(client(1)));
        behind.put(None);
        assert!(behind.has(Some(client(1))) && !behind.has(Some(client(2))) && !behind.has(None));
        tokio::time::advance(limits::BEHIND).await;
        assert!(!behind.has(Some(client(1))));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_clients_are_remembered_than_there_is_room_for() {
        let behind = Behind::default();
        (0..2 * limits::BEHIND_MAX).for_each(|number| behind.put(Some(client(number))));
        assert_eq!(behind.held().len(), limits::BEHIND_MAX);
        assert!(behind.has(Some(client(0))) && !behind.has(Some(client(limits::BEHIND_MAX))));
        tokio::time::advance(limits::BEHIND).await;
        behind.put(Some(client(limits::BEHIND_MAX)));
        assert!(behind.has(Some(client(limits::BEHIND_MAX))));
        assert_eq!(behind.held().len(), 1, "those that were long ago are forgotten");
    }
}
