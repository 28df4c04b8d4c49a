//! The realtime client: one socket that keeps its promises through
//! disconnections.
//!
//! A task owns the connection. [`Line`] speaks to it and may be cloned;
//! [`Socket`] listens. After a loss the task connects again with backoff,
//! subscribes anew with `since`, and sends again the fixes that were not
//! acknowledged. Which closes end it for good is the protocol's rule: codes
//! 4400–4999 mean "not until the cause is mended", and the one cause that a
//! client can mend by itself is a token that ran out.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::{Error as WireError, Message};
use uuid::Uuid;

use crate::ambient;
use crate::api::{Api, ApiError, Problem};
use crate::dial::{self, Wire};
use crate::frame::{Event, Hear, Latest, Ready, Reply, Say, Snapshot};
use crate::ledger::{Anomaly, Ledger};
use crate::outbox::{Outbox, Reading};
use crate::shapes::Acked;

/// How long an answer to a frame is awaited, reconnections included.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Frames that may wait for the listener before the socket stops reading.
const HEARD_AHEAD: usize = 4096;
/// Frames that may wait to be said.
const SAID_AHEAD: usize = 256;

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Whether to connect again after a loss.
    pub reconnect: bool,
    /// The first pause before connecting again; it doubles up to `most`.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
    /// What jitter and the track's id are drawn from.
    pub seed: u64,
}

impl Default for Manners {
    fn default() -> Self {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(10));
        Self { reconnect: true, first, most, seed: ambient::luck() }
    }
}

/// What came over the socket, or became of it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub enum Heard {
    /// A session stands; after a loss, again.
    Ready(Ready),
    /// A channel's state.
    Snapshot(Snapshot),
    /// Something happened.
    Event(Event),
    /// Something moved.
    Latest(Latest),
    /// Fixes are safe.
    Acked(Acked),
    /// A channel is over for us.
    Ended { channel: String, reason: String },
    /// A promise was broken; the frame that broke it follows.
    Anomaly(Anomaly),
    /// The connection is lost; `code` is the server's close code, if it gave one.
    Lost { code: Option<u16>, reason: String },
}

/// Why a frame came to nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AskError {
    /// The server refused, with its reason.
    #[error("{0}")]
    Refused(Problem),
    /// The connection went before the answer came: it may have been done.
    #[error("the connection was lost before the answer")]
    Lost,
    /// No answer in time.
    #[error("no answer within {} s", ANSWER_WITHIN.as_secs())]
    Late,
    /// The socket has ended for good.
    #[error("the socket is closed")]
    Closed,
}

enum Command {
    Ask(Say, oneshot::Sender<Result<Value, AskError>>),
    Tell(Say),
    Cut,
}

/// The speaking end of a socket.
#[derive(Clone)]
pub struct Line {
    commands: mpsc::Sender<Command>,
    outbox: Arc<Mutex<Outbox>>,
    fixes: Arc<Notify>,
}

impl Line {
    /// Says something and waits for what comes of it.
    pub async fn ask(&self, say: Say) -> Result<Value, AskError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command::Ask(say, answer)).await.map_err(|_| AskError::Closed)?;
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(AskError::Lost),
            Err(_) => Err(AskError::Late),
        }
    }

    /// Says something that needs no answer.
    pub async fn tell(&self, say: Say) {
        // A closed socket has told its listener so already.
        let _ = self.commands.send(Command::Tell(say)).await;
    }

    /// Listens to a channel, from where it was left if it was heard before,
    /// and again after every reconnect.
    pub async fn subscribe(&self, channel: impl Into<String>) -> Result<Value, AskError> {
        self.ask(Say::Subscribe { channel: channel.into(), since: None }).await
    }

    /// Listens to a channel no longer.
    pub async fn unsubscribe(&self, channel: impl Into<String>) -> Result<Value, AskError> {
        self.ask(Say::Unsubscribe { channel: channel.into() }).await
    }

    /// Reports a step of a delivery.
    pub async fn step(&self, order_id: Uuid, step: &str) -> Result<Value, AskError> {
        self.ask(Say::DeliveryStep { order_id, step: step.to_owned() }).await
    }

    /// Hands over a reading. It is kept until the server acknowledges its
    /// sequence number, which is returned.
    pub fn fix(&self, reading: Reading) -> i64 {
        let seq = self.outbox.lock().unwrap_or_else(PoisonError::into_inner).keep(reading);
        self.fixes.notify_one();
        seq
    }

    /// How many fixes wait for their acknowledgement.
    pub fn unacknowledged(&self) -> usize {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Breaks the connection without a word, as a tunnel does. The socket
    /// connects again by itself.
    pub async fn cut(&self) {
        let _ = self.commands.send(Command::Cut).await;
    }
}

