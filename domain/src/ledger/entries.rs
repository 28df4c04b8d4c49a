//! The entry of each event.

use super::{Account, Entry, EntryKind, vat_on_top};
use crate::Won;
use crate::order::{Fault, Order, Progress, Reckoning, Status};
use crate::payment::{Payment, Refund};

/// The gateway took `amount` for a payment, be it the right amount or not.
pub fn payment_taken(payment: &Payment, amount: Won) -> Option<Entry> {
    let event = (EntryKind::PaymentTaken, payment.id.0);
    Entry::of(event, payment.order, [(Account::Gateway, amount.0), (Account::Deposits, -amount.0)])
}

/// A refund was decided on.
pub fn refund_owed(refund: &Refund) -> Option<Entry> {
    let (event, amount) = ((EntryKind::RefundOwed, refund.id.0), refund.amount.0);
    Entry::of(event, refund.order, [(Account::Deposits, amount), (Account::Refunds, -amount)])
}

/// The gateway has done a refund.
pub fn refund_paid(refund: &Refund) -> Option<Entry> {
    let (event, amount) = ((EntryKind::RefundPaid, refund.id.0), refund.amount.0);
    Entry::of(event, refund.order, [(Account::Refunds, amount), (Account::Gateway, -amount)])
}

/// An order is over, and what its customer does not get back is shared between the restaurant, the
/// courier and the platform. `None` while it is not over, and if nobody gets or bears anything.
///
/// Commission is taken of food that the customer paid for; not if somebody else had to.
pub fn order_shared(order: &Order) -> Option<Entry> {
    let (shares, sold) = shares(order)?;
    let Reckoning { back, restaurant, courier, platform } = shares;
    let commission = order.commission.of(sold);
    let vat = vat_on_top(commission);
    let owner = Account::Restaurant(order.restaurant);
    // Without a courier the restaurant brought it.
    let bringer = order.courier.map_or(owner, Account::Courier);
    let kept = order.payable.0 - back.0;
    Entry::of(
        (EntryKind::OrderShared, order.id.0),
        order.id,
        [
            (Account::Deposits, kept),
            (owner, -restaurant.0 + commission.0 + vat.0),
            (bringer, -courier.0),
            (Account::Commission, -commission.0),
            (Account::Vat, -vat.0),
            (Account::Amends, -platform.0),
        ],
    )
}

