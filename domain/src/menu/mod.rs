//! The menu of a restaurant: dishes and their options.
//!
//! A card is changed as a whole: each change gives the next card ([`Card::apply`]), checked
//! ([`Card::checked`]), and is one version of it.

mod check;
pub mod choice;
mod diff;
mod edit;
#[cfg(test)]
mod edit_tests;
mod label;
mod reminder;
pub mod stock;

use serde::{Deserialize, Serialize};

pub use choice::{Choice, ChoiceRefusal, ChosenOption, Pick, normalise};
pub use diff::{Change, Diff, Part, PriceChange, Things};
pub use edit::Edit;
pub use label::{Allergen, Kind, Origin};
pub use reminder::MenuReminder;
pub use stock::Stock;

use crate::image::Picture;
use crate::{MenuGroupId, MenuId, OptionGroupId, OptionId, RestaurantId, Timestamp, Won};

/// The highest price of a dish or option; anything above is taken for a mistake.
pub const PRICE_MAX: Won = Won(10_000_000);

/// The longest name of a dish, in characters.
pub const NAME_MAX: usize = 100;

/// The longest description of a dish, in characters.
pub const DESCRIPTION_MAX: usize = 1_000;

/// The longest external id, in characters.
pub const EXTERNAL_ID_MAX: usize = 64;

/// The longest name of an ingredient or of where it comes from, in characters.
pub const ORIGIN_MAX: usize = 100;

/// The most ingredients of a dish whose origin is told.
pub const ORIGINS_MAX: usize = 30;

/// The most headings of a card.
pub const GROUPS_MAX: usize = 100;

/// The most dishes of a card.
pub const MENUS_MAX: usize = 1_000;

/// The most option groups of a dish.
pub const OPTION_GROUPS_MAX: usize = 30;

/// The most options of a group.
pub const OPTIONS_MAX: usize = 100;

/// The most options of a card.
pub const CARD_OPTIONS_MAX: usize = 20_000;

/// The most that a group or an option may allow for one dish.
pub const OPTION_QUANTITY_MAX: u32 = 99;

/// Whether something is sold out, and until when. It ends by the clock alone, so it ends exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoldOut {
    /// It can be had.
    #[default]
    No,
    /// It is until then.
    Until(Timestamp),
    /// It is until somebody says otherwise.
    ForGood,
}

impl SoldOut {
    /// Whether it is at that moment.
    pub fn at(self, now: Timestamp) -> bool {
        match self {
            Self::No => false,
            Self::Until(end) => now < end,
            Self::ForGood => true,
        }
    }

    /// When it ends, if that is known.
    pub fn ends_at(self) -> Option<Timestamp> {
        match self {
            Self::Until(end) => Some(end),
            Self::No | Self::ForGood => None,
        }
    }

    /// The same, without an end that has passed by then.
    pub fn restocked(self, now: Timestamp) -> Self {
        if self.at(now) { self } else { Self::No }
    }
}

/// One option of an option group ("아주 매운맛 +500원").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuOption {
    /// Its id.
    pub id: OptionId,
    /// Its id at the owner's system; no other option of the group has it.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The price of one, 0 to [`PRICE_MAX`].
    pub price: Won,
    /// The maximum quantity for one dish, at least 1.
    pub max_quantity: u32,
    /// Whether it is chosen beforehand; only if it costs nothing.
    pub is_default: bool,
    /// Whether customers do not see it.
    pub hidden: bool,
    /// Whether it is sold out.
    pub sold_out: SoldOut,
}

impl MenuOption {
    /// One that is offered once for one dish.
    pub fn new(id: OptionId, name: impl Into<String>, price: Won) -> Self {
        Self {
            id,
            external_id: None,
            name: name.into(),
            price,
            max_quantity: 1,
            is_default: false,
            hidden: false,
            sold_out: SoldOut::No,
        }
    }
}

