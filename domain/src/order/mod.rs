//! The order: its life from a valid quote to completion.
//!
//! ```text
//! pending_payment ─ pay ─▶ placed ─ accept ─▶ accepted ─▶ preparing ─▶ ready
//!   ├ overdue ─▶ expired     ├ reject, overdue ─▶ rejected └────────┬──────┘
//!   └ cancel ─▶ cancelled    └ cancel ─▶ cancelled                  └ cancel, end ─▶ cancelled
//! preparing, ready ─ pick up ─▶ picked_up ─ deliver ─▶ delivered ─▶ completed
//!                                 └ fail, end ─▶ delivery_failed
//! ready ─ customer's code ─▶ completed      (pickup orders)
//! ```
//! An operator can end it from `accepted` to `picked_up`, and states who is at fault.
//! The refund depends on fault and progress (table in `reckoning.rs`); `contact.rs` defines
//! how long a courier waits at the customer's door.
//! A declined payment does not end the order: it waits for another attempt until it expires.
//! `payment_failed` exists only in old rows.
//! A paid order with a slot waits as `scheduled` until it is time to place it.
//! Every transition that `state.rs` does not list is refused.

mod adjustment;
mod availability;
mod cancellation;
mod code;
mod command;
mod contact;
mod ending;
mod event;
mod reckoning;
mod refusal;
mod state;
mod timers;
mod wishes;

use serde::{Deserialize, Serialize};

use crate::cart::{DropOff, QuotedLine, quote::usual_lead_mins};
use crate::coupon::Discount;
use crate::{
    CourierId, LatLon, OrderId, PaymentId, Percentage, QuoteId, RestaurantId, Timestamp, UserId, Won,
};

pub use adjustment::{Adjustment, AdjustmentReason, AdjustmentRequest, Burden, Remainder, Wanted};
pub use cancellation::{Cancellation, LinePart};
pub use code::{NotACode, OrderCode};
pub use command::{By, Command, Fault, Placement, RejectReason, Terms};
pub use contact::{Answer, Attempt, CONTACTS_MAX, Contact, ContactMethod, WAYS_NEEDED};
pub(crate) use ending::WORDS as ENDINGS;
pub use ending::{EarlyEnd, EndReason, EndedBy, REPLACED};
pub use event::{BoardEvent, Fact, OrderEvent, OrderEventKind};
pub use reckoning::{Back, FailReason, Price, Progress, Reckoning};
pub use refusal::OrderRefusal;
pub(crate) use refusal::REFUSALS;
pub use state::{read_courier_note, read_note};
pub use timers::{OrderReminder, Timer, Times};
pub use wishes::Wishes;

/// The state of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Created from a quote; waits for the payment.
    PendingPayment,
    /// Paid; waits until it is time to place it.
    Scheduled,
    /// Paid; waits for the restaurant's answer.
    Placed,
    /// The restaurant has accepted it.
    Accepted,
    /// It is being cooked.
    Preparing,
    /// Cooked; waits for the courier, or for the customer of a pickup order.
    Ready,
    /// The courier has it.
    PickedUp,
    /// The customer has it.
    Delivered,
    /// Ended successfully.
    Completed,
    /// The restaurant rejected it, or did not answer in time.
    Rejected,
    /// Cancelled by the customer, the restaurant or an operator.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// A declined payment ended it. Exists only in old rows, never entered today.
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

    /// Whether no transition leaves this state.
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
    /// A courier delivers it.
    Delivery {
        /// Leave it at the door instead of handing it over.
        contactless: bool,
    },
    /// The customer collects it and shows this code.
    Pickup {
        /// Four digits.
        code: String,
    },
}

/// The customer's request for a cancellation that only the restaurant can grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Why, in the customer's words.
    pub reason: String,
    /// When it was requested.
    pub at: Timestamp,
}

/// Why an order ended early, and at whose cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The party at fault.
    pub fault: Fault,
    /// Why, in words.
    pub reason: String,
    /// Why the courier could not hand it over, if that ended it.
    #[serde(default)]
    pub code: Option<FailReason>,
    /// Its progress when it ended; `None` in old rows.
    #[serde(default)]
    pub reached: Option<Progress>,
    /// The operator who ended it, if one did.
    #[serde(default)]
    pub operator: Option<UserId>,
}

