//! A guest's cart: kept in the browser, priced here, and merged into the customer's cart at sign-in.
//!
//! Like any cart it has ids and quantities and no prices. Nothing of it is stored.

use uuid::Uuid;

use super::pricing::price;
use super::quote::Problem;
use super::state::{Cart, CartRefusal, LINES_MAX, Line, NewLine};
use crate::menu::{Card, ChosenOption, Pick, Stock};
use crate::{Fault, LineId, MenuId, RestaurantId, Timestamp, UserId, Won};

/// The customer of a guest's cart, and of its quote: nobody has this id.
pub(super) const GUEST: UserId = UserId(Uuid::nil());

/// A dish in a guest's cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLine {
    /// Its id, which the browser chose; problems are told by it.
    pub id: LineId,
    /// The dish.
    pub menu_id: MenuId,
    /// The quantity, 1 to [`QUANTITY_MAX`](super::state::QUANTITY_MAX).
    pub quantity: u32,
    /// The options chosen for each.
    pub picks: Vec<Pick>,
}

/// A cart of somebody who is not signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestCart {
    /// The restaurant of all lines.
    pub restaurant_id: RestaurantId,
    /// The lines, oldest first.
    pub lines: Vec<GuestLine>,
}

impl GuestCart {
    /// The cart to be priced by `card`. A line that cannot be had is in it, too: pricing finds out why.
    pub fn cart(&self, card: &Card, now: Timestamp) -> Result<Cart, CartRefusal> {
        if self.lines.len() > LINES_MAX {
            return Err(CartRefusal::TooManyLines);
        }
        let lines = self.lines.iter().map(|line| line.of(card, now)).collect();
        Ok(Cart { restaurant_id: Some(self.restaurant_id), lines, ..Cart::empty(GUEST) })
    }

    /// The lines that can be had, to be merged into a cart, and why the others cannot. Daily limits do
    /// not matter: the cart tells what is left. `id` generates the ids of the merged lines; the browser's
    /// may be anything.
    pub fn to_merge(
        &self,
        card: &Card,
        now: Timestamp,
        mut id: impl FnMut() -> LineId,
    ) -> Result<(Vec<NewLine>, Vec<Fault>), CartRefusal> {
        let lines = self.cart(card, now)?.lines;
        let priced = price(&lines, card, &Stock::default(), now)?;
        let (mut can, mut cannot) = (Vec::new(), Vec::new());
        for (line, priced) in lines.into_iter().zip(priced) {
            match priced.problem.filter(Problem::blocks) {
                None => can.push(NewLine { id: id(), ..line.into_new(self.restaurant_id) }),
                Some(problem) => cannot.push(problem.fault()),
            }
        }
        Ok((can, cannot))
    }
}

impl GuestLine {
    /// The line at today's price if it can be had; else as far as it is known.
    fn of(&self, card: &Card, now: Timestamp) -> Line {
        let menu = card.menu(self.menu_id);
        let choice = menu.and_then(|menu| menu.choose(&self.picks, now).ok());
        let (options, unit_price) = choice.map_or_else(
            || (self.unknown_options(), Won::ZERO),
            |choice| (choice.options, choice.unit_price),
        );
        Line {
            id: self.id,
            menu_id: self.menu_id,
            name: menu.map(|menu| menu.name.clone()).unwrap_or_default(),
            quantity: self.quantity,
            options,
            unit_price,
        }
    }

    fn unknown_options(&self) -> Vec<ChosenOption> {
        let option = |pick: &Pick| ChosenOption {
            option_id: pick.option_id,
            name: String::new(),
            quantity: pick.quantity,
            free_quantity: 0,
            price: Won::ZERO,
        };
        self.picks.iter().map(option).collect()
    }
}

#[cfg(test)]
#[path = "guest_tests.rs"]
mod tests;
