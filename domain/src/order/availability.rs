//! Whether the restaurant can still cook what was ordered: asked before money is taken,
//! and when the same is ordered again.

use chrono::Duration;

use super::{Order, OrderRefusal};
use crate::cart::NewLine;
use crate::cart::pricing::{PricedLine, cart_lines, price};
use crate::menu::Card;
use crate::restaurant::{Opening, Restaurant};
use crate::{Fault, LineId, Timestamp};

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
        let missing = self.missing(card)?;
        if missing.is_empty() { Ok(()) } else { Err(OrderRefusal::SoldOut { lines: missing }) }
    }

    /// The dishes as they can be put in a cart today, at today's price, and why others
    /// cannot. Refuses where none can. `id` makes the ids of lines.
    pub fn again(
        &self,
        card: &Card,
        mut id: impl FnMut() -> LineId,
    ) -> Result<(Vec<NewLine>, Vec<Fault>), OrderRefusal> {
        let missing = self.missing(card)?;
        let lines: Vec<NewLine> = cart_lines(&self.lines)
            .into_iter()
            .filter_map(|line| {
                let menu = card.menu(line.menu_id)?;
                let choice = menu.choose(&line.picks()).ok()?;
                Some(NewLine {
                    id: id(),
                    restaurant_id: self.restaurant,
                    menu_id: menu.id,
                    name: menu.name.clone(),
                    quantity: line.quantity,
                    choice,
                })
            })
            .collect();
        if lines.is_empty() {
            Err(OrderRefusal::NothingToReorder { lines: missing })
        } else {
            Ok((lines, missing))
        }
    }

    /// What of it cannot be had any more.
    fn missing(&self, card: &Card) -> Result<Vec<Fault>, OrderRefusal> {
        let lines = price(&cart_lines(&self.lines), card).map_err(|_| OrderRefusal::NotOrderable)?;
        Ok((0..).zip(&lines).filter_map(|(at, line)| missing(at, line)).collect())
    }
}

/// What is wrong with the order's line at that place, if it cannot be had.
fn missing(at: usize, line: &PricedLine) -> Option<Fault> {
    let problem = line.problem.as_ref().filter(|problem| problem.blocks())?;
    Some(Fault { pointer: format!("/lines/{at}"), ..problem.fault() })
}
