//! Menus in JSON.

use domain::menu::{Card, Menu, MenuGroup, OptionGroup};
use domain::{MenuGroupId, MenuId, OptionGroupId, OptionId, RestaurantId, Won};
use serde::Serialize;
use services::menu::Dish;
use utoipa::ToSchema;

/// All that a restaurant offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Card)]
pub(super) struct CardBody {
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    /// Rises with every change; 0 if there is no menu yet.
    version: u64,
    groups: Vec<GroupBody>,
}

/// A heading with its dishes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MenuGroup)]
struct GroupBody {
    #[schema(value_type = Uuid)]
    id: MenuGroupId,
    #[schema(example = "치킨")]
    name: String,
    menus: Vec<MenuBody>,
}

/// A dish.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Menu)]
struct MenuBody {
    #[schema(value_type = Uuid)]
    id: MenuId,
    #[schema(example = "후라이드 치킨")]
    name: String,
    description: String,
    #[schema(value_type = i64, minimum = 0)]
    price_won: Won,
    /// Whether it cannot be had at the moment.
    sold_out: bool,
    option_groups: Vec<OptionGroupBody>,
}

/// A choice that a dish asks for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OptionGroup)]
struct OptionGroupBody {
    #[schema(value_type = Uuid)]
    id: OptionGroupId,
    #[schema(example = "맵기")]
    name: String,
    /// How many must be chosen, quantities counted.
    min: u32,
    /// How many may be chosen, quantities counted.
    #[schema(minimum = 1)]
    max: u32,
    options: Vec<OptionBody>,
}

/// One answer to a choice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MenuOption)]
struct OptionBody {
    #[schema(value_type = Uuid)]
    id: OptionId,
    #[schema(example = "아주 매운맛")]
    name: String,
    /// What one of it adds.
    #[schema(value_type = i64, minimum = 0)]
    price_won: Won,
    /// How often it may be chosen for one dish.
    #[schema(minimum = 1)]
    max_quantity: u32,
    /// Whether it cannot be had at the moment.
    sold_out: bool,
}

/// A dish with whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dish)]
pub(super) struct DishBody {
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    /// The version of the menu that it stands in.
    version: u64,
    #[serde(flatten)]
    menu: MenuBody,
}

impl From<&Card> for CardBody {
    fn from(card: &Card) -> Self {
        let groups = card.groups.iter().map(GroupBody::from).collect();
        Self { restaurant_id: card.restaurant_id, version: card.version, groups }
    }
}

impl From<&MenuGroup> for GroupBody {
    fn from(group: &MenuGroup) -> Self {
        let menus = group.menus.iter().map(MenuBody::from).collect();
        Self { id: group.id, name: group.name.clone(), menus }
    }
}

impl From<&Menu> for MenuBody {
    fn from(menu: &Menu) -> Self {
        Self {
            id: menu.id,
            name: menu.name.clone(),
            description: menu.description.clone(),
            price_won: menu.price,
            sold_out: menu.sold_out,
            option_groups: menu.option_groups.iter().map(OptionGroupBody::from).collect(),
        }
    }
}

impl From<&OptionGroup> for OptionGroupBody {
    fn from(group: &OptionGroup) -> Self {
        let option = |option: &domain::menu::MenuOption| OptionBody {
            id: option.id,
            name: option.name.clone(),
            price_won: option.price,
            max_quantity: group.max_of(option),
            sold_out: option.sold_out,
        };
        Self {
            id: group.id,
            name: group.name.clone(),
            min: group.min,
            max: group.max,
            options: group.options.iter().map(option).collect(),
        }
    }
}

impl From<Dish> for DishBody {
    fn from(dish: Dish) -> Self {
        Self { restaurant_id: dish.restaurant_id, version: dish.version, menu: (&dish.menu).into() }
    }
}