/// The listening end of a socket. Dropping it ends the connection.
pub struct Socket {
    line: Line,
    heard: mpsc::Receiver<Heard>,
    task: JoinHandle<()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Socket {
    /// Opens a socket for whoever is signed in at `api`. The connection is
    /// made in the background; what is said meanwhile waits for it.
    pub fn open(api: &Api, manners: Manners) -> Self {
        let (commands, said) = mpsc::channel(SAID_AHEAD);
        let (tell, heard) = mpsc::channel(HEARD_AHEAD);
        let mut rng = StdRng::seed_from_u64(manners.seed);
        // A track is positive and, as a number, exact in every client's language.
        let outbox = Arc::new(Mutex::new(Outbox::new(rng.random_range(1..1 << 31))));
        let line = Line { commands, outbox: outbox.clone(), fixes: Arc::new(Notify::new()) };
        let worker = Worker {
            api: api.clone(),
            manners,
            said,
            tell,
            outbox,
            fixes: line.fixes.clone(),
            rng,
            wanted: BTreeSet::new(),
            ledger: Ledger::default(),
            asked: HashMap::new(),
            last_ref: 0,
        };
        Self { line, heard, task: tokio::spawn(worker.run()) }
    }

    /// The speaking end.
    pub fn line(&self) -> Line {
        self.line.clone()
    }

    /// What comes next; none when the socket has ended for good.
    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// Listens until `pick` finds what it looks for; none if the socket ends
    /// or `within` passes first. What it passes over is gone.
    pub async fn until<T>(
        &mut self,
        within: Duration,
        mut pick: impl FnMut(&Heard) -> Option<T>,
    ) -> Option<T> {
        let search = async {
            while let Some(heard) = self.heard.recv().await {
                if let Some(found) = pick(&heard) {
                    return Some(found);
                }
            }
            None
        };
        tokio::time::timeout(within, search).await.ok().flatten()
    }
}

/// What an ended connection means.
enum Fate {
    /// Connect again after this long; none: after the usual backoff.
    Again(Option<Duration>),
    /// Connect again with a new token.
    Renew,
    /// It is over.
    Over,
}

/// The waiting answer of a frame that was asked.
enum Asked {
    Frame(oneshot::Sender<Result<Value, AskError>>),
    Resubscription(String),
}

struct Worker {
    api: Api,
    manners: Manners,
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
    goodbye: Option<Duration>,
    ready: bool,
}

impl Worker {
    async fn run(mut self) {
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
                _ if !self.manners.reconnect => return,
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
        let doubled = self.manners.first.saturating_mul(1 << failures.min(16));
        doubled.min(self.manners.most).mul_f64(self.rng.random_range(0.5..1.0))
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
            dial::DialError::Token(ApiError::SignedOut | ApiError::Refused { .. }) => Fate::Over,
            _ => Fate::Again(None),
        }
    }

