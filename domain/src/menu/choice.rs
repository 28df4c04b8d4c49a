//! Checks and prices the options that a customer picked for a dish.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Menu, MenuOption, OptionGroup};
use crate::won::Overflow;
use crate::{OptionId, Refusal, Refused, Timestamp, Won};

/// An option that a customer picked, with its quantity per dish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// The option.
    pub option_id: OptionId,
    /// How many of it.
    pub quantity: u32,
}

/// An option within a priced choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenOption {
    /// The option.
    pub option_id: OptionId,
    /// Its name.
    pub name: String,
    /// How many of it, at least 1.
    pub quantity: u32,
    /// How many of those cost nothing.
    #[serde(default)]
    pub free_quantity: u32,
    /// The unit price.
    pub price: Won,
}

/// The options of a dish, checked against the rules and priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The chosen options, ordered by option id.
    pub options: Vec<ChosenOption>,
    /// The dish's price plus Σ option × (quantity − free quantity).
    pub unit_price: Won,
}

/// Why a choice of options is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChoiceRefusal {
    /// The dish is sold out.
    SoldOut(String),
    /// The dish does not have the option.
    UnknownOption(OptionId),
    /// The option is sold out.
    OptionSoldOut(String),
    /// A group requires more options.
    TooFew {
        /// The group's name.
        group: String,
        /// How many it requires.
        min: u32,
    },
    /// A group allows fewer options.
    TooMany {
        /// The group's name.
        group: String,
        /// How many it allows.
        max: u32,
    },
    /// The option's quantity exceeds its maximum.
    TooOften {
        /// The option's name.
        option: String,
        /// The maximum.
        max: u32,
    },
    /// The price overflows.
    Overflow,
}

impl Refusal for ChoiceRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::SoldOut(dish) => sold_out(dish.as_str()),
            Self::UnknownOption(option) => unknown_option(option.to_string()),
            Self::OptionSoldOut(option) => option_sold_out(option.as_str()),
            Self::TooFew { group, min } => too_few_options(group.as_str(), *min),
            Self::TooMany { group, max } => too_many_options(group.as_str(), *max),
            Self::TooOften { option, max } => option_too_often(option.as_str(), *max),
            Self::Overflow => amount_too_large(),
        }
    }
}

crate::refusals! {
    sold_out(dish) => Rule "menu.sold_out": "{dish}: 품절된 메뉴예요.", "{dish}: this dish is sold out.";
    unknown_option(option_id) => Rule "menu.unknown_option":
        "없는 옵션이에요. 메뉴를 다시 열어 주세요.", "There is no such option. Please open the dish again.";
    option_sold_out(option) => Rule "menu.option_sold_out":
        "{option}: 품절된 옵션이에요.", "{option}: this option is sold out.";
    too_few_options(group, min) => Rule "menu.too_few_options":
        "{group}: {min}개 이상 골라 주세요.", "{group}: please choose at least {min}.";
    too_many_options(group, max) => Rule "menu.too_many_options":
        "{group}: {max}개까지 고를 수 있어요.", "{group}: at most {max} can be chosen.";
    option_too_often(option, max) => Rule "menu.option_too_often":
        "{option}: {max}개까지 고를 수 있어요.", "{option}: at most {max} can be chosen.";
    amount_too_large() => Rule "menu.amount_too_large": "금액이 너무 커요.", "The amount is too large.";
}

impl From<Overflow> for ChoiceRefusal {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}

/// The normal form of picks: ordered by option id, duplicates added up, zero quantities
/// dropped. Equal choices then are equal lists.
pub fn normalise(picks: &[Pick]) -> Vec<Pick> {
    let mut counts = BTreeMap::<OptionId, u32>::new();
    for pick in picks {
        let count = counts.entry(pick.option_id).or_default();
        // A saturated quantity is still above every maximum.
        *count = count.saturating_add(pick.quantity);
    }
    let picks = counts.into_iter().filter(|(_, quantity)| *quantity > 0);
    picks.map(|(option_id, quantity)| Pick { option_id, quantity }).collect()
}

