//! What the platform takes of the food that it sells for a restaurant.

use serde::{Deserialize, Serialize};

use crate::Won;

/// A share in hundredths of a percent, 0 to [`MAX`](Self::MAX).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommissionRate(u32);

impl CommissionRate {
    /// Everything.
    pub const MAX: u32 = 10_000;

    /// Nothing: what orders agreed to that were made before there was a commission.
    pub fn none() -> Self {
        Self(0)
    }

    /// A rate in hundredths of a percent; beyond everything it is everything.
    pub fn new(hundredths: u32) -> Self {
        Self(hundredths.min(Self::MAX))
    }

    /// The rate in hundredths of a percent.
    pub fn hundredths(self) -> u32 {
        self.0
    }

    /// The share of what was paid for food, rounded down. What a restaurant's own discount took off
    /// was not paid (Fair Trade Commission, 2025-10-13).
    pub fn of(self, paid: Won) -> Won {
        let share = i128::from(paid.0.max(0)) * i128::from(self.0.min(Self::MAX)) / i128::from(Self::MAX);
        Won(i64::try_from(share).unwrap_or(i64::MAX))
    }
}

impl Default for CommissionRate {
    /// 7.8 %, without VAT.
    fn default() -> Self {
        Self(780)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_taken_of_what_was_paid() {
        // The commission's own example: 20,000 won with 5,000 won off.
        assert_eq!(CommissionRate::default().of(Won(15_000)), Won(1_170));
        assert_eq!(CommissionRate::none().of(Won(15_000)), Won::ZERO);
    }

    proptest! {
        #[test]
        fn it_is_never_more_than_there_is(paid in 0..=i64::MAX, rate in 0..=20_000_u32) {
            let taken = CommissionRate::new(rate).of(Won(paid));
            prop_assert!((Won::ZERO..=Won(paid)).contains(&taken));
        }
    }
}
