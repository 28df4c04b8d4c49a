//! A restaurant in JSON.

use domain::restaurant::{Category, ClosedReason};
use domain::{LatLon, RestaurantId, Timestamp, Won};
use serde::Serialize;
use services::restaurant::Seen;
use utoipa::ToSchema;

use crate::kit::Position;

/// A restaurant, as seen from a place if one was given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Restaurant)]
pub(super) struct RestaurantBody {
    #[schema(value_type = Uuid)]
    id: RestaurantId,
    #[schema(example = "역삼 할머니 치킨")]
    name: String,
    #[schema(value_type = CategoryWords)]
    category: Category,
    #[schema(example = "02-555-0100")]
    phone: String,
    #[schema(value_type = Position)]
    position: LatLon,
    #[schema(example = "강남구")]
    gu: String,
    #[schema(example = "역삼동")]
    dong: String,
    /// The smallest subtotal that can be ordered.
    #[schema(value_type = i64, minimum = 0)]
    minimum_order_won: Won,
    /// The delivery tip to the place for an order of exactly the minimum; absent
    /// without a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    tip_won: Option<Won>,
    /// Metres to the place in a straight line; absent without a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_m: Option<u32>,
    /// Whether it delivers to the place; absent without a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    deliverable: Option<bool>,
    /// Whether it takes orders now.
    open_now: bool,
    /// When it takes orders again, if it takes none now and that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    next_open_at: Option<Timestamp>,
    /// Why it takes no orders now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ClosedReasonWords>)]
    closed_reason: Option<ClosedReason>,
    /// How long it usually cooks.
    #[schema(minimum = 5, maximum = 90)]
    preparation_mins: u16,
}

impl From<Seen> for RestaurantBody {
    fn from(Seen { restaurant, opening, way, .. }: Seen) -> Self {
        Self {
            id: restaurant.id,
            name: restaurant.name,
            category: restaurant.category,
            phone: restaurant.phone,
            position: restaurant.position,
            gu: restaurant.gu,
            dong: restaurant.dong,
            minimum_order_won: restaurant.minimum_order,
            tip_won: way.map(|way| way.tip),
            distance_m: way.map(|way| way.distance_m),
            deliverable: way.map(|way| way.deliverable),
            open_now: opening.is_open(),
            next_open_at: opening.next_open_at(),
            closed_reason: opening.reason(),
            preparation_mins: restaurant.preparation_mins,
        }
    }
}

/// The words for a `Category` in a document.
#[derive(ToSchema)]
#[schema(as = Category, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; Category itself is what travels")]
pub(super) enum CategoryWords {
    Chicken,
    Pizza,
    Chinese,
    Korean,
    Japanese,
    Snack,
    Burger,
    Jokbal,
    Western,
    Asian,
    Cafe,
    LateNight,
}

/// The words for a `ClosedReason` in a document.
#[derive(ToSchema)]
#[schema(as = ClosedReason, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; ClosedReason itself is what travels")]
pub(super) enum ClosedReasonWords {
    Paused,
    Break,
    DayOff,
    OutsideHours,
}
