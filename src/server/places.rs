//! How many connections there may be, and how many of one client.

use std::{net::IpAddr, sync::Arc};

use ipnet::IpNet;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use web::kit::{
    refusal,
    shares::{self, Over, Seldom, Share, Shares},
};

use crate::limits::{
    CONNECTIONS_EACH_DIVISOR, CONNECTIONS_MAX, CONNECTIONS_REFUSED_AT_ONCE, FILES_KEPT, FILES_PER_DATABASE_CONNECTION,
    REFUSAL_WITHIN,
};

/// The places of connections, which all listeners share.
#[derive(Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    each: Shares,
    refusing: Arc<Semaphore>,
    proxies: Vec<IpNet>,
    said: Seldom,
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub struct Place {
    _one: OwnedSemaphorePermit,
    _of_client: Option<Share>,
}

impl Places {
    /// As many as open files allow besides what the program needs for itself. A proxy of ours has as many as it wants.
    pub fn new(database_connections: usize, proxies: Vec<IpNet>) -> Self {
        let kept = FILES_KEPT + database_connections * FILES_PER_DATABASE_CONNECTION;
        let wanted = kept + CONNECTIONS_MAX;
        let files = open_files(wanted as u64);
        let connections = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(kept).clamp(1, CONNECTIONS_MAX);
        if connections < CONNECTIONS_MAX {
            tracing::warn!(files, wanted, connections, "the limit of open files leaves few connections");
        }
        Self::of(connections, proxies)
    }

    fn of(connections: usize, proxies: Vec<IpNet>) -> Self {
        let each = connections.div_ceil(CONNECTIONS_EACH_DIVISOR);
        Self {
            free: Arc::new(Semaphore::new(connections)),
            each: Shares::new("connections", connections, each),
            refusing: Arc::new(Semaphore::new(CONNECTIONS_REFUSED_AT_ONCE)),
            proxies,
            said: Seldom::default(),
        }
    }

    /// A place for whoever connects next, as soon as there is one.
    pub async fn free(&self) -> Option<OwnedSemaphorePermit> {
        if self.free.available_permits() == 0 && self.said.is_time() {
            tracing::warn!("every connection is taken; the next one waits");
        }
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// A place if there is one now.
    pub fn free_now(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// The place of a connection from this address.
    ///
    /// # Errors
    ///
    /// [`Over`] when its client has too many.
    pub fn take(&self, one: OwnedSemaphorePermit, peer: IpAddr) -> Result<Place, Over> {
        let client = shares::client(peer, &self.proxies);
        let of_client = client.map(|client| self.each.take(Some(client), 1)).transpose()?;
        Ok(Place { _one: one, _of_client: of_client })
    }

    /// Says no to a connection whose client has too many, and why. A few are told at once; more are just closed.
    pub fn refuse(&self, mut stream: TcpStream) {
        let Ok(turn) = Arc::clone(&self.refusing).try_acquire_owned() else { return };
        tokio::spawn(async move {
            let telling = async {
                stream.write_all(&refusal::too_many_connections()).await?;
                stream.shutdown().await?;
                // What was sent and not read would have the system take the answer back.
                let mut unread = [0; 1024];
                while stream.read(&mut unread).await? > 0 {}
                Ok::<(), std::io::Error>(())
            };
            let _ = timeout(REFUSAL_WITHIN, telling).await;
            drop(turn);
        });
    }

    /// Why nobody could be taken, now and then.
    pub fn say(&self, error: &std::io::Error) {
        if self.said.is_time() {
            tracing::error!(%error, "a connection could not be taken; it is tried again");
        }
    }
}

/// How many files this process may have open, after asking for as many as it wants.
fn open_files(wanted: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX).min(wanted);
    let now = limit.current.unwrap_or(u64::MAX);
    if now >= most {
        return now;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum }) {
        Ok(()) => most,
        Err(_) => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_client_leaves_places_to_the_others_and_a_proxy_of_ours_has_all() {
        let places = Places::of(16, vec!["10.0.0.0/8".parse().unwrap()]);
        let take = |address: &str| places.take(places.free_now().unwrap(), address.parse().unwrap());
        let _two = [take("203.0.113.1").unwrap(), take("203.0.113.1").unwrap()];
        assert_eq!(take("203.0.113.1").unwrap_err(), Over::Client);
        let _households = [take("2001:db8:1:2::1").unwrap(), take("2001:db8:1:2::2").unwrap()];
        assert_eq!(take("2001:db8:1:2::3").unwrap_err(), Over::Client);
        let _proxy: Vec<_> = (0..12).map(|_| take("10.0.0.1").unwrap()).collect();
        assert!(places.free_now().is_none());
    }
}
