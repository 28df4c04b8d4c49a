//! Carts and quotes in JSON.

use domain::cart::{Method, PricedLine, Problem, Quote, QuotedLine, QuotedOption};
use domain::ledger::Taxed;
use domain::menu::Pick;
use domain::tip::{TipPart, TipPartKind};
use domain::{CouponId, LatLon, LineId, MenuId, OptionId, QuoteId, RestaurantId, Timestamp, Won};
use serde::{Deserialize, Serialize};
use services::cart::{Addition, CartView};
use utoipa::ToSchema;

use super::coupon::{ChosenCouponBody, DiscountBody};
use crate::kit::Position;
use crate::payment::InapplicableBody;

/// A dish to be put in the cart.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CartAddition)]
#[serde(deny_unknown_fields)]
pub(super) struct AdditionBody {
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    #[schema(value_type = Uuid)]
    menu_id: MenuId,
    #[schema(minimum = 1, maximum = 99)]
    quantity: u32,
    /// What is chosen for each dish.
    #[serde(default)]
    #[schema(max_items = 100)]
    options: Vec<PickBody>,
    /// Consent to empty the cart first if it holds dishes of another restaurant.
    #[serde(default)]
    replace: bool,
}

/// An option, so many times for one dish.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OptionPick)]
#[serde(deny_unknown_fields)]
struct PickBody {
    #[schema(value_type = Uuid)]
    option_id: OptionId,
    #[schema(minimum = 1, maximum = 99)]
    quantity: u32,
}

impl AdditionBody {
    /// The addition; under the same key it is added once.
    pub(super) fn once(self, key: Option<String>) -> Addition {
        let pick = |pick: PickBody| Pick { option_id: pick.option_id, quantity: pick.quantity };
        Addition {
            key,
            restaurant_id: self.restaurant_id,
            menu_id: self.menu_id,
            quantity: self.quantity,
            picks: self.options.into_iter().map(pick).collect(),
            replace: self.replace,
        }
    }
}

/// The cart at today's prices.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cart)]
pub(crate) struct CartBody {
    /// How many commands have changed it.
    version: u64,
    /// Whose dishes; absent while the cart is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    restaurant_id: Option<RestaurantId>,
    /// That restaurant's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    restaurant_name: Option<String>,
    lines: Vec<LineBody>,
    /// The sum of the lines that can be had.
    #[schema(value_type = i64, minimum = 0)]
    subtotal_won: Won,
    /// The restaurant's minimum order amount.
    #[schema(value_type = i64, minimum = 0)]
    minimum_order_won: Won,
    /// What is missing to it.
    #[schema(value_type = i64, minimum = 0)]
    shortfall_won: Won,
    /// The chosen coupons, at most one of each kind.
    coupons: Vec<ChosenCouponBody>,
    /// How many points it is to be paid with, if so many can be used.
    #[schema(value_type = i64, minimum = 0)]
    points_won: Won,
}

/// A dish with its options.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CartLine)]
struct LineBody {
    #[schema(value_type = Uuid)]
    id: LineId,
    #[schema(value_type = Uuid)]
    menu_id: MenuId,
    name: String,
    #[schema(minimum = 1, maximum = 99)]
    quantity: u32,
    options: Vec<ChosenBody>,
    /// One dish with its options.
    #[schema(value_type = i64, minimum = 0)]
    unit_price_won: Won,
    /// `quantity` × `unit_price_won`.
    #[schema(value_type = i64, minimum = 0)]
    total_won: Won,
    /// Its part of what coupons take off the food; in a quote.
    #[schema(value_type = i64, minimum = 0)]
    discount_won: Won,
    /// How many are left for this line, if the dish has a daily limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
    /// What the customer should know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<NoticeBody>,
}

/// An option within a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CartOption)]
struct ChosenBody {
    #[schema(value_type = Uuid)]
    option_id: OptionId,
    name: String,
    #[schema(minimum = 1)]
    quantity: u32,
    /// How many of those cost nothing.
    free_quantity: u32,
    /// The price of one.
    #[schema(value_type = i64, minimum = 0)]
    price_won: Won,
}

/// Something that the customer should know before ordering.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = CartProblem)]
struct NoticeBody {
    code: NoticeCode,
    /// Whether the cart cannot be ordered while this holds.
    blocks: bool,
    /// Which line it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    line_id: Option<LineId>,
    /// The dish's or the coupon's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// For a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// With `closed`: when the restaurant opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    next_open_at: Option<Timestamp>,
    /// With `slot_out_of_range`: the first slot that can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    earliest: Option<Timestamp>,
    /// With `slot_out_of_range`: the last slot that can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    latest: Option<Timestamp>,
    /// With `below_minimum`: what is missing. With `too_much_alcohol`: for how much food is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    shortfall_won: Option<Won>,
    /// With `only_left`: how many are left for the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
    /// With `price_changed`: one dish when it was put in the cart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    was_won: Option<Won>,
    /// With `price_changed`: one dish now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    now_won: Option<Won>,
    /// With `coupon_inapplicable`: which coupon, with `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    coupon_id: Option<CouponId>,
    /// With `coupon_inapplicable`: why it takes nothing off.
    #[serde(skip_serializing_if = "Option::is_none")]
    inapplicable: Option<InapplicableBody>,
}

