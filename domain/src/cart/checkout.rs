//! Quotes a cart: what it costs for one method and one time, and what prevents the order.

use chrono::Duration;

use super::alcohol;
use super::pricing::{cart_lines, price, subtotal};
use super::quote::{DropOff, Method, Problem, Quote, QuotedLine};
use super::state::{Cart, CartRefusal};
use crate::coupon::{Basket, Coupon, Discounts, Inapplicable, discount, off};
use crate::gazetteer::DongCode;
use crate::menu::{Card, Stock};
use crate::restaurant::{Destination, Holidays, Opening, Restaurant};
use crate::tip::TipPart;
use crate::won::Overflow;
use crate::{CouponId, QuoteId, Timestamp, Won, points};

/// The input of a quote other than the cart.
#[derive(Clone, Debug)]
pub struct Checkout<'a> {
    /// The restaurant.
    pub restaurant: &'a Restaurant,
    /// Its current menu.
    pub card: &'a Card,
    /// What is left of its limited dishes on the day of the order.
    pub stock: &'a Stock,
    /// The public holidays.
    pub holidays: &'a Holidays,
    /// When the customer wants it; `None` for as soon as possible.
    pub slot: Option<Timestamp>,
    /// How many other orders there are for that slot.
    pub scheduled: u32,
    /// Where it is delivered; `None` for pickup.
    pub drop_off: Option<DropOff>,
    /// The neighbourhood of the drop-off, if known.
    pub dong: Option<DongCode>,
    /// The travel time to the drop-off; zero for pickup.
    pub travel: Duration,
    /// The cart's coupons.
    pub coupons: &'a [Coupon],
    /// Whether the customer has ordered before.
    pub has_ordered: bool,
    /// How many points they have.
    pub points: Won,
}

