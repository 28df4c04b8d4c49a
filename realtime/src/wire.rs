//! Both directions of one socket, turned by one task.
//!
//! Replies go before what the hub tells, so that the reply to `subscribe`
//! precedes its snapshot. Nothing is taken from the outbox while the socket is
//! full: it waits there, where positions are conflated and slow readers noticed.
//!
//! A connection that is closed while bytes of the client's wait unread is reset by the
//! kernel, and a reset takes the close frame with it. So a client is heard out before:
//! as frames where these can be read, else as mere bytes until it is done.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use futures::{SinkExt, StreamExt};
use hub::{Next, Outbox, Stop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};

use crate::close::Close;
use crate::handshake::WebSocket;

/// Replies that may wait; beyond, nothing more is read.
const REPLIES_MAX: usize = 64;

/// Bytes that are read and thrown away of a client that was told to go.
const DRAINED_MAX: u64 = 4 * 1024 * 1024;

/// What the socket did.
pub(crate) enum Turn {
    /// A frame came.
    Came(Message),
    /// The outbox says to go.
    Stop(Stop),
    /// The client is gone, or can't be understood; close with this, if anything.
    Over(Option<Close>),
}

/// See the module.
pub(crate) struct Wire {
    socket: WebSocket,
    replies: VecDeque<Message>,
    unflushed: bool,
    /// What comes can't be read as frames any more.
    torn: bool,
}

impl Wire {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self { socket, replies: VecDeque::new(), unflushed: false, torn: false }
    }

    /// Queues a frame of the session's own.
    pub(crate) fn say(&mut self, text: Utf8Bytes) {
        self.replies.push_back(Message::Text(text));
    }

    /// Queues a WebSocket ping.
    pub(crate) fn ping(&mut self) {
        self.replies.push_back(Message::Ping(bytes::Bytes::new()));
    }

    /// Writes what waits, then reads, if the session can take more.
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

    /// Ready only when the session must end.
    fn poll_write(&mut self, outbox: &Outbox, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            match self.socket.poll_ready_unpin(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Turn::Over(None)),
                // Full. A stop must still be heard.
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

    /// Answers the client's own goodbye: the echo of its close frame waits to be written.
    pub(crate) async fn closed(mut self) {
        // As a sink: the socket's own `close` would send a second frame, and flush neither. A
        // client that is gone without a goodbye hears nothing more.
        let _ = SinkExt::close(&mut self.socket).await;
    }

    /// Writes the last replies and says goodbye with a close code, then hears the
    /// client out. The caller bounds the time.
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
                // Its own close frame came: nothing more will.
                None => return,
            }
        }
        self.drain().await;
    }

    /// Reads what still comes, until the client sees the end and ends its side.
    async fn drain(&mut self) {
        let stream = self.socket.get_mut();
        if stream.shutdown().await.is_err() {
            return;
        }
        let _ = tokio::io::copy(&mut stream.take(DRAINED_MAX), &mut tokio::io::sink()).await;
    }
}

/// Which close answers an error of the WebSocket protocol.
fn meaning(error: &WsError) -> Option<Close> {
    match error {
        WsError::Capacity(_) => Some(Close::FrameTooLarge),
        WsError::Utf8(_) | WsError::Protocol(_) => Some(Close::BadFrame),
        _ => None,
    }
}
