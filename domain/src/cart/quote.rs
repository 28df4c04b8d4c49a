//! The quote: a price that is guaranteed for a few minutes.
//!
//! The server builds it from the current menu, so that a price from a client is never
//! used. It is for one method of fulfilment and one time, is valid for [`LIFE_MINS`]
//! minutes, and is the only thing from which an order can be placed.

use chrono::Duration;
use serde::{Deserialize, Serialize, Serializer};

use super::guest::GUEST;
use crate::coupon::{Chosen, Discount, Inapplicable};
use crate::tip::TipPart;
use crate::{
    CouponId, Fault, LatLon, LineId, MenuId, OptionId, QuoteId, Refusal, Refused, RestaurantId, Timestamp,
    UserId, Won, fault,
};

/// How long a quote is valid, in minutes.
pub const LIFE_MINS: i64 = 5;

/// The lead time of rows that were stored before it was calculated, in minutes.
pub(crate) fn usual_lead_mins() -> u32 {
    45
}

/// How the food gets to the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A courier delivers it.
    #[default]
    Delivery,
    /// The customer collects it: no delivery tip, no zone, no address.
    Pickup,
}

/// Where the food is delivered: a copy of the customer's address at the time of the quote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DropOff {
    /// The coordinate.
    pub position: LatLon,
    /// The road-name address (도로명주소).
    pub road_address: String,
    /// Building, floor, door (상세주소); may be empty.
    pub detail: String,
    /// How to get in, shown only to the courier; may be empty. A document of a drop-off is written
    /// without it: the store seals it, and keeps it beside the document.
    #[serde(serialize_with = "left_out")]
    pub entrance_note: String,
}

/// Writes an empty text, whatever the value is.
fn left_out<S: Serializer>(_: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("")
}

/// A chosen option within a line, with its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedOption {
    /// The option on the menu.
    pub option_id: OptionId,
    /// Its name when quoted.
    pub name: String,
    /// The quantity for one dish, at least 1.
    pub quantity: u32,
    /// How many of those cost nothing.
    #[serde(default)]
    pub free_quantity: u32,
    /// The unit price.
    pub price: Won,
}

/// What a coupon takes off a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineShare {
    /// The coupon.
    pub coupon: CouponId,
    /// How much, more than zero.
    pub amount: Won,
}

/// A dish with its options and prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedLine {
    /// The cart's line.
    pub line_id: LineId,
    /// The dish.
    pub menu_id: MenuId,
    /// Its name when quoted.
    pub name: String,
    /// How many, at least 1.
    pub quantity: u32,
    /// The options chosen for each, ordered by option id.
    pub options: Vec<QuotedOption>,
    /// The price of one: the dish's price plus Σ option × (quantity − free quantity).
    pub unit_price: Won,
    /// `quantity × unit_price`.
    pub total: Won,
    /// What coupons take off it: its part of the discounts on the food.
    #[serde(default)]
    pub discount: Won,
    /// What each of them takes off it; not known of old lines.
    #[serde(default)]
    pub shares: Vec<LineShare>,
    /// Whether the dish has a daily limit, so that an order reserves its portions.
    #[serde(default)]
    pub limited: bool,
}

