//! The price that is promised for a while.
//!
//! A quote is built by the server from the menu's current version, so that a
//! price from a client is never used. It lives for [`LIFE_MINS`] minutes; an
//! order is placed from it and from nothing else.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{Kind, LatLon, LineId, MenuId, OptionId, QuoteId, Refusal, RestaurantId, Timestamp, UserId, Won};

/// How long a quote may be ordered from, in minutes.
pub const LIFE_MINS: i64 = 5;

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
    /// What is ordered; lines with a blocking problem are left out.
    pub lines: Vec<QuotedLine>,
    /// Σ line totals.
    pub subtotal: Won,
    /// The delivery tip; zero where the address is not deliverable.
    pub tip: Won,
    /// `subtotal + tip`.
    pub payable: Won,
    /// The restaurant's minimum order amount.
    pub minimum: Won,
    /// Where the courier collects.
    pub pickup: LatLon,
    /// Where the courier delivers.
    pub drop_off: DropOff,
    /// What the customer should know; some of it forbids to order.
    pub problems: Vec<Problem>,
    /// When it was built.
    pub made_at: Timestamp,
    /// From when on it promises nothing.
    pub expires_at: Timestamp,
}

/// Why a quote cannot be ordered from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteRefusal {
    /// Its time is over.
    #[error("The quote has expired; ask for a new one.")]
    Expired,
    /// It has a problem that forbids to order.
    #[error("The quote cannot be ordered: see its problems.")]
    NotOrderable,
    /// The same cart would cost more now. The customer must agree first.
    #[error("The price rose from {was} to {now}; ask for a new quote.")]
    PriceRose {
        /// What was promised.
        was: Won,
        /// What it would be now.
        now: Won,
    },
}

impl Refusal for QuoteRefusal {
    fn code(&self) -> &'static str {
        match self {
            QuoteRefusal::Expired => "cart.quote_expired",
            QuoteRefusal::NotOrderable => "cart.quote_not_orderable",
            QuoteRefusal::PriceRose { .. } => "cart.price_rose",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            QuoteRefusal::PriceRose { .. } => Kind::Conflict,
            QuoteRefusal::Expired | QuoteRefusal::NotOrderable => Kind::Rule,
        }
    }
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
        if !self.orderable() || !current.orderable() {
            return Err(QuoteRefusal::NotOrderable);
        }
        if current.payable > self.payable {
            return Err(QuoteRefusal::PriceRose { was: self.payable, now: current.payable });
        }
        Ok(Quote { id: self.id, made_at: self.made_at, expires_at: self.expires_at, ..current })
    }
}
