//! What somebody may be about to type: categories, restaurants and dishes that are delivered to a place.
//!
//! Names are compared before restaurants are judged. Of what matches only a few are shown: each match has a best
//! place that it can have in the order, and they are judged in the order of these places until no other one
//! can be among the few.

use std::cmp::Reverse;

use uuid::Uuid;

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
pub(super) struct Found {
    categories: Vec<FoundCategory>,
    pub(super) restaurants: Vec<(Rank, NameId)>,
    pub(super) dishes: Vec<FoundDish>,
}

/// How it matches, how many restaurants have it, and its place in [`Category::ALL`].
type FoundCategory = (Match, Reverse<u32>, usize);

/// How it matches, how many restaurants have it, and its name.
type FoundDish = (Match, Reverse<u32>, NameId);

impl Catalogue {
    /// What matches a query near a place, at most [`SUGGESTIONS_MAX`], the best first: by how they
    /// match, then categories before restaurants before dishes; restaurants as in a list, the others
    /// by how many restaurants have them. One wrong letter is forgiven only if nothing matches otherwise.
    /// Of what is wanted, the place and the time count.
    pub fn suggest(&self, wanted: &Wanted<'_>, query: &Query) -> Vec<Suggestion> {
        let wanted = &Wanted { category: None, radius_m: None, tag: None, query: None, ..*wanted };
        let mut found = self.suggestible(wanted, &query.strict(), SUGGESTIONS_MAX);
        if found.is_empty() {
            found = self.suggestible(wanted, query, SUGGESTIONS_MAX);
        }
        let Found { categories, restaurants, dishes } = found;
        let categories = categories.into_iter().filter_map(|(how, Reverse(restaurants), index)| {
            let category = *Category::ALL.get(index)?;
            Some((how, Suggestion::Category { category, restaurants }))
        });
        let restaurants = restaurants.into_iter().filter_map(|(rank, name)| {
            let name = self.names.text(name).to_owned();
            Some((rank.found?, Suggestion::Restaurant { id: rank.id, name }))
        });
        let dishes = dishes.into_iter().map(|(how, Reverse(restaurants), name)| {
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

    /// All categories that match, and of the restaurants and the dishes the best `most`.
    pub(super) fn suggestible(&self, wanted: &Wanted<'_>, query: &Query, most: usize) -> Found {
        let judge = Judge { catalogue: self, wanted, plane: Plane::around(wanted.to.position) };
        let (mut restaurants, mut dishes) = (Vec::new(), Vec::new());
        let candidates = self.names.candidates(query);
        for area in self.areas(wanted.to) {
            area.search(
                (query, &candidates),
                &self.names,
                |slot| self.record(slot),
                |slot| judge.at_least_m(slot).is_some(),
                |bearer, name, how, slots| {
                    let near = slots.iter().filter_map(|slot| Some((judge.at_least_m(*slot)?, *slot)));
                    if bearer == Bearer::Dish {
                        let at_most = counted(near);
                        dishes.push(LikelyDish { how, at_most, name, slots: [slots, &[]] });
                        return;
                    }
                    let likely = |(at_least_m, slot)| LikelyRestaurant { how, at_least_m, slot, name };
                    restaurants.extend(near.map(likely));
                },
            );
        }
        Found {
            categories: judge.categories(query),
            restaurants: judge.restaurants(restaurants, most),
            dishes: judge.dishes(dishes, most),
        }
    }
}

/// A restaurant whose name matches. They are ordered by the best place that each can have.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct LikelyRestaurant {
    how: Match,
    /// The metres that it is away at least.
    at_least_m: u32,
    slot: Slot,
    name: NameId,
}

/// A dish whose name matches.
struct LikelyDish<'a> {
    how: Match,
    /// How many restaurants have it at most.
    at_most: u32,
    name: NameId,
    /// Who has it in each area. Some of them do not deliver to the place, and some stand in both.
    slots: [&'a [Slot]; 2],
}

/// Tells which restaurants deliver to a place, and the best of what matches.
struct Judge<'a> {
    catalogue: &'a Catalogue,
    wanted: &'a Wanted<'a>,
    plane: Plane,
}

impl Judge<'_> {
    /// The metres that it is away at least, if it may deliver to the place.
    fn at_least_m(&self, slot: Slot) -> Option<u32> {
        self.catalogue.spots.get(slot as usize)?.near(self.plane)
    }

