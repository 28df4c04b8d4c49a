//! Durable timers: what an entity asks to be told later, even if every process
//! dies in between.

use serde::{Deserialize, Serialize};

use crate::{OrderId, PaymentId, RefundId, UserId};

/// What is due. Firing one is a command like any other: by then it may be too
/// late or not needed any more, and the entity decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum Reminder {
    /// The order was not paid in time.
    PaymentOverdue {
        /// The order.
        order: OrderId,
    },
    /// The gateway did not say what became of a payment: ask again.
    PaymentUnknown {
        /// The order whose payment it is.
        order: OrderId,
    },
    /// A payment was given up because the gateway did not know it: ask once more
    /// whether it came late.
    PaymentLate {
        /// The payment.
        payment: PaymentId,
        /// How often it was asked since.
        looks: u32,
    },
    /// Money is to go back.
    RefundDue {
        /// The refund.
        refund: RefundId,
    },
    /// A scheduled order is to be placed.
    SlotNear {
        /// The order.
        order: OrderId,
    },
    /// The restaurant has not answered for a while.
    AcceptNudge {
        /// The order.
        order: OrderId,
    },
    /// The restaurant did not answer in time.
    AcceptOverdue {
        /// The order.
        order: OrderId,
    },
    /// The restaurant did not decide on the customer's wish to cancel.
    CancelRequestLapsed {
        /// The order.
        order: OrderId,
    },
    /// A delivered order completes by itself.
    CompletionDue {
        /// The order.
        order: OrderId,
    },
    /// A support agent's last socket went, and none came back.
    AgentAway {
        /// The agent.
        agent: UserId,
    },
    /// Offers of a delivery may have expired: ask the next couriers.
    LookForCourier {
        /// The order that is delivered.
        order: OrderId,
    },
    /// Nobody took a delivery for long.
    NoCourierFound {
        /// The order that is delivered.
        order: OrderId,
    },
}
