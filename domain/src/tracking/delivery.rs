//! A delivery: the way of an order's food from the restaurant to the door.
//!
//! ```text
//! requested ─▶ offered ─▶ assigned ─▶ at_restaurant ─▶ picked_up ─▶ at_dropoff ─▶ delivered
//!     ▲           │           │             │               └────────────┴─▶ undeliverable ─▶ returned
//!     └───────────┼───────────┴─────────────┤ drops out                          └──────────▶ disposed
//!                 └─────────────────────────┴─▶ cancelled
//! ```
//!
//! The order rules: whether the food was picked up, delivered, or is not coming
//! is decided there, and [`Delivery::follow`] takes it over, as often as it is
//! told. What the order does not care about (arriving, coming near, being late)
//! is decided here. What the table does not list is refused.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::status::DeliveryStatus;
use super::vehicle::Vehicle;
pub use crate::cart::DropOff;
use crate::event::event_kinds;
use crate::{
    CourierId, Event, EventKind, LatLon, OrderId, Refusal, Refused, RestaurantId, Timestamp, UserId,
};

/// The courier of a delivery, as its customer knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// Who.
    #[serde(rename = "courier_id")]
    pub courier: CourierId,
    /// The name that the customer sees.
    pub name: String,
    /// What they ride.
    pub vehicle: Vehicle,
}

/// Where the food waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Pickup {
    /// Whose food it is.
    pub restaurant: RestaurantId,
    /// What the sign says.
    pub name: String,
    /// Where.
    pub position: LatLon,
}

/// A delivery. It carries its order's id.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The order that is delivered.
    pub order: OrderId,
    /// Count of its events; the offset of its channel.
    pub version: u64,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Who waits for it.
    pub customer: UserId,
    /// Where the food waits.
    pub pickup: Pickup,
    /// Where it goes.
    pub drop_off: DropOff,
    /// Who brings it.
    pub carrier: Option<Carrier>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the restaurant means to have it ready.
    pub ready_by: Timestamp,
    /// When the customer was told to expect it.
    pub promised_at: Timestamp,
    /// The customer was told that the courier is near.
    pub near_told: bool,
    /// The customer was told that it will be late.
    pub late_told: bool,
}

/// What the order says about its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderFact {
    /// The courier took the food.
    PickedUp,
    /// The customer has it.
    Delivered,
    /// Called off.
    Cancelled,
    /// It could not be handed over.
    Failed,
}

/// What happened to a delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryEvent {
    /// Whose delivery.
    pub order: OrderId,
    /// Where it stood after that.
    pub status: DeliveryStatus,
    /// What happened.
    pub fact: Fact,
}

/// What happened, by name.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A courier is wanted.
    Requested {
        /// When the customer was told to expect it.
        promised_at: Timestamp,
    },
    /// The first couriers were asked.
    Offered,
    /// A courier took it on.
    Assigned(Carrier),
    /// The courier dropped out.
    Unassigned {
        /// Who dropped out.
        courier: CourierId,
    },
    /// The courier is at the restaurant.
    AtRestaurant,
    /// The courier has the food.
    PickedUp,
    /// The courier is about to arrive.
    Near,
    /// The courier is at the door.
    AtDropoff,
    /// Handed over.
    Delivered,
    /// Called off.
    Cancelled,
    /// Nobody took it.
    Undeliverable,
    /// It went back.
    Returned,
    /// It was thrown away.
    Disposed,
    /// It will come later than promised.
    Late {
        /// When it is expected now.
        arrive_at: Timestamp,
    },
}

event_kinds! {
    /// The names of what can happen.
    DeliveryEventKind of Delivery(OrderId) {
        Requested = "delivery.requested": "라이더를 찾고 있어요", "A courier is looked for",
        Offered = "delivery.offered": "라이더에게 배달을 제안했어요", "Couriers were asked",
        Assigned = "delivery.assigned": "라이더가 배정됐어요", "A courier was assigned" => Reauthorize,
        Unassigned = "delivery.unassigned":
            "다른 라이더를 찾고 있어요", "Another courier is looked for" => Reauthorize,
        AtRestaurant = "delivery.at_restaurant": "라이더가 가게에 도착했어요", "The courier reached the restaurant",
        PickedUp = "delivery.picked_up": "라이더가 출발했어요", "The courier set off",
        Near = "delivery.near": "라이더가 곧 도착해요", "The courier is nearly there",
        AtDropoff = "delivery.at_dropoff": "라이더가 문 앞에 도착했어요", "The courier is at your door",
        Delivered = "delivery.delivered": "배달이 완료됐어요", "Delivered" => Close("delivered"),
        Cancelled = "delivery.cancelled":
            "배달이 취소됐어요", "The delivery was called off" => Close("cancelled"),
        Undeliverable = "delivery.undeliverable":
            "배달하지 못했어요", "It could not be delivered" => Close("undeliverable"),
        Returned = "delivery.returned": "음식이 가게로 돌아갔어요", "The food went back to the restaurant",
        Disposed = "delivery.disposed": "음식이 폐기됐어요", "The food was disposed of",
        Late(arrive_at) = "delivery.late": "예상보다 늦어지고 있어요", "It is taking longer than expected",
    }
}

