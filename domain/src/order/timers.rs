//! The timers of an order, stored as durable reminders.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{Fact, Order, OrderEvent};
use crate::{OrderId, Timestamp};

/// The time limits; all of them are configurable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// After this time an unpaid order expires.
    pub payment: Duration,
    /// After this time a restaurant that has not answered is reminded.
    pub accept_nudge: Duration,
    /// After this time an order that is not accepted is rejected.
    pub accept: Duration,
    /// After this time an undecided cancellation request is refused.
    pub cancel_request: Duration,
    /// How long a courier at the door waits after the first attempt to reach the customer,
    /// and after the customer's first answer.
    pub contact: Duration,
    /// After this time a delivered order completes automatically.
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

/// A reminder that an order schedules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum OrderReminder {
    /// The order was not paid in time.
    PaymentOverdue {
        /// The order.
        order: OrderId,
    },
    /// It is time to place a scheduled order.
    SlotNear {
        /// The order.
        order: OrderId,
    },
    /// The restaurant was about to be closed at the slot: it is time to look whether it still is.
    SlotClosed {
        /// The order.
        order: OrderId,
    },
    /// The restaurant has not answered yet.
    AcceptNudge {
        /// The order.
        order: OrderId,
    },
    /// The restaurant did not answer in time.
    AcceptOverdue {
        /// The order.
        order: OrderId,
    },
    /// The restaurant did not decide on the cancellation request in time.
    CancelRequestLapsed {
        /// The order.
        order: OrderId,
    },
    /// It is time to complete a delivered order.
    CompletionDue {
        /// The order.
        order: OrderId,
    },
}

/// A change to an order's reminders, to be committed together with the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Schedules a reminder; replaces one with the same key.
    Set {
        /// `order:{id}:{what}`.
        key: String,
        /// When it is due.
        at: Timestamp,
        /// The reminder.
        reminder: OrderReminder,
    },
    /// Removes a reminder.
    Clear {
        /// The key, as in `Set`.
        key: String,
    },
}

impl OrderEvent {
    /// The timer changes caused by this event.
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
            Fact::Accepted { .. } => vec![clear("nudge"), clear("accept")],
            Fact::Rejected { .. } => ["slot", "nudge", "accept"].map(clear).into(),
            Fact::CancelRequested { .. } => {
                vec![set("cancel", times.cancel_request, OrderReminder::CancelRequestLapsed { order })]
            }
            // Food that is on its way is not cancelled: the request is over.
            Fact::CancelRefused | Fact::PickedUp => vec![clear("cancel")],
            Fact::Cancelled { .. } => ["payment", "slot", "nudge", "accept", "cancel"].map(clear).into(),
            Fact::Delivered => {
                vec![set("completion", times.completion, OrderReminder::CompletionDue { order })]
            }
            Fact::Completed => ["completion", "cancel"].map(clear).into(),
            _ => Vec::new(),
        }
    }
}

fn key(order: OrderId, what: &str) -> String {
    format!("order:{order}:{what}")
}

impl Order {
    /// Whether the payment deadline has passed.
    pub fn is_payment_overdue(&self, times: &Times, now: Timestamp) -> bool {
        now >= self.created_at + times.payment
    }
}
