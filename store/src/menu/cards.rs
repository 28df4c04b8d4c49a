//! Cards that this process read, so that only a version is asked for again.

use std::sync::Arc;

use domain::RestaurantId;
use domain::menu::Card;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Dishes and options that are kept, of all cards together: tens of megabytes at most.
const ROWS: u64 = 200_000;

/// The cache makes room for so many cards at once.
const CARDS: usize = 1_000;

/// Cards by restaurant, those that are asked for most. A card is true as long as the
/// restaurant's version is the one that it was read at.
pub(crate) struct Cards(Cache<RestaurantId, Arc<Card>, Rows>);

#[derive(Clone)]
struct Rows;

impl Weighter<RestaurantId, Arc<Card>> for Rows {
    fn weight(&self, _: &RestaurantId, card: &Arc<Card>) -> u64 {
        let options = card.menus().flat_map(|menu| &menu.option_groups).map(|group| group.options.len());
        (1 + card.menus().count() + options.sum::<usize>()) as u64
    }
}

impl Default for Cards {
    fn default() -> Self {
        Self(Cache::with_weighter(CARDS, ROWS, Rows))
    }
}

impl Cards {
    pub(super) fn at(&self, id: RestaurantId, version: u64) -> Option<Arc<Card>> {
        self.0.get(&id).filter(|card| card.version == version)
    }

    pub(super) fn keep(&self, card: &Arc<Card>) {
        self.0.insert(card.restaurant_id, Arc::clone(card));
    }
}
