//! The entry of each event.

use uuid::Uuid;

use super::{Account, Entry, EntryKind, vat_on_top};
use crate::order::{Adjustment, Fault, Order, Progress, Reckoning, Status};
use crate::payment::{Payment, Refund};
use crate::points::Grant;
use crate::{OrderId, UserId, Won};

/// The gateway took `amount` for a payment, be it the right amount or not.
pub fn payment_taken(payment: &Payment, amount: Won) -> Option<Entry> {
    let event = (EntryKind::PaymentTaken, payment.id.0);
    Entry::of(event, Some(payment.order), [(Account::Gateway, amount.0), (Account::Deposits, -amount.0)])
}

/// A refund was decided on.
pub fn refund_owed(refund: &Refund) -> Option<Entry> {
    let (event, amount) = ((EntryKind::RefundOwed, refund.id.0), refund.amount.0);
    Entry::of(event, Some(refund.order), [(Account::Deposits, amount), (Account::Refunds, -amount)])
}

/// The gateway has done a refund.
pub fn refund_paid(refund: &Refund) -> Option<Entry> {
    let (event, amount) = ((EntryKind::RefundPaid, refund.id.0), refund.amount.0);
    Entry::of(event, Some(refund.order), [(Account::Refunds, amount), (Account::Gateway, -amount)])
}

/// An order is over, and what its customer does not get back is shared between the restaurant, the
/// courier and the platform, which adds what it gives by coupons. `None` while it is not over, and if
/// nobody gets or bears anything.
///
/// Commission is taken of food that the customer bought; not if somebody else had to pay for it. What the
/// restaurant takes off the price itself is no part of it (Fair Trade Commission, 2025-10-13).
pub fn order_shared(order: &Order) -> Option<Entry> {
    let shares = shares(order)?;
    let Reckoning { back, restaurant, courier, platform, coupons } = shares;
    let commission = order.commission.of(sold(order));
    let vat = vat_on_top(commission);
    let (owner, bringer) = parties(order);
    let kept = order.price().total().0 - back.0;
    Entry::of(
        (EntryKind::OrderShared, order.id.0),
        Some(order.id),
        [
            (Account::Deposits, kept),
            (Account::Coupons, coupons.0),
            (owner, -restaurant.0 + commission.0 + vat.0),
            (bringer, -courier.0),
            (Account::Commission, -commission.0),
            (Account::Vat, -vat.0),
            (Account::Amends, -platform.0),
        ],
    )
}

/// What the restaurant sold the food of an order for, if somebody bought it: from that the commission is.
fn sold(order: &Order) -> Won {
    match (order.status, &order.ending) {
        (Status::Delivered | Status::Completed, _) => order.price().sold_for(),
        (_, Some(ending)) if ending.fault == Fault::Customer => {
            shares(order).map_or(Won::ZERO, |shares| shares.restaurant)
        }
        _ => Won::ZERO,
    }
}

/// The accounts of the restaurant, and of who brought it: without a courier the restaurant.
fn parties(order: &Order) -> (Account, Account) {
    let owner = Account::Restaurant(order.restaurant);
    (owner, order.courier.map_or(owner, Account::Courier))
}

/// Something of an order was given back once it had arrived, `adjustment` after these `earlier` ones. What
/// the restaurant did not sell after all costs it no commission.
pub fn order_adjusted(order: &Order, earlier: &[Adjustment], adjustment: &Adjustment) -> Option<Entry> {
    let burden = order.burden(adjustment);
    let unsold: i64 = earlier.iter().map(|it| order.burden(it).food.0).sum();
    let commission = |unsold: i64| order.commission.of(Won(sold(order).0 - unsold).or_zero());
    let (before, after) = (commission(unsold), commission(unsold + burden.food.0));
    let less = before.0 - after.0;
    let less_vat = vat_on_top(before).0 - vat_on_top(after).0;
    let (owner, bringer) = parties(order);
    Entry::of(
        (EntryKind::OrderAdjusted, adjustment.id.0),
        Some(order.id),
        [
            (Account::Deposits, -adjustment.back.total().0),
            (Account::Coupons, -burden.coupons.0),
            (owner, burden.restaurant().0 - less - less_vat),
            (bringer, burden.courier.0),
            (Account::Commission, less),
            (Account::Vat, less_vat),
            (Account::Amends, burden.platform.0),
        ],
    )
}

/// Points paid for an order. `None` if it was not paid, or without them.
pub fn points_used(order: &Order) -> Option<Entry> {
    let used = if order.was_paid() { order.points.0 + order.cancelled().points.0 } else { 0 };
    let event = (EntryKind::PointsUsed, order.id.0);
    let parts = [(Account::Points(order.customer), used), (Account::Deposits, -used)];
    Entry::of(event, Some(order.id), parts)
}

/// Points went back from an order that was paid with them: for what was taken out of it, when it ended
/// early, and with these adjustments.
pub fn points_returned(order: &Order, adjustments: &[Adjustment]) -> Vec<Entry> {
    let at_its_end = order.back().filter(|_| order.was_paid()).unwrap_or_default();
    let cancelled = order.cancellations.iter().map(|it| (it.id.0, it.back.points.0));
    let adjusted = adjustments.iter().map(|it| (it.id.0, it.back.points.0));
    let all = cancelled.chain([(order.id.0, at_its_end.points.0)]).chain(adjusted);
    let entry = |(reference, back): (Uuid, i64)| {
        let parts = [(Account::Deposits, back), (Account::Points(order.customer), -back)];
        Entry::of((EntryKind::PointsReturned, reference), Some(order.id), parts)
    };
    all.filter_map(entry).collect()
}

