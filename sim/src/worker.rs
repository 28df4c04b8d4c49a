//! The task behind a socket: connects, listens, speaks, and connects again.
//!
//! After a loss it waits with backoff, subscribes anew with `since`, and sends
//! again the fixes that were not acknowledged. Which closes end it for good is
//! the protocol's rule: codes 4400–4999 mean "not until the cause is mended",
//! and the causes that a client can mend by itself are a token that ran out and a frame
//! of fixes that was too large.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_tungstenite::tungstenite::{Error as WireError, Message};

use crate::api::{Api, ApiError};
use crate::dial::{self, Wire};
use crate::frame::{Hear, Ready, Reply, Say};
use crate::ledger::{Anomaly, Ledger};
use crate::outbox::Outbox;
use crate::socket::{AskError, Command, Heard, Line, ReconnectPolicy};

/// What an ended connection means.
enum Fate {
    /// Connect again after this long; none: after the usual backoff.
    Again(Option<Duration>),
    /// Connect again with a new token.
    Renew,
    /// It is over.
    Over,
}

/// The `ref` of all frames of fixes: they are answered by an `ack`, and by a
/// `reply` only where they could not be taken.
const FIXES: u64 = 0;

/// The close code of a frame with more bytes than the server takes.
const FRAME_TOO_LARGE: u16 = 4405;

/// The waiting answer of a frame that was asked.
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

/// A connection that stands, with what was learnt of it.
struct Connection {
    wire: Wire,
    silence: Duration,
    /// When the server was heard last: whoever speaks much must notice silence, too.
    heard_at: Instant,
    goodbye: Option<Duration>,
    ready: bool,
    again: Again,
}

/// What the server could not do just now, and is asked once more.
#[derive(Default)]
struct Again {
    at: Option<Instant>,
    channels: BTreeSet<String>,
    fixes: bool,
}

impl Worker {
    /// What a socket's task starts with.
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

    /// Lives from connection to connection.
    pub(crate) async fn run(mut self) {
        let (mut failures, mut renewals) = (0, 0);
        loop {
            let (was_ready, fate) = match dial::dial(&self.api).await {
                Ok(wire) => self.session(wire).await,
                Err(failure) => (false, self.unreached(&failure).await),
            };
            // Whoever waits for an answer must not wait for another connection.
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

    /// No connection came about.
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
            // A refresh that is refused for good ends it; "later" does not.
            dial::DialError::Token(ApiError::Refused { problem, .. })
                if problem.status < 500 && problem.status != 429 =>
            {
                Fate::Over
            }
            _ => Fate::Again(None),
        }
    }

    /// Lives through one connection.
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
                            // The one mistake of ours that we can mend: the next frames are smaller.
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
        // Nobody listens any more: the task is about to be aborted.
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
                self.api.distrust_token().await;
                let token = self.api.token().await.map_err(|e| e.to_string())?;
                say(connection, &Say::Auth { token }, None).await?;
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
        // A token that is renewed mid-session may be answered so, too.
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

    /// What could not be done is asked again after a short, random pause.
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
            // Fixes that could not be kept: all that wait go again.
            None if reference == Some(FIXES) && result.is_err() => {
                connection.again.fixes = true;
                self.later(connection);
            }
            // The answer to a frame that was only told.
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

async fn say(connection: &mut Connection, frame: &Say, reference: Option<u64>) -> Result<(), String> {
    connection.wire.send(Message::text(frame.to_text(reference))).await.map_err(|e| e.to_string())
}

/// Whether a channel is refused for good; anything else may go better later.
fn is_final(problem: &str) -> bool {
    matches!(problem, "not_found" | "channel_unknown" | "forbidden" | "too_many_subscriptions")
}

/// What the protocol says of a close code.
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
