//! Whether the ordered dishes are still available: checked before the charge, and when the
//! order is repeated.

use chrono::Duration;

use super::{Order, OrderRefusal};
use crate::cart::NewLine;
use crate::cart::pricing::{PricedLine, cart_lines, price};
use crate::menu::{Card, Stock};
use crate::restaurant::{Holidays, Opening, Restaurant};
use crate::{Fault, LineId, Timestamp};

impl Order {
    /// Refuses if the restaurant has closed or paused since the order was created, or no
    /// longer has a dish. Price changes do not matter: the quoted price remains valid.
    pub fn check_available(
        &self,
        restaurant: &Restaurant,
        card: &Card,
        now: Timestamp,
        holidays: &Holidays,
    ) -> Result<(), OrderRefusal> {
        if self.slot.is_some_and(|slot| slot <= now) {
            return Err(OrderRefusal::SlotOver);
        }
        if let Opening::Closed { next_open_at, .. } = self.opening(restaurant, now, holidays) {
            return Err(OrderRefusal::RestaurantClosed { next_open_at });
        }
        let missing = self.missing(card, now)?;
        if missing.is_empty() { Ok(()) } else { Err(OrderRefusal::SoldOut { lines: missing }) }
    }

    /// Whether the restaurant is open for it: for its slot, or else now.
    pub fn opening(&self, restaurant: &Restaurant, now: Timestamp, holidays: &Holidays) -> Opening {
        let lead = Duration::minutes(i64::from(self.lead_mins));
        restaurant.opening_for(self.slot, lead, now, holidays)
    }

    /// The lines for repeating the order at current prices, and the problems of those that
    /// are not available. Refuses if none is available. `id` generates the line ids.
    pub fn again(
        &self,
        card: &Card,
        now: Timestamp,
        mut id: impl FnMut() -> LineId,
    ) -> Result<(Vec<NewLine>, Vec<Fault>), OrderRefusal> {
        let missing = self.missing(card, now)?;
        let lines: Vec<NewLine> = cart_lines(&self.lines)
            .into_iter()
            .filter_map(|line| {
                let menu = card.menu(line.menu_id)?;
                let choice = menu.choose(&line.picks(), now).ok()?;
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

    /// The lines that are no longer available. Daily limits do not matter: the order has its portions.
    fn missing(&self, card: &Card, now: Timestamp) -> Result<Vec<Fault>, OrderRefusal> {
        let lines = price(&cart_lines(&self.lines), card, &Stock::default(), now)
            .map_err(|_| OrderRefusal::NotOrderable)?;
        Ok((0..).zip(&lines).filter_map(|(at, line)| missing(at, line)).collect())
    }
}

/// The problem of the order's line at index `at`, if it is not available.
fn missing(at: usize, line: &PricedLine) -> Option<Fault> {
    let problem = line.problem.as_ref().filter(|problem| problem.blocks())?;
    Some(Fault { pointer: format!("/lines/{at}"), ..problem.fault() })
}
