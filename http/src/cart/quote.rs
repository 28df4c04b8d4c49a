//! Quotes in JSON.

use domain::cart::{DropOff, Method, Quote};
use domain::ledger::Taxed;
use domain::tip::{TipPart, TipPartKind};
use domain::{LatLon, QuoteId, RestaurantId, Timestamp, Won};
use serde::{Deserialize, Serialize};
use services::App;
use utoipa::ToSchema;

use super::body::{LineBody, NoticeBody};
use super::coupon::DiscountBody;
use crate::kit::Position;

/// A price that is promised until `expires_at`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quote)]
pub(super) struct QuoteBody {
    /// What an order is placed from.
    #[schema(value_type = Uuid)]
    quote_id: QuoteId,
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    expires_at: Timestamp,
    /// Where it is brought; null for pickup.
    drop_off: Option<DropOffBody>,
    #[serde(flatten)]
    price: PriceBody,
}

/// What a cart costs for one way and one time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CartPrice)]
pub(super) struct PriceBody {
    /// The version of the restaurant's menu that it was priced by.
    menu_version: u64,
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    restaurant_name: String,
    /// How it gets to the customer.
    fulfilment: FulfilmentMethod,
    /// When the customer wants it; null for as soon as it can be.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    slot: Option<Timestamp>,
    /// When it is there at the earliest.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    promised_from: Timestamp,
    /// When it is there at the latest.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    promised_until: Timestamp,
    /// Whether that time binds: for the slot of a customer. As soon as possible is an estimate until the
    /// restaurant accepts the order, and a guest is promised nothing.
    binding: bool,
    /// The lines that can be had.
    lines: Vec<LineBody>,
    /// Their sum.
    #[schema(value_type = i64, minimum = 0)]
    subtotal_won: Won,
    /// The delivery tip; 0 for pickup.
    #[schema(value_type = i64, minimum = 0)]
    tip_won: Won,
    /// What the tip consists of.
    tip_parts: Vec<TipPartBody>,
    /// What coupons take off.
    discounts: Vec<DiscountBody>,
    /// What is paid by points.
    #[schema(value_type = i64, minimum = 0)]
    points_won: Won,
    /// What is paid by the means of payment: `subtotal_won` + `tip_won` without the discounts and the
    /// points.
    #[schema(value_type = i64, minimum = 0)]
    payable_won: Won,
    /// The VAT that is part of it.
    #[schema(value_type = i64, minimum = 0)]
    vat_won: Won,
    /// What the customer gets in points when the order is completed.
    #[schema(value_type = i64, minimum = 0)]
    reward_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    minimum_order_won: Won,
    /// What is missing to the minimum.
    #[schema(value_type = i64, minimum = 0)]
    shortfall_won: Won,
    /// Whether an order can be placed from it.
    orderable: bool,
    problems: Vec<NoticeBody>,
}

/// A part of the delivery tip.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TipPart)]
struct TipPartBody {
    #[schema(value_type = TipPartKindWords)]
    kind: TipPartKind,
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
}

/// What a part of the delivery tip is for.
#[derive(ToSchema)]
#[schema(as = TipPartKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's TipPartKind is what travels")]
enum TipPartKindWords {
    /// For an order of this subtotal.
    Subtotal,
    /// For the distance.
    Distance,
    /// For the neighbourhood.
    Dong,
    /// For the time of day or week.
    Time,
    /// On a public holiday.
    Holiday,
}

impl From<TipPart> for TipPartBody {
    fn from(TipPart { kind, amount }: TipPart) -> Self {
        Self { kind, amount_won: amount }
    }
}

/// How it gets to the customer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FulfilmentMethod {
    /// A courier brings it.
    #[default]
    Delivery,
    /// The customer collects it: no tip, no zone, no address.
    Pickup,
}

impl From<Method> for FulfilmentMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Delivery => Self::Delivery,
            Method::Pickup => Self::Pickup,
        }
    }
}

impl From<FulfilmentMethod> for Method {
    fn from(method: FulfilmentMethod) -> Self {
        match method {
            FulfilmentMethod::Delivery => Self::Delivery,
            FulfilmentMethod::Pickup => Self::Pickup,
        }
    }
}

/// Where the food is to be brought.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuotedDropOff)]
struct DropOffBody {
    #[schema(value_type = Position)]
    position: LatLon,
    road_address: String,
    detail: String,
    entrance_note: String,
}

impl QuoteBody {
    /// A quote with what goes beside it.
    pub(super) fn of(app: &App, mut quote: Quote) -> Self {
        Self {
            quote_id: quote.id,
            expires_at: quote.expires_at,
            drop_off: quote.drop_off.take().map(DropOffBody::from),
            price: PriceBody::of(app, quote),
        }
    }
}

impl PriceBody {
    /// What a quote says of the price, what the order would earn in points, and when the food is there.
    pub(super) fn of(app: &App, quote: Quote) -> Self {
        let window = services::cart::promised_window(app, &quote);
        Self {
            orderable: quote.orderable(),
            shortfall_won: quote.shortfall(),
            reward_won: services::cart::reward(app, &quote),
            fulfilment: quote.method.into(),
            slot: quote.slot,
            promised_from: window.from,
            promised_until: window.until,
            binding: window.binding,
            menu_version: quote.menu_version,
            restaurant_id: quote.restaurant_id,
            restaurant_name: quote.restaurant_name,
            lines: quote.lines.into_iter().map(|line| LineBody::new(line, None, None)).collect(),
            subtotal_won: quote.subtotal,
            tip_won: quote.tip,
            tip_parts: quote.tip_parts.into_iter().map(TipPartBody::from).collect(),
            discounts: quote.discounts.into_iter().map(DiscountBody::from).collect(),
            points_won: quote.points,
            payable_won: quote.payable,
            vat_won: Taxed::of(quote.payable).vat,
            minimum_order_won: quote.minimum,
            problems: quote.problems.into_iter().map(NoticeBody::from).collect(),
        }
    }
}

impl From<DropOff> for DropOffBody {
    fn from(door: DropOff) -> Self {
        Self {
            position: door.position,
            road_address: door.road_address,
            detail: door.detail,
            entrance_note: door.entrance_note,
        }
    }
}
