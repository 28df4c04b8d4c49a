//! Money that goes back: a row of its own, retried under its own key until the gateway
//! has said.
//!
//! ```text
//! requested ─▶ succeeded | failed
//! ```

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{OrderId, PaymentId, RefundId, Won};

/// How often a gateway that does not say is asked again: for about a day.
pub const REFUND_ATTEMPTS: u32 = 27;

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// The gateway is to be asked, or did not say.
    Requested,
    /// The money went back.
    Succeeded,
    /// The gateway refused; somebody has to decide.
    Failed,
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The order came to an end that gives it back.
    OrderEnded,
    /// The gateway took another amount than was asked for.
    AmountDiffers,
    /// The gateway approved what nobody waits for any more.
    LateApproval,
}

/// A refund of a payment, or of a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id, and the key under which the gateway does it once.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Whose order that is.
    pub order: OrderId,
    /// How much, more than nothing.
    pub amount: Won,
    /// Why.
    pub reason: RefundReason,
    /// Where it stands.
    pub status: RefundStatus,
    /// How often the gateway was asked and did not say.
    pub attempts: u32,
}

impl Refund {
    /// How long to wait after that many attempts without an answer; `None` when it was
    /// tried often enough and somebody must decide.
    pub fn retry_after(attempts: u32) -> Option<Duration> {
        match attempts {
            0 => Some(Duration::seconds(10)),
            1 => Some(Duration::minutes(1)),
            2 => Some(Duration::minutes(10)),
            3..REFUND_ATTEMPTS => Some(Duration::hours(1)),
            _ => None,
        }
    }

    /// Whether the gateway refused it, or was asked often enough: somebody must decide.
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

            /// The one of that name.
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
    AmountDiffers => "amount_differs",
    LateApproval => "late_approval",
});
