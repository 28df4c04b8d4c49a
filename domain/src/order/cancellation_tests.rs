//! Dishes that are taken out of orders, against sums over what is left.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::cart::LineShare;
use crate::coupon::{Discount, Funder, off};
use crate::ledger::{Account, order_shared, points_returned, points_used};
use crate::order::tests::{RESTAURANT, placed};
use crate::order::{By, Command, Ending, Fault, Progress, Status};
use crate::{CouponId, MenuId};

fn line(number: u128, quantity: u32, unit_price: i64, shares: &[(u128, i64)]) -> QuotedLine {
    let shares: Vec<LineShare> = shares
        .iter()
        .map(|(coupon, amount)| LineShare { coupon: coupon_id(*coupon), amount: Won(*amount) })
        .collect();
    QuotedLine {
        line_id: LineId(Uuid::from_u128(number)),
        menu_id: MenuId(Uuid::from_u128(100 + number)),
        quantity,
        unit_price: Won(unit_price),
        total: Won(unit_price * i64::from(quantity)),
        discount: off(&shares),
        shares,
        ..placed(false).lines.remove(0)
    }
}

fn coupon_id(number: u128) -> CouponId {
    CouponId(Uuid::from_u128(number))
}

pub(in crate::order) fn discount(coupon: u128, kind: Kind, funder: Funder, amount: i64) -> Discount {
    let campaign = Uuid::nil().into();
    Discount { coupon: coupon_id(coupon), campaign, name: String::new(), kind, funder, amount: Won(amount) }
}

/// A paid order of these lines, with a tip of 3,000 won and so many points.
pub(in crate::order) fn order(lines: Vec<QuotedLine>, discounts: Vec<Discount>, points: i64) -> Order {
    let subtotal: i64 = lines.iter().map(|line| line.total.0).sum();
    let off: i64 = discounts.iter().map(|it| it.amount.0).sum();
    let price = subtotal + 3_000 - off;
    Order {
        status: Status::Accepted,
        subtotal: Won(subtotal),
        tip: Won(3_000),
        discounts,
        points: Won(points),
        payable: Won(price - points),
        reward: Won(1_000),
        lines,
        ..placed(false)
    }
}

fn cancel(order: &Order, id: u128, parts: &[(u128, u32)]) -> Result<Order, OrderRefusal> {
    let part = |(line, quantity): &(u128, u32)| LinePart {
        line: LineId(Uuid::from_u128(*line)),
        quantity: *quantity,
    };
    let parts = parts.iter().map(part).collect();
    let command = Command::CancelLines { id: Uuid::from_u128(id).into(), parts, sold_out: true };
    order.decide(By::Owner(RESTAURANT), &command, order.created_at).map(|(order, _)| order)
}

/// Lines of these quantities and prices, of which a coupon takes so many per cent, and another one so many of
/// the rest; and what each takes.
pub(in crate::order) fn quoted(lines: &[(u32, i64, i64, i64)]) -> (Vec<QuotedLine>, Vec<Discount>) {
    let of_line = |(number, (quantity, price, first, second)): (u128, &(u32, i64, i64, i64))| {
        let total = price * i64::from(*quantity);
        let off_first = total * first / 100;
        let shares = [(7, off_first), (8, (total - off_first) * second / 100)];
        let shares: Vec<_> = shares.into_iter().filter(|(_, amount)| *amount > 0).collect();
        line(number, *quantity, *price, &shares)
    };
    let lines: Vec<QuotedLine> = (1..).zip(lines).map(of_line).collect();
    let discounts = vec![
        discount(7, Kind::Item, Funder::Restaurant, given(&lines, 7)),
        discount(8, Kind::Order, Funder::Platform, given(&lines, 8)),
    ];
    (lines, discounts)
}

/// Per cent, often none or all.
pub(in crate::order) fn percent() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(100), 0..=100_i64]
}

