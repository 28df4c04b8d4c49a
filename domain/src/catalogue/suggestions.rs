//! What somebody may be about to type: categories, restaurants and dishes that are delivered to a place.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::{Catalogue, Compared, NameId, Rank, Wanted, categories};
use crate::RestaurantId;
use crate::restaurant::Category;
use crate::search::{Match, Query};

/// The most suggestions.
pub const SUGGESTIONS_MAX: usize = 10;

/// How many of each kind there are at most while others wait.
const CATEGORIES: usize = 2;
const RESTAURANTS: usize = 4;
const DISHES: usize = 4;

/// Something that can be searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// A category, of at least one restaurant.
    Category {
        /// Which.
        category: Category,
        /// How many restaurants have it.
        restaurants: u32,
    },
    /// A restaurant.
    Restaurant {
        /// Which.
        id: RestaurantId,
        /// Its name.
        name: String,
    },
    /// A dish.
    Dish {
        /// Its name.
        name: String,
        /// How many restaurants have one of this name.
        restaurants: u32,
    },
}

/// What was found of each kind, the best first.
#[derive(Default)]
pub(super) struct Found {
    categories: Vec<(Match, Reverse<u32>, usize)>,
    pub(super) restaurants: Vec<(Rank, NameId)>,
    pub(super) dishes: Vec<(Match, Reverse<u32>, NameId)>,
}

impl Catalogue {
    /// What matches a query near a place, at most [`SUGGESTIONS_MAX`], the best first: by how they
    /// match, then categories before restaurants before dishes; restaurants as in a list, the others
    /// by how many restaurants have them. One wrong letter is forgiven only if nothing matches otherwise.
    pub fn suggest(&self, wanted: &Wanted<'_>, query: &Query) -> Vec<Suggestion> {
        let mut found = self.matching(wanted, &query.strict());
        if found.is_empty() {
            found = self.matching(wanted, query);
        }
        let Found { mut categories, mut restaurants, mut dishes } = found;
        categories.sort_unstable();
        restaurants.sort_unstable_by_key(|(rank, _)| (rank.found, *rank));
        dishes.sort_unstable();
        let categories = categories.into_iter().filter_map(|(how, Reverse(restaurants), index)| {
            let category = *Category::ALL.get(index)?;
            Some((how, Suggestion::Category { category, restaurants }))
        });
        let restaurants = restaurants.into_iter().filter_map(|(rank, name)| {
            let name = self.names.text(name).to_owned();
            Some((rank.found?, Suggestion::Restaurant { id: rank.id, name }))
        });
        // One dish is written in several ways.
        let mut seen = BTreeSet::new();
        let dishes = dishes.into_iter().filter(|(.., name)| seen.insert(self.names.view(*name).keys));
        let dishes = dishes.map(|(how, Reverse(restaurants), name)| {
            (how, Suggestion::Dish { name: self.names.text(name).to_owned(), restaurants })
        });
        let mut kinds = [
            (CATEGORIES, categories.take(SUGGESTIONS_MAX).collect::<Vec<_>>()),
            (RESTAURANTS, restaurants.take(SUGGESTIONS_MAX).collect()),
            (DISHES, dishes.take(SUGGESTIONS_MAX).collect()),
        ];
        let mut others: Vec<_> = Vec::new();
        for (most, of_kind) in &mut kinds {
            others.extend(of_kind.split_off((*most).min(of_kind.len())));
        }
        let mut chosen: Vec<_> = kinds.into_iter().flat_map(|(_, of_kind)| of_kind).collect();
        others.sort_by_key(|(how, _)| *how);
        chosen.extend(others.into_iter().take(SUGGESTIONS_MAX - chosen.len().min(SUGGESTIONS_MAX)));
        // Stable: kinds stay in their order, and each kind in its own.
        chosen.sort_by_key(|(how, suggestion)| (*how, suggestion.kind()));
        chosen.into_iter().map(|(_, suggestion)| suggestion).collect()
    }

    pub(super) fn matching(&self, wanted: &Wanted<'_>, query: &Query) -> Found {
        let mut compared = Compared::new(query, &self.names);
        let mut found = Found::default();
        let mut of_category = [0; Category::ALL.len()];
        let mut of_dish: HashMap<NameId, (Match, u32)> = HashMap::new();
        for record in self.around(wanted.to) {
            let Some(place) = record.place(wanted) else { continue };
            let index = Category::ALL.iter().position(|each| *each == record.category);
            if let Some(count) = index.and_then(|index| of_category.get_mut(index)) {
                *count += 1;
            }
            if let Some(how) = compared.matches(record.name) {
                let closed = !record.is_open(wanted.at, wanted.holidays);
                found.restaurants.push((Rank { closed, found: Some(how), ..place }, record.name));
            }
            for dish in &record.dishes {
                if let Some(how) = compared.matches(*dish) {
                    of_dish.entry(*dish).or_insert((how, 0)).1 += 1;
                }
            }
        }
        let matched = categories(query).into_iter().zip(of_category).enumerate();
        let matched = matched.filter(|(_, (_, count))| *count > 0);
        found.categories =
            matched.filter_map(|(index, (how, count))| Some((how?, Reverse(count), index))).collect();
        found.dishes = of_dish.into_iter().map(|(name, (how, count))| (how, Reverse(count), name)).collect();
        found
    }
}

impl Found {
    fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.restaurants.is_empty() && self.dishes.is_empty()
    }
}

impl Suggestion {
    /// The place of its kind.
    fn kind(&self) -> u8 {
        match self {
            Self::Category { .. } => 0,
            Self::Restaurant { .. } => 1,
            Self::Dish { .. } => 2,
        }
    }
}
