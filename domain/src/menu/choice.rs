//! Checks and prices the options that a customer picked for a dish.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Menu, MenuOption, OptionGroup};
use crate::won::Overflow;
use crate::{OptionId, Refusal, Refused, Won};

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
    /// The unit price.
    pub price: Won,
}

/// The options of a dish, checked against the rules and priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The chosen options, ordered by option id.
    pub options: Vec<ChosenOption>,
    /// The dish's price plus Σ option × quantity.
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
    /// Checks the picks against every rule of the dish, and prices them.
    pub fn choose(&self, picks: &[Pick]) -> Result<Choice, ChoiceRefusal> {
        if self.sold_out {
            return Err(ChoiceRefusal::SoldOut(self.name.clone()));
        }
        let picks = normalise(picks);
        let mut options = Vec::with_capacity(picks.len());
        let mut unit_price = self.price;
        for pick in &picks {
            let (group, option) =
                self.find(pick.option_id).ok_or(ChoiceRefusal::UnknownOption(pick.option_id))?;
            if option.sold_out {
                return Err(ChoiceRefusal::OptionSoldOut(option.name.clone()));
            }
            let max = group.max_of(option);
            if pick.quantity > max {
                return Err(ChoiceRefusal::TooOften { option: option.name.clone(), max });
            }
            unit_price = unit_price.plus(option.price.times(pick.quantity)?)?;
            options.push(ChosenOption {
                option_id: option.id,
                name: option.name.clone(),
                quantity: pick.quantity,
                price: option.price,
            });
        }
        self.option_groups.iter().try_for_each(|group| group.counts(&picks))?;
        Ok(Choice { options, unit_price })
    }

    fn find(&self, id: OptionId) -> Option<(&OptionGroup, &MenuOption)> {
        let options =
            self.option_groups.iter().flat_map(|group| group.options.iter().map(move |o| (group, o)));
        options.into_iter().find(|(_, option)| option.id == id)
    }
}

impl OptionGroup {
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
    use crate::menu::tests::chicken;

    fn picks(picks: &[(u128, u32)]) -> Vec<Pick> {
        let pick = |(id, quantity): &(u128, u32)| Pick {
            option_id: Uuid::from_u128(*id).into(),
            quantity: *quantity,
        };
        picks.iter().map(pick).collect()
    }

    #[test]
    fn a_choice_costs_the_base_and_its_options_times_quantity() {
        let choice = chicken().choose(&picks(&[(22, 1), (12, 1), (21, 2)])).unwrap();
        assert_eq!(choice.unit_price, Won(18_000 + 1_000 + 2 * 2_000 + 500));
        assert_eq!(choice.options.len(), 3);
        assert!(choice.options.is_sorted_by_key(|option| option.option_id));
    }

    #[test]
    fn each_rule_refuses_by_its_name() {
        let code = |picked: &[(u128, u32)]| chicken().choose(&picks(picked)).unwrap_err().refused().code;
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
        menu.option_groups[0].options[0].sold_out = true;
        assert_eq!(menu.choose(&picks(&[(11, 1)])).unwrap_err().refused().code, "menu.option_sold_out");
        assert!(menu.choose(&picks(&[(12, 1)])).is_ok());
        menu.sold_out = true;
        assert_eq!(menu.choose(&picks(&[(12, 1)])).unwrap_err().refused().code, "menu.sold_out");
    }

    proptest! {
        /// The reference expands the picks into single options and counts them.
        #[test]
        fn choosing_agrees_with_counting_one_by_one(
            picked in proptest::collection::vec(
                (prop_oneof![Just(11u128), Just(12), Just(21), Just(22), Just(31), Just(32)], 0..4u32), 0..6),
        ) {
            let menu = chicken();
            let singles: Vec<u128> =
                picked.iter().flat_map(|(id, n)| std::iter::repeat_n(*id, *n as usize)).collect();
            let of = |id: u128| singles.iter().filter(|single| **single == id).count();
            let allowed = of(11) + of(12) == 1
                && of(21) <= 2 && of(21) + of(22) <= 3
                && of(31) <= 1 && of(32) <= 1;
            let price = |id: &u128| match id { 12 => 1_000, 21 => 2_000, 22 | 31 => 500, 32 => 700, _ => 0 };
            let expected = 18_000 + singles.iter().map(price).sum::<i64>();
            match menu.choose(&picks(&picked)) {
                Ok(choice) => {
                    prop_assert!(allowed);
                    prop_assert_eq!(choice.unit_price, Won(expected));
                }
                Err(_) => prop_assert!(!allowed),
            }
        }
    }
}
