//! One socket, from `auth` to its close, as one task. Module `greeting` has the first frames,
//! `frames` all others, this file the loop.
//!
//! ```text
//! connected ─ auth ─▶ ready ─┬─ commands, one after another
//!     │ 5 s                  ├─ fixes, concurrently
//!     ▼                      ├─ publications of the hub
//! auth_timeout               └─ heartbeat, token expiry ─▶ close
//! ```
//! 1. Only this task writes to its socket, and only its outbox queues publications.
//! 2. Back pressure reaches the client: what can't be handled, or comes too fast, is not read.
//! 3. Malformed frames are charged to the client's violation budget, and never affect another
//!    session.

mod frames;
mod greeting;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::{CourierId, Failure, Principal, Timestamp};
use futures::FutureExt;
use futures::future::BoxFuture;
use hub::{ConnectionGuard, ConnectionPermit, Outbox, Rate, Stop, Subscription};
use serde_json::Value;
use services::auth::Verified;
use tokio::time::{Instant, Sleep};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::close::Close;
use crate::commands;
use crate::courier::{Answer, Fixes};
use crate::frame::{ClientFrame, Request, ServerFrame};
use crate::handshake::WebSocket;
use crate::routes::Port;
use crate::wire::{Turn, Wire};

/// An authenticated session.
struct Session {
    port: Arc<Port>,
    wire: Wire,
    who: Arc<Principal>,
    expires_at: Timestamp,
    connection: ConnectionGuard,
    outbox: Arc<Outbox>,
    subscriptions: Vec<Subscription>,
    /// The command being run.
    current: Option<BoxFuture<'static, Done>>,
    waiting: VecDeque<Request>,
    answered: VecDeque<(String, Utf8Bytes)>,
    fixes: Option<Box<Fixes>>,
    violation_budget: Rate,
    /// Consecutive frames that could not be parsed.
    malformed_in_a_row: u32,
    /// Nothing is read until then: the user sent faster than allowed.
    paused_until: Option<Instant>,
    unanswered_pings: u8,
    ping_at: Instant,
    /// When to ask for a new token, and after that the expiry of the current one.
    token_at: Instant,
    asked: bool,
}

/// A finished command.
struct Done {
    reference: Option<String>,
    /// Keep the answer: a repeated command gets it again.
    keep: bool,
    outcome: Result<Effect, Failure>,
}

enum Effect {
    Answered(Value),
    Subscribed(Subscription, Value),
    /// A token was verified, to renew that of the socket.
    Verified(Result<Verified, Failure>),
    /// The socket has the courier's newest epoch; the frame that caused this is handled again.
    Connected(CourierId, u64, ClientFrame),
}

enum Happened {
    Socket(Turn),
    Done(Done),
    Fixes(Answer),
    Timer,
}

/// Authenticates a socket, then serves it in a new task. Thousands of idle sockets stay in that
/// task, and its future should not reserve memory for authentication.
pub(crate) async fn serve(
    port: Arc<Port>,
    socket: WebSocket,
    token: Option<String>,
    visit: ConnectionPermit,
) {
    if let Some(session) = open(port, Wire::new(socket), token).await {
        tokio::spawn(session.serve(visit));
    }
}

/// Closes a socket that is not admitted.
pub(crate) async fn reject(port: Arc<Port>, socket: WebSocket, close: Close) {
    finish(&port, Wire::new(socket), Some(close)).await;
}

/// The session of the socket, if it authenticates and is admitted.
async fn open(port: Arc<Port>, mut wire: Wire, token: Option<String>) -> Option<Box<Session>> {
    let closing = match greeting::greet(&port, &mut wire, token).await {
        Ok(verified) => match greeting::enter(&port, &verified) {
            Ok((connection, outbox)) => {
                let mut session = Box::new(Session::new(port, wire, verified, connection, outbox));
                session.ready();
                commands::on_open(&session.port.app, &session.who).await;
                return Some(session);
            }
            Err(close) => Some(close),
        },
        Err(closing) => closing,
    };
    finish(&port, wire, closing).await;
    None
}

async fn finish(port: &Port, wire: Wire, closing: Option<Close>) {
    let closed = async {
        match closing {
            Some(close) => {
                close.counter().increment(1);
                wire.close(close).await;
            }
            None => wire.closed().await,
        }
    };
    let closed = Box::pin(closed);
    // A client that does not respond is not waited for.
    let _ = tokio::time::timeout(port.limits.close_within, closed).await;
}

impl Session {
    fn new(
        port: Arc<Port>,
        wire: Wire,
        verified: Verified,
        connection: ConnectionGuard,
        outbox: Arc<Outbox>,
    ) -> Self {
        let now = Instant::now();
        let mut session = Self {
            wire,
            who: Arc::new(verified.principal),
            expires_at: verified.expires_at,
            connection,
            outbox,
            subscriptions: Vec::new(),
            current: None,
            waiting: VecDeque::new(),
            answered: VecDeque::new(),
            fixes: None,
            violation_budget: Rate::new(now),
            malformed_in_a_row: 0,
            paused_until: None,
            unanswered_pings: 0,
            ping_at: now + port.limits.heartbeat,
            token_at: now,
            asked: false,
            port,
        };
        session.await_reauth();
        session.pace(); // so that reconnecting does not evade the rate
        session
    }