/// What sort of problem it is.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = CartProblemCode)]
#[serde(rename_all = "snake_case")]
enum NoticeCode {
    #[default]
    Closed,
    NotDeliverable,
    NoPickup,
    SlotOutOfRange,
    BelowMinimum,
    TooMuchAlcohol,
    SoldOut,
    OnlyLeft,
    Gone,
    OptionsChanged,
    PriceChanged,
    CouponInapplicable,
    /// Only `now_won` points can be used of the `was_won` that are wanted.
    FewerPoints,
}

impl From<Problem> for NoticeBody {
    fn from(problem: Problem) -> Self {
        use NoticeCode as Code;
        let blocks = problem.blocks();
        let of =
            |code, line_id, name| Self { code, line_id: Some(line_id), name: Some(name), ..Self::default() };
        let told = match problem {
            Problem::Closed { next_open_at } => Self { next_open_at, ..Self::default() },
            Problem::NotDeliverable => Self { code: Code::NotDeliverable, ..Self::default() },
            Problem::NoPickup => Self { code: Code::NoPickup, ..Self::default() },
            Problem::SlotOutOfRange { earliest, latest } => Self {
                code: Code::SlotOutOfRange,
                earliest: Some(earliest),
                latest: Some(latest),
                ..Self::default()
            },
            Problem::BelowMinimum { shortfall } => {
                Self { code: Code::BelowMinimum, shortfall_won: Some(shortfall), ..Self::default() }
            }
            Problem::TooMuchAlcohol { shortfall } => {
                Self { code: Code::TooMuchAlcohol, shortfall_won: Some(shortfall), ..Self::default() }
            }
            Problem::SoldOut { line_id, name } => of(Code::SoldOut, line_id, name),
            Problem::OnlyLeft { line_id, name, left, .. } => {
                Self { left: Some(left), ..of(Code::OnlyLeft, line_id, name) }
            }
            Problem::Gone { line_id, name } => of(Code::Gone, line_id, name),
            Problem::OptionsChanged { line_id, name, detail } => {
                Self { detail: Some(detail), ..of(Code::OptionsChanged, line_id, name) }
            }
            Problem::PriceChanged { line_id, name, was, now } => {
                Self { was_won: Some(was), now_won: Some(now), ..of(Code::PriceChanged, line_id, name) }
            }
            Problem::FewerPoints { wanted, used } => Self {
                code: Code::FewerPoints,
                was_won: Some(wanted),
                now_won: Some(used),
                ..Self::default()
            },
            Problem::CouponInapplicable { coupon_id, name, reason } => Self {
                code: Code::CouponInapplicable,
                coupon_id: Some(coupon_id),
                name: Some(name),
                inapplicable: Some(reason.into()),
                ..Self::default()
            },
        };
        Self { blocks, ..told }
    }
}

impl From<QuotedOption> for ChosenBody {
    fn from(option: QuotedOption) -> Self {
        Self {
            option_id: option.option_id,
            name: option.name,
            quantity: option.quantity,
            free_quantity: option.free_quantity,
            price_won: option.price,
        }
    }
}

impl LineBody {
    fn new(line: QuotedLine, problem: Option<Problem>, left: Option<u32>) -> Self {
        Self {
            id: line.line_id,
            menu_id: line.menu_id,
            name: line.name,
            quantity: line.quantity,
            options: line.options.into_iter().map(ChosenBody::from).collect(),
            unit_price_won: line.unit_price,
            total_won: line.total,
            discount_won: line.discount,
            left,
            problem: problem.map(NoticeBody::from),
        }
    }
}

impl From<CartView> for CartBody {
    fn from(view: CartView) -> Self {
        let (restaurant_id, restaurant_name) = view.restaurant.unzip();
        let line = |PricedLine { line, problem, left }| LineBody::new(line, problem, left);
        Self {
            version: view.version,
            restaurant_id,
            restaurant_name,
            lines: view.lines.into_iter().map(line).collect(),
            subtotal_won: view.subtotal,
            minimum_order_won: view.minimum,
            shortfall_won: view.shortfall,
            coupons: view.coupons.into_iter().map(ChosenCouponBody::from).collect(),
            points_won: view.points,
        }
    }
}

/// A price that is promised until `expires_at`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quote)]
pub(super) struct QuoteBody {
    /// What an order is placed from.
    #[schema(value_type = Uuid)]
    quote_id: QuoteId,
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    expires_at: Timestamp,
    /// The version of the restaurant's menu that it was priced by.
    menu_version: u64,
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    restaurant_name: String,
    /// How it gets to the customer.
    #[schema(value_type = FulfilmentMethod)]
    fulfilment: FulfilmentMethod,
    /// When the customer wants it; null for as soon as it can be.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    slot: Option<Timestamp>,
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
    /// Where it is brought; null for pickup.
    drop_off: Option<DropOffBody>,
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
    /// A quote, and what the order would earn in points.
    pub(super) fn new(quote: Quote, reward: Won) -> Self {
        Self {
            orderable: quote.orderable(),
            shortfall_won: quote.shortfall(),
            quote_id: quote.id,
            fulfilment: quote.method.into(),
            slot: quote.slot,
            expires_at: quote.expires_at,
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
            reward_won: reward,
            minimum_order_won: quote.minimum,
            problems: quote.problems.into_iter().map(NoticeBody::from).collect(),
            drop_off: quote.drop_off.map(|door| DropOffBody {
                position: door.position,
                road_address: door.road_address,
                detail: door.detail,
                entrance_note: door.entrance_note,
            }),
        }
    }
}
