//! Clients that are too slow on purpose: a place is worth more than their patience.
//!
//! Headers have their own limit in `listen`. Here are a body that comes in drops, and an answer that nobody takes or that
//! is taken in drops.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::body::{Body, Buf, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How slow is too slow.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a body may take besides what its bytes are allowed.
    pub grace: Duration,
    /// How many bytes of a body have to come in a second, and how many of an answer have to go.
    pub bytes_per_second: u32,
    /// How long a client may take none of an answer. What goes earns that anew, second by second.
    pub stall: Duration,
}

impl Pace {
    /// What a bad line in the countryside keeps up with.
    pub const DEFAULT: Self =
        Self { grace: Duration::from_secs(10), bytes_per_second: 1024, stall: Duration::from_secs(30) };
}

/// A request's body that has to come fast enough, or it ends with an error.
#[derive(Debug)]
pub struct PacedBody<B> {
    body: B,
    pace: Pace,
    bytes: u64,
    begun: Option<Instant>,
    /// Made only when the body has to be waited for.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// How long so many bytes may take.
    fn earned(&self, bytes: u64) -> Duration {
        Duration::from_millis(bytes.saturating_mul(1000) / u64::from(self.bytes_per_second))
    }
}

impl<B> PacedBody<B> {
    /// Watches this body.
    pub fn new(body: B, pace: Pace) -> Self {
        Self { body, pace, bytes: 0, begun: None, deadline: None }
    }
}

impl<B: Body<Error: Into<BoxError>> + Unpin> Body for PacedBody<B> {
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                this.bytes += frame.data_ref().map_or(0, |data| data.remaining() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let begun = *this.begun.get_or_insert_with(Instant::now);
        let until = begun + this.pace.grace + this.pace.earned(this.bytes);
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if deadline.deadline() != until {
            deadline.as_mut().reset(until);
        }
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly").into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection whose writes have to go somewhere in time.
#[derive(Debug)]
pub struct PacedStream<S> {
    stream: S,
    pace: Pace,
    /// How long it may still be waited for.
    patience: Duration,
    /// Until when, while nothing can be written.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> PacedStream<S> {
    /// Watches this connection.
    pub fn new(stream: S, pace: Pace) -> Self {
        Self { stream, pace, patience: pace.stall, stalled: None }
    }

    /// `bytes` says how many were written.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl Fn(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(outcome) = &written {
            if let Some(stalled) = self.stalled.take() {
                self.patience = stalled.deadline().saturating_duration_since(Instant::now());
            }
            let bytes = outcome.as_ref().map_or(0, bytes);
            self.patience = (self.patience + self.pace.earned(bytes as u64)).min(self.pace.stall);
            return written;
        }
        let until = Instant::now() + self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nobody takes the answer")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(cx, written, |bytes| *bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(cx, written, |bytes| *bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Waker};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const PACE: Pace =
        Pace { grace: Duration::from_millis(50), bytes_per_second: 1000, stall: Duration::from_millis(50) };

    /// Gives one piece after each pause; hyper's own body cannot be made without a connection.
    struct Drops {
        left: usize,
        size: usize,
        pause: Duration,
        sleep: Option<Pin<Box<Sleep>>>,
    }

    impl Body for Drops {
        type Data = io::Cursor<Vec<u8>>;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, io::Error>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            let until = Instant::now() + self.pause;
            ready!(self.sleep.get_or_insert_with(|| Box::pin(sleep_until(until))).as_mut().poll(cx));
            self.sleep = None;
            self.left -= 1;
            Poll::Ready(Some(Ok(Frame::data(io::Cursor::new(vec![0; self.size])))))
        }
    }

    async fn whole(drops: usize, size: usize, pause_ms: u64) -> Result<usize, BoxError> {
        let drops = Drops { left: drops, size, pause: Duration::from_millis(pause_ms), sleep: None };
        let mut body = PacedBody::new(drops, PACE);
        let mut bytes = 0;
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            bytes += frame?.into_data().map_or(0, |data| data.remaining());
        }
        Ok(bytes)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_in_drops_ends_and_a_steady_one_does_not() {
        // Twenty bytes in ten milliseconds are twice what is asked for, however long it takes.
        assert_eq!(whole(20, 20, 10).await.unwrap(), 400);
        let error = whole(1000, 1, 10).await.unwrap_err();
        assert!(error.to_string().contains("too slowly"), "{error}");
        assert!(whole(1, 1, 10_000).await.is_err(), "nothing at all");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_ends_and_one_that_is_taken_does_not() {
        let (client, server) = tokio::io::duplex(64);
        let mut server = PacedStream::new(server, PACE);
        let written = server.write_all(&[0; 1000]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(client);

        let (mut client, server) = tokio::io::duplex(64);
        let mut server = PacedStream::new(server, PACE);
        let reader = tokio::spawn(async move {
            let mut bytes = [0; 64];
            let mut total = 0;
            while total < 1000 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                total += client.read(&mut bytes).await.unwrap();
            }
        });
        server.write_all(&[0; 1000]).await.unwrap();
        reader.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_taken_in_drops_ends_and_a_slow_line_is_waited_for() {
        let taken = async |bytes: usize, every_ms: u64| {
            let (mut client, server) = tokio::io::duplex(64);
            let mut server = PacedStream::new(server, PACE);
            let reader = tokio::spawn(async move {
                let mut drop = vec![0; bytes];
                while client.read(&mut drop).await.is_ok_and(|read| read > 0) {
                    tokio::time::sleep(Duration::from_millis(every_ms)).await;
                }
            });
            let written = server.write_all(&[0; 4000]).await;
            reader.abort();
            written.map_err(|error| error.kind())
        };
        // A thousand bytes a second are asked for, and never fifty milliseconds without any.
        assert_eq!(taken(1, 10).await, Err(io::ErrorKind::TimedOut));
        assert_eq!(taken(5, 10).await, Err(io::ErrorKind::TimedOut));
        assert_eq!(taken(12, 10).await, Ok(()));
        assert_eq!(taken(60, 40).await, Ok(()));
    }

    #[test]
    fn what_is_there_at_once_needs_no_clock() {
        let drops = Drops { left: 0, size: 0, pause: Duration::ZERO, sleep: None };
        let mut body = PacedBody::new(drops, PACE);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(Pin::new(&mut body).poll_frame(&mut cx), Poll::Ready(None)));
        assert!(body.begun.is_none() && body.deadline.is_none());
    }
}
