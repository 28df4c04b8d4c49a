//! The task behind a socket: connects, receives, sends, and reconnects.
//!
//! After a lost connection it waits with backoff, resubscribes with `since`,
//! and resends the fixes that were not acknowledged. The protocol defines which
//! close codes are final: 4400–4999 mean "do not reconnect until the cause is
//! fixed". The client can fix two causes by itself: an expired token, and a
//! frame of fixes that was too large.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_tungstenite::tungstenite::{Error as WireError, Message};

use crate::api::{Api, ApiError};
use crate::dial::{self, Wire};
use crate::frame::{Hear, Ready, Reply, Say};
use crate::ledger::{Anomaly, Ledger};
use crate::outbox::Outbox;
use crate::socket::{AskError, Command, Heard, Line, ReconnectPolicy};

/// What to do after a connection has ended.
enum Fate {
    /// Reconnect after this pause; none: after the usual backoff.
    Again(Option<Duration>),
    /// Reconnect with a new token.
    Renew,
    /// Do not reconnect.
    Over,
}

/// The `ref` of all frames of fixes. The server answers them with an `ack`, and
/// with a `reply` only if it could not store them.
const FIXES: u64 = 0;

/// The close code for a frame larger than the server accepts.
const FRAME_TOO_LARGE: u16 = 4405;

/// What a frame's reply is for.
enum Asked {
    Frame(oneshot::Sender<Result<Value, AskError>>),
    Resubscription(String),
}

/// The task behind a socket.
pub(crate) struct Worker {
    api: Api,
    reconnect: ReconnectPolicy,
    said: mpsc::Receiver<Command>,
    tell: mpsc::Sender<Heard>,
    outbox: Arc<Mutex<Outbox>>,
    fixes: Arc<Notify>,
    rng: StdRng,
    wanted: BTreeSet<String>,
    ledger: Ledger,
    asked: HashMap<u64, Asked>,
    last_ref: u64,
}

/// An open connection and its state.
struct Connection {
    wire: Wire,
    silence: Duration,
    /// When the last frame came. Frames that the client sends do not count, so that a busy
    /// sender detects a silent server, too.
    heard_at: Instant,
    goodbye: Option<Duration>,
    ready: bool,
    again: Again,
    /// The refresh of the token that the server asked for. It goes on by itself if the
    /// connection is lost meanwhile: a refresh token is good once.
    renewal: Option<JoinHandle<Result<String, ApiError>>>,
}

/// Requests that the server could not serve temporarily and that are sent again.
#[derive(Default)]
struct Again {
    at: Option<Instant>,
    channels: BTreeSet<String>,
    fixes: bool,
}

impl Worker {
    /// The worker before its first connection.
    pub(crate) fn new(
        api: Api,
        reconnect: ReconnectPolicy,
        rng: StdRng,
        (said, tell): (mpsc::Receiver<Command>, mpsc::Sender<Heard>),
        line: &Line,
    ) -> Self {
        Self {
            api,
            reconnect,
            said,
            tell,
            outbox: line.outbox.clone(),
            fixes: line.fixes.clone(),
            rng,
            wanted: BTreeSet::new(),
            ledger: Ledger::default(),
            asked: HashMap::new(),
            last_ref: 0,
        }
    }

