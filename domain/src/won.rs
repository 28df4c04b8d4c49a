//! Money: whole won as an integer, with checked arithmetic.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of Korean won. Negative amounts exist only inside calculations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Won(pub i64);

/// The amount does not fit in 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount is too large")]
pub struct Overflow;

impl Won {
    /// Zero won.
    pub const ZERO: Won = Won(0);

    /// `self + other`.
    pub fn plus(self, other: Won) -> Result<Won, Overflow> {
        self.0.checked_add(other.0).map(Won).ok_or(Overflow)
    }

    /// `self - other`; may be negative.
    pub fn minus(self, other: Won) -> Result<Won, Overflow> {
        self.0.checked_sub(other.0).map(Won).ok_or(Overflow)
    }

    /// `self × quantity`.
    pub fn times(self, quantity: u32) -> Result<Won, Overflow> {
        self.0.checked_mul(i64::from(quantity)).map(Won).ok_or(Overflow)
    }

    /// The sum; zero without amounts.
    pub fn sum(amounts: impl IntoIterator<Item = Won>) -> Result<Won, Overflow> {
        amounts.into_iter().try_fold(Won::ZERO, Won::plus)
    }

    /// The amount, or zero if it is negative.
    pub fn or_zero(self) -> Won {
        Won(self.0.max(0))
    }
}

impl fmt::Display for Won {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}원", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_that_does_not_fit_is_refused() {
        assert_eq!(Won(i64::MAX).plus(Won(1)), Err(Overflow));
        assert_eq!(Won(i64::MAX / 2).times(3), Err(Overflow));
        assert_eq!(Won(i64::MIN).minus(Won(1)), Err(Overflow));
    }

    #[test]
    fn sums_add_up() {
        assert_eq!(Won::sum([Won(18_000), Won(2_500)]), Ok(Won(20_500)));
        assert_eq!(Won::sum([]), Ok(Won::ZERO));
    }
}
