//! What a customer is told about the money of an order that ended early.

use super::{Refund, RefundReason, RefundStatus};
use crate::{Timestamp, Won};

/// A refund as it is stored, and when it was last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundRecord {
    /// The refund.
    pub refund: Refund,
    /// When its status or its attempts last changed.
    pub updated_at: Timestamp,
}

/// How far the customer's money is on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnStatus {
    /// The gateway is asked, or will be.
    UnderWay,
    /// The gateway refused, or did not answer for about a day: an operator must decide.
    Delayed,
    /// The gateway has done it.
    Done {
        /// When.
        at: Timestamp,
    },
}

/// Money that goes back to the customer, or went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// How much, more than nothing.
    pub amount: Won,
    /// How far it is.
    pub status: ReturnStatus,
}

impl Returned {
    /// What goes back of an order that ended early; `None` if nothing does. `due` is what the
    /// order gives back of what was paid, `None` if nothing had been paid when it ended.
    ///
    /// A charge that arrives after that is refunded completely, whatever the reason. Refunds of
    /// other charges of a paid order have nothing to do with its end.
    pub fn of(due: Option<Won>, refunds: &[RefundRecord]) -> Option<Self> {
        let counts = |it: &&RefundRecord| due.is_none() || it.refund.reason == RefundReason::OrderEnded;
        let own: Vec<RefundRecord> = refunds.iter().filter(counts).copied().collect();
        Self::by(due.unwrap_or_default(), &own)
    }

    /// What goes back by these refunds, or, while there are none, will: `due`.
    pub fn by(due: Won, refunds: &[RefundRecord]) -> Option<Self> {
        if refunds.is_empty() {
            let status = ReturnStatus::UnderWay;
            return (due > Won::ZERO).then_some(Self { amount: due, status });
        }
        let amount = Won(refunds.iter().map(|it| it.refund.amount.0).sum());
        let open = |it: &RefundRecord| it.refund.status != RefundStatus::Succeeded;
        let status = if refunds.iter().any(|it| it.refund.is_undecided()) {
            ReturnStatus::Delayed
        } else if refunds.iter().any(open) {
            ReturnStatus::UnderWay
        } else {
            let at = refunds.iter().map(|it| it.updated_at).max()?;
            ReturnStatus::Done { at }
        };
        Some(Self { amount, status })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::payment::REFUND_ATTEMPTS;
    use crate::{OrderId, PaymentId, RefundId};

    fn at(secs: i64) -> Timestamp {
        DateTime::from_timestamp(secs, 0).unwrap()
    }

    fn refund(amount: i64, reason: RefundReason, status: RefundStatus, secs: i64) -> RefundRecord {
        let id = Uuid::nil();
        let (id, payment, order) = (RefundId(id), PaymentId(id), OrderId(id));
        let refund = Refund { id, payment, order, amount: Won(amount), reason, status, attempts: 0 };
        RefundRecord { refund, updated_at: at(secs) }
    }

    use RefundReason::{AmountDiffers, LateApproval, OrderEnded};
    use RefundStatus::{Failed, Requested, Succeeded};

    #[test]
    fn what_is_due_is_under_way_before_anybody_wrote_a_refund() {
        let due = |won| Returned::of(Some(Won(won)), &[]);
        assert_eq!(due(9_000), Some(Returned { amount: Won(9_000), status: ReturnStatus::UnderWay }));
        assert_eq!((due(0), Returned::of(None, &[])), (None, None));
    }

    #[test]
    fn a_refund_is_done_when_the_gateway_said_so_and_delayed_when_somebody_must_decide() {
        let status = |refunds: &[RefundRecord]| Returned::of(Some(Won(9_000)), refunds).unwrap().status;
        assert_eq!(status(&[refund(9_000, OrderEnded, Requested, 1)]), ReturnStatus::UnderWay);
        assert_eq!(status(&[refund(9_000, OrderEnded, Failed, 1)]), ReturnStatus::Delayed);
        assert_eq!(status(&[refund(9_000, OrderEnded, Succeeded, 7)]), ReturnStatus::Done { at: at(7) });
        let mut asked = refund(9_000, OrderEnded, Requested, 1);
        asked.refund.attempts = REFUND_ATTEMPTS + 1;
        assert_eq!(status(&[asked]), ReturnStatus::Delayed);
    }

    #[test]
    fn of_a_paid_order_only_its_own_refund_counts_and_of_an_unpaid_one_all_that_came() {
        let short = refund(8_999, AmountDiffers, Succeeded, 1);
        let of_end = refund(3_000, OrderEnded, Requested, 2);
        let paid = Returned::of(Some(Won(3_000)), &[short, of_end]);
        assert_eq!(paid, Some(Returned { amount: Won(3_000), status: ReturnStatus::UnderWay }));
        // Nothing goes back of what was kept, although another charge did.
        assert_eq!(Returned::of(Some(Won(0)), &[short]), None);
        let late = refund(9_000, LateApproval, Succeeded, 5);
        let unpaid = Returned::of(None, &[late, short]);
        assert_eq!(unpaid, Some(Returned { amount: Won(17_999), status: ReturnStatus::Done { at: at(5) } }));
    }
}
