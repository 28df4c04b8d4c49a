//! What can be asked of an order, and who asks.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ContactMethod, FailReason};
use crate::cart::Quote;
use crate::{CourierId, MenuId, OrderId, PaymentId, RestaurantId, UserId, Won};

/// Who asks. `services` has proved it; the order checks that it is *its*
/// customer, restaurant or courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A customer.
    Customer(UserId),
    /// Somebody who runs this restaurant.
    Owner(RestaurantId),
    /// A courier.
    Courier(CourierId),
    /// Somebody who runs the platform.
    Admin(UserId),
    /// A timer or a reaction.
    System,
    /// The payment of this order.
    Payment,
}

/// At whose cost an early end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The customer's.
    Customer,
    /// The restaurant's.
    Restaurant,
    /// The courier's.
    Courier,
    /// The platform's.
    Platform,
}

impl Fault {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Customer => "customer",
            Fault::Restaurant => "restaurant",
            Fault::Courier => "courier",
            Fault::Platform => "platform",
        }
    }
}

/// Why a restaurant rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// Something ordered is sold out.
    SoldOut,
    /// Too much to do.
    TooBusy,
    /// Closing, or closed already.
    Closing,
    /// The address can't be reached.
    Unreachable,
    /// Nobody answered in time; only the system says this.
    NoAnswer,
    /// Anything else.
    Other,
}

/// What makes an order out of a quote.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The new order's id.
    pub id: OrderId,
    /// What was quoted.
    pub quote: Quote,
    /// The customer's words, as [`read_note`](super::read_note) gave them.
    pub note: String,
    /// Leave it at the door.
    pub contactless: bool,
    /// With what the customer collects it, where the quote is for pickup.
    pub pickup_code: String,
}

/// What can be asked of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The money is there.
    Pay {
        /// What was paid.
        amount: Won,
    },
    /// This try to pay was declined.
    DeclinePayment {
        /// Which.
        payment: PaymentId,
    },
    /// The time for paying is over.
    Expire,
    /// The slot is near: ask the restaurant.
    Release,
    /// The restaurant will cook it.
    Accept {
        /// Minutes until it is ready, 5..=90.
        preparation_mins: u32,
    },
    /// The restaurant will not.
    Reject {
        /// Why.
        reason: RejectReason,
        /// What is sold out.
        sold_out: Vec<MenuId>,
    },
    /// Cooking has begun.
    StartPreparing,
    /// It can be collected.
    MarkReady,
    /// A courier took the delivery on; `None`: dropped out.
    AssignCourier {
        /// Who.
        courier: Option<CourierId>,
    },
    /// The courier has it.
    PickUp,
    /// The customer has it.
    Deliver,
    /// The courier at the door tried to reach the customer.
    TryContact {
        /// By which the same attempt is known again.
        attempt: Uuid,
        /// How.
        way: ContactMethod,
        /// How long is waited from the first attempt on.
        wait: Duration,
    },
    /// The customer answers the courier at the door.
    AnswerContact {
        /// In their words.
        text: String,
        /// How long is waited from the first answer on.
        wait: Duration,
    },
    /// The courier could not hand it over.
    FailDelivery {
        /// Why, which says at whose cost.
        reason: FailReason,
    },
    /// An operator ends it.
    End {
        /// At whose cost.
        fault: Fault,
        /// Why.
        reason: String,
    },
    /// It went well. For pickup orders with the customer's code.
    Complete {
        /// The code that the customer shows.
        code: Option<String>,
    },
    /// Call it off.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Ask the restaurant to call it off.
    RequestCancel {
        /// Why.
        reason: String,
    },
    /// The restaurant's answer to that.
    DecideCancel {
        /// Whether it is called off.
        approve: bool,
    },
    /// The restaurant did not answer that in time.
    LapseCancelRequest,
}

impl Command {
    /// The name in refusals.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Pay { .. } => "pay",
            Command::DeclinePayment { .. } => "decline_payment",
            Command::Expire => "expire",
            Command::Release => "release",
            Command::Accept { .. } => "accept",
            Command::Reject { .. } => "reject",
            Command::StartPreparing => "start_preparing",
            Command::MarkReady => "mark_ready",
            Command::AssignCourier { .. } => "assign_courier",
            Command::PickUp => "pick_up",
            Command::Deliver => "deliver",
            Command::TryContact { .. } => "try_contact",
            Command::AnswerContact { .. } => "answer_contact",
            Command::FailDelivery { .. } => "fail_delivery",
            Command::End { .. } => "end",
            Command::Complete { .. } => "complete",
            Command::Cancel { .. } => "cancel",
            Command::RequestCancel { .. } => "request_cancel",
            Command::DecideCancel { .. } => "decide_cancel",
            Command::LapseCancelRequest => "lapse_cancel_request",
        }
    }
}