impl Checkout<'_> {
    /// Quotes the cart. Problems that prevent the order are listed in the quote; only an
    /// empty cart or an overflow is refused.
    pub fn quote(self, cart: &Cart, id: QuoteId, now: Timestamp) -> Result<Quote, CartRefusal> {
        self.quote_again(cart, id, now, now)
    }

    /// Repeats a quote that was made at `made_at`. Slot limits and time surcharges are
    /// evaluated for the slot or `made_at`, opening hours for `now`; menu and tip rules are
    /// the current ones.
    pub fn quote_again(
        self,
        cart: &Cart,
        id: QuoteId,
        made_at: Timestamp,
        now: Timestamp,
    ) -> Result<Quote, CartRefusal> {
        if cart.lines.is_empty() {
            return Err(CartRefusal::Empty);
        }
        let priced = price(&cart.lines, self.card, self.stock, now)?;
        let subtotal = subtotal(&priced)?;
        let (tip_parts, away) = self.tip(subtotal, self.slot.unwrap_or(made_at))?;
        let tip = Won::sum(tip_parts.iter().map(|part| part.amount))?;
        let mut lines: Vec<QuotedLine> =
            priced.iter().filter(|line| line.counts()).map(|line| line.line.clone()).collect();
        let discounts = self.discounts(&mut lines, tip, made_at);
        let price = subtotal.plus(tip)?.minus(discounts.total())?;
        let points = points::usable(cart.points, self.points, price);
        let payable = price.minus(points)?;
        let fewer_points =
            (points < cart.points).then_some(Problem::FewerPoints { wanted: cart.points, used: points });
        let minimum = self.restaurant.rules.minimum_order;
        let lead = self.restaurant.lead(self.travel, self.slot.unwrap_or(made_at));
        let closed = match self.restaurant.opening_for(self.slot, lead, now, self.holidays) {
            Opening::Open => None,
            Opening::Closed { next_open_at, .. } => Some(Problem::Closed { next_open_at }),
        };
        let shortfall = minimum.minus(subtotal)?.or_zero();
        let below = (shortfall > Won::ZERO).then_some(Problem::BelowMinimum { shortfall });
        let alcohol = alcohol::check(&priced, self.card)?;
        let of_lines = priced.iter().flat_map(|line| line.problem.clone().into_iter().chain(line.few_left()));
        let of_slot = self.slot_problem(lead, made_at);
        let of_coupons = coupon_problems(self.coupons, &discounts);
        let of_order = of_slot.into_iter().chain(away).chain(below).chain(alcohol);
        let problems = of_lines.chain(closed).chain(of_order).chain(of_coupons).chain(fewer_points);
        Ok(Quote {
            id,
            customer: cart.customer,
            cart_version: cart.version,
            menu_version: self.card.version,
            restaurant_id: self.restaurant.id,
            restaurant_name: self.restaurant.name.clone(),
            method: if self.drop_off.is_some() { Method::Delivery } else { Method::Pickup },
            slot: self.slot,
            lead_mins: u32::try_from(lead.num_minutes()).unwrap_or(u32::MAX),
            lines,
            subtotal,
            tip,
            tip_parts,
            discounts: discounts.applied,
            points,
            payable,
            points_wanted: cart.points,
            coupons: cart.coupons.clone(),
            minimum,
            pickup: self.restaurant.position,
            drop_off: self.drop_off,
            problems: problems.collect(),
            made_at,
            expires_at: Quote::expiry(made_at),
        })
    }

    /// What the coupons take off. Like the tip's surcharges, they are judged for the moment at which the
    /// quote was made: what was promised stays for as long as the quote does.
    fn discounts(&self, lines: &mut [QuotedLine], tip: Won, made_at: Timestamp) -> Discounts {
        let Self { restaurant, has_ordered, .. } = *self;
        let (id, category) = (restaurant.id, restaurant.category);
        let basket = Basket { restaurant: id, category, lines, tip: Some(tip), at: made_at, has_ordered };
        let discounts = discount(self.coupons, &basket);
        for (line, shares) in lines.iter_mut().zip(&discounts.of_lines) {
            line.discount = off(shares);
            line.shares.clone_from(shares);
        }
        discounts
    }

    /// The delivery tip at `at`, or the problem that the address is not deliverable. Zero
    /// for pickup, which the restaurant must take.
    fn tip(&self, subtotal: Won, at: Timestamp) -> Result<(Vec<TipPart>, Option<Problem>), Overflow> {
        let Some(drop_off) = &self.drop_off else {
            return Ok((Vec::new(), (!self.restaurant.rules.takes_pickup).then_some(Problem::NoPickup)));
        };
        let to = Destination::of(drop_off, self.dong);
        if !self.restaurant.delivers_to(to) {
            return Ok((Vec::new(), Some(Problem::NotDeliverable)));
        }
        Ok((self.restaurant.tip_parts_for(subtotal, to, at, self.holidays)?, None))
    }

    fn slot_problem(&self, lead: Duration, made_at: Timestamp) -> Option<Problem> {
        let slot = self.slot?;
        let (earliest, latest) = self.restaurant.slot_range(lead, made_at);
        if !(earliest..=latest).contains(&slot) {
            return Some(Problem::SlotOutOfRange { earliest, latest });
        }
        (!self.restaurant.takes_another(self.scheduled)).then_some(Problem::SlotFull)
    }
}

fn coupon_problems(coupons: &[Coupon], discounts: &Discounts) -> Vec<Problem> {
    let name = |id| coupons.iter().find(|coupon| coupon.id == id).map(|coupon| coupon.terms.name.clone());
    let problem = |&(coupon_id, reason): &(CouponId, Inapplicable)| Problem::CouponInapplicable {
        coupon_id,
        name: name(coupon_id).unwrap_or_default(),
        reason,
    };
    discounts.inapplicable.iter().map(problem).collect()
}

impl Quote {
    /// The quoted cart, to be priced again, without the lines that were not available.
    pub fn cart(&self) -> Cart {
        Cart {
            customer: self.customer,
            version: self.cart_version,
            restaurant_id: Some(self.restaurant_id),
            lines: cart_lines(&self.lines),
            coupons: self.coupons.clone(),
            points: self.points_wanted,
            added: Vec::new(),
        }
    }
}

#[cfg(test)]
#[path = "checkout_tests.rs"]
mod tests;
