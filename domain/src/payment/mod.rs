//! The payment of an order.
//!
//! ```text
//! in_progress ─▶ done ─▶ partially_cancelled ─▶ cancelled
//!      │  └────▶ aborted
//!      └▶ unknown ─▶ done | aborted      (by asking the gateway)
//! ```
//! The gateway's word is the only truth: what it did not say is `unknown`, and
//! an unknown payment is asked for until it is known, or until somebody decides. A
//! charge that the gateway does not know may still be on its way; only after
//! [`Times::not_found`] is it given up, and asked for once more later. Money that was
//! taken in another amount, or for a try that was given up, goes back.

mod refund;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{OrderId, PaymentId, RefundId, Refusal, Refused, Timestamp, UserId, Won};

pub use refund::{REFUND_ATTEMPTS, Refund, RefundReason, RefundStatus};

/// How often the gateway is asked what became of a payment before somebody must decide.
pub const LOOKS: u32 = 4;

/// What a payment or a refund asks to be reminded of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum PaymentReminder {
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
}

/// How long things may take. All of it is configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// A charge that the gateway does not know counts as unknown until it is this old.
    pub not_found: Duration,
    /// When a payment that was given up is asked for again, each after the one before.
    pub late_looks: [Duration; 3],
}

impl Default for Times {
    fn default() -> Self {
        Self {
            not_found: Duration::minutes(10),
            late_looks: [Duration::minutes(10), Duration::hours(1), Duration::hours(24)],
        }
    }
}

impl Times {
    /// How long to wait before the next look at a payment that was given up.
    pub fn late_look(&self, looks: u32) -> Option<Duration> {
        self.late_looks.get(usize::try_from(looks).ok()?).copied()
    }
}

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
    /// A part of the money went back.
    PartiallyCancelled,
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
            PaymentStatus::PartiallyCancelled => "partially_cancelled",
            PaymentStatus::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        use PaymentStatus::{Aborted, Cancelled, Done, InProgress, PartiallyCancelled, Unknown};
        [InProgress, Done, Aborted, Unknown, PartiallyCancelled, Cancelled]
            .into_iter()
            .find(|status| status.as_str() == name)
    }

    /// Whether the money may still come: the order must not expire meanwhile.
    pub fn is_open(self) -> bool {
        matches!(self, PaymentStatus::InProgress | PaymentStatus::Unknown)
    }
}

/// One try to pay an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// It knows no such charge: nothing was taken yet.
    NotFound,
    /// It did not say.
    Unknown,
}

/// What follows from an answer of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The payment after it.
    pub payment: Payment,
    /// Money that nobody asked for and that must go back.
    pub void: Option<(Won, RefundReason)>,
    /// Whether it was given up without the gateway's having declined it, so that the
    /// charge may still come.
    pub may_come_late: bool,
}

impl Payment {
    /// What follows from the gateway's answer. A settled payment stays what it is; an
    /// approval of one that was given up, or of another amount, is to be voided.
    pub fn settle(mut self, answer: &GatewayAnswer, times: &Times, now: Timestamp) -> Settlement {
        let mut void = None;
        let mut may_come_late = false;
        match answer {
            GatewayAnswer::Approved { amount } if self.status == PaymentStatus::Aborted => {
                void = Some((*amount, RefundReason::LateApproval));
            }
            _ if !self.status.is_open() => {}
            GatewayAnswer::Approved { amount } if *amount == self.amount => self.status = PaymentStatus::Done,
            GatewayAnswer::Approved { amount } => {
                self.status = PaymentStatus::Aborted;
                void = Some((*amount, RefundReason::AmountDiffers));
            }
            GatewayAnswer::Declined { .. } => self.status = PaymentStatus::Aborted,
            GatewayAnswer::NotFound if now - self.created_at >= times.not_found => {
                self.status = PaymentStatus::Aborted;
                may_come_late = true;
            }
            GatewayAnswer::NotFound | GatewayAnswer::Unknown => self.status = PaymentStatus::Unknown,
        }
        let void = void.filter(|(amount, _)| *amount > Won::ZERO);
        Settlement { payment: self, void, may_come_late }
    }

