//! Whether the restaurant can still cook what was ordered: asked before money is taken.

use chrono::Duration;

use super::{Order, OrderRefusal};
use crate::cart::pricing::{PricedLine, cart_lines, price};
use crate::menu::Card;
use crate::restaurant::{Opening, Restaurant};
use crate::{Fault, Timestamp};

impl Order {
    /// Refuses the order of a shop that closed or paused since it was made, or that no
    /// longer has a dish. What dishes cost now does not matter: the price stands.
    pub fn check_available(
        &self,
        restaurant: &Restaurant,
        card: &Card,
        now: Timestamp,
    ) -> Result<(), OrderRefusal> {
        let lead = Duration::minutes(i64::from(self.lead_mins));
        let opening = restaurant.opening_for(self.slot, lead, now);
        if self.slot.is_some_and(|slot| slot <= now) {
            return Err(OrderRefusal::SlotOver);
        }
        if let Opening::Closed { next_open_at, .. } = opening {
            return Err(OrderRefusal::RestaurantClosed { next_open_at });
        }
        let lines = price(&cart_lines(&self.lines), card).map_err(|_| OrderRefusal::NotOrderable)?;
        let missing: Vec<Fault> = (0..).zip(&lines).filter_map(|(at, line)| missing(at, line)).collect();
        if missing.is_empty() { Ok(()) } else { Err(OrderRefusal::SoldOut { lines: missing }) }
    }
}

/// What is wrong with the order's line at that place, if it cannot be had.
fn missing(at: usize, line: &PricedLine) -> Option<Fault> {
    let problem = line.problem.as_ref().filter(|problem| problem.blocks())?;
    Some(Fault { pointer: format!("/lines/{at}"), ..problem.fault() })
}
