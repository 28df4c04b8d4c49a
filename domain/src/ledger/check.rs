//! Whether the ledger says what the orders, payments and refunds say.

use std::collections::BTreeMap;

use chrono::Duration;
use uuid::Uuid;

use super::{
    Account, Entry, EntryKind, order_adjusted, order_shared, payment_taken, points_earned, points_returned,
    points_used, refund_owed, refund_paid,
};
use crate::order::{Adjustment, Order};
use crate::payment::{Payment, PaymentStatus, Refund, RefundStatus};
use crate::{OrderId, RefundId, Timestamp, Won};

/// How long after an order was over its refund may still have to be written down: an order is over
/// before the job that does so has run.
const REFUND_WITHIN: Duration = Duration::days(1);

/// Something that does not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discrepancy {
    /// The order.
    pub order: OrderId,
    /// What is wrong.
    pub what: Wrong,
}

/// See [`Discrepancy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// An entry is not there.
    Missing(EntryKind, Uuid),
    /// An entry is there that nothing explains.
    Unexplained(EntryKind, Uuid),
    /// An entry has other postings than it should have.
    Differs(EntryKind, Uuid),
    /// The order is over, and something is left of its deposit, or it was overdrawn.
    DepositLeft(Won),
}

impl Wrong {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing(..) => "missing",
            Self::Unexplained(..) => "unexplained",
            Self::Differs(..) => "differs",
            Self::DepositLeft(_) => "deposit_left",
        }
    }
}

/// An order, and all that is stored of its money beside the ledger.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The order.
    pub order: &'a Order,
    /// What was given back after it had arrived, oldest first.
    pub adjustments: &'a [Adjustment],
    /// All tries to pay it.
    pub payments: &'a [Payment],
    /// All refunds of them.
    pub refunds: &'a [Refund],
}

/// Compares the entries of an order with what is stored of it elsewhere.
pub fn check(facts: Facts<'_>, written: &[Entry], now: Timestamp) -> Vec<Discrepancy> {
    let Facts { order, payments, refunds, .. } = facts;
    let key = |entry: &Entry| (entry.kind, entry.reference);
    let due = expected(facts).into_iter().map(|entry| (key(&entry), entry));
    let due: BTreeMap<_, Entry> = due.collect();
    let there: BTreeMap<_, &Entry> = written.iter().map(|entry| (key(entry), entry)).collect();
    let missing = due.keys().filter(|key| !there.contains_key(key));
    let missing = missing.map(|(kind, of)| Wrong::Missing(*kind, *of));
    let others = there.iter().filter_map(|((kind, of), entry)| match due.get(&(*kind, *of)) {
        None => Some(Wrong::Unexplained(*kind, *of)),
        Some(due) => (!is_same(due, entry)).then_some(Wrong::Differs(*kind, *of)),
    });
    let is_over = order.status.is_terminal() && !payments.iter().any(|payment| payment.status.is_open());
    let left = deposit(written);
    let is_due = left == i128::from(not_written_down(order, refunds).0);
    let is_under_way = is_due && now - order.ended_at.unwrap_or(order.created_at) < REFUND_WITHIN;
    let left = (is_over && left != 0 && !is_under_way)
        .then(|| Wrong::DepositLeft(Won(i64::try_from(left).unwrap_or(i64::MAX))));
    missing.chain(others).chain(left).map(|what| Discrepancy { order: order.id, what }).collect()
}

/// What goes back of an order and is not among its refunds yet.
fn not_written_down(order: &Order, refunds: &[Refund]) -> Won {
    let is_written = |id: RefundId| refunds.iter().any(|refund| refund.id == id);
    let cancelled = order.cancellations.iter().filter(|it| !is_written(it.id.into()));
    let at_its_end = order.refund_due().unwrap_or_default();
    Won(cancelled.map(|it| it.back.money.0).sum::<i64>() + at_its_end.0)
}

/// All entries that there must be.
fn expected(Facts { order, adjustments, payments, refunds }: Facts<'_>) -> Vec<Entry> {
    let taken = payments.iter().filter_map(|payment| {
        let amount = match payment.status {
            PaymentStatus::Done | PaymentStatus::PartiallyCancelled | PaymentStatus::Cancelled => {
                payment.amount
            }
            // What was taken in vain is what went back.
            PaymentStatus::Aborted => Won(refunds
                .iter()
                .filter(|refund| refund.payment == payment.id)
                .map(|refund| refund.amount.0)
                .sum()),
            PaymentStatus::InProgress | PaymentStatus::Unknown => return None,
        };
        payment_taken(payment, amount)
    });
    let owed = refunds.iter().filter_map(refund_owed);
    let paid =
        refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded).filter_map(refund_paid);
    let returned = points_returned(order, adjustments);
    let points = points_used(order).into_iter().chain(returned).chain(points_earned(order));
    let adjusted = adjustments.iter().enumerate();
    let adjusted = adjusted.filter_map(|(at, one)| order_adjusted(order, &adjustments[..at], one));
    taken.chain(owed).chain(paid).chain(order_shared(order)).chain(points).chain(adjusted).collect()
}

