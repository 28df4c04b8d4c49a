//! Menus in JSON.

use domain::image::{Encoding, Picture};
use domain::menu::{Allergen, Card, Kind, Menu, MenuGroup, MenuOption, OptionGroup, Origin};
use domain::{MenuGroupId, MenuId, OptionGroupId, OptionId, RestaurantId, Timestamp, Won};
use serde::{Deserialize, Serialize};
use services::menu::Dish;
use utoipa::ToSchema;

/// All that a restaurant offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Card)]
pub(crate) struct CardBody {
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
    /// Its id at the owner's system; for those who run the restaurant.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[schema(example = "치킨")]
    name: String,
    /// Whether customers do not see it with its dishes.
    hidden: bool,
    menus: Vec<MenuBody>,
}

/// A dish.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Menu)]
struct MenuBody {
    #[schema(value_type = Uuid)]
    id: MenuId,
    /// Its id at the owner's system; for those who run the restaurant.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[schema(example = "후라이드 치킨")]
    name: String,
    description: String,
    #[schema(value_type = i64, minimum = 0)]
    price_won: Won,
    kind: MenuKind,
    /// Whether customers do not see it.
    hidden: bool,
    /// Whether it cannot be had at the moment.
    sold_out: bool,
    /// When it can be had again, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    sold_out_until: Option<Timestamp>,
    /// How many may be sold on one day; absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily_limit: Option<u32>,
    /// Where its ingredients come from (원산지).
    origins: Vec<OriginBody>,
    /// The foods in it that must be named (알레르기 유발 식품).
    allergens: Vec<AllergenName>,
    /// Its picture, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<PictureBody>,
    option_groups: Vec<OptionGroupBody>,
}

/// A choice that a dish asks for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OptionGroup)]
struct OptionGroupBody {
    #[schema(value_type = Uuid)]
    id: OptionGroupId,
    /// Its id at the owner's system; for those who run the restaurant.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[schema(example = "맵기")]
    name: String,
    /// How many must be chosen, quantities counted.
    min: u32,
    /// How many may be chosen, quantities counted.
    #[schema(minimum = 1)]
    max: u32,
    /// Whether each option may be chosen only once, whatever its own maximum.
    unique: bool,
    /// How many of what is chosen cost nothing, the cheapest first.
    free_up_to: u32,
    options: Vec<OptionBody>,
}

/// One answer to a choice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MenuOption)]
struct OptionBody {
    #[schema(value_type = Uuid)]
    id: OptionId,
    /// Its id at the owner's system; for those who run the restaurant.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[schema(example = "아주 매운맛")]
    name: String,
    /// What one of it adds.
    #[schema(value_type = i64, minimum = 0)]
    price_won: Won,
    /// How often it may be chosen for one dish.
    #[schema(minimum = 1)]
    max_quantity: u32,
    /// Whether it is chosen beforehand; it then costs nothing.
    is_default: bool,
    /// Whether customers do not see it.
    hidden: bool,
    /// Whether it cannot be had at the moment.
    sold_out: bool,
    /// When it can be had again, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    sold_out_until: Option<Timestamp>,
}

/// What a dish is, as far as rules differ.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MenuKind {
    /// Food and soft drinks.
    #[default]
    Food,
    /// Packaged alcohol, for adults only.
    Alcohol,
    /// Disposable cutlery and the like.
    Disposable,
}

impl From<Kind> for MenuKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Food => Self::Food,
            Kind::Alcohol => Self::Alcohol,
            Kind::Disposable => Self::Disposable,
        }
    }
}

impl From<MenuKind> for Kind {
    fn from(kind: MenuKind) -> Self {
        match kind {
            MenuKind::Food => Self::Food,
            MenuKind::Alcohol => Self::Alcohol,
            MenuKind::Disposable => Self::Disposable,
        }
    }
}

/// Where an ingredient comes from.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Origin)]
#[serde(deny_unknown_fields)]
pub(super) struct OriginBody {
    #[schema(format = "text", example = "닭고기", min_length = 1, max_length = 100)]
    ingredient: String,
    #[schema(format = "text", example = "국내산", min_length = 1, max_length = 100)]
    origin: String,
}

impl OriginBody {
    pub(super) fn new(ingredient: &str, origin: &str) -> Self {
        Self { ingredient: ingredient.to_owned(), origin: origin.to_owned() }
    }
}

impl From<&Origin> for OriginBody {
    fn from(origin: &Origin) -> Self {
        Self { ingredient: origin.ingredient.clone(), origin: origin.origin.clone() }
    }
}

impl From<OriginBody> for Origin {
    fn from(origin: OriginBody) -> Self {
        Self { ingredient: origin.ingredient, origin: origin.origin }
    }
}

/// A food that must be named.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct AllergenName(pub(super) Allergen);

impl utoipa::PartialSchema for AllergenName {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        let names = Allergen::ALL.iter().map(|allergen| allergen.as_str());
        let description = "A food that must be named on the label.";
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .description(Some(description))
            .into()
    }
}

