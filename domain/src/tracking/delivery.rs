//! A delivery: the transport of an order from the restaurant to the customer.
//!
//! ```text
//! requested ─▶ offered ─▶ assigned ─▶ at_restaurant ─▶ picked_up ─▶ at_dropoff ─▶ delivered
//! assigned, at_restaurant ─ drop out ─▶ requested
//! every state before picked_up ─▶ cancelled
//! picked_up, at_dropoff ─▶ undeliverable ─▶ returned | disposed
//! ```
//!
//! `offered`, `at_restaurant` and `at_dropoff` may be skipped.
//!
//! The order is authoritative for pickup, hand-over, cancellation and failure;
//! [`Delivery::follow`] applies these facts, and is idempotent. Facts that do not change
//! the order (arriving, coming near, being late) are decided here. Every transition that is
//! not listed is refused.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::handover::Handover;
use super::status::DeliveryStatus;
use super::vehicle::Vehicle;
pub use crate::cart::DropOff;
use crate::event::event_kinds;
use crate::{
    CourierId, Event, EventKind, LatLon, OrderId, Refusal, Refused, RestaurantId, Timestamp, UserId,
};

/// The courier of a delivery, as shown to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// The courier.
    #[serde(rename = "courier_id")]
    pub courier: CourierId,
    /// The name that the customer sees.
    pub name: String,
    /// The courier's vehicle.
    pub vehicle: Vehicle,
}

/// Where the food is picked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Pickup {
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// The restaurant's name.
    pub name: String,
    /// The coordinate.
    pub position: LatLon,
}

/// A delivery. Its id is that of its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The order that is delivered.
    pub order: OrderId,
    /// The number of its events; also the offset of its channel.
    pub version: u64,
    /// Its state.
    pub status: DeliveryStatus,
    /// The customer of the order.
    pub customer: UserId,
    /// Where the food is picked up.
    pub pickup: Pickup,
    /// Where it is delivered.
    pub drop_off: DropOff,
    /// What the courier must know about the food; `None` in rows of older versions.
    pub handover: Option<Handover>,
    /// The assigned courier.
    pub carrier: Option<Carrier>,
    /// When a courier was first requested.
    pub requested_at: Timestamp,
    /// When the restaurant expects the food to be ready.
    pub ready_by: Timestamp,
    /// The arrival time that the customer was promised.
    pub promised_at: Timestamp,
    /// Whether the event that the courier is near was already created.
    pub near_told: bool,
    /// Whether the event that it is late was already created.
    pub late_told: bool,
}

/// A fact about the order that changes its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderFact {
    /// The courier has the food.
    PickedUp,
    /// The customer has it.
    Delivered,
    /// It was cancelled.
    Cancelled,
    /// The food could not be handed over.
    Failed,
}

/// An event of a delivery, with its state after it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryEvent {
    /// The order that is delivered.
    pub order: OrderId,
    /// The delivery's state after the event.
    pub status: DeliveryStatus,
    /// The fact.
    pub fact: Fact,
}

/// What happened to a delivery.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A courier was requested.
    Requested {
        /// The arrival time that the customer was promised.
        promised_at: Timestamp,
    },
    /// It was offered to the first couriers.
    Offered,
    /// A courier was assigned.
    Assigned(Carrier),
    /// The courier dropped out.
    Unassigned {
        /// The courier who dropped out.
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
    /// The customer has the food.
    Delivered,
    /// It was cancelled.
    Cancelled,
    /// It could not be handed over.
    Undeliverable,
    /// The food was returned to the restaurant.
    Returned,
    /// The food was thrown away.
    Disposed,
    /// It will arrive later than promised.
    Late {
        /// The expected arrival.
        arrive_at: Timestamp,
    },
}

event_kinds! {
    /// The kinds of delivery events.
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

/// The refusals of deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryRefusal {
    /// The state machine has no such transition.
    Transition {
        /// The delivery's state.
        status: DeliveryStatus,
        /// The refused command.
        command: &'static str,
    },
    /// The caller is not its courier.
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
    /// Requests a courier, the first event of a delivery. Resets `version`, `status` and
    /// `carrier`.
    pub fn request(self) -> (Delivery, Vec<DeliveryEvent>) {
        let promised_at = self.promised_at;
        Delivery { version: 0, status: DeliveryStatus::Requested, carrier: None, ..self }
            .happen(DeliveryStatus::Requested, Fact::Requested { promised_at })
    }

    /// Records that couriers were asked; only the first time makes an event.
    pub fn offer(self) -> Decision {
        match self.status {
            DeliveryStatus::Requested => Ok(self.happen(DeliveryStatus::Offered, Fact::Offered)),
            DeliveryStatus::Offered => Ok((self, Vec::new())),
            _ => Err(self.refuse("offered")),
        }
    }

    /// Assigns it to `carrier`. Idempotent for the same courier.
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

    /// Removes the courier, who may drop out until they have the food.
    pub fn drop_out(mut self, by: CourierId) -> Decision {
        self.carried_by(by)?;
        if !self.status.is_before_pickup() {
            return Err(self.refuse("dropped"));
        }
        self.carrier = None;
        Ok(self.happen(DeliveryStatus::Requested, Fact::Unassigned { courier: by }))
    }

    /// Records that the courier is at the restaurant.
    pub fn arrive_at_restaurant(self, by: CourierId) -> Decision {
        self.carried_by(by)?;
        match self.status {
            DeliveryStatus::Assigned => Ok(self.happen(DeliveryStatus::AtRestaurant, Fact::AtRestaurant)),
            DeliveryStatus::AtRestaurant => Ok((self, Vec::new())),
            _ => Err(self.refuse("at the restaurant")),
        }
    }

    /// Records that the courier is about to arrive at the door. Makes one event only.
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

    /// Records that the courier is at the door.
    pub fn arrive_at_dropoff(self, by: CourierId) -> Decision {
        self.carried_by(by)?;
        match self.status {
            DeliveryStatus::PickedUp => Ok(self.happen(DeliveryStatus::AtDropoff, Fact::AtDropoff)),
            DeliveryStatus::AtDropoff => Ok((self, Vec::new())),
            _ => Err(self.refuse("at the door")),
        }
    }

    /// Records the expected arrival if it is later than promised. Makes one event only.
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

    /// Applies a fact about the order. Idempotent.
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

    /// Records that undeliverable food was returned to the restaurant.
    pub fn give_back(self) -> Decision {
        match self.status {
            DeliveryStatus::Undeliverable => Ok(self.happen(DeliveryStatus::Returned, Fact::Returned)),
            DeliveryStatus::Returned => Ok((self, Vec::new())),
            _ => Err(self.refuse("returned")),
        }
    }

    /// Records that undeliverable food was thrown away.
    pub fn dispose(self) -> Decision {
        match self.status {
            DeliveryStatus::Undeliverable => Ok(self.happen(DeliveryStatus::Disposed, Fact::Disposed)),
            DeliveryStatus::Disposed => Ok((self, Vec::new())),
            _ => Err(self.refuse("disposed of")),
        }
    }

    /// Whether `courier` is assigned to it.
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
