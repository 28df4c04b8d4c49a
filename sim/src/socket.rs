//! The realtime client: one socket that reconnects, resubscribes and resends
//! fixes after a lost connection.
//!
//! A task (the worker) owns the connection. [`Line`] is the sending handle and
//! may be cloned; [`Socket`] receives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::api::{Api, Problem};
use crate::frame::{Event, Latest, Ready, Say, Snapshot};
use crate::ledger::Anomaly;
use crate::outbox::{Outbox, Reading};
use crate::responses::Acked;
use crate::system;
use crate::worker::Worker;

/// How long to wait for the answer to a frame, including the time to connect.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Received frames that may be queued before the socket stops reading.
const HEARD_AHEAD: usize = 4096;
/// Frames that may be queued for sending.
const SAID_AHEAD: usize = 256;

/// How a client reconnects.
#[derive(Clone, Debug)]
pub struct ReconnectPolicy {
    /// Whether to connect again after the connection is lost.
    pub reconnect: bool,
    /// The first backoff before connecting again; it doubles up to `most`.
    pub first: Duration,
    /// The longest backoff.
    pub most: Duration,
    /// The seed of the jitter and of the track's id.
    pub seed: u64,
}

impl Default for ReconnectPolicy {
    fn default() -> Self {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(10));
        Self { reconnect: true, first, most, seed: system::luck() }
    }
}

/// A frame received on the socket, or a change of its connection.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub enum Heard {
    /// A session is established, for the first time or after a reconnect.
    Ready(Ready),
    /// A channel's state.
    Snapshot(Snapshot),
    /// An event on a channel.
    Event(Event),
    /// The newest position on a channel.
    Latest(Latest),
    /// The server has stored fixes.
    Acked(Acked),
    /// A subscription has ended.
    Ended { channel: String, reason: String },
    /// The server violated a guarantee. The frame that did so follows if it can be read.
    Anomaly(Anomaly),
    /// The connection is lost; `code` is the server's close code, if it gave one.
    Lost { code: Option<u16>, reason: String },
}

/// Why a frame has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AskError {
    /// The server refused, with its reason.
    #[error("{0}")]
    Refused(Problem),
    /// The connection was lost before the answer came. The server may have acted on the frame.
    #[error("the connection was lost before the answer")]
    Lost,
    /// No answer came in time.
    #[error("no answer within {} s", ANSWER_WITHIN.as_secs())]
    Late,
    /// The socket is closed and does not reconnect.
    #[error("the socket is closed")]
    Closed,
}

pub(crate) enum Command {
    Ask(Say, oneshot::Sender<Result<Value, AskError>>),
    Tell(Say),
    Cut,
}

/// The sending handle of a socket.
#[derive(Clone)]
pub struct Line {
    commands: mpsc::Sender<Command>,
    pub(crate) outbox: Arc<Mutex<Outbox>>,
    pub(crate) fixes: Arc<Notify>,
}

impl Line {
    /// Sends a frame and waits for its reply.
    pub async fn ask(&self, say: Say) -> Result<Value, AskError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command::Ask(say, answer)).await.map_err(|_| AskError::Closed)?;
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(AskError::Lost),
            Err(_) => Err(AskError::Late),
        }
    }

    /// Sends a frame that needs no reply.
    pub async fn tell(&self, say: Say) {
        // If the socket is closed, its receiver knows already.
        let _ = self.commands.send(Command::Tell(say)).await;
    }

    /// Subscribes to a channel, from the last offset received if there is one,
    /// and again after every reconnect.
    pub async fn subscribe(&self, channel: impl Into<String>) -> Result<Value, AskError> {
        self.ask(Say::Subscribe { channel: channel.into(), since: None }).await
    }

    /// Unsubscribes from a channel.
    pub async fn unsubscribe(&self, channel: impl Into<String>) -> Result<Value, AskError> {
        self.ask(Say::Unsubscribe { channel: channel.into() }).await
    }

    /// Reports a step of a delivery.
    pub async fn step(&self, order_id: Uuid, step: &str) -> Result<Value, AskError> {
        self.ask(Say::DeliveryStep { order_id, step: step.to_owned() }).await
    }

    /// Queues a reading. It is kept until the server acknowledges its sequence
    /// number, which is returned.
    pub fn fix(&self, reading: Reading) -> i64 {
        let seq = self.outbox.lock().unwrap_or_else(PoisonError::into_inner).keep(reading);
        self.fixes.notify_one();
        seq
    }

    /// The id of this phone's run of sequence numbers.
    pub fn track(&self) -> i64 {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner).track()
    }

    /// The number of fixes that the server has not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Drops the connection without a close frame, as a phone in a tunnel does.
    /// The socket connects again by itself.
    pub async fn cut(&self) {
        let _ = self.commands.send(Command::Cut).await;
    }
}