    /// Connects and reconnects until the socket ends.
    pub(crate) async fn run(mut self) {
        let (mut failures, mut renewals) = (0, 0);
        loop {
            let (was_ready, fate) = match dial::dial(&self.api).await {
                Ok(wire) => self.session(wire).await,
                Err(failure) => (false, self.unreached(&failure).await),
            };
            // Replies to frames of this connection cannot come any more: their callers get `Lost`.
            self.asked.clear();
            if was_ready {
                (failures, renewals) = (0, 0);
            }
            let pause = match fate {
                Fate::Over => return,
                _ if !self.reconnect.reconnect => return,
                Fate::Renew if renewals > 1 => return,
                Fate::Renew => {
                    renewals += 1;
                    self.api.distrust_token().await;
                    Duration::ZERO
                }
                Fate::Again(Some(named)) => named,
                Fate::Again(None) => {
                    failures += 1;
                    self.backoff(failures)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn backoff(&mut self, failures: u32) -> Duration {
        let doubled = self.reconnect.first.saturating_mul(1 << failures.min(16));
        doubled.min(self.reconnect.most).mul_f64(self.rng.random_range(0.5..1.0))
    }

    /// Decides what to do after a failed attempt to connect.
    async fn unreached(&mut self, failure: &dial::DialError) -> Fate {
        self.hear(Heard::Lost { code: None, reason: failure.to_string() }).await;
        match failure {
            dial::DialError::Wire(WireError::Http(answer)) if answer.status() == 401 => Fate::Renew,
            dial::DialError::Wire(WireError::Http(answer))
                if answer.status().is_client_error() && answer.status() != 429 =>
            {
                Fate::Over
            }
            dial::DialError::Token(ApiError::SignedOut) => Fate::Over,
            // A refused refresh is final, except for rate limits and server errors.
            dial::DialError::Token(ApiError::Refused { problem, .. })
                if problem.status < 500 && problem.status != 429 =>
            {
                Fate::Over
            }
            _ => Fate::Again(None),
        }
    }

    /// Serves one connection. Returns whether it became ready, and what to do next.
    async fn session(&mut self, wire: Wire) -> (bool, Fate) {
        self.outbox().rewind();
        let silence = Duration::from_secs(30).min(self.api.patience());
        let mut connection = Connection {
            wire,
            silence,
            heard_at: Instant::now(),
            goodbye: None,
            ready: false,
            again: Again::default(),
            renewal: None,
        };
        let fixes = self.fixes.clone();
        loop {
            let ready = connection.ready;
            let again_at = connection.again.at;
            let step = tokio::select! {
                frame = timeout_at(connection.heard_at + connection.silence, connection.wire.next()) => match frame {
                    Ok(Some(Ok(Message::Text(text)))) => self.heard(&mut connection, &text).await,
                    Ok(Some(Ok(Message::Close(close)))) => {
                        let (code, reason) = close
                            .map(|close| (u16::from(close.code), close.reason.to_string()))
                            .unwrap_or((1005, String::new()));
                        let fate = match fate_of(code, &reason, connection.goodbye) {
                            // The client can fix this one by itself: it sends smaller frames.
                            Fate::Over if code == FRAME_TOO_LARGE && self.outbox().halve() => Fate::Again(None),
                            fate => fate,
                        };
                        self.hear(Heard::Lost { code: Some(code), reason }).await;
                        return (connection.ready, fate);
                    }
                    Ok(Some(Ok(_))) => {
                        connection.heard_at = Instant::now();
                        Ok(())
                    }
                    Ok(Some(Err(failure))) => Err(failure.to_string()),
                    Ok(None) => Err("the connection ended".to_owned()),
                    Err(_) => Err("the server fell silent".to_owned()),
                },
                command = self.said.recv(), if ready => match command {
                    Some(command) => self.said(&mut connection, command).await,
                    None => return (ready, Fate::Over),
                },
                () = fixes.notified(), if ready => self.send_fixes(&mut connection).await,
                () = sleep_until(again_at.unwrap_or_else(Instant::now)), if again_at.is_some() => {
                    self.ask_again(&mut connection).await
                }
                token = renewed(&mut connection.renewal) => match token {
                    Ok(token) => say(&mut connection, &Say::Auth { token }, None).await,
                    Err(reason) => Err(reason),
                },
            };
            if let Err(reason) = step {
                self.hear(Heard::Lost { code: None, reason }).await;
                return (connection.ready, Fate::Again(connection.goodbye));
            }
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn hear(&self, heard: Heard) {
        // This fails only when the `Socket` is dropped; then this task is aborted, too.
        let _ = self.tell.send(heard).await;
    }

    async fn heard(&mut self, connection: &mut Connection, text: &str) -> Result<(), String> {
        connection.heard_at = Instant::now();
        let Ok(frame) = serde_json::from_str(text) else {
            self.hear(Heard::Anomaly(Anomaly::Unreadable { text: text.to_owned() })).await;
            return Ok(());
        };
        match frame {
            Hear::Ready(ready) => self.begin(connection, ready).await?,
            Hear::Reply(reply) => self.replied(connection, reply).await,
            Hear::Snapshot(snapshot) => {
                self.ledger.snapshot(&snapshot);
                self.hear(Heard::Snapshot(snapshot)).await;
            }
            Hear::Event(event) => {
                if let Some(anomaly) = self.ledger.event(&event) {
                    self.hear(Heard::Anomaly(anomaly)).await;
                }
                self.hear(Heard::Event(event)).await;
            }
            Hear::Latest(latest) => {
                if let Some(anomaly) = self.ledger.latest(&latest) {
                    self.hear(Heard::Anomaly(anomaly)).await;
                }
                self.hear(Heard::Latest(latest)).await;
            }
            Hear::Ack(acked) => {
                self.outbox().acknowledged(acked.track, acked.seq);
                self.hear(Heard::Acked(acked)).await;
            }
            Hear::Reauth { .. } => {
                let api = self.api.clone();
                // Not awaited here: meanwhile frames go on arriving.
                connection.renewal.get_or_insert_with(|| {
                    tokio::spawn(async move {
                        api.distrust_token().await;
                        api.token().await
                    })
                });
            }
            Hear::Ended { channel, reason } => match reason.as_str() {
                "unavailable" if self.wanted.contains(&channel) => self.subscribe_again(connection, channel),
                _ => self.ended(channel, reason).await,
            },
            Hear::Goodbye { reconnect_after_ms, .. } => {
                connection.goodbye = reconnect_after_ms.map(Duration::from_millis);
            }
            Hear::Pong {} => {}
        }
        Ok(())
    }

    async fn begin(&mut self, connection: &mut Connection, ready: Ready) -> Result<(), String> {
        connection.silence = Duration::from_secs(ready.heartbeat_secs.max(1) * 5 / 2);
        // The server may also send `ready` after a token was renewed in a session.
        if !std::mem::replace(&mut connection.ready, true) {
            for channel in self.wanted.clone() {
                self.resubscribe(connection, channel).await?;
            }
            self.send_fixes(connection).await?;
        }
        self.hear(Heard::Ready(ready)).await;
        Ok(())
    }

    async fn resubscribe(&mut self, connection: &mut Connection, channel: String) -> Result<(), String> {
        let since = self.ledger.since(&channel);
        let reference = self.expect(Asked::Resubscription(channel.clone()));
        say(connection, &Say::Subscribe { channel, since }, Some(reference)).await
    }

    fn subscribe_again(&mut self, connection: &mut Connection, channel: String) {
        connection.again.channels.insert(channel);
        self.later(connection);
    }

    /// Schedules the requests in `connection.again` after a short random pause.
    fn later(&mut self, connection: &mut Connection) {
        let pause = self.backoff(1);
        connection.again.at.get_or_insert_with(|| Instant::now() + pause);
    }

    async fn ask_again(&mut self, connection: &mut Connection) -> Result<(), String> {
        let Again { channels, fixes, .. } = std::mem::take(&mut connection.again);
        for channel in
            channels.into_iter().filter(|channel| self.wanted.contains(channel)).collect::<Vec<_>>()
        {
            self.resubscribe(connection, channel).await?;
        }
        if fixes {
            self.outbox().rewind();
            self.send_fixes(connection).await?;
        }
        Ok(())
    }

    async fn ended(&mut self, channel: String, reason: String) {
        self.wanted.remove(&channel);
        self.ledger.forget(&channel);
        self.hear(Heard::Ended { channel, reason }).await;
    }

    async fn replied(&mut self, connection: &mut Connection, reply: Reply) {
        let reference = reply.reference.and_then(|text| text.parse::<u64>().ok());
        let result = match reply.problem {
            Some(problem) => Err(problem),
            None => Ok(reply.ok.unwrap_or(Value::Null)),
        };
        match reference.and_then(|reference| self.asked.remove(&reference)) {
            Some(Asked::Frame(answer)) => drop(answer.send(result.map_err(AskError::Refused))),
            Some(Asked::Resubscription(channel)) => match result {
                Err(problem) if is_final(&problem.kind) => self.ended(channel, problem.kind).await,
                Err(_) => self.subscribe_again(connection, channel),
                Ok(_) => {}
            },
            // The server could not store the fixes: all unacknowledged ones are sent again.
            None if reference == Some(FIXES) && result.is_err() => {
                connection.again.fixes = true;
                self.later(connection);
            }
            // The reply to a frame for which nobody waits.
            None => {}
        }
    }

    async fn said(&mut self, connection: &mut Connection, command: Command) -> Result<(), String> {
        match command {
            Command::Ask(mut frame, answer) => {
                match &mut frame {
                    Say::Subscribe { channel, since } => {
                        self.wanted.insert(channel.clone());
                        *since = self.ledger.since(channel);
                    }
                    Say::Unsubscribe { channel } => {
                        self.wanted.remove(channel);
                    }
                    _ => {}
                }
                let reference = self.expect(Asked::Frame(answer));
                say(connection, &frame, Some(reference)).await
            }
            Command::Tell(frame) => say(connection, &frame, None).await,
            Command::Cut => Err("cut".to_owned()),
        }
    }

    fn expect(&mut self, asked: Asked) -> u64 {
        self.last_ref += 1;
        self.asked.insert(self.last_ref, asked);
        self.last_ref
    }

    async fn send_fixes(&mut self, connection: &mut Connection) -> Result<(), String> {
        loop {
            let frame = self.outbox().next_frame();
            let Some(frame) = frame else { return Ok(()) };
            say(connection, &frame, Some(FIXES)).await?;
        }
    }
}

/// The new token, once there is one.
async fn renewed(renewal: &mut Option<JoinHandle<Result<String, ApiError>>>) -> Result<String, String> {
    let Some(refresh) = renewal else { return std::future::pending().await };
    let refreshed = refresh.await;
    *renewal = None;
    refreshed.map_err(|crash| crash.to_string())?.map_err(|failure| failure.to_string())
}

async fn say(connection: &mut Connection, frame: &Say, reference: Option<u64>) -> Result<(), String> {
    connection.wire.send(Message::text(frame.to_text(reference))).await.map_err(|e| e.to_string())
}

/// Whether a subscription is refused for good. Other problems may be temporary.
fn is_final(problem: &str) -> bool {
    matches!(problem, "not_found" | "channel_unknown" | "forbidden" | "too_many_subscriptions")
}

/// What the protocol requires after a close code.
fn fate_of(code: u16, reason: &str, goodbye: Option<Duration>) -> Fate {
    match code {
        4400..=4999 if reason.starts_with("unauthenticated") => Fate::Renew,
        4400..=4999 => Fate::Over,
        _ => Fate::Again(goodbye),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_close_code_decides_whether_to_come_back() {
        assert!(matches!(fate_of(4401, "unauthenticated", None), Fate::Renew));
        assert!(matches!(fate_of(4403, "superseded", None), Fate::Over));
        assert!(matches!(fate_of(4002, "slow_reader", None), Fate::Again(None)));
        let named = Some(Duration::from_millis(700));
        assert!(
            matches!(fate_of(1001, "going away", named), Fate::Again(Some(pause)) if Some(pause) == named)
        );
    }
}
