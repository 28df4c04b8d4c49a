//! What is given back of orders that have arrived: each cell of the table, and whole lives against sums.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::coupon::Kind;
use crate::ledger::{Account, Entry, order_adjusted, order_shared, points_returned, points_used};
use crate::order::cancellation::tests::{discount, order, percent, quoted, with_coupons};
use crate::order::{Ending, Progress, Terms};
use crate::{CourierId, LineId};

const OPERATOR: UserId = UserId(Uuid::from_u128(90));

fn parts(parts: &[(u128, u32)], tip: bool) -> Wanted {
    let part = |(line, quantity): &(u128, u32)| LinePart {
        line: LineId(Uuid::from_u128(*line)),
        quantity: *quantity,
    };
    Wanted::Parts { lines: parts.iter().map(part).collect(), tip }
}

fn give_back(
    order: &Order,
    earlier: &[Adjustment],
    fault: Fault,
    wanted: Wanted,
) -> Result<Adjustment, OrderRefusal> {
    let request = AdjustmentRequest { wanted, reason: AdjustmentReason::Missing, fault, operator: OPERATOR };
    let id = Uuid::from_u128(50 + earlier.len() as u128).into();
    order.adjust(earlier, id, &request, order.created_at)
}

/// An order that has arrived, of two dishes for 9,000 won and one for 2,000, with 3,000 won to bring them.
/// The restaurant takes 3,000 off the first dish, the platform 1,000 off all and 500 off the tip.
fn arrived(points: i64) -> Order {
    let before = with_coupons(points);
    let mut discounts = before.discounts.clone();
    discounts.push(discount(9, Kind::Delivery, Funder::Platform, 500));
    Order {
        status: Status::Completed,
        discounts,
        payable: Won(before.payable.0 - 500),
        commission: Terms::default().commission,
        courier: Some(CourierId(Uuid::from_u128(5))),
        ..before
    }
}

fn burden(order: &Order, fault: Fault, wanted: Wanted) -> [i64; 5] {
    let given = give_back(order, &[], fault, wanted).unwrap();
    let burden = order.burden(&given);
    [given.back.total(), burden.restaurant(), burden.courier, burden.platform, burden.coupons]
        .map(|won| won.0)
}

#[test]
fn every_cell_of_the_table_says_who_bears_what_goes_back() {
    let order = arrived(0);
    // One of the first dish: 9,000, less 1,500 by the restaurant and 441 by the platform.
    for (fault, wanted, shares) in [
        (Fault::Restaurant, parts(&[(1, 1)], false), [7_059, 7_500, 0, 0, 441]),
        (Fault::Restaurant, parts(&[], true), [2_500, 3_000, 0, 0, 500]),
        (Fault::Restaurant, Wanted::Amount(Won(1_000)), [1_000, 1_000, 0, 0, 0]),
        (Fault::Courier, parts(&[(1, 1)], false), [7_059, 0, 0, 7_059, 0]),
        (Fault::Courier, parts(&[], true), [2_500, 0, 3_000, 0, 500]),
        (Fault::Courier, parts(&[(1, 1)], true), [9_559, 0, 3_000, 7_059, 500]),
        (Fault::Courier, Wanted::Amount(Won(1_000)), [1_000, 0, 0, 1_000, 0]),
        (Fault::Platform, parts(&[(1, 1)], true), [9_559, 0, 0, 9_559, 0]),
        (Fault::Platform, Wanted::Amount(Won(1_000)), [1_000, 0, 0, 1_000, 0]),
        (Fault::Customer, parts(&[(1, 1)], true), [9_559, 0, 0, 9_559, 0]),
        (Fault::Customer, Wanted::Amount(Won(1_000)), [1_000, 0, 0, 1_000, 0]),
    ] {
        assert_eq!(burden(&order, fault, wanted.clone()), shares, "{fault:?} {wanted:?}");
    }
}