    /// Lives through one connection.
    async fn session(&mut self, wire: Wire) -> (bool, Fate) {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner).rewind();
        let mut connection =
            Connection { wire, silence: Duration::from_secs(30), goodbye: None, ready: false };
        let fixes = self.fixes.clone();
        loop {
            let ready = connection.ready;
            let step = tokio::select! {
                frame = tokio::time::timeout(connection.silence, connection.wire.next()) => match frame {
                    Ok(Some(Ok(Message::Text(text)))) => self.heard(&mut connection, &text).await,
                    Ok(Some(Ok(Message::Close(close)))) => {
                        let (code, reason) = close
                            .map(|close| (u16::from(close.code), close.reason.to_string()))
                            .unwrap_or((1005, String::new()));
                        let fate = fate_of(code, &reason, connection.goodbye);
                        self.hear(Heard::Lost { code: Some(code), reason }).await;
                        return (connection.ready, fate);
                    }
                    Ok(Some(Ok(_))) => Ok(()),
                    Ok(Some(Err(failure))) => Err(failure.to_string()),
                    Ok(None) => Err("the connection ended".to_owned()),
                    Err(_) => Err("the server fell silent".to_owned()),
                },
                command = self.said.recv(), if ready => match command {
                    Some(command) => self.said(&mut connection, command).await,
                    None => return (ready, Fate::Over),
                },
                () = fixes.notified(), if ready => self.send_fixes(&mut connection).await,
            };
            if let Err(reason) = step {
                self.hear(Heard::Lost { code: None, reason }).await;
                return (connection.ready, Fate::Again(connection.goodbye));
            }
        }
    }

    async fn hear(&self, heard: Heard) {
        // Nobody listens any more: the task is about to be aborted.
        let _ = self.tell.send(heard).await;
    }

    async fn heard(&mut self, connection: &mut Connection, text: &str) -> Result<(), String> {
        let Ok(frame) = serde_json::from_str(text) else {
            self.hear(Heard::Anomaly(Anomaly::Unreadable { text: text.to_owned() })).await;
            return Ok(());
        };
        match frame {
            Hear::Ready(ready) => self.begin(connection, ready).await?,
            Hear::Reply(reply) => self.replied(reply).await,
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
                self.outbox
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .acknowledged(acked.track, acked.seq);
                self.hear(Heard::Acked(acked)).await;
            }
            Hear::Reauth { .. } => {
                self.api.distrust_token().await;
                let token = self.api.token().await.map_err(|e| e.to_string())?;
                say(connection, &Say::Auth { token }, None).await?;
            }
            Hear::Ended { channel, reason } => self.ended(channel, reason).await,
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
                let since = self.ledger.since(&channel);
                let reference = self.expect(Asked::Resubscription(channel.clone()));
                say(connection, &Say::Subscribe { channel, since }, Some(reference)).await?;
            }
            self.send_fixes(connection).await?;
        }
        self.hear(Heard::Ready(ready)).await;
        Ok(())
    }

    async fn ended(&mut self, channel: String, reason: String) {
        self.wanted.remove(&channel);
        self.ledger.forget(&channel);
        self.hear(Heard::Ended { channel, reason }).await;
    }

    async fn replied(&mut self, reply: Reply) {
        let reference = reply.reference.and_then(|text| text.parse::<u64>().ok());
        let result = match reply.problem {
            Some(problem) => Err(problem),
            None => Ok(reply.ok.unwrap_or(Value::Null)),
        };
        match reference.and_then(|reference| self.asked.remove(&reference)) {
            Some(Asked::Frame(answer)) => drop(answer.send(result.map_err(AskError::Refused))),
            Some(Asked::Resubscription(channel)) => {
                if let Err(problem) = result {
                    self.ended(channel, problem.kind).await;
                }
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
            let frame = self.outbox.lock().unwrap_or_else(PoisonError::into_inner).next_frame();
            let Some(frame) = frame else { return Ok(()) };
            say(connection, &frame, None).await?;
        }
    }
}

async fn say(connection: &mut Connection, frame: &Say, reference: Option<u64>) -> Result<(), String> {
    connection.wire.send(Message::text(frame.to_text(reference))).await.map_err(|e| e.to_string())
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