/// The receiving handle of a socket. Dropping it ends the connection.
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
    /// Opens a socket for the person who is signed in at `api`. It connects in
    /// the background; frames sent before that are queued.
    pub fn open(api: &Api, reconnect: ReconnectPolicy) -> Self {
        let (commands, said) = mpsc::channel(SAID_AHEAD);
        let (tell, heard) = mpsc::channel(HEARD_AHEAD);
        let mut rng = StdRng::seed_from_u64(reconnect.seed);
        // A track is positive and small enough to be exact in languages whose numbers are doubles.
        let outbox = Arc::new(Mutex::new(Outbox::new(rng.random_range(1..1 << 31))));
        let line = Line { commands, outbox, fixes: Arc::new(Notify::new()) };
        let worker = Worker::new(api.clone(), reconnect, rng, (said, tell), &line);
        Self { line, heard, task: tokio::spawn(worker.run()) }
    }

    /// The sending handle.
    pub fn line(&self) -> Line {
        self.line.clone()
    }

    /// The next thing received; none when the socket is closed and does not reconnect.
    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// Receives until `pick` returns a value; none if the socket ends or `within`
    /// passes first. What `pick` does not match is discarded.
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;
    use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;

    use futures::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;

    use super::*;
    use crate::dial::{self, Wire};
    use crate::responses::{Place, Tokens};
    use crate::system::now;

    /// The server's end of one connection.
    struct Peer(Wire);

    impl Peer {
        async fn accept(listener: &TcpListener) -> Self {
            let (stream, _) = listener.accept().await.unwrap();
            #[expect(clippy::result_large_err, reason = "the library's own signature")]
            let agree = |_: &Request, mut response: Response| {
                response.headers_mut().insert("sec-websocket-protocol", dial::SUBPROTOCOL.parse().unwrap());
                Ok(response)
            };
            let mut peer = Self(tokio_tungstenite::accept_hdr_async(stream, agree).await.unwrap());
            let id = Uuid::nil();
            peer.say(
                json!({"op": "ready", "user_id": id, "session_id": id, "roles": [], "heartbeat_secs": 1}),
            )
            .await;
            peer
        }

        async fn say(&mut self, frame: Value) {
            self.0.send(Message::text(frame.to_string())).await.unwrap();
        }

        async fn hear(&mut self) -> Value {
            loop {
                if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                    return serde_json::from_str(&text).unwrap();
                }
            }
        }
    }

    async fn signed_in() -> (TcpListener, Api) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = Api::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let tokens = json!({
            "access_token": "a", "expires_in": 600, "refresh_token": "r",
            "user_id": Uuid::nil(), "session_id": Uuid::nil(),
        });
        api.become_owner_of(serde_json::from_value::<Tokens>(tokens).unwrap()).await;
        (listener, api)
    }

    fn reading() -> Reading {
        let place = Place { lat: 37.5, lon: 127.0 };
        Reading { at: now(), place, accuracy_m: 5.0, speed_mps: 0.0, heading_deg: None }
    }

    #[tokio::test]
    async fn after_a_loss_channels_go_on_where_they_were_and_fixes_are_sent_again() {
        let (listener, api) = signed_in().await;
        let first = Duration::from_millis(1);
        let mut socket = Socket::open(&api, ReconnectPolicy { first, ..ReconnectPolicy::default() });
        let line = socket.line();

        let mut peer = Peer::accept(&listener).await;
        let asking = tokio::spawn({
            let line = line.clone();
            async move { line.subscribe("desk").await }
        });
        let subscribe = peer.hear().await;
        assert_eq!((&subscribe["op"], subscribe.get("since")), (&json!("subscribe"), None));
        peer.say(json!({"op": "reply", "ref": subscribe["ref"], "ok": {}})).await;
        asking.await.unwrap().unwrap();
        let at = now();
        peer.say(json!({"op": "snapshot", "channel": "desk", "epoch": "e", "offset": 3, "data": {}})).await;
        peer.say(json!({"op": "event", "channel": "desk", "epoch": "e", "offset": 4, "type": "desk.queued",
            "at": at, "data": {}}))
            .await;
        let seen = socket.until(Duration::from_secs(5), |heard| match heard {
            Heard::Event(event) => event.offset,
            _ => None,
        });
        assert_eq!(seen.await, Some(4));
        line.fix(reading());
        let sent = peer.hear().await;
        drop(peer);

        let mut peer = Peer::accept(&listener).await;
        let again = peer.hear().await;
        assert_eq!(again["since"], json!({"epoch": "e", "offset": 4}));
        assert_eq!(peer.hear().await["fixes"], sent["fixes"]);
        assert_eq!(line.unacknowledged(), 1);
        peer.say(json!({"op": "ack", "track": sent["track"], "seq": 1})).await;
        let acked = |heard: &Heard| matches!(heard, Heard::Acked(_)).then_some(());
        assert!(socket.until(Duration::from_secs(5), acked).await.is_some());
        assert_eq!(line.unacknowledged(), 0);
    }

    #[tokio::test]
    async fn a_courier_who_speaks_all_the_time_notices_that_nobody_answers() {
        let (listener, api) = signed_in().await;
        let first = Duration::from_millis(1);
        let mut socket = Socket::open(
            &api.hurried(Duration::from_millis(500)),
            ReconnectPolicy { first, ..ReconnectPolicy::default() },
        );
        let line = socket.line();
        let speaking = tokio::spawn(async move {
            loop {
                line.fix(reading());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        // `ready` announces a ping each second, but none comes.
        let _peer = Peer::accept(&listener).await;
        let lost = |heard: &Heard| matches!(heard, Heard::Lost { .. }).then_some(());
        assert!(socket.until(Duration::from_secs(10), lost).await.is_some());
        speaking.abort();
    }

    #[tokio::test]
    async fn fixes_that_could_not_be_kept_are_sent_again_on_the_same_connection() {
        let (listener, api) = signed_in().await;
        let first = Duration::from_millis(1);
        let socket = Socket::open(&api, ReconnectPolicy { first, ..ReconnectPolicy::default() });
        let mut peer = Peer::accept(&listener).await;
        socket.line().fix(reading());
        let sent = peer.hear().await;
        peer.say(json!({"op": "reply", "ref": sent["ref"], "problem": {"type": "unavailable", "title": "Service Unavailable"}}))
            .await;
        assert_eq!(peer.hear().await["fixes"], sent["fixes"]);
    }

    #[tokio::test]
    async fn a_channel_that_could_not_be_followed_just_now_is_asked_for_again() {
        let (listener, api) = signed_in().await;
        let first = Duration::from_millis(1);
        let socket = Socket::open(&api, ReconnectPolicy { first, ..ReconnectPolicy::default() });
        let line = socket.line();
        let mut peer = Peer::accept(&listener).await;
        let asking = tokio::spawn(async move { line.subscribe("desk").await });
        let subscribe = peer.hear().await;
        peer.say(json!({"op": "reply", "ref": subscribe["ref"], "ok": {}})).await;
        asking.await.unwrap().unwrap();
        peer.say(json!({"op": "ended", "channel": "desk", "reason": "unavailable"})).await;
        let again = peer.hear().await;
        assert_eq!((&again["op"], &again["channel"]), (&json!("subscribe"), &json!("desk")));
    }

    #[tokio::test]
    async fn while_a_token_is_refreshed_what_happens_is_heard() {
        let (listener, api) = signed_in().await;
        let mut socket = Socket::open(&api, ReconnectPolicy::default());
        let mut peer = Peer::accept(&listener).await;
        peer.say(json!({"op": "reauth", "expires_at": now()})).await;
        // The refresh, which is not answered yet.
        let (mut refresh, _) = listener.accept().await.unwrap();
        peer.say(json!({"op": "event", "channel": "desk", "epoch": "e", "offset": 4, "type": "desk.queued",
            "at": now(), "data": {}}))
            .await;
        let seen = socket.until(Duration::from_secs(5), |heard| match heard {
            Heard::Event(event) => event.offset,
            _ => None,
        });
        assert_eq!(seen.await, Some(4));
        let tokens = json!({
            "access_token": "b", "expires_in": 600, "refresh_token": "s",
            "user_id": Uuid::nil(), "session_id": Uuid::nil(),
        })
        .to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            tokens.len()
        );
        refresh.write_all(format!("{head}{tokens}").as_bytes()).await.unwrap();
        let auth = peer.hear().await;
        assert_eq!((&auth["op"], &auth["token"]), (&json!("auth"), &json!("b")));
    }

    #[tokio::test]
    async fn a_socket_that_was_superseded_does_not_come_back() {
        let (listener, api) = signed_in().await;
        let mut socket = Socket::open(&api, ReconnectPolicy::default());
        let mut peer = Peer::accept(&listener).await;
        let superseded = CloseFrame { code: 4403.into(), reason: "superseded".into() };
        peer.0.close(Some(superseded)).await.unwrap();
        let mut codes = Vec::new();
        while let Some(heard) = socket.next().await {
            if let Heard::Lost { code, .. } = heard {
                codes.push(code);
            }
        }
        assert_eq!(codes, [Some(4403)]);
    }

    #[tokio::test]
    async fn after_a_goodbye_it_comes_back_when_it_was_told_to() {
        let (listener, api) = signed_in().await;
        // The client's own backoff is shorter in the first case and longer in the second.
        for (first, told_ms) in [(Duration::from_millis(1), 400_u64), (Duration::from_secs(600), 10)] {
            let _socket =
                Socket::open(&api, ReconnectPolicy { first, most: first, ..ReconnectPolicy::default() });
            let mut peer = Peer::accept(&listener).await;
            peer.say(json!({"op": "goodbye", "reason": "going_away", "reconnect_after_ms": told_ms})).await;
            let left = std::time::Instant::now();
            peer.0.close(Some(CloseFrame { code: 1001.into(), reason: "going_away".into() })).await.unwrap();
            let again = tokio::time::timeout(Duration::from_secs(30), Peer::accept(&listener)).await;
            assert!(again.is_ok(), "it does not come back");
            assert!(left.elapsed() >= Duration::from_millis(told_ms), "it comes back too early");
        }
    }
}
