//! The body of an upload, handed to the reader of forms in pieces, each only when it can do nothing without one: left to
//! itself it takes all that has come, and searches all of that anew for a part's head with whatever comes next.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    extract::multipart::MultipartError,
};
use bytes::BytesMut;
use futures_util::{StreamExt, stream, stream::Fuse};
use tokio::time::timeout;

use crate::{
    Problem,
    kit::limits::{PART_HEAD_BYTES_MAX, PIECE_BYTES_MAX, SILENCE_MAX, UPLOAD_BYTES_MAX},
};

/// What has come and is not handed on yet.
pub(super) struct Pieces {
    body: Fuse<BodyDataStream>,
    held: BytesMut,
    is_over: bool,
    next: Arc<Mutex<Next>>,
}

/// What the reader gets next.
#[derive(Default)]
struct Next {
    piece: Option<Bytes>,
    is_over: bool,
}

impl Pieces {
    /// The pieces of this body, and the body that they make.
    pub(super) fn of(body: Body) -> (Self, Body) {
        let next = Arc::<Mutex<Next>>::default();
        let given = Arc::clone(&next);
        // It registers nobody: whoever gives it a piece asks it again.
        let taken = stream::poll_fn(move |_| {
            let mut next = given.lock().unwrap_or_else(PoisonError::into_inner);
            match next.piece.take() {
                Some(piece) => Poll::Ready(Some(Ok::<_, std::convert::Infallible>(piece))),
                None if next.is_over => Poll::Ready(None),
                None => Poll::Pending,
            }
        });
        let pieces = Self { body: body.into_data_stream().fuse(), held: BytesMut::new(), is_over: false, next };
        (pieces, Body::from_stream(taken))
    }

    /// The next field; what comes in front of it is bounded.
    pub(super) async fn field<T>(
        &mut self,
        next: impl Future<Output = Result<T, MultipartError>>,
    ) -> Result<T, Problem> {
        self.drive(next, PART_HEAD_BYTES_MAX).await
    }

    /// The next bytes of a field.
    pub(super) async fn chunk<T>(
        &mut self,
        next: impl Future<Output = Result<T, MultipartError>>,
    ) -> Result<T, Problem> {
        self.drive(next, UPLOAD_BYTES_MAX).await
    }

    /// Gives pieces until the reader has what it asks for, no more bytes than these.
    async fn drive<T>(
        &mut self,
        next: impl Future<Output = Result<T, MultipartError>>,
        bytes_max: usize,
    ) -> Result<T, Problem> {
        let mut next = pin!(next);
        let mut given = 0;
        loop {
            if let Poll::Ready(outcome) = poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await {
                return outcome.map_err(|error| unreadable(&error));
            }
            if self.is_over || given > bytes_max {
                return Err(Problem::FormBroken);
            }
            // A sender that was fast has not earned the right to be silent.
            let piece = timeout(SILENCE_MAX, poll_fn(|cx| self.poll_piece(cx))).await;
            let piece = piece.map_err(|_| Problem::FormBroken)?.map_err(|_| Problem::FormBroken)?;
            given += piece.as_ref().map_or(0, Bytes::len);
            self.is_over = piece.is_none();
            *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Next { is_over: self.is_over, piece };
        }
    }

    /// As much as has come, up to the size of a piece: who sends byte by byte does not have each searched alone.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, axum::Error>> {
        while self.held.len() < PIECE_BYTES_MAX {
            match self.body.poll_next_unpin(cx) {
                Poll::Ready(Some(data)) => self.held.extend_from_slice(&data?),
                Poll::Ready(None) if self.held.is_empty() => return Poll::Ready(Ok(None)),
                Poll::Pending if self.held.is_empty() => return Poll::Pending,
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        let length = self.held.len().min(PIECE_BYTES_MAX);
        Poll::Ready(Ok(Some(self.held.split_to(length).freeze())))
    }
}

fn unreadable(error: &MultipartError) -> Problem {
    if error.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
        Problem::TooLarge { max: UPLOAD_BYTES_MAX }
    } else {
        Problem::FormBroken
    }
}
