//! The payment of an order.
//!
//! ```text
//! in_progress ─▶ done ─▶ partially_cancelled ─▶ cancelled
//!      │  └────▶ aborted
//!      └▶ unknown ─▶ done | aborted      (by querying the gateway)
//! ```
//! The gateway is the source of truth: without its answer a payment is `unknown`, and
//! the gateway is queried until it answers or an operator decides. A charge that the
//! gateway does not find may still arrive: it is aborted only after [`Times::not_found`],
//! and queried a few more times later. A charge of a different amount, or for an aborted
//! payment, is refunded.

pub(crate) mod method;
mod refund;
pub(crate) mod request;
mod returned;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{
    MethodId, OrderId, PaymentId, RefundId, Refusal, Refused, RegistrationId, Timestamp, UserId, Won,
};

pub use method::{Label, METHODS_MAX, Method, MethodKind, MethodRefusal, REGISTRATION_LIFE, Registration};
pub use refund::{REFUND_ATTEMPTS, Refund, RefundReason, RefundStatus};
pub use request::{PaymentRequest, PaymentRequestRefusal, REQUEST_LIFE};
pub use returned::{RefundRecord, ReturnStatus, Returned};

/// How often the gateway is queried for a payment's outcome before an operator must
/// decide.
pub const LOOKS: u32 = 4;

/// A reminder that a payment or a refund schedules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum PaymentReminder {
    /// The outcome of a payment is unknown: query the gateway again.
    PaymentUnknown {
        /// The payment's order.
        order: OrderId,
    },
    /// The gateway told something of a payment: ask what.
    PaymentTold {
        /// The payment.
        payment: PaymentId,
    },
    /// A payment was aborted because the gateway did not find it: check whether the
    /// charge has arrived late.
    PaymentLate {
        /// The payment.
        payment: PaymentId,
        /// How often that was checked already.
        looks: u32,
    },
    /// A refund must be sent to the gateway.
    RefundDue {
        /// The refund.
        refund: RefundId,
    },
    /// A customer agreed in the window, and the gateway may not have given its billing key yet.
    MethodAgreed {
        /// The registration.
        registration: RegistrationId,
    },
    /// A method was deleted: the gateway must forget it.
    MethodDeleted {
        /// The method.
        method: MethodId,
    },
}

/// The time limits; all of them are configurable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// A charge that the gateway does not find is aborted at this age, unknown before.
    pub not_found: Duration,
    /// The waits before each check for the late charge of an aborted payment.
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
    /// The wait before the next check for a late charge, after `looks` checks; `None` when
    /// there are no more.
    pub fn late_look(&self, looks: u32) -> Option<Duration> {
        self.late_looks.get(usize::try_from(looks).ok()?).copied()
    }
}

/// The state of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The charge was sent to the gateway.
    InProgress,
    /// The charge succeeded.
    Done,
    /// The charge was declined, not found, or of a different amount.
    Aborted,
    /// The gateway did not state the outcome.
    Unknown,
    /// A part was refunded.
    PartiallyCancelled,
    /// It was fully refunded.
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

    /// The status with that name.
    pub fn parse(name: &str) -> Option<Self> {
        use PaymentStatus::{Aborted, Cancelled, Done, InProgress, PartiallyCancelled, Unknown};
        [InProgress, Done, Aborted, Unknown, PartiallyCancelled, Cancelled]
            .into_iter()
            .find(|status| status.as_str() == name)
    }

    /// Whether the charge succeeded, and be it that it went back.
    pub fn is_paid(self) -> bool {
        matches!(self, PaymentStatus::Done | PaymentStatus::PartiallyCancelled | PaymentStatus::Cancelled)
    }

    /// Whether the charge may still succeed: the order must not expire meanwhile.
    pub fn is_open(self) -> bool {
        matches!(self, PaymentStatus::InProgress | PaymentStatus::Unknown)
    }
}

/// One attempt to pay an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id, which is also the gateway's idempotency key.
    pub id: PaymentId,
    /// The order that is paid.
    pub order: OrderId,
    /// The customer who pays.
    pub customer: UserId,
    /// The amount to charge.
    pub amount: Won,
    /// Its state.
    pub status: PaymentStatus,
    /// How often the gateway was queried for its outcome.
    pub asked: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// The customer's saved method that is charged; none where it is paid once in the window.
    pub method: Option<MethodId>,
    /// How it is paid; in the window the customer chooses, so that it is known when it is paid.
    pub kind: Option<MethodKind>,
}

