//! One socket, from `auth` to its close: a plain task.
//!
//! ```text
//! connected ─ auth ─▶ ready ─┬─ commands, one after another
//!     │ 5 s                  ├─ fixes, side by side
//!     ▼                      ├─ what the hub tells
//! auth_timeout               └─ heartbeat, token's end ─▶ close
//! ```
//! 1. Only this task writes to its socket, and only what its outbox holds waits.
//! 2. Back pressure reaches the client: what can't be taken is not read.
//! 3. Malformed frames cost the client its patience, never another session.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use domain::{Channel, CourierId, Failure, Kind, Principal, Refused, Timestamp};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use services::auth::{self, Verified};
use services::live::{Outbox, Place, Since, Stop, Subscription};
use tokio::time::{Instant, Sleep};

use crate::close::Close;
use crate::commands;
use crate::courier::{Answer, Fixes};
use crate::frame::{BadFrame, ClientFrame, Problem, Request, ServerFrame};
use crate::rate::Rate;
use crate::routes::Port;
use crate::wire::{Turn, Wire};

/// Answers that are remembered for commands that are sent again.
const ANSWERS_KEPT: usize = 16;

/// A session that is ready.
struct Session {
    port: Arc<Port>,
    wire: Wire,
    who: Arc<Principal>,
    expires_at: Timestamp,
    place: Place,
    outbox: Arc<Outbox>,
    subscriptions: Vec<Subscription>,
    /// The command that is being done.
    current: Option<BoxFuture<'static, Done>>,
    waiting: VecDeque<Request>,
    answered: VecDeque<(String, Utf8Bytes)>,
    fixes: Option<Box<Fixes>>,
    frames: Rate,
    patience: Rate,
    unanswered_pings: u8,
    ping_at: Instant,
    /// When to ask for a new token, and then when the present one ends.
    token_at: Instant,
    asked: bool,
}

/// A command that was done.
struct Done {
    reference: Option<String>,
    /// Remember the answer: a repeated command gets it again.
    keep: bool,
    outcome: Result<Effect, Failure>,
}

enum Effect {
    Answered(Value),
    Subscribed(Subscription, Value),
    /// The socket speaks for its courier; what made it so comes again.
    Connected(CourierId, u64, ClientFrame),
}

enum Happened {
    Socket(Turn),
    Done(Done),
    Fixes(Answer),
    Timer,
}

/// Serves one socket until it is over.
pub(crate) async fn serve(port: Arc<Port>, socket: WebSocket, token: Option<String>) {
    let mut wire = Wire::new(socket);
    let closing = match Box::pin(greet(&port, &mut wire, token)).await {
        Ok(verified) => match enter(&port, &verified) {
            Ok((place, outbox)) => {
                return live(Session::new(port, wire, verified, place, outbox)).await;
            }
            Err(close) => Some(close),
        },
        Err(closing) => closing,
    };
    finish(&port, wire, closing).await;
}

async fn live(mut session: Session) {
    metrics::gauge!("realtime_sockets").increment(1);
    let mut timer = Box::pin(tokio::time::sleep_until(session.next_deadline()));
    session.ready();
    Box::pin(commands::came(&session.port.app, &session.who)).await;
    let closing = loop {
        let happened = std::future::poll_fn(|cx| session.poll(timer.as_mut(), cx)).await;
        if let Err(closing) = session.handle(happened) {
            break closing;
        }
        let deadline = session.next_deadline();
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
    };
    metrics::gauge!("realtime_sockets").decrement(1);
    let Session { port, wire, who, subscriptions, outbox, place, .. } = session;
    drop((subscriptions, outbox));
    Box::pin(commands::went(&port.app, &who)).await;
    finish(&port, wire, closing).await;
    drop(place); // the roll knows the socket until its close is through
}

async fn finish(port: &Port, wire: Wire, closing: Option<Close>) {
    let Some(close) = closing else { return };
    metrics::counter!("realtime_closes_total", "name" => close.name()).increment(1);
    let closed = Box::pin(wire.close(close));
    // A client that does not listen is not waited for.
    let _ = tokio::time::timeout(port.limits.close_within, closed).await;
}

/// Waits for a good token. `Err(None)`: the client is gone.
async fn greet(port: &Port, wire: &mut Wire, token: Option<String>) -> Result<Verified, Option<Close>> {
    let (reference, token) = match token {
        Some(token) => (None, token),
        None => {
            let first = first_frame(wire);
            match tokio::time::timeout(port.limits.auth_within, first).await {
                Ok(Ok(auth)) => auth,
                Ok(Err(closing)) => return Err(closing),
                Err(_) => return Err(Some(Close::AuthTimeout)),
            }
        }
    };
    auth::verify(&port.app, &token, port.app.now()).map_err(|refused| {
        wire.say(refusal(reference.as_deref(), refused.into()));
        Some(Close::Unauthenticated)
    })
}

