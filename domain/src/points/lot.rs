//! The lots of a customer: which of them an order takes points from, and to which they go back.

use chrono::Duration;

use crate::{LotId, OrderId, Timestamp, UserId, Won};

/// How long points can be used.
const LIFE: Duration = Duration::days(365);

/// How long points can be used at least that come back to their customer by the fault of somebody else.
const BACK_FOR: Duration = Duration::days(7);

/// Points that were given at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// Whose they are.
    pub customer: UserId,
    /// The order that earned them; none if an operator gave them.
    pub order: Option<OrderId>,
    /// How many there were.
    pub amount: Won,
    /// How many are left, without those that orders hold.
    pub left: Won,
    /// When they were given.
    pub given_at: Timestamp,
    /// They can be used until before then.
    pub expires_at: Timestamp,
}

/// When points expire that are given at `at`.
pub fn expiry(at: Timestamp) -> Timestamp {
    at + LIFE
}

/// When a lot expires that gets points back at `at`: when it would anyway, but somebody who is not to blame
/// has some days to use them.
pub fn kept_until(expires_at: Timestamp, at: Timestamp, is_customers_fault: bool) -> Timestamp {
    if is_customers_fault { expires_at } else { expires_at.max(at + BACK_FOR) }
}

/// So many points of one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotPart {
    /// The lot.
    pub lot: LotId,
    /// How many.
    pub amount: Won,
}

/// Takes `amount` of what is `left` of lots, which must be in the order in which they expire. `None` if
/// there is not so much.
pub fn take(left: &[LotPart], amount: Won) -> Option<Vec<LotPart>> {
    let (taken, missing) = drain(left.iter(), amount);
    (missing == Won::ZERO).then_some(taken)
}

/// Gives `amount` of what an order has `used` of lots back, which must be in the order in which they
/// expire: to those that expire last first, so that they can be used for longest. More than was used is
/// not given back.
pub fn give_back(used: &[LotPart], amount: Won) -> Vec<LotPart> {
    drain(used.iter().rev(), amount).0
}

/// `wanted` of these, the first ones first, and how much is missing.
fn drain<'a>(parts: impl Iterator<Item = &'a LotPart>, wanted: Won) -> (Vec<LotPart>, Won) {
    let mut missing = wanted;
    let mut drained = Vec::new();
    for &LotPart { lot, amount } in parts {
        let amount = amount.min(missing);
        if amount > Won::ZERO {
            drained.push(LotPart { lot, amount });
            missing = Won(missing.0 - amount.0);
        }
    }
    (drained, missing)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn part(number: u128, amount: i64) -> LotPart {
        LotPart { lot: LotId(Uuid::from_u128(number)), amount: Won(amount) }
    }

    fn amounts(taken: &[LotPart]) -> Vec<(u128, i64)> {
        taken.iter().map(|taken| (taken.lot.0.as_u128(), taken.amount.0)).collect()
    }

    #[test]
    fn those_that_expire_first_are_taken_first_and_go_back_last() {
        let lots = [part(1, 500), part(2, 0), part(3, 2_000), part(4, 9_000)];
        let taken = take(&lots, Won(3_000)).unwrap();
        assert_eq!(amounts(&taken), [(1, 500), (3, 2_000), (4, 500)]);
        assert_eq!(amounts(&give_back(&taken, Won(600))), [(4, 500), (3, 100)]);
        assert_eq!(amounts(&give_back(&taken, Won(5_000))), [(4, 500), (3, 2_000), (1, 500)]);
        assert_eq!(take(&lots, Won(11_501)), None);
        assert_eq!(take(&lots, Won(11_500)).map(|taken| taken.len()), Some(3));
    }

    #[test]
    fn who_is_not_to_blame_has_a_week_to_use_what_came_back() {
        let at = Timestamp::UNIX_EPOCH + Duration::days(100);
        let (over, later) = (at - Duration::days(1), at + Duration::days(8));
        assert_eq!(kept_until(over, at, true), over);
        assert_eq!(kept_until(over, at, false), at + Duration::days(7));
        assert_eq!(kept_until(later, at, false), later);
    }

    proptest! {
        /// Orders that take and give back, against one balance for all lots.
        #[test]
        fn no_point_is_lost_or_made_up(
            given in prop::collection::vec(0..5_000_i64, 1..8),
            steps in prop::collection::vec((0..8_000_i64, 0..=100_i64), 0..20),
        ) {
            let mut lots: BTreeMap<LotId, i64> =
                (1..).zip(&given).map(|(number, won)| (part(number, 0).lot, *won)).collect();
            let mut balance: i64 = given.iter().sum();
            for (wanted, percent_back) in steps {
                let left: Vec<LotPart> =
                    lots.iter().map(|(lot, left)| LotPart { lot: *lot, amount: Won(*left) }).collect();
                let Some(taken) = take(&left, Won(wanted)) else {
                    prop_assert!(wanted > balance);
                    continue;
                };
                for taken in &taken {
                    *lots.get_mut(&taken.lot).unwrap() -= taken.amount.0;
                }
                balance -= wanted;
                let back = wanted * percent_back / 100;
                for back in give_back(&taken, Won(back)) {
                    prop_assert!(taken.iter().any(|taken| taken.lot == back.lot && taken.amount >= back.amount));
                    *lots.get_mut(&back.lot).unwrap() += back.amount.0;
                }
                balance += back;
                prop_assert!(lots.values().all(|left| *left >= 0));
                prop_assert_eq!(lots.values().sum::<i64>(), balance);
            }
        }
    }
}
