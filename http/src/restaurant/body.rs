//! A restaurant in JSON.

use domain::restaurant::{Category, ClosedReason, Seller};
use domain::{LatLon, RestaurantId, Timestamp, Won};
use serde::Serialize;
use services::restaurant::Seen;
use services::storefront::Storefront;
use utoipa::ToSchema;

use crate::kit::Position;
use crate::menu::body::{CardBody, Reader};

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
    /// When any of this changes by itself; absent if not within 40 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    changes_at: Option<Timestamp>,
    /// How long an order takes that is cooked now.
    #[schema(minimum = 5, maximum = 90)]
    preparation_mins: u16,
    /// Until when it cooks more slowly; absent if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    busy_until: Option<Timestamp>,
    /// Whether customers may collect their orders.
    takes_pickup: bool,
    /// What else it is found by.
    tags: Vec<String>,
    /// What it says of itself; may be empty.
    introduction: String,
    /// What customers should know these days; may be empty.
    notice: String,
    /// Who sells; absent for a restaurant from before sellers were known.
    #[serde(skip_serializing_if = "Option::is_none")]
    seller: Option<SellerBody>,
}

/// The seller, as the law wants it shown (전자상거래법 제10조, 제13조).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Seller)]
pub(super) struct SellerBody {
    /// The name of the business (상호).
    business_name: String,
    /// Who represents it (대표자).
    representative: String,
    /// The business registration number (사업자등록번호).
    #[schema(example = "124-81-00998")]
    business_number: String,
    /// The number of the mail-order notification (통신판매업신고번호); null for who is exempt.
    mail_order_number: Option<String>,
    /// The address of the business.
    address: String,
}

impl From<Seller> for SellerBody {
    fn from(seller: Seller) -> Self {
        let Seller { business_name, representative, business_number, mail_order_number, address } = seller;
        let business_number = business_number.to_string();
        Self { business_name, representative, business_number, mail_order_number, address }
    }
}

impl From<Seen> for RestaurantBody {
    fn from(Seen { restaurant, opening, changes_at, way, as_of }: Seen) -> Self {
        Self {
            changes_at,
            preparation_mins: restaurant.preparation_mins(as_of),
            busy_until: restaurant.busy.map(|busy| busy.until).filter(|until| *until > as_of),
            takes_pickup: restaurant.rules.takes_pickup,
            tags: restaurant.tags.clone(),
            introduction: restaurant.introduction.clone(),
            notice: restaurant.notice.clone(),
            seller: restaurant.seller.clone().map(SellerBody::from),
            id: restaurant.id,
            name: restaurant.name.clone(),
            category: restaurant.category,
            phone: restaurant.phone.clone(),
            position: restaurant.position,
            gu: restaurant.gu.clone(),
            dong: restaurant.dong.clone(),
            minimum_order_won: restaurant.rules.minimum_order,
            tip_won: way.map(|way| way.tip),
            distance_m: way.map(|way| way.distance_m),
            deliverable: way.map(|way| way.deliverable),
            open_now: opening.is_open(),
            next_open_at: opening.next_open_at(),
            closed_reason: opening.reason(),
        }
    }
}

/// A restaurant with all that it offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Storefront)]
pub(super) struct StorefrontBody {
    restaurant: RestaurantBody,
    menu: CardBody,
}

impl From<Storefront> for StorefrontBody {
    fn from(Storefront { seen, card }: Storefront) -> Self {
        let menu = Reader { runs: false, now: seen.as_of }.card(&card);
        Self { restaurant: seen.into(), menu }
    }
}

/// The words for a `Category` in a document.
#[derive(ToSchema)]
#[schema(as = Category, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; Category itself is what travels")]
pub(crate) enum CategoryWords {
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
    Holiday,
    OutsideHours,
    NotPublished,
    ClosedDown,
}
