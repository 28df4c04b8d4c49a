//! What owners say of the things on their cards.

use domain::menu::{Menu, MenuGroup, MenuOption, OptionGroup};
use domain::{Timestamp, Won};
use serde::Deserialize;
use services::App;
use services::menu::Availability;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::{AllergenName, MenuKind, OriginBody};

/// A heading.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MenuGroupDraft {
    /// Its id at the owner's system; no other heading of the restaurant has it.
    #[schema(format = "text", min_length = 1, max_length = 64)]
    external_id: Option<String>,
    #[schema(format = "text", example = "치킨", min_length = 1, max_length = 100)]
    name: String,
    /// Whether customers do not see it with its dishes.
    #[serde(default)]
    hidden: bool,
}

impl MenuGroupDraft {
    pub(super) fn with_id(self, id: Uuid) -> MenuGroup {
        let Self { external_id, name, hidden } = self;
        MenuGroup { external_id, hidden, ..MenuGroup::new(id.into(), name, Vec::new()) }
    }
}

/// A dish without its options.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MenuDraft {
    /// Its id at the owner's system; no other dish of the restaurant has it.
    #[schema(format = "text", min_length = 1, max_length = 64)]
    external_id: Option<String>,
    #[schema(format = "text", example = "후라이드 치킨", min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    #[schema(format = "text", max_length = 1000)]
    description: String,
    #[schema(value_type = i64, minimum = 0, maximum = 10_000_000)]
    price_won: Won,
    #[serde(default)]
    kind: MenuKind,
    /// Whether customers do not see it.
    #[serde(default)]
    hidden: bool,
    /// How many may be sold on one day, from midnight in Seoul; null for no limit. What was sold while
    /// there was no limit does not count.
    #[schema(minimum = 1, maximum = 10_000)]
    daily_limit: Option<u32>,
    /// Where its ingredients come from (원산지).
    #[serde(default)]
    #[schema(max_items = 30)]
    origins: Vec<OriginBody>,
    /// The foods in it that must be named (알레르기 유발 식품).
    #[serde(default)]
    allergens: Vec<AllergenName>,
}

impl MenuDraft {
    pub(super) fn with_id(self, id: Uuid) -> Menu {
        Menu {
            external_id: self.external_id,
            description: self.description,
            kind: self.kind.into(),
            hidden: self.hidden,
            daily_limit: self.daily_limit,
            origins: self.origins.into_iter().map(Into::into).collect(),
            allergens: self.allergens.into_iter().map(|name| name.0).collect(),
            ..Menu::new(id.into(), self.name, self.price_won)
        }
    }
}

/// An option group without its options.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionGroupDraft {
    /// Its id at the owner's system; no other group of the dish has it.
    #[schema(format = "text", min_length = 1, max_length = 64)]
    external_id: Option<String>,
    #[schema(format = "text", example = "맵기", min_length = 1, max_length = 100)]
    name: String,
    /// How many must be chosen, quantities counted; not above `max`.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 99)]
    min: u32,
    /// How many may be chosen, quantities counted.
    #[schema(minimum = 1, maximum = 99)]
    max: u32,
    /// Whether each option may be chosen only once, whatever its own maximum.
    #[serde(default)]
    unique: bool,
    /// How many of what is chosen cost nothing, the cheapest first; not above `max`.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 99)]
    free_up_to: u32,
}

impl OptionGroupDraft {
    pub(super) fn with_id(self, id: Uuid) -> OptionGroup {
        let Self { external_id, name, min, max, unique, free_up_to } = self;
        OptionGroup { external_id, min, max, unique, free_up_to, ..OptionGroup::new(id.into(), name) }
    }
}

/// An option.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MenuOptionDraft {
    /// Its id at the owner's system; no other option of the group has it.
    #[schema(format = "text", min_length = 1, max_length = 64)]
    external_id: Option<String>,
    #[schema(format = "text", example = "아주 매운맛", min_length = 1, max_length = 100)]
    name: String,
    /// What one of it adds.
    #[serde(default = "nothing")]
    #[schema(value_type = i64, minimum = 0, maximum = 10_000_000, default = 0)]
    price_won: Won,
    /// How often it may be chosen for one dish.
    #[serde(default = "once")]
    #[schema(minimum = 1, maximum = 99, default = 1)]
    max_quantity: u32,
    /// Whether it is chosen beforehand: only if it costs nothing.
    #[serde(default)]
    is_default: bool,
    /// Whether customers do not see it.
    #[serde(default)]
    hidden: bool,
}

fn nothing() -> Won {
    Won::ZERO
}

fn once() -> u32 {
    1
}

impl MenuOptionDraft {
    pub(super) fn with_id(self, id: Uuid) -> MenuOption {
        let Self { external_id, name, price_won, max_quantity, is_default, hidden } = self;
        MenuOption {
            external_id,
            max_quantity,
            is_default,
            hidden,
            ..MenuOption::new(id.into(), name, price_won)
        }
    }
}

/// An order of all things in one place.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = MenuOrder)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderDraft {
    /// The ids in their new order, each once.
    #[schema(max_items = 1000)]
    pub(super) ids: Vec<Uuid>,
}

/// What is changed of whether something can be had.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = MenuChange)]
#[serde(deny_unknown_fields)]
pub(super) struct AvailabilityChange {
    /// Whether it is sold out.
    sold_out: bool,
    /// Until when: a time to come, to which it ends exactly. Without it, until somebody says otherwise.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    sold_out_until: Option<Timestamp>,
}