/// Whether both post the same amounts on the same accounts.
fn is_same(one: &Entry, other: &Entry) -> bool {
    let sums = |entry: &Entry| {
        let mut sums = BTreeMap::<Account, i128>::new();
        for posting in &entry.postings {
            *sums.entry(posting.account).or_default() += i128::from(posting.amount.0);
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    };
    sums(one) == sums(other)
}

/// What customers paid and was neither shared nor goes back; a debit is negative.
fn deposit(written: &[Entry]) -> i128 {
    let postings = written.iter().flat_map(|entry| &entry.postings);
    let deposits = postings.filter(|posting| posting.account == Account::Deposits);
    -deposits.map(|posting| i128::from(posting.amount.0)).sum::<i128>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PaymentId;
    use crate::ledger::Posting;
    use crate::order::Status;
    use crate::order::tests::placed;
    use crate::payment::RefundReason;

    fn facts<'a>(order: &'a Order, payments: &'a [Payment], refunds: &'a [Refund]) -> Facts<'a> {
        Facts { order, adjustments: &[], payments, refunds }
    }

    fn paid() -> (Order, Payment) {
        let order = Order { status: Status::Completed, ..placed(false) };
        let payment = Payment {
            id: PaymentId(Uuid::from_u128(1)),
            order: order.id,
            customer: order.customer,
            amount: order.payable,
            status: PaymentStatus::Done,
            asked: 0,
            created_at: Timestamp::UNIX_EPOCH,
            method: None,
            kind: None,
        };
        (order, payment)
    }

    fn wrong(
        order: &Order,
        payments: &[Payment],
        refunds: &[Refund],
        written: &[Entry],
    ) -> Vec<&'static str> {
        check(facts(order, payments, refunds), written, order.created_at)
            .into_iter()
            .map(|one| one.what.as_str())
            .collect()
    }

    #[test]
    fn what_agrees_is_silent_and_everything_else_is_told() {
        let (order, payment) = paid();
        let entries = expected(facts(&order, &[payment], &[]));
        assert_eq!(wrong(&order, &[payment], &[], &entries), [""; 0]);
        assert_eq!(wrong(&order, &[payment], &[], &entries[..1]), ["missing", "missing", "deposit_left"]);
        assert_eq!(wrong(&order, &[], &[], &entries), ["unexplained"]);
        let mut changed = entries;
        changed[1].postings[1].amount.0 -= 1;
        changed[1].postings.push(Posting { account: Account::Amends, amount: Won(1) });
        assert_eq!(wrong(&order, &[payment], &[], &changed), ["differs"]);
    }

    #[test]
    fn a_refund_may_take_a_day_to_be_written_down() {
        let (order, payment) = paid();
        let ended_at = order.created_at + Duration::days(5);
        let order = Order { status: Status::Expired, ended_at: Some(ended_at), ..order };
        let entries = expected(facts(&order, &[payment], &[]));
        let told = |age| check(facts(&order, &[payment], &[]), &entries, ended_at + age);
        assert_eq!(told(Duration::hours(23)), []);
        let what = Wrong::DepositLeft(order.payable);
        assert_eq!(told(Duration::days(1)), [Discrepancy { order: order.id, what }]);
    }

    #[test]
    fn money_that_was_taken_in_vain_goes_back() {
        let (order, payment) = paid();
        let order = Order { status: Status::Expired, ..order };
        let payment = Payment { status: PaymentStatus::Aborted, ..payment };
        let refund = Refund {
            id: RefundId(Uuid::from_u128(2)),
            payment: payment.id,
            order: order.id,
            amount: Won(20_999),
            reason: RefundReason::AmountDiffers,
            status: RefundStatus::Requested,
            attempts: 0,
        };
        let entries = expected(facts(&order, &[payment], &[refund]));
        assert_eq!(entries.len(), 2);
        assert_eq!(wrong(&order, &[payment], &[refund], &entries), [""; 0]);
        assert_eq!(wrong(&order, &[payment], &[refund], &entries[..1]), ["missing", "deposit_left"]);
    }
}