/// The gateway's answer about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayAnswer {
    /// The charge succeeded.
    Approved {
        /// The charged amount.
        amount: Won,
        /// How it was paid, as far as the gateway says.
        kind: Option<MethodKind>,
    },
    /// The charge was declined.
    Declined {
        /// Why, in the gateway's words.
        reason: String,
    },
    /// The gateway has no such charge: nothing was charged yet.
    NotFound,
    /// The outcome is not known.
    Unknown,
}

/// The consequences of an answer from the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The payment's new state.
    pub payment: Payment,
    /// What the gateway has taken, if it has.
    pub taken: Option<Won>,
    /// An unwanted charge that must be refunded.
    pub void: Option<(Won, RefundReason)>,
    /// Whether it was aborted without a decline from the gateway, so that the charge may
    /// still arrive.
    pub may_come_late: bool,
}

impl Payment {
    /// Applies the gateway's answer. A settled payment does not change; an approval of an
    /// aborted payment, or of a different amount, must be refunded.
    pub fn settle(mut self, answer: &GatewayAnswer, times: &Times, now: Timestamp) -> Settlement {
        let mut void = None;
        let mut may_come_late = false;
        let was_open = self.status.is_open();
        match answer {
            GatewayAnswer::Approved { amount, .. } if self.status == PaymentStatus::Aborted => {
                void = Some((*amount, RefundReason::LateApproval));
            }
            _ if !self.status.is_open() => {}
            GatewayAnswer::Approved { amount, kind } if *amount == self.amount => {
                self.status = PaymentStatus::Done;
                self.kind = kind.or(self.kind);
            }
            GatewayAnswer::Approved { amount, .. } => {
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
        let is_done_now = was_open && self.status == PaymentStatus::Done;
        let taken = void.map(|(amount, _)| amount).or(is_done_now.then_some(self.amount));
        Settlement { payment: self, taken, void, may_come_late }
    }

    /// Whether all queries were made without an outcome, so that an operator must decide.
    pub fn is_undecided(&self) -> bool {
        self.status.is_open() && Self::ask_again_after(self.asked).is_none()
    }

    /// The wait before the next query, after `asked` queries; `None` when there are no more
    /// and an operator must decide.
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

/// The refusals of payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentRefusal {
    /// A payment is already in progress, or has succeeded.
    AlreadyPaying,
    /// Its outcome is already known.
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
            method: None,
            kind: None,
        }
    }

    fn settled(payment: Payment, answer: &GatewayAnswer, after: Duration) -> Settlement {
        payment.settle(answer, &Times::default(), Timestamp::UNIX_EPOCH + after)
    }

    const APPROVED: GatewayAnswer = GatewayAnswer::Approved { amount: Won(21_000), kind: None };

    #[test]
    fn a_settled_payment_is_not_changed_by_a_late_answer() {
        let soon = Duration::seconds(1);
        let unknown = settled(payment(), &GatewayAnswer::Unknown, soon).payment;
        assert_eq!(unknown.status, PaymentStatus::Unknown);
        let done = settled(unknown, &APPROVED, soon);
        assert_eq!((done.payment.status, done.taken), (PaymentStatus::Done, Some(Won(21_000))));
        let late = settled(done.payment, &GatewayAnswer::Declined { reason: "late".into() }, soon);
        assert_eq!((late.payment.status, late.taken, late.void), (PaymentStatus::Done, None, None));
    }

    #[test]
    fn another_amount_than_was_asked_for_goes_back() {
        for amount in [Won(20_999), Won(21_001)] {
            let answer = GatewayAnswer::Approved { amount, kind: None };
            let settlement = settled(payment(), &answer, Duration::zero());
            assert_eq!(settlement.payment.status, PaymentStatus::Aborted);
            assert_eq!(
                (settlement.taken, settlement.void),
                (Some(amount), Some((amount, RefundReason::AmountDiffers)))
            );
        }
        let nothing =
            settled(payment(), &GatewayAnswer::Approved { amount: Won::ZERO, kind: None }, Duration::zero());
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
        assert_eq!(
            (late.taken, late.void),
            (Some(Won(21_000)), Some((Won(21_000), RefundReason::LateApproval)))
        );
    }
}
