//! Value added tax (부가가치세): a tenth of the supply value (Value-Added Tax Act, article 30).

use crate::Won;

/// An amount that includes VAT, and its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taxed {
    /// The supply value (공급가액).
    pub supply: Won,
    /// The tax.
    pub vat: Won,
}

impl Taxed {
    /// The parts of an amount that includes the tax: the tax is an eleventh of it, rounded to the
    /// nearest won, and the rest is the supply. This is how Toss Payments splits a `totalAmount`.
    pub fn of(amount: Won) -> Self {
        // An eleventh is never halfway between two won. In more bits: a half is added first.
        let vat = (2 * i128::from(amount.0) + 11).div_euclid(22);
        let vat = Won(i64::try_from(vat).unwrap_or(i64::MAX));
        Self { supply: Won(amount.0.saturating_sub(vat.0)), vat }
    }
}

/// The tax on a supply value that does not include it, rounded down.
pub fn vat_on_top(supply: Won) -> Won {
    Won(supply.0.div_euclid(10))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_split_as_the_payment_gateway_does() {
        // From payment objects in the documentation of Toss Payments, and one of its highest amounts.
        for (amount, supply, vat) in [
            (30_000, 27_273, 2_727),
            (37_400, 34_000, 3_400),
            (50_000_000_000, 45_454_545_455, 4_545_454_545),
            (0, 0, 0),
            (1, 1, 0),
            (5, 5, 0),
            (6, 5, 1),
            (11, 10, 1),
        ] {
            assert_eq!(Taxed::of(Won(amount)), Taxed { supply: Won(supply), vat: Won(vat) }, "{amount}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_are_together_the_amount(amount in 0..=i64::MAX) {
            let Taxed { supply, vat } = Taxed::of(Won(amount));
            prop_assert_eq!(supply.plus(vat), Ok(Won(amount)));
            // The nearest won: eleven times the tax is at most half of eleven away from the amount.
            let away = (i128::from(vat.0) * 11 - i128::from(amount)).abs();
            prop_assert!(away * 2 < 11);
        }
    }
}
