//! A cache of the cards that this process has read, so that mostly only versions are queried.

use std::sync::Arc;

use domain::RestaurantId;
use domain::menu::Card;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Maximum dishes and options in the cache, of all cards together: tens of megabytes at most.
const ROWS: u64 = 200_000;

/// The expected number of cards, for the cache's initial capacity.
const CARDS: usize = 1_000;

/// Cards by restaurant, the most requested ones. A card is valid as long as its version is
/// that of the restaurant's menu.
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
