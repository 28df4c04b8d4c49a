//! A courier: on shift, sends a fix every second, answers offers within a few
//! seconds, and reports each delivery step at the place where it happens.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use crate::frame::{Event, Say};
use crate::movement::{self, Walker};
use crate::person::{Day, Person, PersonError};
use crate::responses::{Delivery, Offer, Place};
use crate::socket::{AskError, Heard, Line};
use crate::system;

/// How often a phone reads its GPS.
const TICK: Duration = Duration::from_secs(1);
/// How often a courier asks the server for the current assignments and offers.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// The pause before a refused step is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(4);
/// How far idle couriers stray from home, in metres along each axis.
const BEAT_M: f64 = 350.0;

/// A courier and where they wait for work.
pub struct Courier {
    /// The person.
    pub person: Person,
    /// Where they start, and around which they move when idle.
    pub home: Place,
}

/// The current leg of a delivery.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leg {
    ToRestaurant,
    AtRestaurant,
    ToCustomer,
    AtCustomer,
}

struct Job {
    order: Uuid,
    drop_off: Place,
    leg: Leg,
    not_before: Instant,
}

/// The state of a shift.
struct Shift {
    person: Person,
    home: Place,
    line: Line,
    walker: Walker,
    job: Option<Job>,
    offers: Vec<(Instant, Uuid)>,
    look_at: Instant,
}

impl Courier {
    /// Works until the socket closes and does not reconnect.
    pub async fn live(mut self) -> Day {
        let me = self.person.sign_in().await?;
        let mut socket = self.person.socket();
        let line = socket.line();
        line.subscribe(format!("courier:{}", me.user_id)).await?;
        line.ask(Say::Shift { on: true }).await?;
        let seed = self.person.pacing.seed();
        let mut shift = Shift {
            walker: Walker::new(self.home, seed),
            person: self.person,
            home: self.home,
            line,
            job: None,
            offers: Vec::new(),
            look_at: Instant::now(),
        };
        let mut second = tokio::time::interval(TICK);
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = second.tick() => shift.tick().await?,
                heard = shift.person.hear(&mut socket) => match heard? {
                    Heard::Event(event) => shift.heard(&event),
                    // A restarted server may have missed the shift: report it again.
                    Heard::Ready(_) => {
                        shift.line.tell(Say::Shift { on: true }).await;
                        shift.look_at = Instant::now();
                    }
                    Heard::Acked(_) => shift.person.tally.add("acks"),
                    _ => {}
                },
            }
        }
    }
}

impl Shift {
    async fn tick(&mut self) -> Result<(), PersonError> {
        self.walker.step(TICK.as_secs_f64());
        self.line.fix(self.walker.reading(system::now()));
        self.person.tally.add("fixes");
        self.answer_offers().await?;
        if Instant::now() >= self.look_at {
            self.look().await?;
        }
        match self.job.take() {
            Some(job) => self.job = self.advance(job).await?,
            None => self.stroll(),
        }
        Ok(())
    }

    fn heard(&mut self, event: &Event) {
        match event.kind.as_str() {
            "offer.made" => {
                if let Ok(offer) = serde_json::from_value::<Offer>(event.data.clone()) {
                    self.consider(offer.id);
                }
            }
            "offer.accepted" | "assignment.changed" => self.look_at = Instant::now(),
            _ => {}
        }
    }

    fn consider(&mut self, offer: Uuid) {
        if !self.offers.iter().any(|(_, known)| *known == offer) {
            let answer_at = Instant::now() + self.person.pacing.secs(1.0..5.0);
            self.offers.push((answer_at, offer));
            self.person.tally.add("offers");
        }
    }

