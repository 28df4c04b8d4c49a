//! The menu of a restaurant: dishes and their options.

pub mod choice;

use serde::{Deserialize, Serialize};

pub use choice::{Choice, ChoiceRefusal, ChosenOption, Pick, normalise};

use crate::{
    Fault, MenuGroupId, MenuId, OptionGroupId, OptionId, Refused, RestaurantId, TextRule, Won, fault,
};

/// The highest price of a dish or option; anything above is taken for a mistake.
pub const PRICE_MAX: Won = Won(10_000_000);

/// The longest name of a dish, in characters.
pub const NAME_MAX: usize = 100;

/// One option of an option group ("아주 매운맛 +500원").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuOption {
    /// Its id.
    pub id: OptionId,
    /// Its name.
    pub name: String,
    /// The price of one, 0 to [`PRICE_MAX`].
    pub price: Won,
    /// The maximum quantity for one dish, at least 1.
    pub max_quantity: u32,
    /// Whether it is sold out.
    pub sold_out: bool,
}

/// A group of options of a dish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionGroup {
    /// Its id.
    pub id: OptionGroupId,
    /// Its name.
    pub name: String,
    /// The minimum sum of quantities; 0 means optional.
    pub min: u32,
    /// The maximum sum of quantities; at least 1.
    pub max: u32,
    /// Whether each option may be chosen only once, regardless of its own maximum.
    pub unique: bool,
    /// The options.
    pub options: Vec<MenuOption>,
}

impl OptionGroup {
    /// The maximum quantity of the option for one dish.
    pub fn max_of(&self, option: &MenuOption) -> u32 {
        if self.unique { 1 } else { option.max_quantity.min(self.max) }
    }
}

/// A dish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// Its id.
    pub id: MenuId,
    /// Its name.
    pub name: String,
    /// The description for customers; may be empty.
    pub description: String,
    /// Its price without options, 0 to [`PRICE_MAX`].
    pub price: Won,
    /// Whether it is sold out.
    pub sold_out: bool,
    /// Its option groups.
    pub option_groups: Vec<OptionGroup>,
}

/// A heading with its dishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuGroup {
    /// Its id.
    pub id: MenuGroupId,
    /// Its name.
    pub name: String,
    /// Its dishes, in display order.
    pub menus: Vec<Menu>,
}

/// A restaurant's complete menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The restaurant.
    pub restaurant_id: RestaurantId,
    /// Rises by one with every change.
    pub version: u64,
    /// The headings, in display order.
    pub groups: Vec<MenuGroup>,
}

impl Card {
    /// The dish, if it is still offered.
    pub fn menu(&self, id: MenuId) -> Option<&Menu> {
        self.menus().find(|menu| menu.id == id)
    }

    /// All dishes.
    pub fn menus(&self) -> impl Iterator<Item = &Menu> {
        self.groups.iter().flat_map(|group| &group.menus)
    }

    /// Checks all fields and reports every invalid one; normalises the names.
    pub fn checked(mut self) -> Result<Self, Refused> {
        let mut faults = Vec::new();
        for (g, group) in self.groups.iter_mut().enumerate() {
            read_name(&mut group.name, &format!("/groups/{g}"), &mut faults);
            for (m, menu) in group.menus.iter_mut().enumerate() {
                menu.check(&format!("/groups/{g}/menus/{m}"), &mut faults);
            }
        }
        if faults.is_empty() { Ok(self) } else { Err(Refused::invalid(faults)) }
    }
}

impl Menu {
    fn check(&mut self, at: &str, faults: &mut Vec<Fault>) {
        read_name(&mut self.name, at, faults);
        for (g, group) in self.option_groups.iter_mut().enumerate() {
            let at = format!("{at}/option_groups/{g}");
            read_name(&mut group.name, &at, faults);
            for (o, option) in group.options.iter_mut().enumerate() {
                read_name(&mut option.name, &format!("{at}/options/{o}"), faults);
            }
        }
        let mut wrong = |pointer: String, detail: &str| {
            faults.push(Fault::new(pointer, fault::OUT_OF_RANGE, detail));
        };
        let priced = Won::ZERO..=PRICE_MAX;
        if !priced.contains(&self.price) {
            wrong(format!("{at}/price_won"), "A price is 0 to 10000000.");
        }
        for (g, group) in self.option_groups.iter().enumerate() {
            let at = format!("{at}/option_groups/{g}");
            if group.max == 0 || group.min > group.max {
                wrong(format!("{at}/max"), "A maximum is at least 1 and not below the minimum.");
            }
            let possible: u64 = group.options.iter().map(|option| u64::from(group.max_of(option))).sum();
            if possible < u64::from(group.min) {
                wrong(format!("{at}/min"), "So many cannot be chosen.");
            }
            for (o, option) in group.options.iter().enumerate() {
                if !priced.contains(&option.price) || option.max_quantity == 0 {
                    wrong(format!("{at}/options/{o}"), "A price is 0 to 10000000, a maximum at least 1.");
                }
            }
        }
    }
}

/// Normalises a name for storage, or reports its error.
fn read_name(name: &mut String, at: &str, faults: &mut Vec<Fault>) {
    match TextRule::line(NAME_MAX).read(name) {
        Ok(text) => *name = text.into_string(),
        Err(flaw) => faults.push(flaw.at(format!("{at}/name"))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;

    pub(crate) fn option(id: u128, price: i64, max_quantity: u32) -> MenuOption {
        MenuOption {
            id: Uuid::from_u128(id).into(),
            name: format!("옵션 {id}"),
            price: Won(price),
            max_quantity,
            sold_out: false,
        }
    }

    /// A chicken that requires one taste and allows up to three extras and two different
    /// sauces.
    pub(crate) fn chicken() -> Menu {
        let group = |id, name: &str, min, max, unique, options| OptionGroup {
            id: Uuid::from_u128(id).into(),
            name: name.into(),
            min,
            max,
            unique,
            options,
        };
        Menu {
            id: Uuid::from_u128(100).into(),
            name: "후라이드 치킨".into(),
            description: String::new(),
            price: Won(18_000),
            sold_out: false,
            option_groups: vec![
                group(10, "맛", 1, 1, true, vec![option(11, 0, 1), option(12, 1_000, 1)]),
                group(20, "추가", 0, 3, false, vec![option(21, 2_000, 2), option(22, 500, 9)]),
                group(30, "소스", 0, 2, true, vec![option(31, 500, 5), option(32, 700, 5)]),
            ],
        }
    }

    pub(crate) fn card(menus: Vec<Menu>) -> Card {
        let group = MenuGroup { id: Uuid::from_u128(5).into(), name: "치킨".into(), menus };
        Card { restaurant_id: Uuid::from_u128(1).into(), version: 1, groups: vec![group] }
    }

    #[test]
    fn a_sound_card_is_accepted() {
        assert!(card(vec![chicken()]).checked().is_ok());
    }

    #[test]
    fn a_card_that_nobody_could_order_from_names_its_faults() {
        let mut menu = chicken();
        menu.price = Won(-1);
        menu.option_groups[0].min = 3;
        menu.option_groups[1].options[0].max_quantity = 0;
        let refused = card(vec![menu]).checked().unwrap_err();
        let pointers: Vec<_> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/groups/0/menus/0/price_won",
                "/groups/0/menus/0/option_groups/0/max",
                "/groups/0/menus/0/option_groups/0/min",
                "/groups/0/menus/0/option_groups/1/options/0",
            ]
        );
    }
}