/// Something that the customer must know before ordering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Problem {
    /// The restaurant takes no orders now, or for the slot.
    Closed {
        /// When it opens, if known.
        next_open_at: Option<Timestamp>,
    },
    /// The address lies outside every delivery zone.
    NotDeliverable,
    /// The restaurant lets nobody collect orders.
    NoPickup,
    /// The slot is nearer than preparation and travel take, or too far ahead.
    SlotOutOfRange {
        /// The earliest possible slot.
        earliest: Timestamp,
        /// The latest possible slot.
        latest: Timestamp,
    },
    /// The restaurant takes no more orders for the slot.
    SlotFull,
    /// The lines do not reach the minimum order amount.
    BelowMinimum {
        /// The missing amount.
        shortfall: Won,
    },
    /// There is alcohol, and not more food than that.
    TooMuchAlcohol {
        /// For how much food is missing.
        shortfall: Won,
    },
    /// The dish is sold out; its line is not part of the sum.
    SoldOut {
        /// The line.
        line_id: LineId,
        /// The dish's name.
        name: String,
    },
    /// Of a dish with a daily limit only so many are left.
    OnlyLeft {
        /// The line.
        line_id: LineId,
        /// The dish's name.
        name: String,
        /// How many are left for the line.
        left: u32,
        /// Whether that is enough for the line. If not, the line is not part of the sum.
        enough: bool,
    },
    /// The dish is no longer offered; its line is not part of the sum.
    Gone {
        /// The line.
        line_id: LineId,
        /// The dish's name as the customer saw it.
        name: String,
    },
    /// The chosen options are no longer possible; the line is not part of the sum.
    OptionsChanged {
        /// The line.
        line_id: LineId,
        /// The dish's name.
        name: String,
        /// The rule that the choice breaks, as an English sentence.
        detail: String,
    },
    /// The price of one dish has changed since it was added to the cart. The quote has
    /// the new price, so this alone does not prevent the order.
    PriceChanged {
        /// The line.
        line_id: LineId,
        /// The dish's name.
        name: String,
        /// The price when it was added to the cart.
        was: Won,
        /// The current price.
        now: Won,
    },
    /// Fewer points can be used than the customer wants to. The quote has the price with those, so
    /// this alone does not prevent the order.
    FewerPoints {
        /// How many they want to use.
        wanted: Won,
        /// How many the order is paid with.
        used: Won,
    },
    /// A chosen coupon takes nothing off. The quote has the price without it, so this alone does
    /// not prevent the order.
    CouponInapplicable {
        /// The coupon.
        coupon_id: CouponId,
        /// Its name.
        name: String,
        /// Why.
        reason: Inapplicable,
    },
}

impl Problem {
    /// Whether it prevents the order.
    pub fn blocks(&self) -> bool {
        !matches!(
            self,
            Problem::PriceChanged { .. }
                | Problem::OnlyLeft { enough: true, .. }
                | Problem::FewerPoints { .. }
                | Problem::CouponInapplicable { .. }
        )
    }

    /// The [`Fault`] for this problem. It points to a field of the quote request, or to a
    /// line of the cart by its id.
    pub(crate) fn fault(&self) -> Fault {
        let of_line =
            |line_id: &LineId, words, detail| Fault::new(format!("/lines/{line_id}"), words, detail);
        match self {
            Problem::Closed { next_open_at } => {
                let opens =
                    next_open_at.map_or(String::new(), |at| format!(" It opens at {}.", at.to_rfc3339()));
                Fault::new("/slot", fault::CLOSED, format!("The restaurant takes no orders then.{opens}"))
            }
            Problem::NotDeliverable => {
                Fault::new("/address_id", fault::NOT_DELIVERABLE, "The restaurant does not deliver there.")
            }
            Problem::NoPickup => {
                Fault::new("/method", fault::NO_PICKUP, "Orders cannot be collected at this restaurant.")
            }
            Problem::SlotOutOfRange { earliest, latest } => Fault::new(
                "/slot",
                fault::SLOT_OUT_OF_RANGE,
                format!("From {} to {}.", earliest.to_rfc3339(), latest.to_rfc3339()),
            ),
            Problem::SlotFull => {
                Fault::new("/slot", fault::SLOT_FULL, "The restaurant takes no more orders for that time.")
            }
            Problem::BelowMinimum { shortfall } => Fault::new(
                "/lines",
                fault::BELOW_MINIMUM,
                format!("{shortfall} are missing to the minimum order amount."),
            ),
            Problem::TooMuchAlcohol { shortfall } => Fault::new(
                "/lines",
                fault::TOO_MUCH_ALCOHOL,
                format!("Food for {shortfall} more goes with so much alcohol."),
            ),
            Problem::SoldOut { line_id, name } => {
                of_line(line_id, fault::SOLD_OUT, format!("{name} is sold out."))
            }
            Problem::OnlyLeft { line_id, name, left, .. } => {
                of_line(line_id, fault::ONLY_LEFT, format!("Only {left} of {name} are left."))
            }
            Problem::Gone { line_id, name } => {
                of_line(line_id, fault::GONE, format!("{name} is no longer offered."))
            }
            Problem::OptionsChanged { line_id, detail, .. } => {
                of_line(line_id, fault::OPTIONS_CHANGED, detail.clone())
            }
            Problem::PriceChanged { line_id, now, .. } => {
                of_line(line_id, fault::PRICE_CHANGED, format!("It costs {now} now."))
            }
            Problem::FewerPoints { used, .. } => {
                Fault::new("/points", fault::FEWER_POINTS, format!("{used} of points can be used."))
            }
            Problem::CouponInapplicable { coupon_id, name, reason } => Fault::new(
                format!("/coupons/{coupon_id}"),
                fault::COUPON_INAPPLICABLE,
                format!("{name}: {}.", reason.as_str()),
            ),
        }
    }
}