/// What a coupon takes off these lines.
fn given(lines: &[QuotedLine], coupon: u128) -> i64 {
    let shares = lines.iter().flat_map(|line| &line.shares);
    shares.filter(|share| share.coupon == coupon_id(coupon)).map(|share| share.amount.0).sum()
}

/// Two of 9,000 won and one of 2,000, with 3,000 off the first by the restaurant and 1,000 off all by the
/// platform.
pub(in crate::order) fn with_coupons(points: i64) -> Order {
    let lines = vec![line(1, 2, 9_000, &[(7, 3_000), (8, 882)]), line(2, 1, 2_000, &[(8, 118)])];
    let discounts = vec![
        discount(7, Kind::Item, Funder::Restaurant, 3_000),
        discount(8, Kind::Order, Funder::Platform, 1_000),
    ];
    order(lines, discounts, points)
}

#[test]
fn what_goes_back_is_what_was_paid_for_it_and_each_coupon_gives_less() {
    let before = with_coupons(0);
    let after = cancel(&before, 1, &[(2, 1)]).unwrap();
    let back = after.cancellations[0].back;
    assert_eq!((back.money, back.points), (Won(2_000 - 118), Won::ZERO));
    assert_eq!((after.subtotal, after.payable), (Won(18_000), Won(18_000 + 3_000 - 3_882)));
    let amounts: Vec<i64> = after.discounts.iter().map(|it| it.amount.0).collect();
    assert_eq!(amounts, [3_000, 882], "the coupon of the other dish gives as much as before");
    assert_eq!(after.price().by_restaurant, Won(3_000));

    // One of two: half of each part, and the last takes what is left.
    let half = cancel(&after, 2, &[(1, 1)]).unwrap();
    assert_eq!(half.cancellations[1].back.money, Won(9_000 - 1_500 - 441));
    assert_eq!((half.lines.len(), half.lines[0].quantity, half.lines[0].discount), (1, 1, Won(1_941)));
    assert_eq!(half.cancelled().money.0 + half.payable.0, before.payable.0);
    assert_eq!(cancel(&half, 3, &[(1, 1)]), Err(OrderRefusal::NothingLeft));
}

#[test]
fn money_goes_back_before_points_and_a_smaller_order_earns_less() {
    let before = with_coupons(18_000);
    assert_eq!(before.payable, Won(1_000));
    let after = cancel(&before, 1, &[(2, 1)]).unwrap();
    assert_eq!(after.cancellations[0].back, Back { money: Won(1_000), points: Won(882) });
    assert_eq!((after.payable, after.points), (Won::ZERO, Won(17_118)));
    assert_eq!(after.reward, Won::ZERO, "all of it is paid by points");
    let by_card = cancel(&with_coupons(0), 1, &[(1, 1)]).unwrap();
    // 16,000 were paid for the food, and 8,941 are left.
    assert_eq!(by_card.reward, Won(1_000 * (16_000 - 7_059) / 16_000));
}

#[test]
fn the_same_cancellation_again_changes_nothing_and_what_is_not_there_is_refused() {
    let before = with_coupons(0);
    let after = cancel(&before, 1, &[(1, 1)]).unwrap();
    assert_eq!(cancel(&after, 1, &[(1, 1)]), Ok(after.clone()));
    assert_eq!(cancel(&before, 2, &[(2, 1), (2, 1)]), Err(OrderRefusal::LineTwice { at: 1 }));
    for wrong in [(1, 0), (1, 3), (9, 1)] {
        assert_eq!(cancel(&before, 2, &[wrong]), Err(OrderRefusal::NotSoMany { at: 0 }));
    }
    assert_eq!(cancel(&before, 2, &[]), Err(OrderRefusal::NothingLeft));
    assert_eq!(cancel(&before, 2, &[(1, 2), (2, 1)]), Err(OrderRefusal::NothingLeft));
    let on_its_way = Order { status: Status::PickedUp, ..before };
    assert!(matches!(cancel(&on_its_way, 2, &[(2, 1)]), Err(OrderRefusal::Transition { .. })));
}

