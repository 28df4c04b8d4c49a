//! What somebody may be about to type: categories, restaurants and dishes that are delivered to a place.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::area::Bearer;
use super::record::Plane;
use super::{Catalogue, NameId, Rank, Slot, Wanted, categories};
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
    /// Of what is wanted, the place and the time count.
    pub fn suggest(&self, wanted: &Wanted<'_>, query: &Query) -> Vec<Suggestion> {
        let wanted = &Wanted { category: None, radius_m: None, tag: None, query: None, ..*wanted };
        let mut found = self.suggestible(wanted, &query.strict());
        if found.is_empty() {
            found = self.suggestible(wanted, query);
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

    pub(super) fn suggestible(&self, wanted: &Wanted<'_>, query: &Query) -> Found {
        let mut found = Found::default();
        let mut of_category = [0; Category::ALL.len()];
        let plane = Plane::around(wanted.to.position);
        let mut marks = vec![0; self.records.len()];
        for (slot, spot, _) in self.around(wanted.to, |_| true) {
            let exactly = || self.record(slot).is_some_and(|record| record.place(wanted).is_some());
            if !spot.delivers(plane).unwrap_or_else(exactly) {
                continue;
            }
            set(&mut marks, slot, NEAR);
            let index = Category::ALL.iter().position(|each| *each == spot.category);
            if let Some(count) = index.and_then(|index| of_category.get_mut(index)) {
                *count += 1;
            }
        }
        let candidates = self.names.candidates(query);
        for area in self.areas(wanted.to) {
            area.search(
                (query, &candidates),
                &self.names,
                |slot| self.record(slot),
                |slot| marks.get(slot as usize) == Some(&NEAR),
                |bearer, name, how, slots| {
                    let here = slots.iter().filter(|slot| marks.get(**slot as usize) == Some(&NEAR));
                    if bearer == Bearer::Dish {
                        let count = u32::try_from(here.count()).unwrap_or(u32::MAX);
                        found.dishes.extend((count > 0).then_some((how, Reverse(count), name)));
                        return;
                    }
                    for record in here.filter_map(|slot| self.record(*slot)) {
                        let Some(place) = record.place(wanted) else { continue };
                        let closed = !record.is_open(wanted.at, wanted.holidays);
                        found.restaurants.push((Rank { closed, found: Some(how), ..place }, name));
                    }
                },
            );
            // Who stands in the next area too counts once.
            area.slots().iter().for_each(|slot| set(&mut marks, *slot, DONE));
        }
        found.merge_dishes();
        let matched = categories(query).into_iter().zip(of_category).enumerate();
        let matched = matched.filter(|(_, (_, count))| *count > 0);
        found.categories =
            matched.filter_map(|(index, (how, count))| Some((how?, Reverse(count), index))).collect();
        found
    }
}

/// What is known of a restaurant while suggestions are made: it delivers to the place, and it was counted.
const NEAR: u8 = 1;
const DONE: u8 = 2;

fn set(marks: &mut [u8], slot: Slot, mark: u8) {
    if let Some(place) = marks.get_mut(slot as usize) {
        *place |= mark;
    }
}

impl Found {
    /// A dish of two areas is one.
    fn merge_dishes(&mut self) {
        self.dishes.sort_unstable_by_key(|(.., name)| *name);
        self.dishes.dedup_by(|(_, next, name), (_, count, before)| {
            let is_same = name == before;
            if is_same {
                count.0 += next.0;
            }
            is_same
        });
    }

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
