//! Paying in the gateway's window, without saving what is paid with.
//!
//! ```text
//! requested ─▶ confirmed (a payment of the same id) | expired
//! ```
//! The server fixes the amount before the window opens. The customer comes back from it with the gateway's
//! key, and the gateway takes the money only when we confirm it: never another amount than was fixed, nor one
//! that the order does not cost any more, nor too late. Until then there is no payment, and the order waits as
//! it would otherwise.

use chrono::Duration;

use crate::{OrderId, PaymentId, Refusal, Refused, Timestamp, UserId, Won};

/// For how long it can be confirmed. The gateway forgets what was agreed to in its window after ten minutes.
pub const REQUEST_LIFE: Duration = Duration::minutes(10);

/// A customer's way through the window, to pay an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Its id, which is the payment's once it is confirmed, and what the gateway knows the payment by.
    pub id: PaymentId,
    /// The order that is to be paid.
    pub order: OrderId,
    /// The customer who pays.
    pub customer: UserId,
    /// What is to be paid.
    pub amount: Won,
    /// When it was made.
    pub created_at: Timestamp,
}

impl PaymentRequest {
    /// Until when it can be confirmed.
    pub fn expires_at(&self) -> Timestamp {
        self.created_at + REQUEST_LIFE
    }

    /// Whether it may be confirmed with this amount, for an order that costs `payable`.
    pub fn check(&self, amount: Won, payable: Won, now: Timestamp) -> Result<(), PaymentRequestRefusal> {
        if amount != self.amount || payable != self.amount {
            return Err(PaymentRequestRefusal::AmountDiffers { asked: self.amount });
        }
        if now >= self.expires_at() {
            return Err(PaymentRequestRefusal::Expired);
        }
        Ok(())
    }
}

/// Why a payment is not confirmed. Nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentRequestRefusal {
    /// The amount is another one than was fixed.
    AmountDiffers {
        /// What was fixed.
        asked: Won,
    },
    /// It is too late.
    Expired,
}

impl Refusal for PaymentRequestRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::AmountDiffers { asked } => request_amount_differs(asked.0),
            Self::Expired => request_expired(),
        }
    }
}

crate::refusals! {
    request_amount_differs(amount_won) => Rule "payment.amount_differs":
        "결제 금액이 달라졌어요. 청구된 금액은 없어요. 다시 시도해 주세요.",
        "The amount has changed. Nothing was charged. Please try again.";
    request_expired() => Rule "payment.request_expired":
        "결제 시간이 지났어요. 청구된 금액은 없어요. 다시 시도해 주세요.",
        "The time to pay has run out. Nothing was charged. Please try again.";
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn it_is_confirmed_in_time_and_with_the_amount_that_was_fixed_alone() {
        let id = Uuid::nil();
        let (created_at, amount) = (Timestamp::UNIX_EPOCH, Won(21_000));
        let request = PaymentRequest {
            id: PaymentId(id),
            order: OrderId(id),
            customer: UserId(id),
            amount,
            created_at,
        };
        let last = request.expires_at() - Duration::milliseconds(1);
        assert_eq!(request.check(amount, amount, last), Ok(()));
        assert_eq!(request.check(amount, amount, request.expires_at()), Err(PaymentRequestRefusal::Expired));
        let differs = Err(PaymentRequestRefusal::AmountDiffers { asked: amount });
        for other in [Won(20_999), Won(21_001), Won(-21_000), Won(0)] {
            assert_eq!(request.check(other, amount, created_at), differs);
            assert_eq!(request.check(amount, other, created_at), differs, "another coupon since");
        }
    }
}
