//! The payment of an order.
//!
//! ```text
//! in_progress ─▶ done ─▶ cancelled
//!      │  └────▶ aborted
//!      └▶ unknown ─▶ done | aborted      (by asking the gateway)
//! ```
//! The gateway's word is the only truth: what it did not say is `unknown`, and
//! an unknown payment is asked for until it is known.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{Kind, OrderId, PaymentId, Refusal, Timestamp, UserId, Won};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The gateway is being asked.
    InProgress,
    /// The money is there.
    Done,
    /// The gateway declined.
    Aborted,
    /// The gateway did not say.
    Unknown,
    /// The money went back.
    Cancelled,
}

impl PaymentStatus {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentStatus::InProgress => "in_progress",
            PaymentStatus::Done => "done",
            PaymentStatus::Aborted => "aborted",
            PaymentStatus::Unknown => "unknown",
            PaymentStatus::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::InProgress, Self::Done, Self::Aborted, Self::Unknown, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == name)
    }

    /// Whether the money may still come: the order must not expire meanwhile.
    pub fn is_open(self) -> bool {
        matches!(self, PaymentStatus::InProgress | PaymentStatus::Unknown)
    }
}

/// One try to pay an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id, and the key under which the gateway knows it.
    pub id: PaymentId,
    /// What is paid for.
    pub order: OrderId,
    /// Who pays.
    pub customer: UserId,
    /// How much.
    pub amount: Won,
    /// Where it stands.
    pub status: PaymentStatus,
    /// How often the gateway was asked what became of it.
    pub asked: u32,
    /// When it began.
    pub created_at: Timestamp,
}

/// What a gateway says of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayAnswer {
    /// The money is there.
    Approved {
        /// How much of it.
        amount: Won,
    },
    /// It will not come.
    Declined {
        /// Why, as the gateway words it.
        reason: String,
    },
    /// It did not say.
    Unknown,
}

impl Payment {
    /// The payment after the gateway's answer. A settled payment stays what it is.
    #[must_use]
    pub fn answered(mut self, answer: &GatewayAnswer) -> Self {
        if self.status.is_open() {
            self.status = match answer {
                GatewayAnswer::Approved { .. } => PaymentStatus::Done,
                GatewayAnswer::Declined { .. } => PaymentStatus::Aborted,
                GatewayAnswer::Unknown => PaymentStatus::Unknown,
            };
        }
        self
    }

    /// How long to wait before the gateway is asked (again); `None` when it was
    /// asked often enough and a person must look.
    pub fn ask_again_after(asked: u32) -> Option<Duration> {
        match asked {
            0 => Some(Duration::seconds(5)),
            1 => Some(Duration::seconds(30)),
            2 => Some(Duration::minutes(2)),
            3 => Some(Duration::minutes(10)),
            _ => None,
        }
    }
}

/// How a payment says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefusal {
    /// A try is open already, or has succeeded.
    #[error("This order is being paid already.")]
    AlreadyPaying,
}

impl Refusal for PaymentRefusal {
    fn code(&self) -> &'static str {
        "payment.already_paying"
    }

    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_payment_is_not_changed_by_a_late_answer() {
        let payment = Payment {
            id: PaymentId(uuid::Uuid::nil()),
            order: OrderId(uuid::Uuid::nil()),
            customer: UserId(uuid::Uuid::nil()),
            amount: Won(1),
            status: PaymentStatus::InProgress,
            asked: 0,
            created_at: Timestamp::UNIX_EPOCH,
        };
        let unknown = payment.answered(&GatewayAnswer::Unknown);
        assert_eq!(unknown.status, PaymentStatus::Unknown);
        let done = unknown.answered(&GatewayAnswer::Approved { amount: Won(1) });
        assert_eq!(done.status, PaymentStatus::Done);
        let late = done.answered(&GatewayAnswer::Declined { reason: "late".into() });
        assert_eq!(late.status, PaymentStatus::Done);
    }
}