#[test]
fn what_a_restaurant_did_not_sell_after_all_costs_it_no_commission() {
    let order = arrived(0);
    let owner = Account::Restaurant(order.restaurant);
    let on = |entry: &Entry, account| entry.on(account).0;
    let sold = order_shared(&order).unwrap();
    // 7.8 % of 17,000 is 1,326, and its VAT 132.
    assert_eq!((on(&sold, Account::Commission), on(&sold, owner)), (-1_326, -(17_000 - 1_326 - 132)));
    let first = give_back(&order, &[], Fault::Restaurant, parts(&[(1, 1)], false)).unwrap();
    let entry = order_adjusted(&order, &[], &first).unwrap();
    // 9,500 are left: 741 and 74.
    assert_eq!((on(&entry, Account::Commission), on(&entry, Account::Vat)), (1_326 - 741, 132 - 74));
    assert_eq!(on(&entry, owner), 7_500 - 585 - 58);
    assert_eq!((on(&entry, Account::Deposits), on(&entry, Account::Coupons)), (-7_059, -441));
    let rest =
        give_back(&order, std::slice::from_ref(&first), Fault::Restaurant, parts(&[(1, 1), (2, 1)], true))
            .unwrap();
    let last = order_adjusted(&order, &[first], &rest).unwrap();
    let left = |account| on(&sold, account) + on(&entry, account) + on(&last, account);
    assert_eq!([Account::Commission, Account::Vat, Account::Coupons].map(left), [0, 0, 0]);
    assert_eq!(left(owner), 3_000, "it owes what the courier got for bringing it");
    // By the platform's fault it has sold it.
    let goodwill = give_back(&order, &[], Fault::Platform, parts(&[(1, 1)], false)).unwrap();
    let entry = order_adjusted(&order, &[], &goodwill).unwrap();
    assert_eq!((on(&entry, Account::Amends), on(&entry, owner), entry.postings.len()), (7_059, 0, 2));
}

#[test]
fn no_more_goes_back_than_was_paid_and_each_dish_and_the_tip_once() {
    let order = arrived(0);
    let all = parts(&[(1, 2), (2, 1)], true);
    let whole = give_back(&order, &[], Fault::Platform, all.clone()).unwrap();
    assert_eq!(whole.back, Back { money: order.payable, points: Won::ZERO });
    let whole = [whole];
    assert_eq!(order.remainder(&whole), Remainder { lines: vec![], tip: Won::ZERO, paid: Back::default() });
    let refused =
        |earlier: &[Adjustment], wanted| give_back(&order, earlier, Fault::Platform, wanted).unwrap_err();
    assert_eq!(refused(&whole, parts(&[(2, 1)], false)), OrderRefusal::NotSoMany { at: 0 });
    let nothing = OrderRefusal::MoreThanPaid { left: Won::ZERO };
    assert_eq!(refused(&whole, Wanted::Amount(Won(1))), nothing);
    assert_eq!(refused(&whole, parts(&[], true)), nothing);
    let most = OrderRefusal::MoreThanPaid { left: order.payable };
    assert_eq!(refused(&[], Wanted::Amount(Won(order.payable.0 + 1))), most);
    assert_eq!(refused(&[], parts(&[], false)), most, "nothing is no adjustment");
    assert_eq!(refused(&[], parts(&[(2, 1), (2, 1)], false)), OrderRefusal::LineTwice { at: 1 });

    // After an amount, all of the dishes are more than is left.
    let amount = [give_back(&order, &[], Fault::Platform, Wanted::Amount(Won(1_000))).unwrap()];
    assert_eq!(refused(&amount, all), OrderRefusal::MoreThanPaid { left: Won(order.payable.0 - 1_000) });
    assert!(give_back(&order, &amount, Fault::Platform, parts(&[(1, 2)], false)).is_ok());
}

#[test]
fn money_goes_back_before_points() {
    // 15,618 by points leave 1,882 + 1,000 for the card.
    let order = arrived(15_618);
    assert_eq!(order.payable, Won(2_882 - 1_000 + 1_000));
    let first = give_back(&order, &[], Fault::Platform, parts(&[(2, 1)], false)).unwrap();
    assert_eq!(first.back, Back { money: Won(1_882), points: Won::ZERO });
    let second = give_back(&order, &[first], Fault::Platform, parts(&[], true)).unwrap();
    assert_eq!(second.back, Back { money: Won(1_000), points: Won(1_500) });
}

#[test]
fn only_what_has_arrived_or_is_over_is_adjusted_and_of_an_early_end_what_the_customer_pays() {
    let order = arrived(0);
    let of = |order: &Order, wanted| give_back(order, &[], Fault::Platform, wanted);
    for status in [Status::Placed, Status::Accepted, Status::Ready, Status::PickedUp, Status::PendingPayment]
    {
        let running = Order { status, ..order.clone() };
        assert!(
            matches!(of(&running, Wanted::Amount(Won(1))), Err(OrderRefusal::Transition { .. })),
            "{status:?}"
        );
    }
    assert!(of(&Order { status: Status::Delivered, ..order.clone() }, Wanted::Amount(Won(1))).is_ok());
    let ended = |fault, reached| {
        let (reason, code, operator) = (String::new(), None, None);
        let ending = Some(Ending { fault, reason, code, reached: Some(reached), operator });
        Order { status: Status::Cancelled, ending, ..order.clone() }
    };
    // The customer cancelled while it was cooked: the tip went back, the food did not.
    let cooked = ended(Fault::Customer, Progress::Preparing);
    assert_eq!(of(&cooked, parts(&[], true)), Err(OrderRefusal::MoreThanPaid { left: Won(16_000) }));
    assert_eq!(of(&cooked, parts(&[(1, 2), (2, 1)], false)).unwrap().back.money, Won(16_000));
    for gone in [
        ended(Fault::Restaurant, Progress::Preparing),
        ended(Fault::Customer, Progress::Unpaid),
        Order { status: Status::Expired, ..order.clone() },
    ] {
        let nothing = Err(OrderRefusal::MoreThanPaid { left: Won::ZERO });
        assert_eq!(of(&gone, Wanted::Amount(Won(1))), nothing);
        assert_eq!(of(&gone, parts(&[(1, 1)], false)), Err(OrderRefusal::NotSoMany { at: 0 }));
    }
}

