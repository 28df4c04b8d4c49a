//! What the coupons of a cart take off, and of which lines.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{Coupon, CouponState, Funder, Kind, Terms};
use crate::cart::{LineShare, QuotedLine};
use crate::restaurant::Category;
use crate::{CampaignId, CouponId, RestaurantId, Timestamp, Won};

/// What a coupon takes off a quote or an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// The coupon.
    pub coupon: CouponId,
    /// The campaign that issued it.
    pub campaign: CampaignId,
    /// Its name.
    pub name: String,
    /// What it takes something off.
    pub kind: Kind,
    /// Who pays for it.
    pub funder: Funder,
    /// How much, more than zero.
    pub amount: Won,
}

/// What is to be bought.
#[derive(Clone, Copy, Debug)]
pub struct Basket<'a> {
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// The kind of food it serves.
    pub category: Category,
    /// The lines that can be had.
    pub lines: &'a [QuotedLine],
    /// The delivery tip; `None` while it is not known.
    pub tip: Option<Won>,
    /// The moment for which the price is given.
    pub at: Timestamp,
    /// Whether the customer has ordered before.
    pub has_ordered: bool,
}

/// Why a coupon takes nothing off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Inapplicable {
    /// It cannot be used yet.
    NotYet {
        /// From when it can.
        from: Timestamp,
    },
    /// Its time is over, or it was withdrawn.
    Over,
    /// An order has used it.
    Used,
    /// The dishes do not reach its minimum.
    BelowMinimum {
        /// The missing amount.
        shortfall: Won,
    },
    /// It is for other restaurants.
    OtherRestaurant,
    /// None of its dishes is there.
    NoSuchItem,
    /// The customer has ordered before.
    NotTheFirstOrder,
    /// There is nothing that it could take something off.
    NothingToDiscount,
    /// It takes something off the tip, which is not known before the price is asked for.
    TipUnknown,
}

impl Inapplicable {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotYet { .. } => "not_yet",
            Self::Over => "over",
            Self::Used => "used",
            Self::BelowMinimum { .. } => "below_minimum",
            Self::OtherRestaurant => "other_restaurant",
            Self::NoSuchItem => "no_such_item",
            Self::NotTheFirstOrder => "not_the_first_order",
            Self::NothingToDiscount => "nothing_to_discount",
            Self::TipUnknown => "tip_unknown",
        }
    }
}

/// What coupons do to a basket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discounts {
    /// What is taken off, in the order of [`Kind::ALL`].
    pub applied: Vec<Discount>,
    /// What of that each of them takes off each line.
    pub of_lines: Vec<Vec<LineShare>>,
    /// The coupons that take nothing off.
    pub inapplicable: Vec<(CouponId, Inapplicable)>,
}

impl Discounts {
    /// What is taken off in all.
    pub fn total(&self) -> Won {
        Won(self.applied.iter().map(|discount| discount.amount.0).sum())
    }
}

/// What `coupons` take off: first off their dishes, then off the food that is left, then off the tip.
/// Off each base at most all of it. While the tip is not known, a coupon for it takes nothing off.
pub fn discount(coupons: &[Coupon], basket: &Basket<'_>) -> Discounts {
    let mut discounts = Discounts { of_lines: vec![Vec::new(); basket.lines.len()], ..Discounts::default() };
    for kind in Kind::ALL {
        for coupon in coupons.iter().filter(|coupon| coupon.terms.kind == kind) {
            match amount(coupon, basket, &mut discounts.of_lines) {
                Ok(amount) => discounts.applied.push(Discount {
                    coupon: coupon.id,
                    campaign: coupon.campaign,
                    name: coupon.terms.name.clone(),
                    kind,
                    funder: coupon.terms.funder,
                    amount,
                }),
                Err(why) => discounts.inapplicable.push((coupon.id, why)),
            }
        }
    }
    discounts
}

