//! How a session handles and answers the client's frames.
//!
//! ```text
//! frame ─ pace ─┬─ ping, fixes ───────────────▶ at once, concurrently
//!               └─ everything else ─ waiting ─▶ one after another ─ done ─▶ reply
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use domain::{Channel, Failure, Refused, refusal};
use hub::Since;
use serde_json::{Value, json};
use services::auth::{self, Verified};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{Done, Effect, Session};
use crate::close::Close;
use crate::commands;
use crate::courier::{Answer, Fixes};
use crate::frame::{BadFrame, ClientFrame, Problem, Request, ServerFrame};

/// How many answers are kept for commands that are sent again.
const ANSWERS_KEPT: usize = 16;

impl Session {
    pub(super) fn on_frame(&mut self, message: Message) -> Result<(), Option<Close>> {
        self.unanswered_pings = 0;
        self.pace();
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Some(Close::BadFrame)),
            _ => return Ok(()),
        };
        match Request::read(&text) {
            Ok(request) => {
                self.malformed_in_a_row = 0;
                self.requested(request)
            }
            Err(bad) => self.malformed(bad),
        }
    }

    /// Reports a frame that can't be parsed; closes after too many in a row. Malformed frames count
    /// towards the frame rate like all others.
    fn malformed(&mut self, bad: BadFrame) -> Result<(), Option<Close>> {
        self.wire.say(refusal(bad.reference.as_deref(), (*bad.refused).into()));
        if self.malformed_in_a_row >= self.port.limits.violation_budget {
            return Err(Some(Close::BadFrame));
        }
        self.malformed_in_a_row += 1;
        Ok(())
    }

    /// Counts a frame. One above the rate is still handled, since it was read, but the next is not
    /// read before the user's rate allows it.
    pub(super) fn pace(&mut self) {
        let now = Instant::now();
        let wait = self.connection.charge_frame(&self.port.limits, now);
        if !wait.is_zero() {
            metrics::counter!("limited_total", "rule" => "frames_per_user").increment(1);
            self.paused_until = Some(now + wait);
        }
    }

    fn requested(&mut self, request: Request) -> Result<(), Option<Close>> {
        match (request.frame, &mut self.fixes) {
            (ClientFrame::Ping {}, _) => self.wire.say(ServerFrame::Pong {}.text()),
            (ClientFrame::Fixes { track, fixes }, Some(way)) => {
                way.send(
                    &self.port.app,
                    &self.connection,
                    &self.port.limits,
                    request.reference,
                    track,
                    fixes,
                );
            }
            (frame, _) => {
                self.waiting.push_back(Request { reference: request.reference, frame });
                return self.proceed();
            }
        }
        Ok(())
    }

    /// Starts the next command, if none is running.
    fn proceed(&mut self) -> Result<(), Option<Close>> {
        while self.current.is_none() {
            let Some(request) = self.waiting.pop_front() else {
                self.waiting = VecDeque::new(); // an idle socket holds no buffer
                return Ok(());
            };
            self.begin(request)?;
        }
        Ok(())
    }

    fn begin(&mut self, request: Request) -> Result<(), Option<Close>> {
        let Request { reference, frame } = request;
        match frame {
            ClientFrame::Auth { token } => {
                self.verify(reference, token);
                Ok(())
            }
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

    /// The first courier frame makes this the courier's current socket: it takes the next epoch.
    fn connect(&mut self, reference: Option<String>, frame: ClientFrame) -> Result<(), Option<Close>> {
        let Some(courier) = self.who.courier() else {
            let refused = Refused::forbidden().because("Only couriers do this.");
            self.wire.say(refusal(reference.as_deref(), refused.into()));
            return Ok(());
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
            let unknown = refusal::channel_unknown().because("There is no such channel here.");
            self.wire.say(refusal(reference.as_deref(), unknown.into()));
            return Ok(());
        };
        // A repeated subscription replaces the first.
        self.subscriptions.retain(|old| *old.channel() != channel && !old.is_over());
        if self.subscriptions.len() >= self.port.limits.subscriptions {
            let most = self.port.limits.subscriptions;
            let full =
                refusal::too_many_subscriptions(most).because(format!("At most {most} channels at once."));
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

    pub(super) fn done(&mut self, done: Done) -> Result<(), Option<Close>> {
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
                self.connection.speaks_with(epoch);
                self.fixes = Some(Box::new(Fixes::new(courier, epoch)));
                self.begin(Request { reference, frame })?;
            }
            Ok(Effect::Verified(verified)) => self.renew(reference.as_deref(), verified)?,
            Err(failure) => self.wire.say(refusal(reference.as_deref(), failure.into())),
        }
        self.proceed()
    }

    pub(super) fn arrived(&mut self, answer: Answer) -> Result<(), Option<Close>> {
        match answer {
            Answer::Say(frame) => self.wire.say(frame.text()),
            Answer::Nothing => {}
            Answer::Superseded => return Err(Some(Close::Superseded)),
            Answer::TooManyTracks => return Err(Some(Close::RateLimited)),
            Answer::Refuse { reference, problem, counts: true } => {
                return self.refuse(reference.as_deref(), problem, Close::RateLimited);
            }
            Answer::Refuse { reference, problem, counts: false } => {
                self.wire.say(refusal(reference.as_deref(), problem));
            }
        }
        Ok(())
    }

    fn verify(&mut self, reference: Option<String>, token: String) {
        let app = self.port.app.clone();
        self.current = Some(Box::pin(async move {
            let verified = auth::verify(&app, &token, app.now()).await;
            Done { reference, keep: false, outcome: Ok(Effect::Verified(verified)) }
        }));
    }

    /// Renews the token. It must be of the same session: it is by the session that a socket is
    /// closed when that ends.
    fn renew(
        &mut self,
        reference: Option<&str>,
        verified: Result<Verified, Failure>,
    ) -> Result<(), Option<Close>> {
        let verified = match verified {
            Ok(verified) if verified.principal.session == self.who.session => verified,
            Ok(_) => {
                let detail = "This socket belongs to another session.";
                let refused = Refused::forbidden().because(detail);
                return self.refuse(reference, refused.into(), Close::Unauthenticated);
            }
            Err(failure) => return self.refuse(reference, failure.into(), Close::Unauthenticated),
        };
        self.expires_at = verified.expires_at;
        self.await_reauth();
        self.answer(reference, json!({ "expires_at": verified.expires_at }));
        Ok(())
    }

    fn answer(&mut self, reference: Option<&str>, value: Value) -> Utf8Bytes {
        let text = ServerFrame::Reply { reference, ok: Some(value), problem: None }.text();
        self.wire.say(text.clone());
        text
    }

    /// Refuses a request that a well-made client would not send; closes if it continues.
    fn refuse(
        &mut self,
        reference: Option<&str>,
        problem: Problem,
        close: Close,
    ) -> Result<(), Option<Close>> {
        if close == Close::RateLimited {
            metrics::counter!("limited_total", "rule" => problem.kind).increment(1);
        }
        self.wire.say(refusal(reference, problem));
        let limits = &self.port.limits;
        let violation_budget =
            self.violation_budget.take(Instant::now(), 1, limits.violation_returns, limits.violation_budget);
        violation_budget.map_err(|_| Some(close))
    }
}

/// A reply with a problem.
pub(super) fn refusal(reference: Option<&str>, problem: Problem) -> Utf8Bytes {
    ServerFrame::Reply { reference, ok: None, problem: Some(problem) }.text()
}
