//! Couriers: some carry one order for the whole run and are watched on the map,
//! others take what is offered and bring it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sim::api::Request;
use sim::frame::Say;
use sim::outbox::Reading;
use sim::responses::{CourierSelf, Delivery, Moment, Offer, Place};
use sim::socket::AskError;
use sim::{Api, Heard, Line, Socket, movement, system};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::people::{Phase, Yard, hurried, insist_on};
use super::recovery_probe;
use crate::Outcome;

/// Between two fixes: half of what a courier may send.
const TICK: Duration = Duration::from_millis(200);
/// Metres per second.
const SPEED_MPS: f64 = 8.0;
/// Up and down a street of this length.
const STREET_M: f64 = 800.0;
/// How long the last fixes may take to be acknowledged.
const LAST_ACKS: Duration = Duration::from_secs(20);
/// Interval at which a courier polls for work.
const LOOK: Duration = Duration::from_millis(700);

/// A courier, and where they ride.
#[derive(Clone)]
pub(crate) struct Rider {
    pub(crate) name: String,
    pub(crate) api: Api,
    pub(crate) id: Uuid,
    pub(crate) at: Place,
    /// When they were there.
    pub(crate) began: Moment,
}

impl Rider {
    /// Where they are: a function of time, so that two phones agree.
    fn place(&self, now: Moment) -> Place {
        let ridden = (now - self.began).as_seconds_f64() * SPEED_MPS % (2.0 * STREET_M);
        movement::moved(self.at, ridden.min(2.0 * STREET_M - ridden), 0.0)
    }

    fn reading(&self, now: Moment) -> Reading {
        Reading { at: now, place: self.place(now), accuracy_m: 5.0, speed_mps: SPEED_MPS, heading_deg: None }
    }

    /// Rides for the whole run. Whenever the couriers are to take a second
    /// phone, that one takes over while the first still sends.
    pub(crate) async fn ride(self, yard: Arc<Yard>) -> Outcome<()> {
        let probe = yard.probes.register(format!("{} ack", self.name));
        let mut takeovers = yard.phones.clone();
        let mut phones = tokio::task::JoinSet::new();
        phones.spawn(Phone::of(&self, &yard, Some(probe)).send(yard.clone()));
        loop {
            tokio::select! {
                changed = takeovers.changed() => {
                    changed?;
                    phones.spawn(Phone::of(&self, &yard, Some(probe)).send(yard.clone()));
                }
                ended = phones.join_next() => match ended {
                    Some(ended) => ended??,
                    None => return Ok(()),
                },
            }
        }
    }

    /// Takes what is offered, and brings it.
    pub(crate) async fn work(self, yard: Arc<Yard>) -> Outcome<()> {
        let mut phone = Phone::of(&self, &yard, None);
        let line = phone.line.clone();
        line.subscribe(format!("courier:{}", self.id)).await.ok();
        let bringing = bring(self.clone(), line, yard.clone());
        tokio::select! {
            sent = phone.go_on(&yard) => sent,
            brought = bringing => brought,
        }
    }
}

/// One phone of a courier, with a track of its own.
struct Phone {
    rider: Rider,
    socket: Socket,
    line: Line,
    probe: Option<recovery_probe::ProbeId>,
    waiting: VecDeque<(i64, Moment)>,
}

impl Phone {
    fn of(rider: &Rider, yard: &Yard, probe: Option<recovery_probe::ProbeId>) -> Self {
        let socket = yard.socket(&rider.api, &rider.name);
        let line = socket.line();
        Self { rider: rider.clone(), socket, line, probe, waiting: VecDeque::new() }
    }

    async fn send(mut self, yard: Arc<Yard>) -> Outcome<()> {
        self.go_on(&yard).await
    }

