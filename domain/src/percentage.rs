//! Shares of an amount.

use serde::{Deserialize, Serialize};

use crate::Won;

/// A share in hundredths of a percent, 0 to [`MAX`](Self::MAX).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percentage(u32);

impl Percentage {
    /// Everything.
    pub const MAX: u32 = 10_000;

    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A share in hundredths of a percent; beyond everything it is everything.
    pub const fn new(hundredths: u32) -> Self {
        Self(if hundredths > Self::MAX { Self::MAX } else { hundredths })
    }

    /// The share in hundredths of a percent.
    pub fn hundredths(self) -> u32 {
        self.0
    }

    /// The share of an amount, rounded down; nothing of a negative one.
    pub fn of(self, amount: Won) -> Won {
        let share = i128::from(amount.0.max(0)) * i128::from(self.0.min(Self::MAX)) / i128::from(Self::MAX);
        Won(i64::try_from(share).unwrap_or(i64::MAX))
    }
}

impl Default for Percentage {
    fn default() -> Self {
        Self::ZERO
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_rounded_down() {
        assert_eq!(Percentage::new(780).of(Won(15_000)), Won(1_170));
        assert_eq!(Percentage::new(100).of(Won(199)), Won(1));
        assert_eq!(Percentage::ZERO.of(Won(15_000)), Won::ZERO);
    }

    proptest! {
        #[test]
        fn it_is_never_more_than_there_is(amount in 0..=i64::MAX, hundredths in 0..=20_000_u32) {
            let taken = Percentage::new(hundredths).of(Won(amount));
            prop_assert!((Won::ZERO..=Won(amount)).contains(&taken));
        }
    }
}
