//! Listening, limits on connections, and stopping without losing a request.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use hyper::{StatusCode, Version, body::Incoming, header, header::HeaderValue, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, watch},
    task::JoinHandle,
    time::{interval, sleep, timeout},
};
use tower::ServiceExt;
use web::kit::health::{Health, Pulse};

use crate::{
    limits::{
        FIRST_REQUEST_WITHIN, HEADERS_COUNT_MAX, HEADERS_SIZE_MAX, HEADERS_TIMEOUT, HEARD_WITHIN,
        LISTENER_STANDS_STILL, NOBODY_TAKEN_WAIT,
    },
    pace::{Pace, PacedBody, PacedStream},
    places::Places,
    strict::StrictStream,
    watched,
};

/// A listener that answers until it is stopped.
pub struct Server {
    listener: Arc<TcpListener>,
    inner: Arc<Inner>,
    accepting: JoinHandle<()>,
}

struct Inner {
    router: Router,
    /// Each connection holds a receiver.
    open: watch::Sender<()>,
    places: Arc<Places>,
    health: Health,
    stop: watch::Receiver<bool>,
}

impl Server {
    /// Serves `router` until `stop` turns true. Who connects is taken by a task that is watched.
    pub fn start(
        listener: TcpListener,
        router: Router,
        places: &Arc<Places>,
        health: &Health,
        stop: &watch::Receiver<bool>,
    ) -> Self {
        let pulse = health.pulse("listener", LISTENER_STANDS_STILL);
        let inner = Arc::new(Inner {
            router,
            open: watch::Sender::new(()),
            places: Arc::clone(places),
            health: health.clone(),
            stop: stop.clone(),
        });
        let listener = Arc::new(listener);
        let (own, taking, own_pulse) = (Arc::clone(&inner), Arc::clone(&listener), pulse.clone());
        let accepting = tokio::spawn(watched::keep(pulse, stop.clone(), move || {
            accept(Arc::clone(&own), Arc::clone(&taking), own_pulse.clone())
        }));
        Self { listener, inner, accepting }
    }

    /// After `stop` has turned true: finishes running requests for at most `drain`.
    pub async fn stop(self, drain: Duration) {
        // Its end lets the listener go.
        let _ = self.accepting.await;
        if let Some(listener) = Arc::into_inner(self.listener) {
            self.inner.take_waiting(listener);
        }
        if timeout(drain, self.inner.open.closed()).await.is_err() {
            tracing::warn!("stopped before every request was finished");
        }
    }
}

/// Takes whoever connects.
async fn accept(server: Arc<Inner>, listener: Arc<TcpListener>, pulse: Pulse) {
    let mut stop = server.stop.clone();
    let mut beat = interval(LISTENER_STANDS_STILL / 4);
    let next = async || {
        let free = server.places.free().await;
        (free, listener.accept().await)
    };
    loop {
        let (free, accepted) = tokio::select! {
            next = next() => next,
            _ = beat.tick() => {
                watched::turned(&pulse);
                continue;
            }
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match (free, accepted) {
            (Some(free), Ok((stream, peer))) => server.take(stream, peer, free),
            (_, accepted) => {
                if let Err(error) = accepted {
                    server.places.say(&error);
                }
                sleep(NOBODY_TAKEN_WAIT).await;
            }
        }
    }
}

impl Inner {
    /// Takes whoever stands in the kernel's queue, then closes it: they have connected, and may have sent a request that
    /// closing would lose.
    fn take_waiting(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        while let Some(free) = self.places.free_now() {
            // Asked of the kernel itself, not of what the runtime last heard. It says when nobody is left.
            let Ok((stream, peer)) = listener.accept() else { return };
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                self.take(stream, peer, free);
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, free: OwnedSemaphorePermit) {
        let Ok(place) = self.places.take(free, peer.ip()) else { return self.places.refuse(stream) };
        let _ = stream.set_nodelay(true);
        let (router, health, mut stop) = (self.router.clone(), self.health.clone(), self.stop.clone());
        let used = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&used);
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            mark.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer));
            let (router, health) = (router.clone(), health.clone());
            async move {
                let is_clear = names_one_host(&request);
                let mut response = if is_clear {
                    router.oneshot(request.map(|body| PacedBody::new(body, Pace::DEFAULT))).await?
                } else {
                    StatusCode::BAD_REQUEST.into_response()
                };
                // Whoever keeps the connection comes with the next request to a node that stays.
                if !is_clear || health.is_leaving() {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<Response, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_TIMEOUT)
            .max_buf_size(HEADERS_SIZE_MAX)
            .max_headers(HEADERS_COUNT_MAX)
            .serve_connection(TokioIo::new(StrictStream::new(PacedStream::new(stream, Pace::DEFAULT))), service);
        let held = (place, self.open.subscribe());
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            let leave = async {
                let _ = stop.wait_for(|stop| *stop).await;
                // What has come before the end of a wait is told before that end: so it is read, and the request answered.
                // Asked to finish before it has read anything, hyper closes the connection and loses what is there.
                sleep(if used.load(Ordering::Relaxed) { HEARD_WITHIN } else { FIRST_REQUEST_WITHIN }).await;
            };
            // A client that goes away or speaks nonsense is its own affair.
            let ended = tokio::select! {
                biased;
                _ = &mut connection => true,
                () = leave => false,
            };
            if !ended {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
            drop(held);
        });
    }
}

/// Whether a request says once for whom it is meant (RFC 9112, 3.2): of two names a proxy might have read the other.
fn names_one_host(request: &hyper::Request<Incoming>) -> bool {
    let names = request.headers().get_all(header::HOST).iter().count();
    names == 1 || (names == 0 && request.version() < Version::HTTP_11)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use axum::routing::get;

    use super::*;

    /// Nothing is done here between what happens: what the kernel holds, nobody was told of.
    #[tokio::test]
    async fn what_a_client_had_sent_before_the_stop_is_answered_though_nobody_had_looked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let places = Arc::new(Places::new(1, Vec::new()));
        let router = Router::new().route("/", get(async || "here"));
        let server = Server::start(listener, router, &places, &Health::default(), &stopped);
        let ask = |client: &mut std::net::TcpStream| client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        // One that is known, and has been answered once.
        let mut known = std::net::TcpStream::connect(at).unwrap();
        ask(&mut known);
        let answered = known.try_clone().unwrap();
        let mut answered = tokio::task::spawn_blocking(move || {
            let mut bytes = [0; 512];
            let length = (&answered).read(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        });
        assert!((&mut answered).await.unwrap().ends_with("here"));
        let mut new = std::net::TcpStream::connect(at).unwrap();
        ask(&mut known);
        ask(&mut new);
        stop.send(true).unwrap();
        server.stop(Duration::from_secs(20)).await;
        for mut client in [known, new] {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer:?}");
        }
    }
}