/// A group of options of a dish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionGroup {
    /// Its id.
    pub id: OptionGroupId,
    /// Its id at the owner's system; no other group of the dish has it.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The minimum sum of quantities; 0 means optional.
    pub min: u32,
    /// The maximum sum of quantities; at least 1.
    pub max: u32,
    /// Whether each option may be chosen only once, regardless of its own maximum.
    pub unique: bool,
    /// How many of what is chosen cost nothing, the cheapest first; each one above costs its price.
    pub free_up_to: u32,
    /// The options, in display order.
    pub options: Vec<MenuOption>,
}

impl OptionGroup {
    /// One without options, of which nothing must and one may be chosen.
    pub fn new(id: OptionGroupId, name: impl Into<String>) -> Self {
        Self {
            id,
            external_id: None,
            name: name.into(),
            min: 0,
            max: 1,
            unique: false,
            free_up_to: 0,
            options: Vec::new(),
        }
    }

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
    /// Its id at the owner's system; no other dish of the restaurant has it.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The description for customers; may be empty.
    pub description: String,
    /// Its price without options, 0 to [`PRICE_MAX`].
    pub price: Won,
    /// What it is, as far as rules differ.
    pub kind: Kind,
    /// Whether customers do not see it.
    pub hidden: bool,
    /// Whether it is sold out.
    pub sold_out: SoldOut,
    /// How many may be sold on one day; see [`stock`].
    pub daily_limit: Option<u32>,
    /// Where its ingredients come from.
    pub origins: Vec<Origin>,
    /// The foods in it that must be named, in order, each once.
    pub allergens: Vec<Allergen>,
    /// Its picture, whose files are stored.
    pub picture: Option<Picture>,
    /// Its option groups, in display order.
    pub option_groups: Vec<OptionGroup>,
}

impl Menu {
    /// One that is offered without options.
    pub fn new(id: MenuId, name: impl Into<String>, price: Won) -> Self {
        Self {
            id,
            external_id: None,
            name: name.into(),
            description: String::new(),
            price,
            kind: Kind::Food,
            hidden: false,
            sold_out: SoldOut::No,
            daily_limit: None,
            origins: Vec::new(),
            allergens: Vec::new(),
            picture: None,
            option_groups: Vec::new(),
        }
    }
}

/// A heading with its dishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuGroup {
    /// Its id.
    pub id: MenuGroupId,
    /// Its id at the owner's system; no other heading of the restaurant has it.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether customers do not see it with its dishes.
    pub hidden: bool,
    /// Its dishes, in display order.
    pub menus: Vec<Menu>,
}

impl MenuGroup {
    /// One that is shown.
    pub fn new(id: MenuGroupId, name: impl Into<String>, menus: Vec<Menu>) -> Self {
        Self { id, external_id: None, name: name.into(), hidden: false, menus }
    }
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
    /// The card of a restaurant that has none yet.
    pub fn empty(restaurant_id: RestaurantId) -> Self {
        Self { restaurant_id, version: 0, groups: Vec::new() }
    }

    /// The dish, if it is offered to customers.
    pub fn menu(&self, id: MenuId) -> Option<&Menu> {
        self.offered().flat_map(|(_, menus)| menus).find(|menu| menu.id == id)
    }

    /// What customers see: the headings with their dishes.
    pub fn offered(&self) -> impl Iterator<Item = (&MenuGroup, impl Iterator<Item = &Menu>)> {
        let groups = self.groups.iter().filter(|group| !group.hidden);
        groups.map(|group| (group, group.menus.iter().filter(|menu| !menu.hidden)))
    }

    /// All dishes, those that customers do not see included.
    pub fn menus(&self) -> impl Iterator<Item = &Menu> {
        self.groups.iter().flat_map(|group| &group.menus)
    }

    /// The marks of everything that is sold out until some time.
    fn ends(&self) -> impl Iterator<Item = Timestamp> {
        let options = self.menus().flat_map(|menu| &menu.option_groups).flat_map(|group| &group.options);
        let marks = self.menus().map(|menu| menu.sold_out).chain(options.map(|option| option.sold_out));
        marks.filter_map(SoldOut::ends_at)
    }