impl Menu {
    /// Checks the picks against every rule of the dish at `now`, and prices them.
    pub fn choose(&self, picks: &[Pick], now: Timestamp) -> Result<Choice, ChoiceRefusal> {
        if self.sold_out.at(now) {
            return Err(ChoiceRefusal::SoldOut(self.name.clone()));
        }
        let picks = normalise(picks);
        let mut options = Vec::with_capacity(picks.len());
        for pick in &picks {
            let (group, option) =
                self.find(pick.option_id).ok_or(ChoiceRefusal::UnknownOption(pick.option_id))?;
            if option.sold_out.at(now) {
                return Err(ChoiceRefusal::OptionSoldOut(option.name.clone()));
            }
            let max = group.max_of(option);
            if pick.quantity > max {
                return Err(ChoiceRefusal::TooOften { option: option.name.clone(), max });
            }
            options.push(ChosenOption {
                option_id: option.id,
                name: option.name.clone(),
                quantity: pick.quantity,
                free_quantity: 0,
                price: option.price,
            });
        }
        self.option_groups.iter().try_for_each(|group| group.counts(&picks))?;
        self.option_groups.iter().for_each(|group| group.give(&mut options));
        let mut unit_price = self.price;
        for option in &options {
            unit_price = unit_price.plus(option.price.times(option.quantity - option.free_quantity)?)?;
        }
        Ok(Choice { options, unit_price })
    }

    fn find(&self, id: OptionId) -> Option<(&OptionGroup, &MenuOption)> {
        let options =
            self.option_groups.iter().flat_map(|group| group.options.iter().map(move |o| (group, o)));
        options.into_iter().find(|(_, option)| option.id == id && !option.hidden)
    }
}

impl OptionGroup {
    /// Says which of the chosen cost nothing: the cheapest, up to the group's number. So the price
    /// does not depend on the order of choosing, and one more option never makes a dish cheaper.
    fn give(&self, chosen: &mut [ChosenOption]) {
        let mine = |chosen: &&mut ChosenOption| self.options.iter().any(|it| it.id == chosen.option_id);
        let mut mine: Vec<&mut ChosenOption> = chosen.iter_mut().filter(mine).collect();
        mine.sort_by_key(|chosen| (chosen.price, chosen.option_id));
        let mut left = self.free_up_to;
        for chosen in mine {
            chosen.free_quantity = chosen.quantity.min(left);
            left -= chosen.free_quantity;
        }
    }

