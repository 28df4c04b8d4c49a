//! Refunds: each has its own row and is retried with its own idempotency key until the
//! gateway answers.
//!
//! ```text
//! requested ─▶ succeeded | failed
//! ```

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{OrderId, PaymentId, RefundId, Won};

/// How often a refund without an answer is retried: for about a day.
pub const REFUND_ATTEMPTS: u32 = 27;

/// The state of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// It has not been sent to the gateway, or there was no answer.
    Requested,
    /// The gateway has refunded it.
    Succeeded,
    /// The gateway refused it; an operator must decide.
    Failed,
}

/// Why a payment is refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The order ended early.
    OrderEnded,
    /// Dishes were taken out of the order.
    LinesCancelled,
    /// An operator gave something back of an order that had arrived.
    Adjusted,
    /// The gateway charged a different amount than requested.
    AmountDiffers,
    /// The gateway approved a payment that was already aborted.
    LateApproval,
}

/// A refund of a payment, or of a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id, which is also the gateway's idempotency key.
    pub id: RefundId,
    /// The payment that is refunded.
    pub payment: PaymentId,
    /// The payment's order.
    pub order: OrderId,
    /// The amount, more than zero.
    pub amount: Won,
    /// Why.
    pub reason: RefundReason,
    /// Its state.
    pub status: RefundStatus,
    /// The number of attempts without an answer from the gateway.
    pub attempts: u32,
}

impl Refund {
    /// The wait after an attempt without an answer, where `attempts` are the unanswered ones
    /// before it; `None` when there are no more and an operator must decide.
    pub fn retry_after(attempts: u32) -> Option<Duration> {
        match attempts {
            0 => Some(Duration::seconds(10)),
            1 => Some(Duration::minutes(1)),
            2 => Some(Duration::minutes(10)),
            3..REFUND_ATTEMPTS => Some(Duration::hours(1)),
            _ => None,
        }
    }

    /// Whether the gateway refused it, or all attempts were made: an operator must decide.
    pub fn is_undecided(&self) -> bool {
        match self.status {
            RefundStatus::Failed => true,
            RefundStatus::Requested => self.attempts > REFUND_ATTEMPTS,
            RefundStatus::Succeeded => false,
        }
    }
}

macro_rules! names {
    ($name:ty { $($variant:ident => $text:literal),* $(,)? }) => {
        impl $name {
            /// The name in the store and on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }

            /// The value with that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

names!(RefundStatus { Requested => "requested", Succeeded => "succeeded", Failed => "failed" });
names!(RefundReason {
    OrderEnded => "order_ended",
    LinesCancelled => "lines_cancelled",
    Adjusted => "adjusted",
    AmountDiffers => "amount_differs",
    LateApproval => "late_approval",
});