impl From<AvailabilityChange> for Availability {
    fn from(change: AvailabilityChange) -> Self {
        Self { sold_out: change.sold_out, until: change.sold_out_until }
    }
}

/// A whole card. What it does not name is removed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardUpload {
    #[schema(max_items = 100)]
    groups: Vec<GroupUpload>,
}

/// A heading with its dishes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupUpload {
    /// Its id at the owner's system, by which it is found again.
    #[schema(format = "text", min_length = 1, max_length = 64)]
    pub(super) external_id: String,
    #[schema(format = "text", example = "치킨", min_length = 1, max_length = 100)]
    pub(super) name: String,
    /// Whether customers do not see it with its dishes.
    #[serde(default)]
    pub(super) hidden: bool,
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub(super) menus: Vec<MenuUpload>,
}

/// A dish with its option groups.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MenuUpload {
    /// Its id at the owner's system, by which it is found again.
    #[schema(format = "text", min_length = 1, max_length = 64)]
    pub(super) external_id: String,
    #[schema(format = "text", example = "후라이드 치킨", min_length = 1, max_length = 100)]
    pub(super) name: String,
    #[serde(default)]
    #[schema(format = "text", max_length = 1000)]
    pub(super) description: String,
    #[schema(value_type = i64, minimum = 0, maximum = 10_000_000)]
    pub(super) price_won: Won,
    #[serde(default)]
    pub(super) kind: MenuKind,
    /// Whether customers do not see it.
    #[serde(default)]
    pub(super) hidden: bool,
    /// How many may be sold on one day; null for no limit.
    #[schema(minimum = 1, maximum = 10_000)]
    pub(super) daily_limit: Option<u32>,
    #[serde(default)]
    #[schema(max_items = 30)]
    pub(super) origins: Vec<OriginBody>,
    #[serde(default)]
    pub(super) allergens: Vec<AllergenName>,
    #[serde(default)]
    #[schema(max_items = 30)]
    pub(super) option_groups: Vec<OptionGroupUpload>,
}

/// An option group with its options.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionGroupUpload {
    /// Its id at the owner's system, by which it is found again within the dish.
    #[schema(format = "text", min_length = 1, max_length = 64)]
    pub(super) external_id: String,
    #[schema(format = "text", example = "맵기", min_length = 1, max_length = 100)]
    pub(super) name: String,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 99)]
    pub(super) min: u32,
    #[schema(minimum = 1, maximum = 99)]
    pub(super) max: u32,
    #[serde(default)]
    pub(super) unique: bool,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 99)]
    pub(super) free_up_to: u32,
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(super) options: Vec<OptionUpload>,
}

/// An option.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionUpload {
    /// Its id at the owner's system, by which it is found again within the group.
    #[schema(format = "text", min_length = 1, max_length = 64)]
    pub(super) external_id: String,
    #[schema(format = "text", example = "아주 매운맛", min_length = 1, max_length = 100)]
    pub(super) name: String,
    #[serde(default = "nothing")]
    #[schema(value_type = i64, minimum = 0, maximum = 10_000_000, default = 0)]
    pub(super) price_won: Won,
    #[serde(default = "once")]
    #[schema(minimum = 1, maximum = 99, default = 1)]
    pub(super) max_quantity: u32,
    #[serde(default)]
    pub(super) is_default: bool,
    #[serde(default)]
    pub(super) hidden: bool,
}

impl CardUpload {
    pub(super) fn of(groups: Vec<GroupUpload>) -> Self {
        Self { groups }
    }

    #[cfg(test)]
    pub(super) fn into_groups(self) -> Vec<GroupUpload> {
        self.groups
    }

    /// The headings, with new ids; those of what is known already are found by the external ids.
    pub(super) fn groups(self, app: &App) -> Vec<MenuGroup> {
        let option = |option: OptionUpload| MenuOption {
            external_id: Some(option.external_id),
            max_quantity: option.max_quantity,
            is_default: option.is_default,
            hidden: option.hidden,
            ..MenuOption::new(app.ids.uuid().into(), option.name, option.price_won)
        };
        let option_group = |group: OptionGroupUpload| OptionGroup {
            external_id: Some(group.external_id),
            min: group.min,
            max: group.max,
            unique: group.unique,
            free_up_to: group.free_up_to,
            options: group.options.into_iter().map(option).collect(),
            ..OptionGroup::new(app.ids.uuid().into(), group.name)
        };
        let menu = |menu: MenuUpload| Menu {
            external_id: Some(menu.external_id),
            description: menu.description,
            kind: menu.kind.into(),
            hidden: menu.hidden,
            daily_limit: menu.daily_limit,
            origins: menu.origins.into_iter().map(Into::into).collect(),
            allergens: menu.allergens.into_iter().map(|name| name.0).collect(),
            option_groups: menu.option_groups.into_iter().map(option_group).collect(),
            ..Menu::new(app.ids.uuid().into(), menu.name, menu.price_won)
        };
        let group = |group: GroupUpload| MenuGroup {
            external_id: Some(group.external_id),
            hidden: group.hidden,
            ..MenuGroup::new(app.ids.uuid().into(), group.name, group.menus.into_iter().map(menu).collect())
        };
        self.groups.into_iter().map(group).collect()
    }
}