impl Fact {
    fn kind(&self) -> DeliveryEventKind {
        use DeliveryEventKind as Kind;
        match self {
            Fact::Requested { .. } => Kind::Requested,
            Fact::Offered => Kind::Offered,
            Fact::Assigned(_) => Kind::Assigned,
            Fact::Unassigned { .. } => Kind::Unassigned,
            Fact::AtRestaurant => Kind::AtRestaurant,
            Fact::PickedUp => Kind::PickedUp,
            Fact::Near => Kind::Near,
            Fact::AtDropoff => Kind::AtDropoff,
            Fact::Delivered => Kind::Delivered,
            Fact::Cancelled => Kind::Cancelled,
            Fact::Undeliverable => Kind::Undeliverable,
            Fact::Returned => Kind::Returned,
            Fact::Disposed => Kind::Disposed,
            Fact::Late { .. } => Kind::Late,
        }
    }
}

impl Event for DeliveryEvent {
    fn kind(&self) -> &'static str {
        self.fact.kind().as_str()
    }

    fn data(&self) -> Value {
        let mut data = json!({ "order_id": self.order, "status": self.status });
        let more = match &self.fact {
            Fact::Requested { promised_at } => json!({ "promised_at": promised_at }),
            Fact::Assigned(carrier) => json!(carrier),
            Fact::Unassigned { courier } => json!({ "courier_id": courier }),
            Fact::Late { arrive_at } => json!({ "arrive_at": arrive_at }),
            _ => Value::Null,
        };
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        data
    }
}

/// Why a delivery says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryRefusal {
    /// The table does not list it.
    Transition {
        /// Where the delivery stands.
        status: DeliveryStatus,
        /// What was tried.
        command: &'static str,
    },
    /// Another courier has it.
    NotYours,
}

impl Refusal for DeliveryRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::Transition { status, command } => transition_refused(status.as_str(), *command),
            Self::NotYours => not_yours(),
        }
    }
}

crate::refusals! {
    transition_refused(status, command) => Rule "delivery.transition_refused":
        "배달 상태가 바뀌어서 지금은 할 수 없어요.", "The delivery has moved on; this cannot be done now.";
    not_yours() => NotFound "delivery.not_yours": "내 배달이 아니에요.", "This is not your delivery.";
}

/// The next state with its events, or the refusal.
pub type Decision = Result<(Delivery, Vec<DeliveryEvent>), DeliveryRefusal>;

impl Delivery {
    /// A courier is wanted: the first event of a delivery, whose `version` and
    /// `status` are set here whatever they were.
    pub fn request(self) -> (Delivery, Vec<DeliveryEvent>) {
        let promised_at = self.promised_at;
        Delivery { version: 0, status: DeliveryStatus::Requested, carrier: None, ..self }
            .happen(DeliveryStatus::Requested, Fact::Requested { promised_at })
    }

    /// Couriers were asked; only the first time is news.
    pub fn offer(self) -> Decision {
        match self.status {
            DeliveryStatus::Requested => Ok(self.happen(DeliveryStatus::Offered, Fact::Offered)),
            DeliveryStatus::Offered => Ok((self, Vec::new())),
            _ => Err(self.refuse("offered")),
        }
    }

    /// `carrier` takes it on. The same courier may say so twice.
    pub fn assign(mut self, carrier: Carrier) -> Decision {
        match &self.carrier {
            None if self.status.is_open() => {
                self.carrier = Some(carrier.clone());
                Ok(self.happen(DeliveryStatus::Assigned, Fact::Assigned(carrier)))
            }
            Some(own) if own.courier == carrier.courier && self.status.is_before_pickup() => {
                Ok((self, Vec::new()))
            }
            _ => Err(self.refuse("assigned")),
        }
    }

    /// The courier drops out, which they may until they have the food.
    pub fn drop_out(mut self, by: CourierId) -> Decision {
        self.carried_by(by)?;
        if !self.status.is_before_pickup() {
            return Err(self.refuse("dropped"));
        }
        self.carrier = None;
        Ok(self.happen(DeliveryStatus::Requested, Fact::Unassigned { courier: by }))
    }