/// The blocking problems, as parts of a refusal.
pub(crate) fn faults<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> Vec<Fault> {
    problems.into_iter().filter(|problem| problem.blocks()).map(Problem::fault).collect()
}

/// A cart with its price, problems and destination, valid for a few minutes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// Its own id.
    pub id: QuoteId,
    /// The customer who requested it.
    pub customer: UserId,
    /// The version of the quoted cart.
    pub cart_version: u64,
    /// The version of the restaurant's menu that it was priced by; 0 in old rows.
    #[serde(default)]
    pub menu_version: u64,
    /// The restaurant.
    pub restaurant_id: RestaurantId,
    /// Its name when quoted.
    pub restaurant_name: String,
    /// Delivery or pickup.
    #[serde(default)]
    pub method: Method,
    /// When the customer wants it; `None` for as soon as possible.
    #[serde(default)]
    pub slot: Option<Timestamp>,
    /// Minutes from placing the order at the restaurant to the delivery: preparation plus
    /// travel.
    #[serde(default = "usual_lead_mins")]
    pub lead_mins: u32,
    /// The ordered lines, without those that have a blocking problem.
    pub lines: Vec<QuotedLine>,
    /// Σ line totals.
    pub subtotal: Won,
    /// The delivery tip; zero for pickup, and if the address is not deliverable.
    pub tip: Won,
    /// What the tip consists of; old quotes do not know it.
    #[serde(default)]
    pub tip_parts: Vec<TipPart>,
    /// What coupons take off.
    #[serde(default)]
    pub discounts: Vec<Discount>,
    /// What the customer pays by points.
    #[serde(default)]
    pub points: Won,
    /// What the customer pays by the payment gateway: `subtotal + tip` without the discounts and the points.
    pub payable: Won,
    /// How many points the cart is to be paid with, if so many can be used.
    #[serde(default)]
    pub points_wanted: Won,
    /// The coupons that the cart has chosen, also those that take nothing off.
    #[serde(default)]
    pub coupons: Vec<Chosen>,
    /// The restaurant's minimum order amount.
    pub minimum: Won,
    /// The restaurant's position, where the food is picked up.
    pub pickup: LatLon,
    /// Where it is delivered; `None` for pickup.
    pub drop_off: Option<DropOff>,
    /// What the customer must know; some problems prevent the order.
    pub problems: Vec<Problem>,
    /// When it was built.
    pub made_at: Timestamp,
    /// When it stops being valid.
    pub expires_at: Timestamp,
}

