//! The price that is promised for a while.
//!
//! A quote is built by the server from the menu's current version, so that a
//! price from a client is never used. It is for one method of fulfilment and one
//! time, lives for [`LIFE_MINS`] minutes, and an order is placed from it and from
//! nothing else.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{
    Fault, Kind, LatLon, LineId, MenuId, OptionId, QuoteId, Refusal, RestaurantId, Timestamp, UserId, Won,
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
        let fault = |pointer: &str, code, detail: String| Fault { pointer: pointer.into(), code, detail };
        let of_line = |line_id: &LineId, code, detail| fault(&format!("/lines/{line_id}"), code, detail);
        match self {
            Problem::Closed { next_open_at } => {
                let opens =
                    next_open_at.map_or(String::new(), |at| format!(" It opens at {}.", at.to_rfc3339()));
                fault("/slot", "closed", format!("The restaurant takes no orders then.{opens}"))
            }
            Problem::NotDeliverable => {
                fault("/address_id", "not_deliverable", "The restaurant does not deliver there.".into())
            }
            Problem::SlotOutOfRange { earliest, latest } => fault(
                "/slot",
                "slot_out_of_range",
                format!("From {} to {}.", earliest.to_rfc3339(), latest.to_rfc3339()),
            ),
            Problem::BelowMinimum { shortfall } => fault(
                "/lines",
                "below_minimum",
                format!("{shortfall} are missing to the minimum order amount."),
            ),
            Problem::SoldOut { line_id, name } => {
                of_line(line_id, "sold_out", format!("{name} is sold out."))
            }
            Problem::Gone { line_id, name } => {
                of_line(line_id, "gone", format!("{name} is no longer offered."))
            }
            Problem::OptionsChanged { line_id, detail, .. } => {
                of_line(line_id, "options_changed", detail.clone())
            }
            Problem::PriceChanged { line_id, now, .. } => {
                of_line(line_id, "price_changed", format!("It costs {now} now."))
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteRefusal {
    /// Its time is over.
    #[error("The quote has expired; ask for a new one.")]
    Expired,
    /// It has a problem that forbids to order.
    #[error("The quote cannot be ordered: see its problems.")]
    NotOrderable {
        /// What forbids it.
        problems: Vec<Problem>,
    },
    /// The cart is another one by now.
    #[error("The cart has changed since it was quoted; ask for a new quote.")]
    Outdated,
    /// It was ordered from, and that order is over.
    #[error("The order of this quote is over; ask for a new quote.")]
    Used,
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
            QuoteRefusal::NotOrderable { .. } => "cart.quote_not_orderable",
            QuoteRefusal::Outdated => "cart.quote_outdated",
            QuoteRefusal::Used => "cart.quote_used",
            QuoteRefusal::PriceRose { .. } => "cart.price_rose",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            QuoteRefusal::PriceRose { .. } | QuoteRefusal::Outdated | QuoteRefusal::Used => Kind::Conflict,
            QuoteRefusal::Expired | QuoteRefusal::NotOrderable { .. } => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            QuoteRefusal::NotOrderable { problems } => faults(problems),
            _ => Vec::new(),
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

    /// The moment that it is priced for: its slot, or else when it was made. So an
    /// unchanged menu and plan keep the price for the quote's whole life, whatever
    /// surcharge begins meanwhile.
    pub fn priced_at(&self) -> Timestamp {
        self.slot.unwrap_or(self.made_at)
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