    /// Serves the socket until it ends.
    async fn serve(mut self: Box<Self>, visit: ConnectionPermit) {
        let closing = self.live().await;
        Box::pin(self.leave(closing)).await;
        drop(visit); // counts for the address until it is closed
    }

    /// Runs until the session ends; returns the close code to send, if any.
    async fn live(&mut self) -> Option<Close> {
        let mut timer = Box::pin(tokio::time::sleep_until(self.next_deadline()));
        loop {
            let happened = std::future::poll_fn(|cx| self.poll(timer.as_mut(), cx)).await;
            if let Err(closing) = self.handle(happened) {
                return closing;
            }
            let deadline = self.next_deadline();
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
        }
    }

    async fn leave(self: Box<Self>, closing: Option<Close>) {
        let Self { port, wire, who, subscriptions, outbox, connection, .. } = *self;
        drop((subscriptions, outbox));
        commands::on_close(&port.app, &who).await;
        finish(&port, wire, closing).await;
        drop(connection); // registered until the socket is closed
    }

    fn ready(&mut self) {
        let ready = ServerFrame::Ready {
            user_id: self.who.user,
            session_id: self.who.session,
            roles: &self.who.roles,
            heartbeat_secs: self.port.limits.heartbeat.as_secs(),
            server_time: self.port.app.now(),
        };
        self.wire.say(ready.text());
    }

    /// The next event. Finished work comes before new frames, so that a client that sends much
    /// still gets its answers.
    fn poll(&mut self, timer: std::pin::Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Happened> {
        if let Some(current) = &mut self.current
            && let Poll::Ready(done) = current.poll_unpin(cx)
        {
            self.current = None;
            return Poll::Ready(Happened::Done(done));
        }
        if let Some(fixes) = &mut self.fixes
            && let Poll::Ready(arrived) = fixes.poll_arrived(cx)
        {
            return Poll::Ready(Happened::Fixes(fixes.answer(arrived)));
        }
        let limits = &self.port.limits;
        let read = self.paused_until.is_none()
            && self.waiting.len() < limits.commands_waiting
            && self.fixes.as_ref().is_none_or(|fixes| fixes.has_room(limits));
        if let Poll::Ready(turn) = self.wire.poll_turn(&self.outbox, read, cx) {
            return Poll::Ready(Happened::Socket(turn));
        }
        timer.poll(cx).map(|()| Happened::Timer)
    }

    fn handle(&mut self, happened: Happened) -> Result<(), Option<Close>> {
        match happened {
            Happened::Socket(Turn::Came(message)) => self.on_frame(message),
            Happened::Socket(Turn::Stop(why)) => Err(Some(self.stopped(why))),
            Happened::Socket(Turn::Over(closing)) => Err(closing),
            Happened::Done(done) => self.done(done),
            Happened::Fixes(answer) => self.arrived(answer),
            Happened::Timer => self.tick(),
        }
    }

    fn await_reauth(&mut self) {
        let remaining = self.remaining();
        // If the remaining time is short, the new token is asked for halfway.
        let notice = self.port.limits.reauth_before.min(remaining / 2);
        self.token_at = Instant::now() + (remaining - notice);
        self.asked = false;
    }

    fn remaining(&self) -> Duration {
        (self.expires_at - self.port.app.now()).to_std().unwrap_or_default()
    }

    fn next_deadline(&self) -> Instant {
        let next = self.ping_at.min(self.token_at);
        self.paused_until.map_or(next, |until| until.min(next))
    }

    fn tick(&mut self) -> Result<(), Option<Close>> {
        let now = Instant::now();
        self.paused_until = self.paused_until.filter(|until| now < *until);
        if now >= self.token_at {
            if self.asked {
                return Err(Some(Close::TokenExpired));
            }
            self.wire.say(ServerFrame::Reauth { expires_at: self.expires_at }.text());
            self.asked = true;
            self.token_at = now + self.remaining();
        }
        if now >= self.ping_at {
            if self.unanswered_pings >= self.port.limits.heartbeats_lost {
                return Err(Some(Close::HeartbeatLost));
            }
            self.unanswered_pings += 1;
            self.ping_at = now + self.port.limits.heartbeat;
            self.wire.ping();
        }
        Ok(())
    }

    fn stopped(&mut self, why: Stop) -> Close {
        match why {
            Stop::SlowReader => Close::SlowReader,
            Stop::Revoked => Close::Revoked,
            Stop::Superseded => Close::Superseded,
            Stop::TooMany => Close::TooManySockets,
            Stop::GoingAway => {
                let spread = u64::try_from(self.port.limits.reconnect_spread.as_millis()).unwrap_or(u64::MAX);
                let reconnect_after_ms = rand::random_range(0..=spread);
                let reason = Close::GoingAway.name();
                self.wire.say(ServerFrame::Goodbye { reason, reconnect_after_ms }.text());
                Close::GoingAway
            }
        }
    }
}