    async fn answer_offers(&mut self) -> Result<(), PersonError> {
        let now = Instant::now();
        let (due, later) = self.offers.drain(..).partition(|(at, _)| *at <= now);
        self.offers = later;
        let due: Vec<(Instant, Uuid)> = due;
        for (_, offer_id) in due {
            let accept = self.job.is_none() && self.person.pacing.happens(0.92);
            match self.line.ask(Say::OfferAnswer { offer_id, accept }).await {
                Ok(_) if accept => self.look_at = now,
                Ok(_) => self.person.tally.add("offers declined"),
                // Another courier was faster, or the offer expired.
                Err(AskError::Refused(_)) => self.person.tally.add("offers missed"),
                Err(AskError::Closed) => return Err(PersonError::HungUp),
                Err(AskError::Lost | AskError::Late) => self.look_at = now,
            }
        }
        Ok(())
    }

    /// Asks the server which deliveries are assigned to this courier and which offers are open.
    async fn look(&mut self) -> Result<(), PersonError> {
        self.look_at = Instant::now() + LOOK_EVERY;
        let me = match self.person.api.courier().await {
            Ok(me) => me,
            Err(failure) => {
                tracing::debug!(who = self.person.email, %failure, "the app does not answer");
                return Ok(());
            }
        };
        for offer in &me.offers {
            self.consider(offer.id);
        }
        let ours = self.job.as_ref().map(|job| job.order);
        if !me.assignments.iter().any(|delivery| Some(delivery.order_id) == ours) {
            self.job = me.assignments.first().and_then(|delivery| self.take(delivery));
        }
        Ok(())
    }

    /// Starts an assignment from its current status.
    fn take(&mut self, delivery: &Delivery) -> Option<Job> {
        let leg = match delivery.status.as_str() {
            "assigned" => Leg::ToRestaurant,
            "at_restaurant" => Leg::AtRestaurant,
            "picked_up" => Leg::ToCustomer,
            "at_dropoff" => Leg::AtCustomer,
            _ => return None,
        };
        let drop_off = delivery.drop_off.place();
        self.walker.go(if leg == Leg::ToRestaurant { delivery.pickup.place() } else { drop_off });
        if leg == Leg::AtRestaurant {
            self.walker.go(delivery.pickup.place());
        }
        Some(Job { order: delivery.order_id, drop_off, leg, not_before: Instant::now() })
    }

    /// Reports the next step of a job once the courier has arrived. None when the job is done.
    async fn advance(&mut self, mut job: Job) -> Result<Option<Job>, PersonError> {
        if !self.walker.arrived() || Instant::now() < job.not_before {
            return Ok(Some(job));
        }
        let (step, next, pause) = match job.leg {
            Leg::ToRestaurant => ("at_restaurant", Some(Leg::AtRestaurant), 3.0..8.0),
            Leg::AtRestaurant => ("picked_up", Some(Leg::ToCustomer), 1.0..3.0),
            Leg::ToCustomer => ("at_dropoff", Some(Leg::AtCustomer), 5.0..15.0),
            Leg::AtCustomer => ("delivered", None, 1.0..2.0),
        };
        match self.line.step(job.order, step).await {
            Ok(_) => {}
            // The food is not ready yet, or the order is no longer assigned to this courier.
            Err(AskError::Refused(problem)) => {
                tracing::debug!(who = self.person.email, step, %problem, "not yet");
                job.not_before = Instant::now() + RETRY_EVERY;
                return Ok(Some(job));
            }
            Err(AskError::Closed) => return Err(PersonError::HungUp),
            Err(AskError::Lost | AskError::Late) => return Ok(Some(job)),
        }
        self.person.tally.add(step);
        let Some(next) = next else {
            self.look_at = Instant::now();
            return Ok(None);
        };
        job.leg = next;
        job.not_before = Instant::now() + self.person.pacing.secs(pause);
        if next == Leg::ToCustomer {
            self.walker.go(job.drop_off);
        }
        Ok(Some(job))
    }

    /// While idle, sometimes rides to a random point near home.
    fn stroll(&mut self) {
        if self.walker.arrived() && self.person.pacing.happens(0.02) {
            let pacing = &mut self.person.pacing;
            let spot = movement::moved(self.home, pacing.real(-BEAT_M..BEAT_M), pacing.real(-BEAT_M..BEAT_M));
            self.walker.go(spot);
        }
    }
}