    /// Sends until the run closes, or another phone has taken over.
    async fn go_on(&mut self, yard: &Yard) -> Outcome<()> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !yard.is(Phase::Close) {
            tokio::select! {
                _ = tick.tick() => self.fix(yard),
                heard = self.socket.next() => match heard {
                    Some(heard) => self.heard(yard, &heard),
                    None => return Ok(()),
                },
            }
        }
        let acked = async {
            while self.line.unacknowledged() > 0 {
                match self.socket.next().await {
                    Some(heard) => self.heard(yard, &heard),
                    None => return,
                }
            }
        };
        if tokio::time::timeout(LAST_ACKS, acked).await.is_err() {
            let count = self.line.unacknowledged();
            yard.ledger.odd(format!("{}: {count} fixes were never acknowledged", self.rider.name));
        }
        Ok(())
    }

    fn fix(&mut self, yard: &Yard) {
        let now = system::now();
        // Noted before it is handed over: the store may be faster than we are.
        let mut notes = yard.ledger.notes();
        let seq = self.line.fix(self.rider.reading(now));
        notes.tracks.entry((self.rider.id, self.line.track())).or_default().sent = seq;
        self.waiting.push_back((seq, now));
    }

    fn heard(&mut self, yard: &Yard, heard: &Heard) {
        yard.ledger.heard(&self.rider.name, heard);
        let Heard::Acked(acked) = heard else { return };
        let mut notes = yard.ledger.notes();
        let track = notes.tracks.entry((self.rider.id, acked.track)).or_default();
        track.acked = track.acked.max(acked.seq);
        drop(notes);
        for (reason, count) in acked.rejected.iter().filter(|(reason, _)| *reason != "duplicate") {
            yard.ledger.odd(format!("{}: {count} good fixes were rejected: {reason}", self.rider.name));
        }
        let mut newest = None;
        while self.waiting.front().is_some_and(|(seq, _)| *seq <= acked.seq) {
            newest = self.waiting.pop_front();
        }
        if let (Some(probe), Some((_, born))) = (self.probe, newest) {
            yard.probes.record(probe, born);
        }
    }
}

/// Looks again and again what there is to do, and does the next step of it.
async fn bring(rider: Rider, line: Line, yard: Arc<Yard>) -> Outcome<()> {
    let api = hurried(&rider.api);
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut on_shift = false;
    loop {
        look.tick().await;
        if !on_shift {
            on_shift = line.ask(Say::Shift { on: true }).await.is_ok();
        }
        let Ok(me) = api.ask::<CourierSelf>(Request::get("/v1/couriers/me")).await else { continue };
        for offer in &me.offers {
            take(&rider, &line, offer, &yard).await;
        }
        for delivery in &me.assignments {
            step(&line, delivery, &yard).await;
        }
    }
}

async fn take(rider: &Rider, line: &Line, offer: &Offer, yard: &Yard) {
    let offer_id = offer.id;
    if insist_on(line, || Say::OfferAnswer { offer_id, accept: true }).await.is_ok() {
        yard.ledger.notes().won.push((offer.order_id, rider.id));
    }
}

/// The next step of a delivery. A step that was done, although its answer was
/// lost, is refused or answered again; only what is answered is noted.
async fn step(line: &Line, delivery: &Delivery, yard: &Yard) {
    let (step, kind) = match delivery.status.as_str() {
        "assigned" => ("at_restaurant", None),
        "at_restaurant" => ("picked_up", Some("order.picked_up")),
        "picked_up" => ("at_dropoff", None),
        "at_dropoff" => ("delivered", Some("order.delivered")),
        _ => return,
    };
    let order = delivery.order_id;
    let done = insist_on(line, || Say::DeliveryStep { order_id: order, step: step.to_owned() }).await;
    match (done, kind) {
        (Ok(_), Some(kind)) => yard.ledger.notes().done.push(super::ledger::Done { order, kind }),
        // The food may not be ready yet; the next look tries again.
        (Ok(_), None) | (Err(AskError::Refused(_)), _) => {}
        (Err(failure), _) => yard.ledger.odd(format!("order {order}: {step}: {failure}")),
    }
}
