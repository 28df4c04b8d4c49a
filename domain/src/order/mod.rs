//! The order: from a valid quote to a meal that was eaten.
//!
//! ```text
//!                    pay                       accept                          pick up      deliver
//! pending_payment ─────────▶ placed ──────────────────▶ accepted ▶ preparing ▶ ready ─▶ picked_up ─▶ delivered ─▶ completed
//!   │ └ overdue ──▶ expired        │ │                     └──────┬──────────────┘          │
//!   └ cancel ─────▶ cancelled      │ └ reject, overdue ▶ rejected └ cancel ▶ cancelled       └ fail ▶ delivery_failed
//!                                  └ cancel ▶ cancelled
//! ```
//! An operator ends it between `accepted` and `picked_up`, with a fault that they state.
//! What goes back of the money is a table of fault and progress (`reckoning.rs`); how long
//! a courier waits at the door stands in `contact.rs`.
//! A declined payment ends nothing: the order waits for another try until it expires.
//! `payment_failed` stands in old rows only.
//! A paid order with a slot waits as `scheduled` until it is time to place it.
//! Whatever `state.rs` does not list is refused.

mod availability;
mod command;
mod contact;
mod event;
mod reckoning;
mod refusal;
mod state;
mod timers;
mod wishes;

use serde::{Deserialize, Serialize};

use crate::cart::{DropOff, QuotedLine, quote::usual_lead_mins};
use crate::{CourierId, LatLon, OrderId, PaymentId, QuoteId, RestaurantId, Timestamp, UserId, Won};

pub use command::{By, Command, Fault, Placement, RejectReason};
pub use contact::{Answer, Attempt, CONTACTS_MAX, Contact, ContactMethod, WAYS_NEEDED};
pub use event::{BoardEvent, Fact, OrderEvent, OrderEventKind};
pub use reckoning::{FailReason, Progress, Reckoning};
pub use refusal::OrderRefusal;
pub(crate) use refusal::REFUSALS;
pub use state::read_note;
pub use timers::{OrderReminder, Timer, Times};
pub use wishes::Wishes;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The quote was taken; the money is awaited.
    PendingPayment,
    /// Paid, for a later time.
    Scheduled,
    /// Paid; the restaurant is asked.
    Placed,
    /// The restaurant will cook it.
    Accepted,
    /// It is being cooked.
    Preparing,
    /// It waits for the courier, or for the customer of a pickup order.
    Ready,
    /// The courier has it.
    PickedUp,
    /// The customer has it.
    Delivered,
    /// Over, well.
    Completed,
    /// The restaurant would or could not.
    Rejected,
    /// Called off.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// The payment was declined, before that ended nothing. Read in old rows, never entered.
    PaymentFailed,
    /// The courier could not hand it over.
    DeliveryFailed,
}

impl Status {
    /// All of them, in the order of the table.
    pub const ALL: [Status; 14] = [
        Status::PendingPayment,
        Status::Scheduled,
        Status::Placed,
        Status::Accepted,
        Status::Preparing,
        Status::Ready,
        Status::PickedUp,
        Status::Delivered,
        Status::Completed,
        Status::Rejected,
        Status::Cancelled,
        Status::Expired,
        Status::PaymentFailed,
        Status::DeliveryFailed,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::PendingPayment => "pending_payment",
            Status::Scheduled => "scheduled",
            Status::Placed => "placed",
            Status::Accepted => "accepted",
            Status::Preparing => "preparing",
            Status::Ready => "ready",
            Status::PickedUp => "picked_up",
            Status::Delivered => "delivered",
            Status::Completed => "completed",
            Status::Rejected => "rejected",
            Status::Cancelled => "cancelled",
            Status::Expired => "expired",
            Status::PaymentFailed => "payment_failed",
            Status::DeliveryFailed => "delivery_failed",
        }
    }

    /// Whether nothing follows any more.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Status::Completed
                | Status::Rejected
                | Status::Cancelled
                | Status::Expired
                | Status::PaymentFailed
                | Status::DeliveryFailed
        )
    }
}

/// How the food gets to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fulfilment {
    /// A courier brings it.
    Delivery {
        /// Put it down at the door; no hand-over.
        contactless: bool,
    },
    /// The customer collects it and shows this code.
    Pickup {
        /// Four digits.
        code: String,
    },
}

/// The customer asked for a cancellation that only the restaurant can grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Why, in the customer's words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// How an order came to an early end, and at whose cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The party at fault.
    pub fault: Fault,
    /// Why, in words.
    pub reason: String,
    /// Why a courier could not hand it over.
    #[serde(default)]
    pub code: Option<FailReason>,
    /// How far it had come; old rows do not know it.
    #[serde(default)]
    pub reached: Option<Progress>,
    /// Who ended it, where that was an operator.
    #[serde(default)]
    pub operator: Option<UserId>,
}

/// An order. `version` counts its events: it is the offset of the last one on
/// the order's channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its id, which is its delivery's id too.
    pub id: OrderId,
    /// How many events led here.
    pub version: u64,
    /// Where it stands.
    pub status: Status,
    /// The quote that it was made from.
    pub quote: QuoteId,
    /// The version of the cart that was quoted; old rows do not know it.
    #[serde(default)]
    pub cart_version: Option<u64>,
    /// Who eats.
    pub customer: UserId,
    /// Who cooks.
    pub restaurant: RestaurantId,
    /// Its name when ordered.
    pub restaurant_name: String,
    /// Who brings it, once somebody does.
    pub courier: Option<CourierId>,
    /// How it gets there.
    pub fulfilment: Fulfilment,
    /// What was ordered, priced.
    pub lines: Vec<QuotedLine>,
    /// Σ line totals.
    pub subtotal: Won,
    /// The delivery tip; zero for pickup.
    pub tip: Won,
    /// What the customer pays.
    pub payable: Won,
    /// Where the food is collected.
    pub pickup: LatLon,
    /// Where it goes; nowhere for pickup.
    pub drop_off: Option<DropOff>,
    /// The customer's words to the restaurant; may be empty.
    pub note: String,
    /// When the customer wants it, for scheduled orders.
    pub slot: Option<Timestamp>,
    /// Minutes from the restaurant's being asked to the customer's having it.
    #[serde(default = "usual_lead_mins")]
    pub lead_mins: u32,
    /// The last try to pay that was declined, so that it is told once.
    #[serde(default)]
    pub declined: Option<PaymentId>,
    /// When it was ordered.
    pub created_at: Timestamp,
    /// When the restaurant was asked.
    pub placed_at: Option<Timestamp>,
    /// When the food should be ready.
    pub ready_by: Option<Timestamp>,
    /// When the courier took it.
    pub picked_up_at: Option<Timestamp>,
    /// When the customer got it.
    pub delivered_at: Option<Timestamp>,
    /// An open wish to cancel.
    pub cancel_request: Option<CancelRequest>,
    /// The wait at the door, once the courier tried to reach the customer.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// How it ended early, if it did.
    pub ending: Option<Ending>,
}

impl Order {
    /// Whether `customer` may see what only the customer sees.
    pub fn is_of(&self, customer: UserId) -> bool {
        self.customer == customer
    }

    /// Whether it came to nothing before anybody cooked, so that the same cart may be
    /// ordered again.
    pub fn is_dead(&self) -> bool {
        use Status::{Cancelled, Expired, PaymentFailed, Rejected};
        matches!(self.status, Cancelled | Rejected | Expired | PaymentFailed)
    }
}

#[cfg(test)]
mod tests;