impl ToSchema for AllergenName {
    fn name() -> std::borrow::Cow<'static, str> {
        "Allergen".into()
    }
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Picture)]
pub(crate) struct PictureBody {
    /// The width of the largest file, in pixels.
    width: u32,
    /// Its height.
    height: u32,
    /// The average colour, to show until the picture is there.
    #[schema(example = "#a98c6f")]
    colour: String,
    /// In three sizes, smallest first; of each as WebP and as JPEG. No size is larger than the upload.
    files: Vec<PictureFileBody>,
}

/// One file of a picture.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PictureFile)]
struct PictureFileBody {
    /// Where it is. It never changes: another picture has other files.
    #[schema(example = "/v1/images/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.webp")]
    path: String,
    /// Its format.
    #[schema(example = "image/webp")]
    media_type: &'static str,
    /// Its width in pixels.
    width: u32,
    /// Its height in pixels.
    height: u32,
}

impl From<&Picture> for PictureBody {
    fn from(picture: &Picture) -> Self {
        let files = picture.files().map(|file| PictureFileBody {
            path: format!("/v1/images/{}.{}", file.hash, file.encoding.ending()),
            media_type: Encoding::media_type(file.encoding),
            width: file.width,
            height: file.height,
        });
        let files = files.collect();
        Self { width: picture.width, height: picture.height, colour: picture.colour.clone(), files }
    }
}

/// A dish with whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dish)]
pub(super) struct DishBody {
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    /// The version of the menu that it stands in.
    version: u64,
    /// How many are left today; absent without a daily limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
    #[serde(flatten)]
    menu: MenuBody,
}

/// Who reads a card, and when.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    /// Whether it is somebody who runs the restaurant: they see what is hidden, and their own ids.
    pub(crate) runs: bool,
    /// The time that marks refer to.
    pub(crate) now: Timestamp,
}

impl Reader {
    fn id(self, id: Option<&String>) -> Option<String> {
        id.filter(|_| self.runs).cloned()
    }

    /// The card as they see it.
    pub(crate) fn card(self, card: &Card) -> CardBody {
        let groups = card.groups.iter().filter(|group| self.runs || !group.hidden);
        CardBody {
            restaurant_id: card.restaurant_id,
            version: card.version,
            groups: groups.map(|group| self.group(group)).collect(),
        }
    }

    fn group(self, group: &MenuGroup) -> GroupBody {
        let menus = group.menus.iter().filter(|menu| self.runs || !menu.hidden);
        GroupBody {
            id: group.id,
            external_id: self.id(group.external_id.as_ref()),
            name: group.name.clone(),
            hidden: group.hidden,
            menus: menus.map(|menu| self.menu(menu)).collect(),
        }
    }

    fn menu(self, menu: &Menu) -> MenuBody {
        MenuBody {
            id: menu.id,
            external_id: self.id(menu.external_id.as_ref()),
            name: menu.name.clone(),
            description: menu.description.clone(),
            price_won: menu.price,
            kind: menu.kind.into(),
            hidden: menu.hidden,
            sold_out: menu.sold_out.at(self.now),
            sold_out_until: menu.sold_out.restocked(self.now).ends_at(),
            daily_limit: menu.daily_limit,
            origins: menu.origins.iter().map(OriginBody::from).collect(),
            allergens: menu.allergens.iter().copied().map(AllergenName).collect(),
            picture: menu.picture.as_ref().map(PictureBody::from),
            option_groups: menu.option_groups.iter().map(|group| self.option_group(group)).collect(),
        }
    }

    fn option_group(self, group: &OptionGroup) -> OptionGroupBody {
        let options = group.options.iter().filter(|option| self.runs || !option.hidden);
        OptionGroupBody {
            id: group.id,
            external_id: self.id(group.external_id.as_ref()),
            name: group.name.clone(),
            min: group.min,
            max: group.max,
            unique: group.unique,
            free_up_to: group.free_up_to,
            options: options.map(|option| self.option(group, option)).collect(),
        }
    }

    fn option(self, group: &OptionGroup, option: &MenuOption) -> OptionBody {
        OptionBody {
            id: option.id,
            external_id: self.id(option.external_id.as_ref()),
            name: option.name.clone(),
            price_won: option.price,
            // Customers see what they can choose, those who edit it what they said.
            max_quantity: if self.runs { option.max_quantity } else { group.max_of(option) },
            is_default: option.is_default,
            hidden: option.hidden,
            sold_out: option.sold_out.at(self.now),
            sold_out_until: option.sold_out.restocked(self.now).ends_at(),
        }
    }
}

impl From<Dish> for DishBody {
    fn from(dish: Dish) -> Self {
        let reader = Reader { runs: false, now: dish.as_of };
        Self {
            restaurant_id: dish.restaurant_id,
            version: dish.version,
            left: dish.left,
            menu: reader.menu(&dish.menu),
        }
    }
}
