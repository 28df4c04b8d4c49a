//! The price that is promised for a while.
//!
//! A quote is built by the server from the menu's current version, so that a
//! price from a client is never used. It is for one method of fulfilment and one
//! time, lives for [`LIFE_MINS`] minutes, and an order is placed from it and from
//! nothing else.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{
    Fault, LatLon, LineId, MenuId, OptionId, QuoteId, Refusal, Refused, RestaurantId, Timestamp, UserId, Won,
    fault,
};

/// How long a quote may be ordered from, in minutes.
pub const LIFE_MINS: i64 = 5;

/// The longest a slot may lie ahead, in days.
pub const SLOT_DAYS: i64 = 7;

/// Preparation and travel of what was kept before they were worked out, in minutes.
pub(crate) fn usual_lead_mins() -> u32 {
    45
}

/// How the food gets to the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A courier brings it.
    #[default]
    Delivery,
    /// The customer collects it: no delivery tip, no zone, no address.
    Pickup,
}

/// Where the food goes: the customer's address as it was when they asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DropOff {
    /// Where the courier goes.
    pub position: LatLon,
    /// The road-name address (도로명주소).
    pub road_address: String,
    /// Building, floor, door (상세주소); may be empty.
    pub detail: String,
    /// How to get in, for the courier alone; may be empty.
    pub entrance_note: String,
}

/// A choice within a line, priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedOption {
    /// Which option of the menu.
    pub option_id: OptionId,
    /// Its name when quoted.
    pub name: String,
    /// How often it was chosen for one dish, at least 1.
    pub quantity: u32,
    /// The price of one.
    pub price: Won,
}

/// A dish with its options, priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedLine {
    /// The cart's line.
    pub line_id: LineId,
    /// Which dish.
    pub menu_id: MenuId,
    /// Its name when quoted.
    pub name: String,
    /// How many, at least 1.
    pub quantity: u32,
    /// What was chosen for each, by option id.
    pub options: Vec<QuotedOption>,
    /// One dish: its base and Σ option × quantity.
    pub unit_price: Won,
    /// `quantity × unit_price`.
    pub total: Won,
}

/// Something that the customer should know before ordering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Problem {
    /// The restaurant takes no orders now.
    Closed {
        /// When it opens, where that is known.
        next_open_at: Option<Timestamp>,
    },
    /// The address lies outside every delivery zone.
    NotDeliverable,
    /// The slot is nearer than preparation and travel take, or too far ahead.
    SlotOutOfRange {
        /// The first that can be had.
        earliest: Timestamp,
        /// The last that can be had.
        latest: Timestamp,
    },
    /// The lines do not reach the minimum order amount.
    BelowMinimum {
        /// What is missing.
        shortfall: Won,
    },
    /// The dish is sold out; its line is not part of the sum.
    SoldOut {
        /// Which line.
        line_id: LineId,
        /// The dish's name as the customer knows it.
        name: String,
    },
    /// The dish is no longer offered; its line is not part of the sum.
    Gone {
        /// Which line.
        line_id: LineId,
        /// The dish's name as the customer knew it.
        name: String,
    },
    /// The chosen options are no longer possible; the line is not part of the sum.
    OptionsChanged {
        /// Which line.
        line_id: LineId,
        /// The dish's name.
        name: String,
        /// Which rule the choice breaks, for a person.
        detail: String,
    },
    /// The price of one dish differs from when it was put in the cart. The
    /// quote has the new price, so this alone does not hinder the order.
    PriceChanged {
        /// Which line.
        line_id: LineId,
        /// The dish's name.
        name: String,
        /// One dish when it was put in the cart.
        was: Won,
        /// One dish now.
        now: Won,
    },
}

impl Problem {
    /// Whether the order cannot be placed while this holds.
    pub fn blocks(&self) -> bool {
        !matches!(self, Problem::PriceChanged { .. })
    }

    /// What it is about: a field of the request for the quote, or a line of the
    /// cart by its id.
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
            Problem::SlotOutOfRange { earliest, latest } => Fault::new(
                "/slot",
                fault::SLOT_OUT_OF_RANGE,
                format!("From {} to {}.", earliest.to_rfc3339(), latest.to_rfc3339()),
            ),
            Problem::BelowMinimum { shortfall } => Fault::new(
                "/lines",
                fault::BELOW_MINIMUM,
                format!("{shortfall} are missing to the minimum order amount."),
            ),
            Problem::SoldOut { line_id, name } => {
                of_line(line_id, fault::SOLD_OUT, format!("{name} is sold out."))
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
        }
    }
}

/// Problems as parts of a refusal, those alone that forbid to order.
pub(crate) fn faults<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> Vec<Fault> {
    problems.into_iter().filter(|problem| problem.blocks()).map(Problem::fault).collect()
}

/// What the customer would pay, for whom and where to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// Its own id.
    pub id: QuoteId,
    /// Who asked.
    pub customer: UserId,
    /// The cart's version that was quoted.
    pub cart_version: u64,
    /// Who cooks.
    pub restaurant_id: RestaurantId,
    /// Its name when quoted.
    pub restaurant_name: String,
    /// How it gets to the customer.
    #[serde(default)]
    pub method: Method,
    /// When the customer wants it; as soon as it can be, where none is named.
    #[serde(default)]
    pub slot: Option<Timestamp>,
    /// Minutes from the restaurant's being asked to the customer's having it:
    /// preparation and travel.
    #[serde(default = "usual_lead_mins")]
    pub lead_mins: u32,
    /// What is ordered; lines with a blocking problem are left out.
    pub lines: Vec<QuotedLine>,
    /// Σ line totals.
    pub subtotal: Won,
    /// The delivery tip; zero for pickup, and where the address is not deliverable.
    pub tip: Won,
    /// `subtotal + tip`.
    pub payable: Won,
    /// The restaurant's minimum order amount.
    pub minimum: Won,
    /// Where the courier collects.
    pub pickup: LatLon,
    /// Where the courier delivers; nowhere for pickup.
    pub drop_off: Option<DropOff>,
    /// What the customer should know; some of it forbids to order.
    pub problems: Vec<Problem>,
    /// When it was built.
    pub made_at: Timestamp,
    /// From when on it promises nothing.
    pub expires_at: Timestamp,
}

/// Why a quote cannot be ordered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuoteRefusal {
    /// Its time is over.
    Expired,
    /// It has a problem that forbids to order.
    NotOrderable {
        /// What forbids it.
        problems: Vec<Problem>,
    },
    /// The cart is another one by now.
    Outdated,
    /// It was ordered from, and that order is over.
    Used,
    /// The same cart would cost more now. The customer must agree first.
    PriceRose {
        /// What was promised.
        was: Won,
        /// What it would be now.
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
    /// When a quote made `at` ends.
    pub fn expiry(at: Timestamp) -> Timestamp {
        at + Duration::minutes(LIFE_MINS)
    }

    /// What is missing to the minimum order amount; zero when reached.
    pub fn shortfall(&self) -> Won {
        Won(self.minimum.0.saturating_sub(self.subtotal.0)).or_zero()
    }

    /// Whether nothing forbids to order, its age aside.
    pub fn orderable(&self) -> bool {
        !self.lines.is_empty() && !self.problems.iter().any(Problem::blocks)
    }

    /// Whether its promise still holds.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Holds the promise against what the same lines would cost at `now`: a rise
    /// needs the customer's consent, a fall is passed on.
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