    fn counts(&self, picks: &[Pick]) -> Result<(), ChoiceRefusal> {
        let mine = picks.iter().filter(|pick| self.options.iter().any(|option| option.id == pick.option_id));
        let count: u64 = mine.map(|pick| u64::from(pick.quantity)).sum();
        if count < u64::from(self.min) {
            return Err(ChoiceRefusal::TooFew { group: self.name.clone(), min: self.min });
        }
        if count > u64::from(self.max) {
            return Err(ChoiceRefusal::TooMany { group: self.name.clone(), max: self.max });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::menu::SoldOut;
    use crate::menu::tests::chicken;

    fn noon() -> Timestamp {
        "2026-11-27T03:00:00Z".parse().unwrap()
    }

    fn picks(picks: &[(u128, u32)]) -> Vec<Pick> {
        let pick = |(id, quantity): &(u128, u32)| Pick {
            option_id: Uuid::from_u128(*id).into(),
            quantity: *quantity,
        };
        picks.iter().map(pick).collect()
    }

    #[test]
    fn a_choice_costs_the_base_and_its_options_times_quantity() {
        let choice = chicken().choose(&picks(&[(22, 1), (12, 1), (21, 2)]), noon()).unwrap();
        assert_eq!(choice.unit_price, Won(18_000 + 1_000 + 2 * 2_000 + 500));
        assert_eq!(choice.options.len(), 3);
        assert!(choice.options.is_sorted_by_key(|option| option.option_id));
    }

    #[test]
    fn each_rule_refuses_by_its_name() {
        let code =
            |picked: &[(u128, u32)]| chicken().choose(&picks(picked), noon()).unwrap_err().refused().code;
        assert_eq!(code(&[]), "menu.too_few_options");
        assert_eq!(code(&[(11, 1), (12, 1)]), "menu.too_many_options");
        assert_eq!(code(&[(11, 1), (21, 2), (22, 2)]), "menu.too_many_options");
        assert_eq!(code(&[(11, 1), (21, 3)]), "menu.option_too_often");
        assert_eq!(code(&[(11, 1), (31, 2)]), "menu.option_too_often");
        assert_eq!(code(&[(11, 1), (31, 1), (31, 1)]), "menu.option_too_often");
        assert_eq!(code(&[(11, 1), (99, 1)]), "menu.unknown_option");
        assert_eq!(code(&[(11, u32::MAX), (11, u32::MAX)]), "menu.option_too_often");
    }

    #[test]
    fn what_is_sold_out_cannot_be_chosen() {
        let mut menu = chicken();
        menu.option_groups[0].options[0].sold_out = SoldOut::ForGood;
        assert_eq!(
            menu.choose(&picks(&[(11, 1)]), noon()).unwrap_err().refused().code,
            "menu.option_sold_out"
        );
        assert!(menu.choose(&picks(&[(12, 1)]), noon()).is_ok());
        menu.sold_out = SoldOut::ForGood;
        assert_eq!(menu.choose(&picks(&[(12, 1)]), noon()).unwrap_err().refused().code, "menu.sold_out");
    }

    #[test]
    fn what_is_sold_out_until_a_time_can_be_had_from_exactly_then() {
        let end = noon() + chrono::Duration::hours(2);
        let before = end - chrono::Duration::microseconds(1);
        let mut menu = Menu { sold_out: SoldOut::Until(end), ..chicken() };
        menu.option_groups[0].options[1].sold_out = SoldOut::Until(end + chrono::Duration::hours(1));
        let code =
            |picked: &[(u128, u32)], at| menu.choose(&picks(picked), at).map_err(|it| it.refused().code);
        assert_eq!(code(&[(11, 1)], before).unwrap_err(), "menu.sold_out");
        assert!(code(&[(11, 1)], end).is_ok());
        assert_eq!(code(&[(12, 1)], end).unwrap_err(), "menu.option_sold_out");
        assert!(code(&[(12, 1)], end + chrono::Duration::hours(1)).is_ok());
    }

    #[test]
    fn what_is_hidden_cannot_be_chosen() {
        let mut menu = chicken();
        menu.option_groups[0].options[0].hidden = true;
        let refusal = menu.choose(&picks(&[(11, 1)]), noon()).unwrap_err();
        assert_eq!(refusal.refused().code, "menu.unknown_option");
    }

    #[test]
    fn the_cheapest_are_free_up_to_the_groups_number() {
        let mut menu = chicken();
        menu.option_groups[1].free_up_to = 2;
        let price = |picked: &[(u128, u32)]| {
            let choice = menu.choose(&picks(&[&[(11, 1)], picked].concat()), noon()).unwrap();
            let paid =
                |option: &ChosenOption| option.price.0 * i64::from(option.quantity - option.free_quantity);
            assert_eq!(choice.unit_price.0, 18_000 + choice.options.iter().map(paid).sum::<i64>());
            choice.unit_price.0 - 18_000
        };
        // One for 2,000 and one for 500.
        assert_eq!(price(&[(21, 2)]), 0);
        assert_eq!(price(&[(21, 2), (22, 1)]), 2_000);
        assert_eq!(price(&[(21, 1), (22, 2)]), 2_000);
        assert_eq!(price(&[(22, 3)]), 500);
    }

    proptest! {
        /// The reference expands the picks into single options and counts them.
        #[test]
        fn choosing_agrees_with_counting_one_by_one(
            picked in proptest::collection::vec(
                (prop_oneof![Just(11u128), Just(12), Just(21), Just(22), Just(31), Just(32)], 0..4u32), 0..6),
            free in proptest::array::uniform3(0..4usize),
        ) {
            let mut menu = chicken();
            for (group, free) in menu.option_groups.iter_mut().zip(free) {
                group.free_up_to = u32::try_from(free).unwrap();
            }
            let singles: Vec<u128> =
                picked.iter().flat_map(|(id, n)| std::iter::repeat_n(*id, *n as usize)).collect();
            let of = |id: u128| singles.iter().filter(|single| **single == id).count();
            let allowed = of(11) + of(12) == 1
                && of(21) <= 2 && of(21) + of(22) <= 3
                && of(31) <= 1 && of(32) <= 1;
            let price = |id: &u128| match id { 12 => 1_000, 21 => 2_000, 22 | 31 => 500, 32 => 700, _ => 0 };
            // Of each group the singles by price, without the first ones that are free.
            let group = |tens: u128, free: usize| {
                let mut prices: Vec<i64> = singles.iter().filter(|id| **id / 10 == tens).map(price).collect();
                prices.sort_unstable();
                prices.iter().skip(free).sum::<i64>()
            };
            let expected = 18_000 + group(1, free[0]) + group(2, free[1]) + group(3, free[2]);
            match menu.choose(&picks(&picked), noon()) {
                Ok(choice) => {
                    prop_assert!(allowed);
                    prop_assert_eq!(choice.unit_price, Won(expected));
                }
                Err(_) => prop_assert!(!allowed),
            }
        }
    }
}
