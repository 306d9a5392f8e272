//! A request's body, which has a share as long as it has to be waited for: one that comes with its head needs none.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, OnceLock},
    task::Poll,
};

use axum::body::Body;
use futures_util::{StreamExt, stream};

use crate::kit::shares::{Over, Shares};

/// Why a body was not waited for, if it was not.
pub type Refused = Arc<OnceLock<Over>>;

/// The body of a request by this client. Whoever waits for more of it than may be waited for finds it broken off, and
/// `refused` says why.
pub fn awaited(body: Body, bodies: &Shares, client: Option<IpAddr>, refused: &Refused) -> Body {
    let (bodies, refused) = (bodies.clone(), Arc::clone(refused));
    let (mut body, mut share) = (body.into_data_stream(), None);
    Body::from_stream(stream::poll_fn(move |cx| {
        let piece = body.poll_next_unpin(cx);
        match &piece {
            Poll::Pending if share.is_none() => match bodies.take(client, 1) {
                Ok(taken) => share = Some(taken),
                Err(over) => {
                    let _ = refused.set(over);
                    let error = io::Error::other("too many bodies are on their way");
                    return Poll::Ready(Some(Err(axum::Error::new(error))));
                }
            },
            Poll::Ready(None) => share = None,
            Poll::Pending | Poll::Ready(_) => {}
        }
        piece
    }))
}