    /// When the next thing can be had again, if that is known.
    pub fn restocked_at(&self) -> Option<Timestamp> {
        self.ends().min()
    }

    /// Whether something can be had again that the stored marks still call sold out.
    pub fn is_restocked(&self, now: Timestamp) -> bool {
        self.ends().any(|end| end <= now)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;

    pub(crate) fn option(id: u128, price: i64, max_quantity: u32) -> MenuOption {
        MenuOption {
            max_quantity,
            ..MenuOption::new(Uuid::from_u128(id).into(), format!("옵션 {id}"), Won(price))
        }
    }

    /// A chicken that requires one taste and allows up to three extras and two different
    /// sauces.
    pub(crate) fn chicken() -> Menu {
        let group = |id, name: &str, min, max, unique, options| OptionGroup {
            min,
            max,
            unique,
            options,
            ..OptionGroup::new(Uuid::from_u128(id).into(), name)
        };
        Menu {
            option_groups: vec![
                group(10, "맛", 1, 1, true, vec![option(11, 0, 1), option(12, 1_000, 1)]),
                group(20, "추가", 0, 3, false, vec![option(21, 2_000, 2), option(22, 500, 9)]),
                group(30, "소스", 0, 2, true, vec![option(31, 500, 5), option(32, 700, 5)]),
            ],
            ..Menu::new(Uuid::from_u128(100).into(), "후라이드 치킨", Won(18_000))
        }
    }

    pub(crate) fn card(menus: Vec<Menu>) -> Card {
        let group = MenuGroup::new(Uuid::from_u128(5).into(), "치킨", menus);
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
                "/groups/0/menus/0/option_groups/1/options/0/max_quantity",
            ]
        );
    }

    #[test]
    fn every_fault_of_a_card_is_told_with_its_pointer() {
        let mut menu = chicken();
        menu.external_id = Some("a".into());
        menu.daily_limit = Some(0);
        menu.origins = vec![Origin { ingredient: " 닭고기 ".into(), origin: "\u{200b}".into() }];
        menu.allergens = vec![Allergen::Milk, Allergen::Egg, Allergen::Milk];
        menu.option_groups[0].options[1].is_default = true;
        menu.option_groups[1].free_up_to = 4;
        let other = Menu { id: Uuid::from_u128(101).into(), external_id: Some(" a ".into()), ..chicken() };
        let refused = card(vec![menu, other]).checked().unwrap_err();
        let told: Vec<_> = refused.faults.iter().map(|it| (it.pointer.as_str(), it.code())).collect();
        assert_eq!(
            told,
            [
                ("/groups/0/menus/0/daily_limit", "out_of_range"),
                ("/groups/0/menus/0/origins/0/origin", "forbidden_character"),
                ("/groups/0/menus/0/option_groups/0/options/1/is_default", "default_costs"),
                ("/groups/0/menus/0/option_groups/1/free_up_to", "out_of_range"),
                ("/groups/0/menus/1/external_id", "duplicate"),
            ]
        );
    }

    #[test]
    fn allergens_are_kept_once_and_in_order_and_a_blank_description_is_none() {
        let mut menu = chicken();
        menu.allergens = vec![Allergen::Milk, Allergen::Egg, Allergen::Milk];
        menu.description = " \n".into();
        let card = card(vec![menu]).checked().unwrap();
        let menu = card.menus().next().unwrap();
        assert_eq!(menu.allergens, [Allergen::Egg, Allergen::Milk]);
        assert_eq!(menu.description, "");
    }

    #[test]
    fn a_card_has_a_largest_size() {
        let menus = |count: u128| {
            (0..count).map(|n| Menu::new(Uuid::from_u128(1_000 + n).into(), "국밥", Won(9_000))).collect()
        };
        assert!(card(menus(1_000)).checked().is_ok());
        let refused = card(menus(1_001)).checked().unwrap_err();
        assert_eq!(
            (refused.faults[0].pointer.as_str(), refused.faults[0].code()),
            ("/groups", "wrong_length")
        );
    }
}
