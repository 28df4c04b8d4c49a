//! How many portions of a dish may be sold on one day, and how many are left.
//!
//! An order reserves its portions in the transaction that places it, and gives them back in the one
//! that ends it without its dishes being sold. The day is that of Seoul, of the moment at which the
//! order is wanted.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Card;
use crate::cart::QuotedLine;
use crate::{MenuId, Timestamp, week};

/// The most portions that a limit may allow for a day.
pub const DAILY_LIMIT_MAX: u32 = 10_000;

/// The day whose stock an order takes that is wanted at `at`.
pub fn day(at: Timestamp) -> NaiveDate {
    week::date_of(at)
}

/// What is left of dishes with a daily limit, on one day. A dish that it does not name is unlimited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock(BTreeMap<MenuId, u32>);

impl Stock {
    /// What is left of the card's limited dishes, when so many of them are `sold`.
    pub fn of(card: &Card, sold: &BTreeMap<MenuId, u32>) -> Self {
        let left = card.menus().filter_map(|menu| {
            let limit = menu.daily_limit?;
            Some((menu.id, limit.saturating_sub(sold.get(&menu.id).copied().unwrap_or(0))))
        });
        Self(left.collect())
    }

    /// How many are left; `None` if the dish has no limit.
    pub fn left(&self, id: MenuId) -> Option<u32> {
        self.0.get(&id).copied()
    }

    /// All that are limited, with what is left.
    pub fn iter(&self) -> impl Iterator<Item = (MenuId, u32)> {
        self.0.iter().map(|(id, left)| (*id, *left))
    }

    /// Takes so many away, as far as there are any.
    pub(crate) fn take(&mut self, id: MenuId, quantity: u32) {
        if let Some(left) = self.0.get_mut(&id) {
            *left = left.saturating_sub(quantity);
        }
    }
}

/// The portions of limited dishes among these lines, one entry for each dish, ordered by id.
pub fn portions(lines: &[QuotedLine]) -> Vec<(MenuId, u32)> {
    let mut portions = BTreeMap::<MenuId, u32>::new();
    for line in lines.iter().filter(|line| line.limited) {
        let portion = portions.entry(line.menu_id).or_default();
        *portion = portion.saturating_add(line.quantity);
    }
    portions.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::Menu;
    use crate::menu::tests::{card, chicken};

    #[test]
    fn the_day_begins_at_midnight_in_seoul() {
        let at = |text: &str| day(text.parse().unwrap()).to_string();
        assert_eq!(at("2026-11-27T14:59:59Z"), "2026-11-27");
        assert_eq!(at("2026-11-27T15:00:00Z"), "2026-11-28");
    }

    #[test]
    fn what_is_left_never_falls_below_nothing_and_an_unlimited_dish_has_no_stock() {
        let limited = Menu { daily_limit: Some(10), ..chicken() };
        let card = card(vec![limited.clone()]);
        let mut stock = Stock::of(&card, &BTreeMap::from([(limited.id, 7)]));
        assert_eq!(stock.left(limited.id), Some(3));
        stock.take(limited.id, 9);
        assert_eq!(stock.iter().collect::<Vec<_>>(), [(limited.id, 0)]);
        assert_eq!(Stock::of(&card, &BTreeMap::from([(limited.id, 99)])).left(limited.id), Some(0));
        let unlimited = super::super::tests::card(vec![chicken()]);
        assert_eq!(Stock::of(&unlimited, &BTreeMap::new()), Stock::default());
    }
}