#[test]
fn of_an_old_line_each_coupon_gives_less_in_proportion() {
    let mut before = with_coupons(0);
    for line in &mut before.lines {
        line.shares.clear();
    }
    let after = cancel(&before, 1, &[(2, 1)]).unwrap();
    assert_eq!(after.cancellations[0].back.money, Won(1_882));
    let amounts: Vec<i64> = after.discounts.iter().map(|it| it.amount.0).collect();
    assert_eq!(amounts, [2_911, 971], "118 × 3 / 4 = 88.5, and what is left goes to the earlier one");
}

/// The order as it is over: completed, or ended by each fault while it was cooked.
fn ways_to_end(order: &Order) -> Vec<Order> {
    let completed = Order { status: Status::Completed, ..order.clone() };
    let faults = [Fault::Customer, Fault::Restaurant, Fault::Courier, Fault::Platform];
    let ended = faults.map(|fault| {
        let (reason, code, reached, operator) = (String::new(), None, Some(Progress::Preparing), None);
        let ending = Some(Ending { fault, reason, code, reached, operator });
        Order { status: Status::Cancelled, ending, ..order.clone() }
    });
    ended.into_iter().chain([completed]).collect()
}

proptest! {
    /// Whatever is taken out in whatever order: what is left is what the lines say, and together with what
    /// went back it is what was paid.
    #[test]
    fn what_is_left_and_what_went_back_are_what_was_paid(
        lines in prop::collection::vec((1..9_u32, 100..20_000_i64, percent(), percent()), 2..6),
        cuts in prop::collection::vec((0..6_usize, 1..9_u32), 1..12),
        by_points in 0..=100_i64,
    ) {
        let (quoted, discounts) = quoted(&lines);
        let price = quoted.iter().map(|line| line.total.0 - line.discount.0).sum::<i64>() + 3_000;
        let before = order(quoted, discounts, price * by_points / 100);
        let mut now = before.clone();
        for (number, (at, quantity)) in (1..).zip(cuts) {
            let Ok(next) = cancel(&now, number, &[(1 + at as u128, quantity)]) else { continue };
            now = next;
            let total: i64 = now.lines.iter().map(|line| line.total.0).sum();
            let discount: i64 = now.lines.iter().map(|line| line.discount.0).sum();
            prop_assert_eq!(now.subtotal.0, total);
            prop_assert_eq!(now.payable.0 + now.points.0, total + 3_000 - discount);
            for (place, coupon) in [7, 8].into_iter().enumerate() {
                prop_assert_eq!(now.discounts[place].amount.0, given(&now.lines, coupon));
            }
            prop_assert!(now.lines.iter().all(|line| line.total == line.unit_price.times(line.quantity).unwrap()));
            prop_assert!(now.ordered_lines().all(|line| line.discount <= line.total), "less than nothing: {:?}", now);
            prop_assert_eq!(now.payable.0 + now.cancelled().money.0, before.payable.0);
            prop_assert_eq!(now.points.0 + now.cancelled().points.0, before.points.0);
            prop_assert!(now.payable >= Won::ZERO && now.points >= Won::ZERO && now.reward >= Won::ZERO);
            prop_assert!(now.points == before.points || now.payable == Won::ZERO, "money first");
        }
        for over in ways_to_end(&now) {
            let back = over.back().unwrap_or_default();
            let owed = now.cancelled().money.0 + back.money.0;
            let entries = [order_shared(&over), points_used(&over)];
            let entries = entries.into_iter().flatten().chain(points_returned(&over, &[]));
            let deposits: i64 = entries.map(|entry| entry.on(Account::Deposits).0).sum();
            prop_assert_eq!(deposits + owed, before.payable.0, "nothing is left of what was paid: {:?}", over.status);
        }
        let dishes: u32 = now.ordered_lines().map(|line| line.quantity).sum();
        prop_assert_eq!(dishes, lines.iter().map(|(quantity, ..)| quantity).sum::<u32>());
    }
}
