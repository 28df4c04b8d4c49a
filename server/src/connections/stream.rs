//! The byte stream of one connection: it times out until a request's head is complete, and
//! suppresses the parser's own answers, which have no body.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::Permit;

/// The stage of a connection, shared by its reader and its requests.
#[derive(Clone, Default)]
pub(super) struct Stage(Arc<Shared>);

#[derive(Default)]
struct Shared {
    stage: AtomicU8,
    /// How many requests were answered.
    answered: AtomicU64,
    /// Whether an answer may not be fully written yet.
    unsent: AtomicBool,
}

/// Nothing was received yet.
const FRESH: u8 = 0;
/// A part of a request's head was received.
const HEAD: u8 = 1;
/// A request is being answered, or the connection is a WebSocket.
const BUSY: u8 = 2;
/// The last request was answered.
const IDLE: u8 = 3;

impl Stage {
    fn get(&self) -> u8 {
        self.0.stage.load(Ordering::Acquire)
    }

    fn set(&self, stage: u8) {
        self.0.stage.store(stage, Ordering::Release);
    }

    /// A request's head is complete.
    pub(super) fn begin(&self) {
        self.0.unsent.store(true, Ordering::Release);
        self.set(BUSY);
    }

    /// Its answer was handed to the writer.
    pub(super) fn end(&self) {
        self.0.answered.fetch_add(1, Ordering::AcqRel);
        self.set(IDLE);
    }

    fn answered(&self) -> u64 {
        self.0.answered.load(Ordering::Acquire)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.get() == BUSY
    }

    /// Whether no answer of ours is being written: what is written now is the parser's own answer.
    fn is_silent(&self) -> bool {
        !self.is_busy() && !self.0.unsent.load(Ordering::Acquire)
    }
}

/// A connection whose reads time out, and whose writes drop the parser's own answer to an
/// invalid request, which has no body.
pub(super) struct Timed {
    pub(super) stream: TcpStream,
    stage: Stage,
    timer: Option<Timer>,
    /// The path of the request, if its first bytes contain it.
    pub(super) path: Option<Box<str>>,
    /// The status of the answer to an invalid or late request.
    pub(super) refused: Option<StatusCode>,
    permit: Permit,
}

/// The timer of a stage.
struct Timer {
    stage: u8,
    /// Of which request, by those that were answered before: one that is answered at once is never seen
    /// while it is.
    request: u64,
    sleep: Pin<Box<Sleep>>,
}

impl Timed {
    pub(super) fn new(stream: TcpStream, stage: Stage, permit: Permit) -> Self {
        Self { stream, stage, timer: None, path: None, refused: None, permit }
    }

    /// Starts and polls the timer of the current stage; ready when it has expired.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let stage = self.stage.get();
        if stage == BUSY {
            // A WebSocket may stay so for hours: it keeps no memory of its request.
            (self.timer, self.path) = (None, None);
            return Poll::Pending;
        }
        let limits = &self.permit.connections.limits;
        let within = if stage == IDLE { limits.idle } else { limits.header_within };
        let request = self.stage.answered();
        // The first byte of a new connection does not restart the timer.
        let is_same = |timer: &Timer| timer.request == request && [stage, FRESH].contains(&timer.stage);
        let timer = match &mut self.timer {
            Some(timer) if is_same(timer) => timer,
            timer => timer.insert(Timer { stage, request, sleep: Box::pin(tokio::time::sleep(within)) }),
        };
        timer.sleep.as_mut().poll(cx)
    }

    /// Records the status of the parser's own answer; true if these bytes are a part of it.
    fn keeps_back(&mut self, bytes: &[u8]) -> bool {
        if self.refused.is_none() && self.stage.is_silent() {
            self.refused = bytes.get(9..12).and_then(|status| StatusCode::from_bytes(status).ok());
        }
        self.refused.is_some()
    }
}

/// The path of a request whose head begins so. Never its query, which may hold a secret.
fn path(head: &[u8]) -> Option<Box<str>> {
    let target = head.split(|byte| byte.is_ascii_whitespace()).nth(1)?;
    let path = std::str::from_utf8(target.split(|byte| *byte == b'?').next()?).ok()?;
    let clean =
        path.starts_with('/') && path.len() <= 2_048 && path.bytes().all(|byte| byte.is_ascii_graphic());
    clean.then(|| path.into())
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = &buffer.filled()[before..];
        if !came.is_empty() && !self.stage.is_busy() {
            if self.stage.get() != HEAD {
                self.path = path(came);
            }
            self.stage.set(HEAD);
        }
        if read.is_pending() && self.poll_late(cx).is_ready() {
            if self.stage.get() == HEAD {
                self.refused = Some(StatusCode::REQUEST_TIMEOUT);
            }
            return Poll::Ready(Err(std::io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Timed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        if self.keeps_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// Called after all of the answer was written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if !self.stage.is_busy() {
            self.stage.0.unsent.store(false, Ordering::Release);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.refused.is_some() {
            return Poll::Ready(Ok(())); // the problem document is still to be written
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        if buffers.first().is_some_and(|first| self.keeps_back(first)) {
            return Poll::Ready(Ok(buffers.iter().map(|buffer| buffer.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_told_where_the_first_bytes_hold_it() {
        let told = |head: &str| path(head.as_bytes());
        assert_eq!(told("GET /v1/orders?token=secret HTTP/1.1\r\n"), Some("/v1/orders".into()));
        for none in ["", "GET", "GET x HTTP/1.1", "\u{16}\u{3}\u{1} \u{0}", "GET /\u{7f} HTTP/1.1"] {
            assert_eq!(told(none), None, "{none:?}");
        }
    }
}