/// The shares of a paid order that is over, and for how much food the customer paid.
fn shares(order: &Order) -> Option<(Reckoning, Won)> {
    let (food, tip, paid) = (order.subtotal, order.tip, order.payable);
    if order.status == Status::Completed {
        let platform = Won(paid.0 - food.0 - tip.0);
        let shares = Reckoning { back: Won::ZERO, restaurant: food, courier: tip, platform };
        return Some((shares, food));
    }
    let ending = order.ending.as_ref().filter(|_| order.status.is_terminal())?;
    let reached = ending.reached.filter(|reached| *reached != Progress::Unpaid)?;
    let shares = Reckoning::of(ending.fault, reached, food, tip, paid);
    let sold = if ending.fault == Fault::Customer { shares.restaurant } else { Won::ZERO };
    Some((shares, sold))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::ledger::CommissionRate;
    use crate::order::tests::placed;
    use crate::order::{Ending, Fulfilment};
    use crate::payment::{PaymentStatus, RefundReason, RefundStatus};
    use crate::{CourierId, PaymentId, RefundId, Timestamp, UserId};

    /// An order of 18,000 won of food and a tip of 3,000 won.
    fn order() -> Order {
        let order = placed(false);
        Order {
            subtotal: Won(18_000),
            tip: Won(3_000),
            payable: Won(21_000),
            commission: CommissionRate::default(),
            courier: Some(CourierId(Uuid::from_u128(5))),
            fulfilment: Fulfilment::Delivery { contactless: false },
            ..order
        }
    }

    fn ended(fault: Fault, reached: Progress) -> Order {
        let ending =
            Ending { fault, reason: String::new(), code: None, reached: Some(reached), operator: None };
        let is_on_its_way = matches!(reached, Progress::PickedUp | Progress::Arrived);
        let status = if is_on_its_way { Status::DeliveryFailed } else { Status::Cancelled };
        Order { status, ending: Some(ending), ..order() }
    }

    fn on(entry: Option<&Entry>, account: Account) -> i64 {
        let postings = entry.into_iter().flat_map(|entry| &entry.postings);
        postings.filter(|posting| posting.account == account).map(|posting| posting.amount.0).sum()
    }

    #[test]
    fn a_completed_order_is_shared_between_everybody() {
        let order = Order { status: Status::Completed, ..order() };
        let entry = order_shared(&order).unwrap();
        let amounts = entry.postings.iter().map(|posting| (posting.account, posting.amount.0));
        assert_eq!(
            amounts.collect::<Vec<_>>(),
            [
                (Account::Deposits, 21_000),
                // 18,000 − 1,404 (7.8 %) − 140 (VAT of that)
                (Account::Restaurant(order.restaurant), -16_456),
                (Account::Courier(order.courier.unwrap()), -3_000),
                (Account::Commission, -1_404),
                (Account::Vat, -140),
            ]
        );
    }

    #[test]
    fn what_nobody_sold_costs_no_commission() {
        let order = ended(Fault::Platform, Progress::PickedUp);
        let entry = order_shared(&order);
        let accounts = [Account::Commission, Account::Deposits, Account::Amends];
        assert_eq!(accounts.map(|account| on(entry.as_ref(), account)), [0, 0, 21_000]);
        assert_eq!(on(entry.as_ref(), Account::Restaurant(order.restaurant)), -18_000);
        let refused = order_shared(&ended(Fault::Customer, Progress::Arrived));
        assert_eq!(on(refused.as_ref(), Account::Commission), -1_404);
    }

    #[test]
    fn an_order_that_is_not_over_or_was_not_paid_shares_nothing() {
        assert_eq!(order_shared(&order()), None);
        assert_eq!(order_shared(&ended(Fault::Customer, Progress::Unpaid)), None);
        assert_eq!(order_shared(&ended(Fault::Restaurant, Progress::Waiting)), None);
        assert_eq!(order_shared(&Order { status: Status::Delivered, ..order() }), None);
    }

    proptest! {
        /// A whole life: the payment, the end, the refund of what is due. Whatever the amounts, each
        /// entry adds up to zero, and nothing is left of the deposit.
        #[test]
        fn nothing_of_a_deposit_is_left_when_an_order_is_over(
            fault in prop::sample::select(vec![Fault::Customer, Fault::Restaurant, Fault::Courier, Fault::Platform]),
            reached in prop::option::of(prop::sample::select(Progress::ALL.to_vec())),
            food in 0..50_000_000_i64, tip in 0..30_000_i64, discount in 0..50_000_000_i64,
            rate in 0..=CommissionRate::MAX, has_courier in any::<bool>(),
        ) {
            let base = match reached {
                None => Order { status: Status::Completed, ..order() },
                Some(reached) => ended(fault, reached),
            };
            let order = Order {
                subtotal: Won(food), tip: Won(tip), payable: Won((food + tip - discount).max(0)),
                commission: CommissionRate::new(rate), courier: base.courier.filter(|_| has_courier), ..base
            };
            let payment = Payment {
                id: PaymentId(Uuid::nil()), order: order.id, customer: UserId(Uuid::nil()), amount: order.payable,
                status: PaymentStatus::Done, asked: 0, created_at: Timestamp::UNIX_EPOCH, method: None,
            };
            let refund = order.refund_due().map(|amount| Refund {
                id: RefundId(Uuid::nil()), payment: payment.id, order: order.id, amount,
                reason: RefundReason::OrderEnded, status: RefundStatus::Succeeded, attempts: 0,
            });
            let entries = [
                payment_taken(&payment, payment.amount),
                order_shared(&order),
                refund.as_ref().and_then(refund_owed),
                refund.as_ref().and_then(refund_paid),
            ];
            for entry in entries.iter().flatten() {
                prop_assert_eq!(entry.sum(), 0);
                prop_assert!(entry.postings.iter().all(|posting| posting.amount != Won::ZERO));
            }
            let left = |account| entries.iter().map(|entry| on(entry.as_ref(), account)).sum::<i64>();
            prop_assert_eq!(left(Account::Deposits), 0);
            prop_assert_eq!(left(Account::Refunds), 0);
            let back = order.refund_due().unwrap_or_default();
            prop_assert_eq!(left(Account::Gateway), order.payable.0 - back.0);
        }
    }
}
