//! Carts in JSON.

use domain::cart::{PricedLine, Problem, QuotedLine, QuotedOption};
use domain::menu::Pick;
use domain::{CouponId, LineId, MenuId, OptionId, RestaurantId, Timestamp, Won};
use serde::{Deserialize, Serialize};
use services::cart::{Addition, CartView};
use utoipa::ToSchema;

use super::coupon::ChosenCouponBody;
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
pub(super) struct PickBody {
    #[schema(value_type = Uuid)]
    option_id: OptionId,
    #[schema(minimum = 1, maximum = 99)]
    quantity: u32,
}

impl From<PickBody> for Pick {
    fn from(pick: PickBody) -> Self {
        Self { option_id: pick.option_id, quantity: pick.quantity }
    }
}

impl AdditionBody {
    /// The addition; under the same key it is added once.
    pub(super) fn once(self, key: Option<String>) -> Addition {
        Addition {
            key,
            restaurant_id: self.restaurant_id,
            menu_id: self.menu_id,
            quantity: self.quantity,
            picks: self.options.into_iter().map(Pick::from).collect(),
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
pub(super) struct LineBody {
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
pub(super) struct NoticeBody {
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
    SlotFull,
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
            Problem::SlotFull => Self { code: Code::SlotFull, ..Self::default() },
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
    pub(super) fn new(line: QuotedLine, problem: Option<Problem>, left: Option<u32>) -> Self {
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