    /// The courier is at the restaurant.
    pub fn arrive_at_restaurant(self, by: CourierId) -> Decision {
        self.carried_by(by)?;
        match self.status {
            DeliveryStatus::Assigned => Ok(self.happen(DeliveryStatus::AtRestaurant, Fact::AtRestaurant)),
            DeliveryStatus::AtRestaurant => Ok((self, Vec::new())),
            _ => Err(self.refuse("at the restaurant")),
        }
    }

    /// The courier is about to arrive at the door. Told once.
    pub fn come_near(mut self, by: CourierId) -> Decision {
        self.carried_by(by)?;
        match self.status {
            DeliveryStatus::PickedUp if !self.near_told => {
                self.near_told = true;
                Ok(self.happen(DeliveryStatus::PickedUp, Fact::Near))
            }
            status if status.is_under_way() => Ok((self, Vec::new())),
            _ => Err(self.refuse("near")),
        }
    }

    /// The courier is at the door.
    pub fn arrive_at_dropoff(self, by: CourierId) -> Decision {
        self.carried_by(by)?;
        match self.status {
            DeliveryStatus::PickedUp => Ok(self.happen(DeliveryStatus::AtDropoff, Fact::AtDropoff)),
            DeliveryStatus::AtDropoff => Ok((self, Vec::new())),
            _ => Err(self.refuse("at the door")),
        }
    }

    /// It is expected at `arrive_at`, later than promised. Told once.
    pub fn run_late(mut self, arrive_at: Timestamp) -> Decision {
        if self.status.is_over() {
            return Err(self.refuse("late"));
        }
        if self.late_told || arrive_at <= self.promised_at {
            return Ok((self, Vec::new()));
        }
        self.late_told = true;
        let status = self.status;
        Ok(self.happen(status, Fact::Late { arrive_at }))
    }

    /// Takes over what the order says. Telling it again changes nothing.
    pub fn follow(self, fact: OrderFact) -> Decision {
        use DeliveryStatus as S;
        let (from, to, event): (fn(S) -> bool, S, Fact) = match fact {
            OrderFact::PickedUp => (S::is_before_pickup, S::PickedUp, Fact::PickedUp),
            OrderFact::Delivered => (S::is_under_way, S::Delivered, Fact::Delivered),
            OrderFact::Failed => (S::is_under_way, S::Undeliverable, Fact::Undeliverable),
            OrderFact::Cancelled => {
                (|status| status.is_open() || status.is_before_pickup(), S::Cancelled, Fact::Cancelled)
            }
        };
        if from(self.status) {
            return Ok(self.happen(to, event));
        }
        let known = match fact {
            OrderFact::PickedUp => self.status >= S::PickedUp && self.status != S::Cancelled,
            OrderFact::Delivered => self.status == S::Delivered,
            OrderFact::Cancelled => self.status == S::Cancelled,
            OrderFact::Failed => self.status >= S::Undeliverable,
        };
        if known { Ok((self, Vec::new())) } else { Err(self.refuse(to.as_str())) }
    }

    /// What nobody took goes back to the restaurant.
    pub fn give_back(self) -> Decision {
        match self.status {
            DeliveryStatus::Undeliverable => Ok(self.happen(DeliveryStatus::Returned, Fact::Returned)),
            DeliveryStatus::Returned => Ok((self, Vec::new())),
            _ => Err(self.refuse("returned")),
        }
    }

    /// What nobody took is thrown away.
    pub fn dispose(self) -> Decision {
        match self.status {
            DeliveryStatus::Undeliverable => Ok(self.happen(DeliveryStatus::Disposed, Fact::Disposed)),
            DeliveryStatus::Disposed => Ok((self, Vec::new())),
            _ => Err(self.refuse("disposed of")),
        }
    }

    /// Whether `courier` has it.
    pub fn is_carried_by(&self, courier: CourierId) -> bool {
        self.carrier.as_ref().is_some_and(|carrier| carrier.courier == courier)
    }

    fn carried_by(&self, courier: CourierId) -> Result<(), DeliveryRefusal> {
        if self.is_carried_by(courier) { Ok(()) } else { Err(DeliveryRefusal::NotYours) }
    }

    fn happen(mut self, status: DeliveryStatus, fact: Fact) -> (Delivery, Vec<DeliveryEvent>) {
        self.status = status;
        self.version += 1;
        let event = DeliveryEvent { order: self.order, status, fact };
        (self, vec![event])
    }

    fn refuse(&self, command: &'static str) -> DeliveryRefusal {
        DeliveryRefusal::Transition { status: self.status, command }
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
