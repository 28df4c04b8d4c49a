//! Points (포인트): completed orders earn them, operators give some, and they pay for orders, one
//! won each. They cannot be bought.
//!
//! A [`Lot`] is what was given at a time, and expires with it. An order takes from the lots that
//! expire first; what it does not keep goes back to the lots it came from.
//!
//! ```text
//!        an order is placed with them      it is paid      it ends
//! left ──────────────────────────────▶ held ────────▶ used ────────▶ back in their lots, as far as
//!   │                                    └ it is not paid ─┘         the customer does not bear it
//!   └ a year is over: expired
//! ```

mod grant;
mod lot;

use crate::cart::{Quote, QuotedLine};
use crate::{Percentage, Refusal, Refused, Won};

pub use grant::{GRANT_DAYS_MAX, GRANT_WON_MAX, Grant, GrantReason};
pub use lot::{Lot, LotPart, expiry, give_back, kept_until, take};

/// The fewest points that an order is paid with, unless it costs less.
pub const USE_MIN: Won = Won(1_000);

/// Points are used by so many at a time, unless they pay for all of it.
pub const USE_UNIT: Won = Won(10);

/// The least that a card can be charged with (Toss Payments): what points leave is that, or nothing.
pub const CHARGE_MIN: Won = Won(100);

/// How many points pay for an order of `price`, of those that are `wanted` and that there are.
pub fn usable(wanted: Won, available: Won, price: Won) -> Won {
    let most = wanted.min(available).min(price).or_zero();
    if most == price {
        return most;
    }
    let most = most.min(Won(price.0 - CHARGE_MIN.0));
    let used = Won(most.0 - most.0.rem_euclid(USE_UNIT.0));
    if used < USE_MIN { Won::ZERO } else { used }
}

/// What a customer gets in points when an order from this quote is completed.
pub fn reward(percentage: Percentage, quote: &Quote) -> Won {
    percentage.of(rewarded(quote.payable, &quote.lines))
}

/// What a customer gets points for: what they pay for these lines, and not by points.
pub fn rewarded(payable: Won, lines: &[QuotedLine]) -> Won {
    payable.min(Won(lines.iter().map(|line| line.total.0 - line.discount.0).sum()))
}

/// Why points cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointsRefusal {
    /// The customer has fewer.
    NotEnough {
        /// So many.
        available: Won,
    },
    /// They are fewer than [`USE_MIN`].
    TooFew,
}

impl Refusal for PointsRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::NotEnough { available } => not_enough(available.0),
            Self::TooFew => too_few(USE_MIN.0),
        }
    }
}

crate::refusals! {
    not_enough(available_won) => Rule "points.not_enough":
        "포인트가 {available_won}원 있어요.", "There are {available_won} points.";
    too_few(min_won) => Rule "points.too_few":
        "포인트는 {min_won}원부터 쓸 수 있어요.", "Points can be used from {min_won}.";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn they_are_used_from_a_least_amount_by_units_and_leave_what_a_card_can_pay() {
        let used = |wanted, available, price| usable(Won(wanted), Won(available), Won(price)).0;
        assert_eq!(used(3_005, 10_000, 21_000), 3_000, "by units");
        assert_eq!(used(10_000, 3_005, 21_000), 3_000, "no more than there are");
        assert_eq!(used(999, 10_000, 21_000), 0, "too few");
        assert_eq!(used(1_000, 10_000, 21_000), 1_000);
        assert_eq!(used(50_000, 50_000, 21_003), 21_003, "all of it");
        assert_eq!(used(21_000, 50_000, 21_003), 20_900, "a card cannot be charged with 3 won");
        assert_eq!(used(20_900, 50_000, 21_000), 20_900, "with 100 it can");
        assert_eq!(used(50_000, 50_000, 700), 700, "all of what costs less than the least");
        assert_eq!(used(650, 50_000, 700), 0);
        assert_eq!(used(5_000, 5_000, 0), 0);
    }

    proptest! {
        #[test]
        fn what_they_leave_can_be_paid(wanted in 0..200_000_i64, available in 0..200_000_i64, price in 0..100_000_i64) {
            let used = usable(Won(wanted), Won(available), Won(price)).0;
            prop_assert!(used <= wanted.min(available).min(price));
            let left = price - used;
            if used > 0 && left > 0 {
                prop_assert!(left >= CHARGE_MIN.0 && used >= USE_MIN.0 && used % USE_UNIT.0 == 0);
            }
            // The next unit would not have done.
            if left > 0 {
                let next = (used + USE_UNIT.0).max(USE_MIN.0);
                prop_assert!(next > wanted.min(available) || price - next < CHARGE_MIN.0);
            }
        }
    }
}