#[test]
fn of_an_old_line_what_the_restaurant_gave_is_in_proportion() {
    let mut order = arrived(0);
    for line in &mut order.lines {
        line.shares.clear();
    }
    // 118 of 4,000 are off the second dish, and of those 3,000 by the restaurant: 88.
    let shares = burden(&order, Fault::Restaurant, parts(&[(2, 1)], false));
    assert_eq!(shares, [1_882, 2_000 - 88, 0, 0, 30]);
}

proptest! {
    /// Whatever is given back in whatever order, by whose fault: every entry adds up to zero, no more goes
    /// back than was paid, nothing is left of the deposit, and commission is that of what was sold.
    #[test]
    fn nothing_is_lost_or_made_up_by_what_is_given_back(
        lines in prop::collection::vec((1..5_u32, 100..20_000_i64, percent(), percent()), 1..5),
        wishes in prop::collection::vec(
            (prop::option::of((0..5_usize, 1..5_u32)), any::<bool>(), 1..20_000_i64, 0..4_usize), 1..10),
        by_points in 0..=100_i64, has_courier in any::<bool>(),
    ) {
        let (quoted, mut discounts) = quoted(&lines);
        discounts.push(discount(9, Kind::Delivery, Funder::Platform, 1_000));
        let price = quoted.iter().map(|line| line.total.0 - line.discount.0).sum::<i64>() + 2_000;
        let base = order(quoted, discounts, price * by_points / 100);
        let order = Order {
            status: Status::Completed, commission: Terms::default().commission,
            courier: has_courier.then_some(CourierId(Uuid::from_u128(5))), ..base
        };
        let faults = [Fault::Restaurant, Fault::Courier, Fault::Platform, Fault::Customer];
        let mut given = Vec::new();
        let mut entries: Vec<Entry> = [order_shared(&order), points_used(&order)].into_iter().flatten().collect();
        for (dish, tip, amount, fault) in wishes {
            let wanted = match dish {
                Some((at, quantity)) => parts(&[(1 + at as u128, quantity)], tip),
                None => Wanted::Amount(Won(amount)),
            };
            let Ok(next) = give_back(&order, &given, faults[fault], wanted) else { continue };
            let burden = order.burden(&next);
            let borne = burden.restaurant().0 + burden.courier.0 + burden.platform.0;
            prop_assert_eq!(borne, next.back.total().0 + burden.coupons.0);
            prop_assert!([burden.food, burden.restaurant_tip, burden.courier, burden.platform, burden.coupons]
                .iter().all(|part| *part >= Won::ZERO));
            prop_assert!(next.back.points == Won::ZERO || order.remainder(&given).paid.money == next.back.money);
            entries.extend(order_adjusted(&order, &given, &next));
            given.push(next);
        }
        entries.extend(points_returned(&order, &given));
        for entry in &entries {
            prop_assert_eq!(entry.sum(), 0);
        }
        let back = |part: fn(&Back) -> Won| given.iter().map(|it| part(&it.back).0).sum::<i64>();
        let (money, points) = (back(|back| back.money), back(|back| back.points));
        prop_assert!(money <= order.payable.0 && points <= order.points.0);
        let left = order.remainder(&given).paid;
        prop_assert_eq!((left.money.0, left.points.0), (order.payable.0 - money, order.points.0 - points));
        let on = |account| entries.iter().map(|entry| entry.on(account).0).sum::<i64>();
        prop_assert_eq!(on(Account::Deposits) + money, order.payable.0, "what was paid is shared or goes back");
        let unsold: i64 = given.iter().map(|it| order.burden(it).food.0).sum();
        let sold = Won(order.price().sold_for().0 - unsold).or_zero();
        prop_assert_eq!(on(Account::Commission), -order.commission.of(sold).0);
        for line in &order.lines {
            let out: u32 = given.iter().flat_map(|it| &it.lines).filter(|it| it.line_id == line.line_id).map(|it| it.quantity).sum();
            prop_assert!(out <= line.quantity);
        }
        prop_assert!(given.iter().filter(|it| it.tip).count() <= 1);
    }
}
