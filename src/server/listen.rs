//! Listening, limits on connections, and stopping without losing a request.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, response::IntoResponse};
use hyper::{StatusCode, Version, body::Incoming, header, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tower::ServiceExt;

use crate::pace::{Pace, PacedBody, PacedStream};

/// The most connections at the same time; the next one waits in the kernel's queue.
const CONNECTIONS_MAX: usize = 8192;

/// How long a client may take to send its request line and headers.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of request line and headers together.
const HEADERS_SIZE_MAX: usize = 64 * 1024;

/// The most headers of one request.
const HEADERS_COUNT_MAX: usize = 100;

/// How long a connection that has brought no request yet is waited for when the server stops. Browsers and proxies open
/// some ahead of need and send nothing.
const FIRST_REQUEST_WITHIN: Duration = Duration::from_secs(1);

/// Serves `router` until `stop` turns true, then finishes running requests for at most `drain`.
pub async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>, drain: Duration) {
    let server = Server { router, graceful: GracefulShutdown::new(), stop: stop.clone() };
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let next = async || {
        let place = Arc::clone(&places).acquire_owned().await;
        (place, listener.accept().await)
    };
    loop {
        let (place, accepted) = tokio::select! {
            next = next() => next,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, peer))) => server.take(stream, peer, place),
            // Out of file descriptors, most often: give running requests a moment to return theirs.
            _ => sleep(Duration::from_millis(50)).await,
        }
    }
    server.take_waiting(listener, &places);
    if timeout(drain, server.graceful.shutdown()).await.is_err() {
        tracing::warn!("stopped before every request was finished");
    }
}

struct Server {
    router: Router,
    graceful: GracefulShutdown,
    stop: watch::Receiver<bool>,
}

impl Server {
    /// Takes whoever stands in the kernel's queue, then closes it: they have connected, and may have sent a request that
    /// closing would lose.
    fn take_waiting(&self, listener: TcpListener, places: &Arc<Semaphore>) {
        let Ok(listener) = listener.into_std() else { return };
        while let Ok(place) = Arc::clone(places).try_acquire_owned() {
            // Asked of the kernel itself, not of what the runtime last heard. It says when nobody is left.
            let Ok((stream, peer)) = listener.accept() else { return };
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                self.take(stream, peer, place);
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        let _ = stream.set_nodelay(true);
        let (router, mut stop) = (self.router.clone(), self.stop.clone());
        let used = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&used);
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            mark.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer));
            let router = router.clone();
            async move {
                if names_one_host(&request) {
                    router.oneshot(request.map(|body| PacedBody::new(body, Pace::DEFAULT))).await
                } else {
                    Ok((StatusCode::BAD_REQUEST, [(header::CONNECTION, "close")]).into_response())
                }
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_TIMEOUT)
            .max_buf_size(HEADERS_SIZE_MAX)
            .max_headers(HEADERS_COUNT_MAX)
            .serve_connection(TokioIo::new(PacedStream::new(stream, Pace::DEFAULT)), service);
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            let unused = async {
                let _ = stop.wait_for(|stop| *stop).await;
                sleep(FIRST_REQUEST_WITHIN).await;
                if used.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
            };
            let (connection, unused) = (pin!(connection), pin!(unused));
            tokio::select! {
                // A client that goes away or speaks nonsense is its own affair.
                _ = connection => {}
                () = unused => {}
            }
            drop(place);
        });
    }
}

/// Whether a request says once for whom it is meant (RFC 9112, 3.2): of two names a proxy might have read the other.
fn names_one_host(request: &hyper::Request<Incoming>) -> bool {
    let names = request.headers().get_all(header::HOST).iter().count();
    names == 1 || (names == 0 && request.version() < Version::HTTP_11)
}