    fn delivers(&self, slot: Slot) -> bool {
        let Some(spot) = self.catalogue.spots.get(slot as usize) else { return false };
        let exactly =
            || self.catalogue.record(slot).is_some_and(|record| record.place(self.wanted).is_some());
        spot.delivers(self.plane).unwrap_or_else(exactly)
    }

    /// All that match, by how they do, then by how many restaurants have them.
    fn categories(&self, query: &Query) -> Vec<FoundCategory> {
        let matching = categories(query).into_iter().enumerate();
        let mut found: Vec<FoundCategory> =
            matching.filter_map(|(index, how)| Some((how?, Reverse(0), index))).collect();
        // Most queries match none: then nobody is counted.
        if found.is_empty() {
            return found;
        }
        for (slot, spot, _) in self.catalogue.around(self.wanted.to, |_| true) {
            let is_of = |index: usize| Category::ALL.get(index) == Some(&spot.category);
            if let Some((_, count, _)) = found.iter_mut().find(|(.., index)| is_of(*index)) {
                count.0 += u32::from(self.delivers(slot));
            }
        }
        found.retain(|(_, count, _)| count.0 > 0);
        found.sort_unstable();
        found
    }

    /// The best that deliver to the place: by how they match, then as in a list.
    fn restaurants(&self, mut likely: Vec<LikelyRestaurant>, most: usize) -> Vec<(Rank, NameId)> {
        likely.sort_unstable();
        let mut best = Best::of(most);
        for LikelyRestaurant { how, at_least_m, slot, name } in likely {
            let found = Some(how);
            let at_best = Rank { closed: false, found, distance_m: at_least_m, id: Uuid::nil().into() };
            if best.are_before(&(found, at_best, name)) {
                break;
            }
            let Some(record) = self.catalogue.record(slot) else { continue };
            let Some(place) = record.place(self.wanted) else { continue };
            let closed = !record.is_open(self.wanted.at, self.wanted.holidays);
            // Who stands in both areas comes twice.
            best.add((found, Rank { closed, found, ..place }, name), |(_, rank, _)| rank.id);
        }
        best.all.into_iter().map(|(_, rank, name)| (rank, name)).collect()
    }

    /// The best that are delivered to the place: by how they match, then by how many restaurants have them.
    fn dishes(&self, mut likely: Vec<LikelyDish<'_>>, most: usize) -> Vec<FoundDish> {
        // A dish of two areas is one.
        likely.sort_by_key(|dish| dish.name);
        likely.dedup_by(|next, dish| {
            let is_same = next.name == dish.name;
            if is_same {
                dish.at_most += next.at_most;
                dish.slots[1] = next.slots[0];
            }
            is_same
        });
        likely.sort_unstable_by_key(|dish| (dish.how, Reverse(dish.at_most), dish.name));
        let mut best = Best::of(most);
        for LikelyDish { how, at_most, name, slots } in likely {
            if best.are_before(&(how, Reverse(at_most), name)) {
                break;
            }
            let count = self.count(slots);
            if count > 0 {
                // One dish is written in several ways: the one that most restaurants have is shown.
                best.add((how, Reverse(count), name), |(.., name)| self.catalogue.names.view(*name).keys);
            }
        }
        best.all
    }

    /// How many of them deliver to the place, each counted once.
    fn count(&self, slots: [&[Slot]; 2]) -> u32 {
        let mut slots = slots.concat();
        slots.sort_unstable();
        slots.dedup();
        counted(slots.into_iter().filter(|slot| self.delivers(*slot)))
    }
}

/// The best so far, in order.
struct Best<T> {
    most: usize,
    all: Vec<T>,
}

impl<T: Ord> Best<T> {
    fn of(most: usize) -> Self {
        Self { most, all: Vec::new() }
    }

    /// Whether they are as many as there may be, and each of them comes before this one.
    fn are_before(&self, one: &T) -> bool {
        self.all.len() == self.most && self.all.last().is_some_and(|last| last < one)
    }

    /// Adds one if it is among the best. Of those with the same key the best one counts.
    fn add<K: PartialEq>(&mut self, one: T, key: impl Fn(&T) -> K) {
        if self.are_before(&one) {
            return;
        }
        let one = match self.all.iter().position(|each| key(each) == key(&one)) {
            Some(same) => self.all.remove(same).min(one),
            None => one,
        };
        let place = self.all.partition_point(|each| *each < one);
        self.all.insert(place, one);
        self.all.truncate(self.most);
    }
}

/// How many there are.
fn counted<T>(all: impl Iterator<Item = T>) -> u32 {
    u32::try_from(all.count()).unwrap_or(u32::MAX)
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