/// What the coupon takes off, more than zero; adds to `of_lines` what of that is taken off each line.
fn amount(
    coupon: &Coupon,
    basket: &Basket<'_>,
    of_lines: &mut [Vec<LineShare>],
) -> Result<Won, Inapplicable> {
    check(coupon, basket)?;
    let terms = &coupon.terms;
    let some =
        |amount: Won| if amount > Won::ZERO { Ok(amount) } else { Err(Inapplicable::NothingToDiscount) };
    if terms.kind == Kind::Delivery {
        return some(terms.benefit.of(basket.tip.ok_or(Inapplicable::TipUnknown)?));
    }
    let left = basket.lines.iter().zip(&*of_lines);
    let bases: Vec<Won> = left
        .map(|(line, shares)| if is_for(terms, line) { Won(line.total.0 - off(shares).0) } else { Won::ZERO })
        .collect();
    let base = Won(bases.iter().map(|base| base.0).sum());
    let amount = some(terms.benefit.of(base))?;
    for (shares, part) in of_lines.iter_mut().zip(allocate(amount, &bases)) {
        if part > Won::ZERO {
            shares.push(LineShare { coupon: coupon.id, amount: part });
        }
    }
    Ok(amount)
}

/// What these take off together.
pub(crate) fn off(shares: &[LineShare]) -> Won {
    Won(shares.iter().map(|share| share.amount.0).sum())
}

fn is_for(terms: &Terms, line: &QuotedLine) -> bool {
    terms.kind != Kind::Item || terms.menus.contains(&line.menu_id)
}

/// Whether the coupon may be used for the basket at all.
fn check(coupon: &Coupon, basket: &Basket<'_>) -> Result<(), Inapplicable> {
    let terms = &coupon.terms;
    if let CouponState::Redeemed(_) = coupon.state {
        return Err(Inapplicable::Used);
    }
    if coupon.is_withdrawn || basket.at >= terms.until {
        return Err(Inapplicable::Over);
    }
    if basket.at < terms.from {
        return Err(Inapplicable::NotYet { from: terms.from });
    }
    let is_here = terms.restaurants.is_empty() || terms.restaurants.contains(&basket.restaurant);
    let is_kind = terms.categories.is_empty() || terms.categories.contains(&basket.category);
    if !is_here || !is_kind {
        return Err(Inapplicable::OtherRestaurant);
    }
    if terms.first_order && basket.has_ordered {
        return Err(Inapplicable::NotTheFirstOrder);
    }
    if !basket.lines.iter().any(|line| is_for(terms, line)) {
        return Err(Inapplicable::NoSuchItem);
    }
    let subtotal: i64 = basket.lines.iter().map(|line| line.total.0).sum();
    let shortfall = Won(terms.minimum.0 - subtotal);
    if shortfall > Won::ZERO {
        return Err(Inapplicable::BelowMinimum { shortfall });
    }
    Ok(())
}