/// An order. `version` counts its events: it is the offset of the last one on
/// the order's channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its id, which is also the id of its delivery.
    pub id: OrderId,
    /// The number of its events so far.
    pub version: u64,
    /// Its state.
    pub status: Status,
    /// The quote it was created from.
    pub quote: QuoteId,
    /// The version of the cart that was quoted; `None` in old rows.
    #[serde(default)]
    pub cart_version: Option<u64>,
    /// Who ordered it.
    pub customer: UserId,
    /// The restaurant that cooks it.
    pub restaurant: RestaurantId,
    /// The restaurant's name at the time of the order.
    pub restaurant_name: String,
    /// The assigned courier, if there is one.
    pub courier: Option<CourierId>,
    /// Delivery or pickup.
    pub fulfilment: Fulfilment,
    /// The ordered dishes with their prices, without what was taken out of it.
    pub lines: Vec<QuotedLine>,
    /// What was taken out of it after it was paid; nothing in old rows. All amounts are without it.
    #[serde(default)]
    pub cancellations: Vec<Cancellation>,
    /// Σ line totals.
    pub subtotal: Won,
    /// The delivery tip; zero for pickup.
    pub tip: Won,
    /// What coupons take off; nothing in old rows.
    #[serde(default)]
    pub discounts: Vec<Discount>,
    /// What the customer pays by points; nothing in old rows.
    #[serde(default)]
    pub points: Won,
    /// What the customer pays by the payment gateway.
    pub payable: Won,
    /// What the platform takes of the food; nothing in old rows.
    #[serde(default)]
    pub commission: Percentage,
    /// What the customer gets in points when it is completed; nothing in old rows.
    #[serde(default)]
    pub reward: Won,
    /// The restaurant's position, where the food is picked up.
    pub pickup: LatLon,
    /// Where it is delivered; `None` for pickup.
    pub drop_off: Option<DropOff>,
    /// The customer's note to the restaurant; may be empty.
    pub note: String,
    /// The customer's note to the courier; may be empty, and is in old rows.
    #[serde(default)]
    pub courier_note: String,
    /// With disposable cutlery; nobody asked for it in old rows.
    #[serde(default)]
    pub cutlery: bool,
    /// When the customer wants it, for scheduled orders.
    pub slot: Option<Timestamp>,
    /// Minutes from placing it at the restaurant to the delivery.
    #[serde(default = "usual_lead_mins")]
    pub lead_mins: u32,
    /// The last payment that was declined, so that each one makes a single event.
    #[serde(default)]
    pub declined: Option<PaymentId>,
    /// When it was ordered.
    pub created_at: Timestamp,
    /// When it was placed at the restaurant.
    pub placed_at: Option<Timestamp>,
    /// When the food should be ready.
    pub ready_by: Option<Timestamp>,
    /// When the courier picked it up.
    pub picked_up_at: Option<Timestamp>,
    /// When the customer received it.
    pub delivered_at: Option<Timestamp>,
    /// The open cancellation request, if there is one.
    pub cancel_request: Option<CancelRequest>,
    /// The wait at the door; set by the courier's first attempt to reach the customer.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// How it ended early, if it did.
    pub ending: Option<Ending>,
    /// When it was over; unknown in old rows.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
}

impl Order {
    /// Whether `customer` is the one who ordered it.
    pub fn is_of(&self, customer: UserId) -> bool {
        self.customer == customer
    }

    /// What the customer pays, by points and by the payment gateway.
    pub fn paid_by_all_means(&self) -> Won {
        Won(self.payable.0 + self.points.0)
    }

    /// Whether it was cancelled, rejected or not paid, so that the same cart may be ordered
    /// again.
    pub fn is_dead(&self) -> bool {
        use Status::{Cancelled, Expired, PaymentFailed, Rejected};
        matches!(self.status, Cancelled | Rejected | Expired | PaymentFailed)
    }
}

#[cfg(test)]
pub(crate) mod tests;
