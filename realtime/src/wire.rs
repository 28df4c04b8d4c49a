//! Reading and writing of one socket, by one task.
//!
//! Replies are written before publications, so that the reply to `subscribe` precedes its snapshot.
//! Nothing is taken from the outbox while the socket is full: publications wait there, where latest
//! values are conflated and slow readers are detected.
//!
//! If a connection is closed while bytes from the client are unread, the kernel resets it, and the
//! reset can discard the close frame. So the client's remaining bytes are read first: as frames
//! while they can be parsed, else as raw bytes.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use futures::{SinkExt, StreamExt};
use hub::{Next, Outbox, Stop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};

use crate::close::Close;
use crate::handshake::WebSocket;

/// Replies that may wait; beyond this, nothing more is read.
const REPLIES_MAX: usize = 64;

/// The most bytes that are read and discarded of a client whose socket is closing.
const DRAINED_MAX: u64 = 4 * 1024 * 1024;

/// An event of the socket or its outbox.
pub(crate) enum Turn {
    /// A frame was received.
    Came(Message),
    /// The outbox was stopped.
    Stop(Stop),
    /// The client is gone, or violated the protocol; close with this code, if any.
    Over(Option<Close>),
}

/// See the module.
pub(crate) struct Wire {
    socket: WebSocket,
    replies: VecDeque<Message>,
    unflushed: bool,
    /// The incoming bytes can no longer be parsed as frames.
    torn: bool,
}

impl Wire {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self { socket, replies: VecDeque::new(), unflushed: false, torn: false }
    }

    /// Queues a frame from the session.
    pub(crate) fn say(&mut self, text: Utf8Bytes) {
        self.replies.push_back(Message::Text(text));
    }

    /// Queues a WebSocket ping.
    pub(crate) fn ping(&mut self) {
        self.replies.push_back(Message::Ping(bytes::Bytes::new()));
    }

    /// Writes what is queued; then reads, if the session can take more.
    pub(crate) fn poll_turn(&mut self, outbox: &Outbox, read: bool, cx: &mut Context<'_>) -> Poll<Turn> {
        if let Poll::Ready(turn) = self.poll_write(outbox, cx) {
            return Poll::Ready(turn);
        }
        if !read || self.replies.len() >= REPLIES_MAX {
            return Poll::Pending;
        }
        self.socket.poll_next_unpin(cx).map(|came| match came {
            Some(Ok(Message::Close(_))) | None => Turn::Over(None),
            Some(Ok(message)) => Turn::Came(message),
            Some(Err(error)) => {
                self.torn = true;
                Turn::Over(meaning(&error))
            }
        })
    }

    /// Ready only if the session must end.
    fn poll_write(&mut self, outbox: &Outbox, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            match self.socket.poll_ready_unpin(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Turn::Over(None)),
                // The socket is full. A stop must still be noticed.
                Poll::Pending => return outbox.poll_stop(cx).map(Turn::Stop),
            }
            let message = match self.replies.pop_front() {
                Some(reply) => reply,
                None => match outbox.poll_next(cx) {
                    Poll::Ready(Next::Stop(why)) => return Poll::Ready(Turn::Stop(why)),
                    Poll::Ready(Next::Frame(frame)) => match Utf8Bytes::try_from(frame.text.clone()) {
                        Ok(text) => Message::Text(text),
                        Err(_) => continue,
                    },
                    Poll::Pending => break,
                },
            };
            self.unflushed = true;
            if self.socket.start_send_unpin(message).is_err() {
                return Poll::Ready(Turn::Over(None));
            }
        }
        if self.replies.capacity() > REPLIES_MAX / 4 {
            self.replies = VecDeque::new();
        }
        if self.unflushed {
            match self.socket.poll_flush_unpin(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(_)) => return Poll::Ready(Turn::Over(None)),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    /// Completes a close that the client began: writes the echo of its close frame.
    pub(crate) async fn closed(mut self) {
        // `SinkExt::close`, since the socket's own `close` would send a second frame, and flush
        // neither. If the client is gone without a close frame, this fails.
        let _ = SinkExt::close(&mut self.socket).await;
    }

    /// Writes the last replies and a close frame, then reads the client's remaining bytes. The
    /// caller bounds the time.
    pub(crate) async fn close(mut self, close: Close) {
        while let Some(reply) = self.replies.pop_front() {
            if self.socket.feed(reply).await.is_err() {
                return;
            }
        }
        let frame = CloseFrame { code: close.code().into(), reason: Utf8Bytes::from_static(close.name()) };
        if self.socket.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        while !self.torn {
            match self.socket.next().await {
                Some(Ok(_)) => {}
                Some(Err(_)) => self.torn = true,
                // The client's close frame came: it sends nothing more.
                None => return,
            }
        }
        self.drain().await;
    }

    /// Discards what still comes, until the client closes its side.
    async fn drain(&mut self) {
        let stream = self.socket.get_mut();
        if stream.shutdown().await.is_err() {
            return;
        }
        let _ = tokio::io::copy(&mut stream.take(DRAINED_MAX), &mut tokio::io::sink()).await;
    }
}

/// The close code for an error of the WebSocket protocol.
fn meaning(error: &WsError) -> Option<Close> {
    match error {
        WsError::Capacity(_) => Some(Close::FrameTooLarge),
        WsError::Utf8(_) | WsError::Protocol(_) => Some(Close::BadFrame),
        _ => None,
    }
}