async fn first_frame(wire: &mut Wire) -> Result<(Option<String>, String), Option<Close>> {
    let nobody = Outbox::new(0);
    loop {
        let text = match std::future::poll_fn(|cx| wire.poll_turn(&nobody, true, cx)).await {
            Turn::Came(Message::Text(text)) => text,
            Turn::Came(Message::Binary(_)) => return Err(Some(Close::BadFrame)),
            Turn::Came(_) => continue,
            Turn::Stop(_) => return Err(None),
            Turn::Over(closing) => return Err(closing),
        };
        return match Request::read(&text) {
            Ok(Request { reference, frame: ClientFrame::Auth { token } }) => Ok((reference, token)),
            Ok(Request { reference, .. }) => {
                let first = "Send auth first, or an Authorization header.";
                let refused = Refused::new("unauthenticated", Kind::Unauthenticated, first);
                wire.say(refusal(reference.as_deref(), refused.into()));
                Err(Some(Close::Unauthenticated))
            }
            Err(BadFrame { reference, refused }) => {
                wire.say(refusal(reference.as_deref(), refused.into()));
                Err(Some(Close::BadFrame))
            }
        };
    }
}

fn enter(port: &Port, verified: &Verified) -> Result<(Place, Arc<Outbox>), Close> {
    let outbox = Outbox::new(port.limits.outbox_bytes);
    let place = port.hub.roll().enter(&verified.principal, &outbox, port.limits.sockets_per_user);
    Ok((place.map_err(|_| Close::TooManySockets)?, outbox))
}

impl Session {
    fn new(port: Arc<Port>, wire: Wire, verified: Verified, place: Place, outbox: Arc<Outbox>) -> Self {
        let now = Instant::now();
        let mut session = Self {
            wire,
            who: Arc::new(verified.principal),
            expires_at: verified.expires_at,
            place,
            outbox,
            subscriptions: Vec::new(),
            current: None,
            waiting: VecDeque::new(),
            answered: VecDeque::new(),
            fixes: None,
            frames: Rate::new(now),
            patience: Rate::new(now),
            unanswered_pings: 0,
            ping_at: now + port.limits.heartbeat,
            token_at: now,
            asked: false,
            port,
        };
        session.await_reauth();
        session
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

    /// The next thing that happens. What is done comes before what is new, so
    /// that a client that sends much does not wait for its answers.
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
        let read = self.waiting.len() < limits.commands_waiting
            && self.fixes.as_ref().is_none_or(|fixes| fixes.has_room(limits));
        if let Poll::Ready(turn) = self.wire.poll_turn(&self.outbox, read, cx) {
            return Poll::Ready(Happened::Socket(turn));
        }
        timer.poll(cx).map(|()| Happened::Timer)
    }

    fn handle(&mut self, happened: Happened) -> Result<(), Option<Close>> {
        match happened {
            Happened::Socket(Turn::Came(message)) => self.came(message),
            Happened::Socket(Turn::Stop(why)) => Err(Some(self.stopped(why))),
            Happened::Socket(Turn::Over(closing)) => Err(closing),
            Happened::Done(done) => self.done(done),
            Happened::Fixes(answer) => self.arrived(answer),
            Happened::Timer => self.tick(),
        }
    }

