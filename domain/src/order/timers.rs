//! What an order waits for, as durable reminders.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{Fact, Order, OrderEvent};
use crate::{OrderId, Timestamp};

/// How long things may take. All of it is configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// An order that is not paid by then expires.
    pub payment: Duration,
    /// A restaurant that has not answered by then is nudged.
    pub accept_nudge: Duration,
    /// An order that is not accepted by then is rejected.
    pub accept: Duration,
    /// A wish to cancel that is not decided by then is refused.
    pub cancel_request: Duration,
    /// How long a courier at the door waits for the customer, from the first attempt to
    /// reach them, and from their first answer.
    pub contact: Duration,
    /// A delivered order completes by itself after this.
    pub completion: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            payment: Duration::minutes(15),
            accept_nudge: Duration::seconds(90),
            accept: Duration::minutes(5),
            cancel_request: Duration::minutes(3),
            contact: Duration::minutes(10),
            completion: Duration::hours(24),
        }
    }
}

/// What an order asks to be reminded of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum OrderReminder {
    /// The order was not paid in time.
    PaymentOverdue {
        /// The order.
        order: OrderId,
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
}

/// A change to an order's reminders, to be made in the commit of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Remind at that time; replaces one with the same key.
    Set {
        /// `order:{id}:{what}`.
        key: String,
        /// When.
        at: Timestamp,
        /// Of what.
        reminder: OrderReminder,
    },
    /// Not needed any more.
    Clear {
        /// See `Set`.
        key: String,
    },
}

impl OrderEvent {
    /// The timers that change with this event.
    pub fn timers(&self, times: &Times, now: Timestamp) -> Vec<Timer> {
        let order = self.order;
        let set = |what: &str, after: Duration, reminder| Timer::Set {
            key: key(order, what),
            at: now + after,
            reminder,
        };
        let clear = |what: &str| Timer::Clear { key: key(order, what) };
        match &self.fact {
            Fact::Created => vec![set("payment", times.payment, OrderReminder::PaymentOverdue { order })],
            Fact::Scheduled { release_at, .. } => vec![
                clear("payment"),
                Timer::Set {
                    key: key(order, "slot"),
                    at: *release_at,
                    reminder: OrderReminder::SlotNear { order },
                },
            ],
            Fact::Placed => vec![
                clear("payment"),
                set("nudge", times.accept_nudge, OrderReminder::AcceptNudge { order }),
                set("accept", times.accept, OrderReminder::AcceptOverdue { order }),
            ],
            Fact::Accepted { .. } | Fact::Rejected { .. } => vec![clear("nudge"), clear("accept")],
            Fact::CancelRequested { .. } => {
                vec![set("cancel", times.cancel_request, OrderReminder::CancelRequestLapsed { order })]
            }
            Fact::CancelRefused => vec![clear("cancel")],
            Fact::Cancelled { .. } => ["payment", "slot", "nudge", "accept", "cancel"].map(clear).into(),
            Fact::Delivered => {
                vec![set("completion", times.completion, OrderReminder::CompletionDue { order })]
            }
            Fact::Completed => vec![clear("completion")],
            _ => Vec::new(),
        }
    }
}

fn key(order: OrderId, what: &str) -> String {
    format!("order:{order}:{what}")
}

impl Order {
    /// Whether the time for paying is over.
    pub fn is_payment_overdue(&self, times: &Times, now: Timestamp) -> bool {
        now >= self.created_at + times.payment
    }
}