/// When the food is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromisedWindow {
    /// The earliest time.
    pub from: Timestamp,
    /// The latest time.
    pub until: Timestamp,
    /// Whether it is promised. As soon as possible is an estimate: the restaurant says how long it
    /// takes when it accepts. A guest, who cannot order, is promised nothing.
    pub binding: bool,
}

/// Why no order can be placed from a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuoteRefusal {
    /// It has expired.
    Expired,
    /// It has problems that prevent the order.
    NotOrderable {
        /// The problems.
        problems: Vec<Problem>,
    },
    /// The cart has changed since.
    Outdated,
    /// An order was placed from it, and that order has ended.
    Used,
    /// The same cart costs more now. The customer must agree first.
    PriceRose {
        /// The quoted amount.
        was: Won,
        /// The current amount.
        now: Won,
    },
}

impl Refusal for QuoteRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::Expired => quote_expired(),
            Self::NotOrderable { problems } => quote_not_orderable().with_faults(faults(problems)),
            Self::Outdated => quote_outdated(),
            Self::Used => quote_used(),
            Self::PriceRose { was, now } => price_rose(was.0, now.0),
        }
    }
}

crate::refusals! {
    quote_expired() => Rule "cart.quote_expired":
        "금액 안내가 만료됐어요. 금액을 다시 확인해 주세요.", "The price has expired. Please check the price again.";
    quote_not_orderable() => Rule "cart.quote_not_orderable":
        "지금은 이대로 주문할 수 없어요.", "It cannot be ordered like this now.";
    quote_outdated() => Conflict "cart.quote_outdated":
        "장바구니가 바뀌었어요. 금액을 다시 확인해 주세요.", "The cart has changed. Please check the price again.";
    quote_used() => Conflict "cart.quote_used":
        "이 금액으로 한 주문은 끝났어요. 금액을 다시 확인해 주세요.",
        "The order of this price is over. Please check the price again.";
    price_rose(was_won, now_won) => Conflict "cart.price_rose":
        "그사이 금액이 올랐어요. 금액을 다시 확인해 주세요.",
        "The price has risen meanwhile. Please check the price again.";
}

impl Quote {
    /// When a quote made at `at` expires.
    pub fn expiry(at: Timestamp) -> Timestamp {
        at + Duration::minutes(LIFE_MINS)
    }

    /// The amount missing to the minimum order amount; zero if it is reached.
    pub fn shortfall(&self) -> Won {
        Won(self.minimum.0.saturating_sub(self.subtotal.0)).or_zero()
    }

    /// When the food is there if it is ordered when the quote is made: at the slot, or after preparation
    /// and travel, and at most `margin` later.
    pub fn promised_window(&self, margin: Duration) -> PromisedWindow {
        let from = self.slot.unwrap_or(self.made_at + Duration::minutes(i64::from(self.lead_mins)));
        let binding = self.slot.is_some() && self.customer != GUEST;
        PromisedWindow { from, until: from + margin, binding }
    }

    /// Whether it has lines and no blocking problem; does not check its age.
    pub fn orderable(&self) -> bool {
        !self.lines.is_empty() && !self.problems.iter().any(Problem::blocks)
    }

    /// Whether it is still valid.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Compares the quote with `current`, the same cart quoted again: a higher amount needs
    /// the customer's consent, a lower one is passed on.
    pub fn honour(self, current: Quote, now: Timestamp) -> Result<Quote, QuoteRefusal> {
        if !self.is_alive(now) {
            return Err(QuoteRefusal::Expired);
        }
        for quote in [&self, &current] {
            if !quote.orderable() {
                return Err(QuoteRefusal::NotOrderable { problems: quote.problems.clone() });
            }
        }
        if current.payable > self.payable {
            return Err(QuoteRefusal::PriceRose { was: self.payable, now: current.payable });
        }
        Ok(Quote { id: self.id, made_at: self.made_at, expires_at: self.expires_at, ..current })
    }
}