    fn came(&mut self, message: Message) -> Result<(), Option<Close>> {
        self.unanswered_pings = 0;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Some(Close::BadFrame)),
            _ => return self.pace(None),
        };
        match Request::read(&text) {
            Ok(request) => {
                self.pace(request.reference.as_deref())?;
                self.requested(request)
            }
            Err(BadFrame { reference, refused }) => {
                self.refuse(reference.as_deref(), refused.into(), Close::BadFrame)
            }
        }
    }

    /// Counts a frame. One above the rate is answered, not refused: it was read.
    fn pace(&mut self, reference: Option<&str>) -> Result<(), Option<Close>> {
        let limits = &self.port.limits;
        let every = Duration::from_secs(1) / limits.frames_per_sec.max(1);
        if self.frames.take(Instant::now(), 1, every, limits.frames_burst).is_ok() {
            return Ok(());
        }
        let detail = format!("More than {} frames a second; slow down.", limits.frames_per_sec);
        let limited = Refused::new("too_many_frames", Kind::Limited, detail);
        self.refuse(reference, limited.into(), Close::RateLimited)
    }

    fn requested(&mut self, request: Request) -> Result<(), Option<Close>> {
        match (request.frame, &mut self.fixes) {
            (ClientFrame::Ping {}, _) => self.wire.say(ServerFrame::Pong {}.text()),
            (ClientFrame::Fixes { track, fixes }, Some(way)) => {
                way.send(&self.port.app, &self.port.limits, request.reference, track, fixes);
            }
            (frame, _) => {
                self.waiting.push_back(Request { reference: request.reference, frame });
                return self.proceed();
            }
        }
        Ok(())
    }

    /// Begins the next command, if none is being done.
    fn proceed(&mut self) -> Result<(), Option<Close>> {
        while self.current.is_none() {
            let Some(request) = self.waiting.pop_front() else {
                self.waiting = VecDeque::new(); // an idle socket holds nothing
                return Ok(());
            };
            self.begin(request)?;
        }
        Ok(())
    }

    fn begin(&mut self, request: Request) -> Result<(), Option<Close>> {
        let Request { reference, frame } = request;
        match frame {
            ClientFrame::Auth { token } => self.authenticate(reference.as_deref(), &token),
            ClientFrame::Subscribe { channel, since } => {
                self.subscribe(reference, &channel, since.map(Into::into))
            }
            ClientFrame::Unsubscribe { channel } => {
                self.subscriptions.retain(|subscription| subscription.channel().to_string() != channel);
                self.answer(reference.as_deref(), json!({}));
                Ok(())
            }
            ClientFrame::Fixes { .. }
            | ClientFrame::Shift { .. }
            | ClientFrame::OfferAnswer { .. }
            | ClientFrame::DeliveryStep { .. }
                if self.fixes.is_none() =>
            {
                self.connect(reference, frame)
            }
            ClientFrame::Fixes { .. } => self.requested(Request { reference, frame }),
            frame => {
                self.run(reference, frame);
                Ok(())
            }
        }
    }

    /// The first frame of a courier's work makes this the courier's live socket.
    fn connect(&mut self, reference: Option<String>, frame: ClientFrame) -> Result<(), Option<Close>> {
        let Some(courier) = self.who.courier() else {
            let refused = Refused::new("forbidden", Kind::Forbidden, "Only couriers do this.");
            return self.refuse(reference.as_deref(), refused.into(), Close::BadFrame);
        };
        let app = self.port.app.clone();
        self.current = Some(Box::pin(async move {
            let epoch = commands::connect(&app, courier).await;
            let outcome = epoch.map(|epoch| Effect::Connected(courier, epoch, frame));
            Done { reference, keep: false, outcome }
        }));
        Ok(())
    }

    fn run(&mut self, reference: Option<String>, frame: ClientFrame) {
        let keep = matches!(frame, ClientFrame::OfferAnswer { .. } | ClientFrame::DeliveryStep { .. });
        if keep && let Some((_, answer)) = self.answered.iter().find(|(of, _)| Some(of) == reference.as_ref())
        {
            return self.wire.say(answer.clone());
        }
        let (app, who) = (self.port.app.clone(), Arc::clone(&self.who));
        self.current = Some(Box::pin(async move {
            let outcome = commands::run(&app, &who, frame).await.map(Effect::Answered);
            Done { reference, keep, outcome }
        }));
    }

    fn subscribe(
        &mut self,
        reference: Option<String>,
        channel: &str,
        since: Option<Since>,
    ) -> Result<(), Option<Close>> {
        let channel = channel.parse::<Channel>().ok().filter(|channel| (self.port.serves)(channel));
        let Some(channel) = channel else {
            let unknown = Refused::new("channel_unknown", Kind::NotFound, "There is no such channel here.");
            return self.refuse(reference.as_deref(), unknown.into(), Close::BadFrame);
        };
        // Subscribed again: the new position counts.
        self.subscriptions.retain(|old| *old.channel() != channel && !old.is_over());
        if self.subscriptions.len() >= self.port.limits.subscriptions {
            let detail = format!("At most {} channels at once.", self.port.limits.subscriptions);
            let full = Refused::new("too_many_subscriptions", Kind::Limited, detail);
            return self.refuse(reference.as_deref(), full.into(), Close::RateLimited);
        }
        let (hub, who, outbox) =
            (Arc::clone(&self.port.hub), Arc::clone(&self.who), Arc::clone(&self.outbox));
        self.current = Some(Box::pin(async move {
            let subscribed = hub.subscribe(&who, &channel, since.as_ref(), &outbox).await;
            let outcome = subscribed.map(|subscription| {
                let answer = match since {
                    Some(_) => json!({ "recovered": subscription.recovered }),
                    None => json!({}),
                };
                Effect::Subscribed(subscription, answer)
            });
            Done { reference, keep: false, outcome }
        }));
        Ok(())
    }

    fn done(&mut self, done: Done) -> Result<(), Option<Close>> {
        let Done { reference, keep, outcome } = done;
        match outcome {
            Ok(Effect::Answered(value)) => {
                let text = self.answer(reference.as_deref(), value);
                if let Some(reference) = reference.filter(|_| keep) {
                    self.answered.truncate(ANSWERS_KEPT - 1);
                    self.answered.push_front((reference, text));
                }
            }
            Ok(Effect::Subscribed(subscription, value)) => {
                self.subscriptions.push(subscription);
                self.answer(reference.as_deref(), value);
            }
            Ok(Effect::Connected(courier, epoch, frame)) => {
                self.place.speaks_with(epoch);
                self.fixes = Some(Box::new(Fixes::new(courier, epoch)));
                self.begin(Request { reference, frame })?;
            }
            Err(failure) => self.wire.say(refusal(reference.as_deref(), failure.into())),
        }
        self.proceed()
    }

    fn arrived(&mut self, answer: Answer) -> Result<(), Option<Close>> {
        match answer {
            Answer::Say(frame) => self.wire.say(frame.text()),
            Answer::Nothing => {}
            Answer::Superseded => return Err(Some(Close::Superseded)),
            Answer::Refuse { reference, problem, counts: true } => {
                return self.refuse(reference.as_deref(), problem, Close::RateLimited);
            }
            Answer::Refuse { reference, problem, counts: false } => {
                self.wire.say(refusal(reference.as_deref(), problem));
            }
        }
        Ok(())
    }

    /// A fresh token, of the same user.
    fn authenticate(&mut self, reference: Option<&str>, token: &str) -> Result<(), Option<Close>> {
        let verified = match auth::verify(&self.port.app, token, self.port.app.now()) {
            Ok(verified) if verified.principal.user == self.who.user => verified,
            Ok(_) => {
                let detail = "This socket belongs to somebody else.";
                let refused = Refused::new("forbidden", Kind::Forbidden, detail);
                return self.refuse(reference, refused.into(), Close::Unauthenticated);
            }
            Err(refused) => return self.refuse(reference, refused.into(), Close::Unauthenticated),
        };
        self.expires_at = verified.expires_at;
        self.await_reauth();
        self.answer(reference, json!({ "expires_at": verified.expires_at }));
        Ok(())
    }

    fn await_reauth(&mut self) {
        let remaining = self.remaining();
        // A token shorter than the notice is asked for halfway.
        let notice = self.port.limits.reauth_before.min(remaining / 2);
        self.token_at = Instant::now() + (remaining - notice);
        self.asked = false;
    }

    fn remaining(&self) -> Duration {
        (self.expires_at - self.port.app.now()).to_std().unwrap_or_default()
    }

    fn next_deadline(&self) -> Instant {
        self.ping_at.min(self.token_at)
    }

    fn tick(&mut self) -> Result<(), Option<Close>> {
        let now = Instant::now();
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
            Stop::GoingAway => {
                let spread = u64::try_from(self.port.limits.reconnect_spread.as_millis()).unwrap_or(u64::MAX);
                let reconnect_after_ms = rand::random_range(0..=spread);
                let reason = Close::GoingAway.name();
                self.wire.say(ServerFrame::Goodbye { reason, reconnect_after_ms }.text());
                Close::GoingAway
            }
        }
    }

    fn answer(&mut self, reference: Option<&str>, value: Value) -> Utf8Bytes {
        let text = ServerFrame::Reply { reference, ok: Some(value), problem: None }.text();
        self.wire.say(text.clone());
        text
    }

    /// Says no to something that a well-made client would not send; closes when
    /// it goes on.
    fn refuse(
        &mut self,
        reference: Option<&str>,
        problem: Problem,
        close: Close,
    ) -> Result<(), Option<Close>> {
        self.wire.say(refusal(reference, problem));
        let limits = &self.port.limits;
        let patience = self.patience.take(Instant::now(), 1, limits.patience_returns, limits.patience);
        patience.map_err(|_| Some(close))
    }
}

fn refusal(reference: Option<&str>, problem: Problem) -> Utf8Bytes {
    ServerFrame::Reply { reference, ok: None, problem: Some(problem) }.text()
}