/// Splits `amount` in proportion to `weights` by largest remainder (Hamilton's method): each part is
/// rounded down, and what is left goes by one won to the largest fractions, the earlier one of two that
/// are equal. The parts are together `amount` exactly; none is more than its weight if `amount` is not
/// more than all weights together.
pub fn allocate(amount: Won, weights: &[Won]) -> Vec<Won> {
    let total: i128 = weights.iter().map(|weight| i128::from(weight.0)).sum();
    if total <= 0 {
        return vec![Won::ZERO; weights.len()];
    }
    let exact = |weight: &Won| i128::from(amount.0) * i128::from(weight.0);
    let mut parts: Vec<i128> = weights.iter().map(|weight| exact(weight) / total).collect();
    let left = i128::from(amount.0) - parts.iter().sum::<i128>();
    let mut by_fraction: Vec<usize> = (0..weights.len()).collect();
    by_fraction.sort_by_key(|at| Reverse(exact(&weights[*at]) % total));
    for at in by_fraction.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[at] += 1;
    }
    parts.into_iter().map(|part| Won(i64::try_from(part).unwrap_or(i64::MAX))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::coupon::Benefit;
    use crate::coupon::terms::tests::{noon, terms};

    fn line(menu: u128, total: i64) -> QuotedLine {
        QuotedLine {
            line_id: Uuid::from_u128(menu).into(),
            menu_id: Uuid::from_u128(menu).into(),
            name: "메뉴".into(),
            quantity: 1,
            options: vec![],
            unit_price: Won(total),
            total: Won(total),
            discount: Won::ZERO,
            shares: Vec::new(),
            limited: false,
        }
    }

    fn coupon(id: u128, terms: Terms) -> Coupon {
        Coupon {
            id: Uuid::from_u128(id).into(),
            campaign: Uuid::from_u128(id + 100).into(),
            customer: Uuid::from_u128(7).into(),
            terms,
            is_withdrawn: false,
            state: CouponState::Claimed,
            claimed_at: noon(),
        }
    }

    fn basket(lines: &[QuotedLine]) -> Basket<'_> {
        Basket {
            restaurant: Uuid::from_u128(1).into(),
            category: Category::Chicken,
            lines,
            tip: Some(Won(3_000)),
            at: noon(),
            has_ordered: true,
        }
    }

    fn item(won: i64) -> Terms {
        Terms {
            kind: Kind::Item,
            benefit: Benefit::Amount { won: Won(won) },
            menus: vec![Uuid::from_u128(2).into()],
            restaurants: vec![Uuid::from_u128(1).into()],
            ..terms()
        }
    }

    #[test]
    fn an_item_coupon_comes_first_and_the_order_coupon_takes_of_what_is_left() {
        let lines = [line(1, 10_000), line(2, 8_000)];
        let percent = Terms { benefit: Benefit::Percent { percent: 10, at_most: Won(5_000) }, ..terms() };
        let tip = Terms { kind: Kind::Delivery, benefit: Benefit::Amount { won: Won(9_000) }, ..terms() };
        let coupons = [coupon(3, tip), coupon(2, percent), coupon(1, item(1_000))];
        let discounts = discount(&coupons, &basket(&lines));
        let amounts: Vec<_> = discounts.applied.iter().map(|it| (it.kind, it.amount)).collect();
        assert_eq!(
            amounts,
            [(Kind::Item, Won(1_000)), (Kind::Order, Won(1_700)), (Kind::Delivery, Won(3_000))]
        );
        // 1,700 in proportion to 10,000 and 7,000.
        assert_eq!(discounts.of_lines.iter().map(|shares| off(shares).0).collect::<Vec<_>>(), [1_000, 1_700]);
        assert_eq!((discounts.total(), discounts.inapplicable.len()), (Won(5_700), 0));
    }

    #[test]
    fn each_reason_why_a_coupon_takes_nothing_off_is_told() {
        let lines = [line(1, 15_000)];
        let why = |coupon: Coupon, basket: Basket<'_>| match &discount(&[coupon], &basket).inapplicable[..] {
            [(_, why)] => Some(*why),
            _ => None,
        };
        let plain = basket(&lines);
        assert_eq!(why(coupon(1, terms()), plain), None);
        let later = Terms { from: noon() + chrono::Duration::seconds(1), ..terms() };
        assert_eq!(why(coupon(1, later.clone()), plain), Some(Inapplicable::NotYet { from: later.from }));
        assert_eq!(why(coupon(1, terms()), Basket { at: terms().until, ..plain }), Some(Inapplicable::Over));
        let withdrawn = Coupon { is_withdrawn: true, ..coupon(1, terms()) };
        assert_eq!(why(withdrawn, plain), Some(Inapplicable::Over));
        let order = Uuid::from_u128(5).into();
        let redeemed = Coupon { state: CouponState::Redeemed(order), ..coupon(1, terms()) };
        assert_eq!(why(redeemed, plain), Some(Inapplicable::Used));
        let reserved = Coupon { state: CouponState::Reserved(order), ..coupon(1, terms()) };
        assert_eq!(why(reserved, plain), None, "a new order takes the place of the unpaid one");
        let dear = Terms { minimum: Won(15_001), ..terms() };
        assert_eq!(why(coupon(1, dear), plain), Some(Inapplicable::BelowMinimum { shortfall: Won(1) }));
        let elsewhere = Terms { restaurants: vec![Uuid::from_u128(2).into()], ..terms() };
        assert_eq!(why(coupon(1, elsewhere), plain), Some(Inapplicable::OtherRestaurant));
        let pizza = Terms { categories: vec![Category::Pizza], ..terms() };
        assert_eq!(why(coupon(1, pizza), plain), Some(Inapplicable::OtherRestaurant));
        assert_eq!(why(coupon(1, item(1_000)), plain), Some(Inapplicable::NoSuchItem));
        let first = Terms { first_order: true, ..terms() };
        assert_eq!(why(coupon(1, first.clone()), plain), Some(Inapplicable::NotTheFirstOrder));
        assert_eq!(why(coupon(1, first), Basket { has_ordered: false, ..plain }), None);
        let tip = Terms { kind: Kind::Delivery, ..terms() };
        let free = Basket { tip: Some(Won::ZERO), ..plain };
        assert_eq!(why(coupon(1, tip.clone()), free), Some(Inapplicable::NothingToDiscount));
        let unquoted = Basket { tip: None, ..plain };
        assert_eq!(why(coupon(1, tip), unquoted), Some(Inapplicable::TipUnknown));
    }

    #[test]
    fn what_cannot_be_divided_goes_to_the_largest_fractions() {
        let thirds = [Won(1), Won(1), Won(1)];
        assert_eq!(allocate(Won(2), &thirds), [Won(1), Won(1), Won(0)]);
        assert_eq!(
            allocate(Won(1_000), &[Won(9_900), Won(8_900), Won(7_900)]),
            [Won(371), Won(333), Won(296)]
        );
        assert_eq!(allocate(Won(5), &[Won(0), Won(0)]), [Won(0), Won(0)]);
    }

    proptest! {
        #[test]
        fn parts_are_together_the_amount_and_each_is_nearly_its_proportion(
            weights in prop::collection::vec(0..50_000_000_i64, 1..50), part in 0.0..=1.0_f64,
        ) {
            let total: i64 = weights.iter().sum();
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any amount up to the total")]
            let amount = ((total as f64 * part) as i64).min(total);
            let weights: Vec<Won> = weights.into_iter().map(Won).collect();
            let parts = allocate(Won(amount), &weights);
            prop_assert_eq!(parts.iter().map(|part| part.0).sum::<i64>(), amount);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!((0..=weight.0).contains(&part.0));
                let exact = i128::from(amount) * i128::from(weight.0);
                let off = (i128::from(part.0) * i128::from(total) - exact).abs();
                prop_assert!(off < i128::from(total.max(1)), "less than a won away from its proportion");
            }
        }

        /// Whatever coupons are chosen: nothing becomes negative, and the parts add up.
        #[test]
        fn lines_and_tip_pay_for_all_that_is_taken_off(
            totals in prop::collection::vec(0..1_000_000_i64, 1..20), tip in 0..10_000_i64,
            amounts in prop::array::uniform3(1..2_000_000_i64), percent in 1..=100_u32,
        ) {
            let lines: Vec<_> = (1..).zip(&totals).map(|(menu, total)| line(menu, *total)).collect();
            let all = Terms { minimum: Won::ZERO, ..terms() };
            let [one, two, three] = amounts.map(Won);
            let coupons = [
                coupon(1, Terms { minimum: Won::ZERO, ..item(one.0) }),
                coupon(2, Terms { benefit: Benefit::Percent { percent, at_most: two }, ..all.clone() }),
                coupon(3, Terms { kind: Kind::Delivery, benefit: Benefit::Amount { won: three }, ..all }),
            ];
            let discounts = discount(&coupons, &Basket { tip: Some(Won(tip)), ..basket(&lines) });
            prop_assert_eq!(discounts.applied.len() + discounts.inapplicable.len(), 3);
            for (line, off) in lines.iter().zip(discounts.of_lines.iter().map(|shares| off(shares))) {
                prop_assert!((0..=line.total.0).contains(&off.0));
            }
            let of = |is: fn(Kind) -> bool| {
                discounts.applied.iter().filter(|it| is(it.kind)).map(|it| it.amount.0).sum::<i64>()
            };
            prop_assert_eq!(discounts.of_lines.iter().map(|shares| off(shares).0).sum::<i64>(), of(|kind| kind != Kind::Delivery));
            prop_assert!(of(|kind| kind == Kind::Delivery) <= tip);
            prop_assert!(discounts.applied.iter().all(|it| it.amount > Won::ZERO));
        }
    }
}