    /// Whether the gateway was asked often enough, and somebody must decide.
    pub fn is_undecided(&self) -> bool {
        self.status.is_open() && Self::ask_again_after(self.asked).is_none()
    }

    /// How long to wait before the gateway is asked (again); `None` when it was
    /// asked often enough and a person must look.
    pub fn ask_again_after(asked: u32) -> Option<Duration> {
        match asked {
            0 => Some(Duration::seconds(5)),
            1 => Some(Duration::seconds(30)),
            2 => Some(Duration::minutes(2)),
            3 => Some(Duration::minutes(10)),
            LOOKS.. => None,
        }
    }
}

/// How a payment says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentRefusal {
    /// A try is open already, or has succeeded.
    AlreadyPaying,
    /// It is known what became of it.
    Decided,
}

impl Refusal for PaymentRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::AlreadyPaying => already_paying(),
            Self::Decided => decided(),
        }
    }
}

crate::refusals! {
    already_paying() => Conflict "payment.already_paying":
        "이미 결제하고 있어요. 결과를 기다려 주세요.", "It is being paid already. Please wait for the outcome.";
    decided() => Conflict "payment.decided": "이미 처리됐어요.", "It was decided already.";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment() -> Payment {
        Payment {
            id: PaymentId(uuid::Uuid::nil()),
            order: OrderId(uuid::Uuid::nil()),
            customer: UserId(uuid::Uuid::nil()),
            amount: Won(21_000),
            status: PaymentStatus::InProgress,
            asked: 0,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn settled(payment: Payment, answer: &GatewayAnswer, after: Duration) -> Settlement {
        payment.settle(answer, &Times::default(), Timestamp::UNIX_EPOCH + after)
    }

    const APPROVED: GatewayAnswer = GatewayAnswer::Approved { amount: Won(21_000) };

    #[test]
    fn a_settled_payment_is_not_changed_by_a_late_answer() {
        let soon = Duration::seconds(1);
        let unknown = settled(payment(), &GatewayAnswer::Unknown, soon).payment;
        assert_eq!(unknown.status, PaymentStatus::Unknown);
        let done = settled(unknown, &APPROVED, soon).payment;
        assert_eq!(done.status, PaymentStatus::Done);
        let late = settled(done, &GatewayAnswer::Declined { reason: "late".into() }, soon);
        assert_eq!((late.payment.status, late.void), (PaymentStatus::Done, None));
    }

    #[test]
    fn another_amount_than_was_asked_for_goes_back() {
        for amount in [Won(20_999), Won(21_001)] {
            let answer = GatewayAnswer::Approved { amount };
            let settlement = settled(payment(), &answer, Duration::zero());
            assert_eq!(settlement.payment.status, PaymentStatus::Aborted);
            assert_eq!(settlement.void, Some((amount, RefundReason::AmountDiffers)));
        }
        let nothing = settled(payment(), &GatewayAnswer::Approved { amount: Won::ZERO }, Duration::zero());
        assert_eq!((nothing.payment.status, nothing.void), (PaymentStatus::Aborted, None));
    }

    #[test]
    fn a_charge_that_is_not_found_is_unknown_until_it_is_old_and_goes_back_if_it_comes_then() {
        let young =
            settled(payment(), &GatewayAnswer::NotFound, Duration::minutes(10) - Duration::seconds(1));
        assert_eq!((young.payment.status, young.may_come_late), (PaymentStatus::Unknown, false));
        let old = settled(young.payment, &GatewayAnswer::NotFound, Duration::minutes(10));
        assert_eq!((old.payment.status, old.may_come_late), (PaymentStatus::Aborted, true));
        let late = settled(old.payment, &APPROVED, Duration::minutes(11));
        assert_eq!(late.payment.status, PaymentStatus::Aborted);
        assert_eq!(late.void, Some((Won(21_000), RefundReason::LateApproval)));
    }
}