/// A completed order earned points.
pub fn points_earned(order: &Order) -> Option<Entry> {
    let earned = if order.status == Status::Completed { order.reward.0 } else { 0 };
    given((EntryKind::PointsEarned, order.id.0), Some(order.id), order.customer, earned)
}

/// An operator gave points.
pub fn points_given(grant: &Grant) -> Option<Entry> {
    given((EntryKind::PointsGiven, grant.id.0), None, grant.customer, grant.amount.0)
}

/// What was left of a customer's points expired.
pub fn points_expired(reference: Uuid, customer: UserId, left: Won) -> Option<Entry> {
    given((EntryKind::PointsExpired, reference), None, customer, -left.0)
}

fn given(event: (EntryKind, Uuid), order: Option<OrderId>, customer: UserId, amount: i64) -> Option<Entry> {
    Entry::of(event, order, [(Account::Rewards, amount), (Account::Points(customer), -amount)])
}

/// The shares of a paid order that is over.
fn shares(order: &Order) -> Option<Reckoning> {
    if order.status == Status::Completed {
        return Some(Reckoning::completed(&order.price()));
    }
    let ending = order.ending.as_ref().filter(|_| order.status.is_terminal())?;
    let reached = ending.reached.filter(|reached| *reached != Progress::Unpaid)?;
    Some(Reckoning::of(ending.fault, reached, &order.price()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coupon::{Discount, Funder, Kind};
    use crate::order::tests::placed;
    use crate::order::{Ending, Fulfilment, Terms};
    use crate::payment::{PaymentStatus, RefundReason, RefundStatus};
    use crate::{CourierId, PaymentId, Percentage, RefundId, Timestamp};

    /// An order of 18,000 won of food and a tip of 3,000 won.
    fn order() -> Order {
        let order = placed(false);
        Order {
            subtotal: Won(18_000),
            tip: Won(3_000),
            payable: Won(21_000),
            commission: Terms::default().commission,
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
        entry.map_or(0, |entry| entry.on(account).0)
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

    fn off(kind: Kind, funder: Funder, amount: i64) -> Discount {
        let (coupon, campaign) = (Uuid::from_u128(30).into(), Uuid::from_u128(31).into());
        Discount { coupon, campaign, name: String::new(), kind, funder, amount: Won(amount) }
    }

    #[test]
    fn who_gives_a_coupon_pays_for_it_and_commission_is_of_what_was_sold_for() {
        // 15,000 won of food less 10 % by the restaurant: 7.8 % of 13,500; 1,170 without the coupon.
        let discounts = vec![
            off(Kind::Order, Funder::Restaurant, 1_500),
            off(Kind::Order, Funder::Platform, 2_000),
            off(Kind::Delivery, Funder::Platform, 1_000),
        ];
        let (status, subtotal, payable) = (Status::Completed, Won(15_000), Won(13_500));
        let order = Order { status, subtotal, discounts, payable, ..order() };
        let entry = order_shared(&order).unwrap();
        let amounts = entry.postings.iter().map(|posting| (posting.account, posting.amount.0));
        assert_eq!(
            amounts.collect::<Vec<_>>(),
            [
                (Account::Deposits, 13_500),
                (Account::Coupons, 3_000),
                // 13,500 − 1,053 − 105
                (Account::Restaurant(order.restaurant), -12_342),
                (Account::Courier(order.courier.unwrap()), -3_000),
                (Account::Commission, -1_053),
                (Account::Vat, -105),
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
            food in 0..50_000_000_i64, tip in 0..30_000_i64, parts in prop::array::uniform3(0..=100_i64),
            rate in 0..=Percentage::MAX, has_courier in any::<bool>(), by_points in 0..=100_i64,
        ) {
            let base = match reached {
                None => Order { status: Status::Completed, ..order() },
                Some(reached) => ended(fault, reached),
            };
            let [by_restaurant, by_platform, of_tip] = parts;
            let by_restaurant = food * by_restaurant / 100;
            let by_platform = (food - by_restaurant) * by_platform / 100;
            let off_tip = tip * of_tip / 100;
            let price = food + tip - by_restaurant - by_platform - off_tip;
            let points = price * by_points / 100;
            let discounts = vec![
                off(Kind::Item, Funder::Restaurant, by_restaurant),
                off(Kind::Order, Funder::Platform, by_platform),
                off(Kind::Delivery, Funder::Platform, off_tip),
            ];
            let order = Order {
                subtotal: Won(food), tip: Won(tip), discounts,
                points: Won(points), payable: Won(price - points), reward: Won(food / 100),
                commission: Percentage::new(rate), courier: base.courier.filter(|_| has_courier), ..base
            };
            let payment = Payment {
                id: PaymentId(Uuid::nil()), order: order.id, customer: UserId(Uuid::nil()), amount: order.payable,
                status: PaymentStatus::Done, asked: 0, created_at: Timestamp::UNIX_EPOCH, method: None, kind: None,
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
                points_used(&order),
                points_returned(&order, &[]).pop(),
                points_earned(&order),
            ];
            for entry in entries.iter().flatten() {
                prop_assert_eq!(entry.sum(), 0);
                prop_assert!(entry.postings.iter().all(|posting| posting.amount != Won::ZERO));
            }
            let left = |account| entries.iter().map(|entry| on(entry.as_ref(), account)).sum::<i64>();
            prop_assert_eq!(left(Account::Deposits), 0);
            prop_assert_eq!(left(Account::Refunds), 0);
            if order.was_paid() {
                let back = order.back().unwrap_or_default();
                prop_assert_eq!(left(Account::Gateway), order.payable.0 - back.money.0);
                let earned = if order.status == Status::Completed { order.reward.0 } else { 0 };
                prop_assert_eq!(left(Account::Points(order.customer)), points - back.points.0 - earned);
            }
        }
    }
}
