//! What comes over a connection, looked at before it is read as HTTP: where one request ends and the next begins must be
//! beyond doubt, or a proxy in front of us reads another request than we do (request smuggling).
//!
//! The library that reads requests ends a line at a line feed alone, and of a length beside a transfer coding it silently
//! takes the coding. Both are allowed to a recipient (RFC 9112 §2.2, §6.3) and both have been used to smuggle. Here they
//! turn into a byte that no request may have, so that the library itself refuses them, in its own words, and closes.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::FRAMING_LINE_BYTES_MAX;

/// What takes the place of what is refused: it may stand in no line of a request and in no size of a chunk.
const REFUSED: u8 = 0;

/// A connection whose requests are framed in one way only.
#[derive(Debug)]
pub struct StrictStream<S> {
    stream: S,
    framing: Framing,
}

impl<S> StrictStream<S> {
    /// Watches this connection.
    pub fn new(stream: S) -> Self {
        Self { stream, framing: Framing::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StrictStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if let Some(come) = buf.filled_mut().get_mut(before..) {
            self.framing.look(come);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where in a request the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// In the request line or a header.
    #[default]
    Head,
    /// In a body of which so many bytes are still to come.
    Body(u64),
    /// In the line with the size of a chunk.
    ChunkSize,
    /// In a chunk, its line end included, of which so many bytes are still to come.
    Chunk(u64),
    /// In what may follow the last chunk.
    Trailer,
    /// Nothing that comes is read any more.
    Refused,
}

/// Follows the requests of a connection.
#[derive(Debug, Default)]
struct Framing {
    place: Place,
    /// The line so far, as much of it as says how long a body is, without its end.
    line: Vec<u8>,
    /// Bytes of the line so far.
    line_bytes: usize,
    after_cr: bool,
    /// What the head says of the body.
    length: Option<u64>,
    is_chunked: bool,
}

impl Framing {
    /// Looks at what has come, and overwrites what is refused and all that follows.
    fn look(&mut self, mut come: &mut [u8]) {
        while !come.is_empty() {
            let taken = match self.place {
                Place::Refused => {
                    come.fill(REFUSED);
                    return;
                }
                Place::Body(left) | Place::Chunk(left) => self.skip(left, come.len()),
                Place::Head | Place::ChunkSize | Place::Trailer => self.take_line(come),
            };
            let Some(rest) = come.get_mut(taken..) else { return };
            come = rest;
        }
    }

    /// Passes over bytes of a body.
    fn skip(&mut self, left: u64, come: usize) -> usize {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(come);
        let left = left - taken as u64;
        self.place = match self.place {
            Place::Chunk(_) if left == 0 => Place::ChunkSize,
            Place::Chunk(_) => Place::Chunk(left),
            _ if left == 0 => Place::Head,
            _ => Place::Body(left),
        };
        taken
    }

    /// Reads up to the end of a line. Returns how many bytes are done with: what is refused is not.
    fn take_line(&mut self, come: &[u8]) -> usize {
        for (place, byte) in come.iter().enumerate() {
            match (byte, self.after_cr) {
                (b'\n', true) => {
                    self.after_cr = false;
                    if self.end_line().is_none() {
                        self.place = Place::Refused;
                        return place;
                    }
                    return place + 1;
                }
                (b'\n', false) | (_, true) => {
                    self.place = Place::Refused;
                    return place;
                }
                (b'\r', false) => self.after_cr = true,
                (byte, false) => {
                    self.line_bytes += 1;
                    if self.line.len() < FRAMING_LINE_BYTES_MAX {
                        self.line.push(*byte);
                    }
                }
            }
        }
        come.len()
    }

    /// What follows from a line that has ended; none when the request is refused.
    fn end_line(&mut self) -> Option<()> {
        let is_whole = self.line_bytes == self.line.len();
        let line = std::mem::take(&mut self.line);
        self.line_bytes = 0;
        match self.place {
            Place::Head if line.is_empty() => self.place = self.body()?,
            Place::Head => self.header(&line, is_whole)?,
            Place::ChunkSize => {
                let size = chunk_size(&line).filter(|_| is_whole)?;
                // The line end behind the chunk is passed over with it: the library looks whether it is one.
                self.place = if size == 0 { Place::Trailer } else { Place::Chunk(size.checked_add(2)?) };
            }
            Place::Trailer if line.is_empty() => self.place = Place::Head,
            Place::Trailer | Place::Body(_) | Place::Chunk(_) | Place::Refused => {}
        }
        // Its room is used again.
        self.line = line;
        self.line.clear();
        Some(())
    }

    /// Takes from a header how long the body is; none when that is said twice or not in the one way.
    fn header(&mut self, line: &[u8], is_whole: bool) -> Option<()> {
        let end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let value = || rest.get(1..).filter(|_| is_whole).map(<[u8]>::trim_ascii);
        if name.eq_ignore_ascii_case(b"content-length") {
            let value = value().filter(|value| !value.is_empty() && value.iter().all(u8::is_ascii_digit))?;
            let length = str::from_utf8(value).ok()?.parse().ok()?;
            return self.length.replace(length).is_none().then_some(());
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_chunked = value()?.eq_ignore_ascii_case(b"chunked") && !self.is_chunked;
            self.is_chunked = true;
            return is_chunked.then_some(());
        }
        Some(())
    }

    /// What comes after the head; none when two things are said of it.
    fn body(&mut self) -> Option<Place> {
        match (self.length.take(), std::mem::take(&mut self.is_chunked)) {
            (Some(_), true) => None,
            (None, true) => Some(Place::ChunkSize),
            (None | Some(0), false) => Some(Place::Head),
            (Some(length), false) => Some(Place::Body(length)),
        }
    }
}

/// The size in the line of a chunk, before what extends it.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let is_plain = !size.is_empty() && size.iter().all(u8::is_ascii_hexdigit);
    u64::from_str_radix(str::from_utf8(size).ok().filter(|_| is_plain)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place after these bytes, however they are cut into pieces, and whether they are as they were.
    fn check(bytes: &str, expected: Place) {
        for size in 1..=bytes.len() {
            let mut framing = Framing::default();
            let mut come = bytes.as_bytes().to_vec();
            come.chunks_mut(size).for_each(|piece| framing.look(piece));
            assert_eq!(framing.place, expected, "{bytes:?} in pieces of {size}");
            assert_eq!(come == bytes.as_bytes(), expected != Place::Refused, "{bytes:?} in pieces of {size}");
        }
    }

    #[test]
    fn requests_are_followed_from_one_to_the_next() {
        let get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        check(get, Place::Head);
        check(&format!("\r\n{get}{get}"), Place::Head);
        check("POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\na\nb", Place::Body(2));
        check(&format!("POST / HTTP/1.1\r\nContent-Length:5\r\n\r\na\n\r\nb{get}"), Place::Head);
        let chunks = "POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n3;x=y\r\na\nb\r\n0A\r\n0123456789\r\n";
        check(chunks, Place::ChunkSize);
        check(&format!("{chunks}0\r\nx: y\r\n\r\n{get}"), Place::Head);
        check(&format!("{get}POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n{get}"), Place::Head);
        check(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(3 * FRAMING_LINE_BYTES_MAX)), Place::Head);
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_overwritten() {
        let host = "POST / HTTP/1.1\r\nhost: a\r\n";
        for bytes in [
            "GET / HTTP/1.1\n",
            "GET / HTTP/1.1\r\nhost: a\n",
            "GET / HTTP/1.1\r\nhost: a\r\n\n",
            "GET / HTTP/1.1\r\nhost: a\rb",
            "GET / HTTP/1.1\r\nhost: a\r\r\n",
            "\n",
            &format!("{host}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n"),
            &format!("{host}transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n"),
            &format!("{host}content-length: 3\r\ncontent-length: 3\r\n"),
            &format!("{host}content-length: 3, 3\r\n"),
            &format!("{host}content-length: +3\r\n"),
            &format!("{host}content-length:\r\n"),
            &format!("{host}content-length: 99999999999999999999\r\n"),
            &format!("{host}content-length: {}3\r\n", " ".repeat(FRAMING_LINE_BYTES_MAX)),
            &format!("{host}transfer-encoding: gzip, chunked\r\n"),
            &format!("{host}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
            &format!("{host}transfer-encoding: chunked\r\n\r\n3\n"),
            &format!("{host}transfer-encoding: chunked\r\n\r\n-3\r\n"),
            &format!("{host}transfer-encoding: chunked\r\n\r\n0x3\r\n"),
            &format!("{host}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
            &format!("{host}transfer-encoding: chunked\r\n\r\n0\r\n\n"),
        ] {
            check(bytes, Place::Refused);
        }
    }

    #[test]
    fn a_connection_that_was_refused_says_nothing_any_more() {
        let mut framing = Framing::default();
        let mut come = *b"GET /\nGET /";
        framing.look(&mut come);
        assert_eq!(&come, b"GET /\0\0\0\0\0\0");
        let mut more = *b"GET / HTTP/1.1\r\n\r\n";
        framing.look(&mut more);
        assert!(more.iter().all(|byte| *byte == REFUSED));
    }
}
