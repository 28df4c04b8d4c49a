//! The commands of an order, and who issues them.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ContactMethod, FailReason, LinePart};
use crate::cart::Quote;
use crate::{CancellationId, CourierId, MenuId, OrderId, PaymentId, Percentage, RestaurantId, UserId, Won};

/// Who issues a command. `services` has verified the identity; the order checks that it
/// is *its* customer, restaurant or courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A customer.
    Customer(UserId),
    /// The owner of this restaurant.
    Owner(RestaurantId),
    /// A courier.
    Courier(CourierId),
    /// An operator of the platform.
    Admin(UserId),
    /// A timer, or a reaction to another event.
    System,
    /// The payment of this order.
    Payment,
}

/// Who bears the cost of an early end.
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
    /// The restaurant is too busy.
    TooBusy,
    /// Closing, or closed already.
    Closing,
    /// The address can't be reached.
    Unreachable,
    /// The restaurant did not answer in time; used only by the system.
    NoAnswer,
    /// The restaurant does not open for the slot any more; used only by the system.
    SlotClosed,
    /// Anything else.
    Other,
}

impl RejectReason {
    /// Every reason.
    pub const ALL: [RejectReason; 7] = [
        RejectReason::SoldOut,
        RejectReason::TooBusy,
        RejectReason::Closing,
        RejectReason::Unreachable,
        RejectReason::NoAnswer,
        RejectReason::SlotClosed,
        RejectReason::Other,
    ];
}

/// The input from which an order is created.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The new order's id.
    pub id: OrderId,
    /// The accepted quote.
    pub quote: Quote,
    /// The customer's note, as returned by [`read_note`](super::read_note).
    pub note: String,
    /// The customer's words to the courier, as [`read_courier_note`](super::read_courier_note)
    /// gave them; of no use where they collect it.
    pub courier_note: String,
    /// Leave it at the door.
    pub contactless: bool,
    /// Disposable cutlery; none unless they ask for it.
    pub cutlery: bool,
    /// The code that the customer must show; used only if the quote is for pickup.
    pub pickup_code: String,
    /// What is agreed on.
    pub terms: Terms,
}

/// What is agreed on when an order is made, and stays whatever changes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the platform takes of the food that it sells for the restaurant, without VAT.
    pub commission: Percentage,
    /// What the customer gets in points of what they pay for the food.
    pub reward: Percentage,
}

impl Default for Terms {
    /// A commission of 7.8 %, and 1 % in points.
    fn default() -> Self {
        Self { commission: Percentage::new(780), reward: Percentage::new(100) }
    }
}

/// A command to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The payment succeeded.
    Pay {
        /// The paid amount.
        amount: Won,
    },
    /// A payment was declined.
    DeclinePayment {
        /// The declined payment.
        payment: PaymentId,
    },
    /// The payment deadline has passed.
    Expire,
    /// The slot is near: place the order at the restaurant.
    Release,
    /// The restaurant accepts.
    Accept {
        /// Minutes until it is ready, 5..=90.
        preparation_mins: u32,
    },
    /// The restaurant rejects.
    Reject {
        /// Why.
        reason: RejectReason,
        /// The dishes that are sold out.
        sold_out: Vec<MenuId>,
    },
    /// Cooking has begun.
    StartPreparing,
    /// It is ready for pickup.
    MarkReady,
    /// The delivery was assigned to a courier, or with `None` lost its courier.
    AssignCourier {
        /// The courier, if one is assigned.
        courier: Option<CourierId>,
    },
    /// The courier has it.
    PickUp,
    /// The customer has it.
    Deliver,
    /// The courier at the door reports an attempt to reach the customer.
    TryContact {
        /// Identifies the attempt, so that a repeated report is recognised.
        attempt: Uuid,
        /// The way of contact.
        way: ContactMethod,
        /// How long the courier must wait after the first attempt.
        wait: Duration,
    },
    /// The customer answers the courier at the door.
    AnswerContact {
        /// The customer's text.
        text: String,
        /// How long the courier must wait after the first answer.
        wait: Duration,
    },
    /// The courier could not hand it over.
    FailDelivery {
        /// Why; this also determines who bears the cost.
        reason: FailReason,
    },
    /// An operator ends it.
    End {
        /// Who bears the cost.
        fault: Fault,
        /// Why.
        reason: String,
    },
    /// The order is complete. A pickup order needs the customer's code.
    Complete {
        /// The code that the customer shows.
        code: Option<String>,
    },
    /// Cancel it.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Take dishes out of it that cannot be had after all.
    CancelLines {
        /// Identifies it, so that a repetition is recognised.
        id: CancellationId,
        /// The dishes.
        parts: Vec<LinePart>,
        /// Whether they are to be marked as sold out.
        sold_out: bool,
    },
    /// Ask the restaurant to cancel it.
    RequestCancel {
        /// Why.
        reason: String,
    },
    /// The restaurant's decision on that request.
    DecideCancel {
        /// Whether it is cancelled.
        approve: bool,
    },
    /// The restaurant did not decide on that request in time.
    LapseCancelRequest,
}

impl Command {
    /// The name used in refusals.
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
            Command::CancelLines { .. } => "cancel_lines",
            Command::RequestCancel { .. } => "request_cancel",
            Command::DecideCancel { .. } => "decide_cancel",
            Command::LapseCancelRequest => "lapse_cancel_request",
        }
    }
}
