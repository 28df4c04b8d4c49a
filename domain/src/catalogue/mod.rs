//! The catalogue: all restaurants that can be found, in memory, with the names of their dishes.
//!
//! A restaurant stands in each H3 cell (about 5 km²) that its circles and polygons may touch, and in
//! each neighbourhood that it delivers to. Who looks from a place therefore judges the restaurants of one cell
//! and one neighbourhood, by the same rules as the detail, the cart and the order. Nothing is
//! found here that these rules do not find, and the other way round: [`found_at`] is the one definition,
//! for a single restaurant.
//!
//! ```text
//! place ─▶ cell, neighbourhood ─▶ restaurants ─▶ near? matches? ─▶ the likeliest: delivers? open? ─▶ Rank ─▶ page
//!                                                          ▲
//! names of the area: slices of signatures ─▶ keys ─────────┘
//! ```

mod area;
mod names;
mod record;
mod signatures;
mod suggestions;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cell::Circles;
use crate::gazetteer::DongCode;
use crate::restaurant::zone::REACH_MAX_M;
use crate::restaurant::{Category, Destination, Holidays, Restaurant, Status, Zone};
use crate::search::{Match, Name, Query};
use crate::{Cell, RestaurantId, Timestamp};
use area::{Area, Bearer};
use names::{NameId, Names};
use record::{Plane, Record, Spot};

pub use suggestions::{SUGGESTIONS_MAX, Suggestion};

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Where it is to be delivered.
    pub to: Destination,
    /// The time at which restaurants are open or closed.
    pub at: Timestamp,
    /// Only restaurants of this category.
    pub category: Option<Category>,
    /// Only restaurants within so many metres.
    pub radius_m: Option<u32>,
    /// Only restaurants with this tag.
    pub tag: Option<&'a str>,
    /// Only restaurants whose name, category, tags or dishes match.
    pub query: Option<&'a Query>,
    /// The public holidays.
    pub holidays: &'a Holidays,
}

/// The place of a restaurant in a list: open ones first, then by how they match, then the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    /// Whether it takes no orders.
    pub closed: bool,
    /// How what was searched for matches; `None` if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Match>,
    /// Metres in a straight line, rounded up.
    pub distance_m: u32,
    /// The restaurant.
    pub id: RestaurantId,
}

/// What a restaurant was stored with when it was read: rises with each change of it and of its menu.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Of the restaurant.
    pub restaurant: u64,
    /// Of its menu; 0 without one.
    pub menu: u64,
    /// The version of its menu; 0 without one.
    pub menu_version: u64,
    /// The offset of the last event that what was read includes, of those that its visitors are told; 0
    /// without one.
    pub offset: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Catalogue {
    records: Vec<Option<Record>>,
    /// Of the same restaurants, in the same order.
    spots: Vec<Spot>,
    slots: HashMap<RestaurantId, Slot>,
    unused: Vec<Slot>,
    cells: HashMap<Cell, Area>,
    dongs: HashMap<DongCode, Area>,
    names: Names,
    circles: Circles,
}

type Slot = u32;

/// The definition of what is found, and where in the list: one restaurant, with the names of its
/// dishes, which are asked for only if they matter. `None` if it is not found.
pub fn found_at<'a>(
    wanted: &Wanted<'_>,
    restaurant: &Restaurant,
    dishes: impl IntoIterator<Item = &'a str>,
) -> Option<Rank> {
    let place = place_of(wanted, restaurant)?;
    let found = match wanted.query {
        None => None,
        Some(query) => {
            let matches = |text: &str| query.matches(Name::new(text).view());
            // Tags are compared as dishes are.
            let tags = restaurant.tags.iter().map(|tag| matches(tag));
            let others = dishes.into_iter().map(matches).chain(tags).map(|how| how.map(within));
            let by_name = others.chain([matches(&restaurant.name)]).flatten().min();
            Some(best(categories(query), restaurant.category, by_name)?)
        }
    };
    Some(Rank { closed: !restaurant.opening(wanted.at, wanted.holidays).is_open(), found, ..place })
}

/// Its rank without regard to the time and to what is searched for; `None` if these do not matter.
fn place_of(wanted: &Wanted<'_>, restaurant: &Restaurant) -> Option<Rank> {
    if restaurant.status != Status::Published {
        return None;
    }
    if wanted.category.is_some_and(|category| restaurant.category != category) {
        return None;
    }
    if wanted.tag.is_some_and(|tag| !restaurant.has_tag(tag)) {
        return None;
    }
    let rank = rank_at(wanted, restaurant.id, restaurant.position.distance_m(wanted.to.position))?;
    restaurant.delivers_to(wanted.to).then_some(rank)
}

/// The rank of a restaurant so far away, open and not searched for; `None` beyond the radius.
fn rank_at(wanted: &Wanted<'_>, id: RestaurantId, metres: f64) -> Option<Rank> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no way is longer than u32 metres"
    )]
    let distance_m = metres.ceil() as u32;
    let is_within = wanted.radius_m.is_none_or(|radius_m| distance_m <= radius_m);
    is_within.then_some(Rank { closed: false, found: None, distance_m, id })
}

/// How a query matches the categories.
type Categories = [Option<Match>; Category::ALL.len()];

fn categories(query: &Query) -> Categories {
    Category::ALL.map(|category| query.matches(Name::new(category.korean()).view()))
}

/// How a query matches a category, a dish or a tag: never better than a name that contains it.
fn within(how: Match) -> Match {
    how.max(Match::Contains)
}

/// How a query matches a restaurant, of which it is known how it matches the names.
fn best(categories: Categories, category: Category, by_name: Option<Match>) -> Option<Match> {
    let of_category = Category::ALL.iter().zip(categories).find(|(each, _)| **each == category);
    let of_category = of_category.and_then(|(_, how)| how).map(within);
    [by_name, of_category].into_iter().flatten().min()
}

impl Catalogue {
    /// Adds a restaurant, or puts it in the place of what it was.
    pub fn put<'a>(
        &mut self,
        restaurant: Restaurant,
        dishes: impl IntoIterator<Item = &'a str>,
        stamp: Stamp,
    ) {
        // What stays is taken before it is given back, so that it is not written again.
        let name = self.names.take(&restaurant.name);
        let mut all: Vec<NameId> = dishes.into_iter().map(|dish| self.names.take(dish)).collect();
        all.extend(restaurant.tags.iter().map(|tag| self.names.take(tag)));
        all.sort_unstable();
        let mut dishes = all.clone();
        dishes.dedup();
        let twice = all.iter().zip(all.iter().skip(1)).filter(|(one, next)| one == next);
        twice.for_each(|(one, _)| self.names.give_back(*one));
        let slot = self.slots.get(&restaurant.id).copied();
        let stays = |known: &Record| {
            known.stands_where(&restaurant) && (known.name, &*known.dishes) == (name, dishes.as_slice())
        };
        if let Some(slot) = slot.filter(|slot| self.record(*slot).is_some_and(stays)) {
            // What is found by place and name stays as it is, and the indices with it.
            self.names.give_back(name);
            dishes.iter().for_each(|dish| self.names.give_back(*dish));
            self.set(slot, Record::new(restaurant, name, dishes, stamp));
            return;
        }
        self.remove(restaurant.id);
        let slot = self.unused.pop().unwrap_or(Slot::try_from(self.records.len()).unwrap_or(Slot::MAX));
        for cell in cells_of(&restaurant, &mut self.circles) {
            self.cells.entry(cell).or_default().enter(slot);
        }
        for dong in dongs_of(&restaurant) {
            self.dongs.entry(dong).or_default().enter(slot);
        }
        self.slots.insert(restaurant.id, slot);
        self.set(slot, Record::new(restaurant, name, dishes, stamp));
    }

    /// Puts what is known of a restaurant into its slot, an old one or the next.
    fn set(&mut self, slot: Slot, record: Record) {
        let (slot, spot) = (slot as usize, Spot::of(&record));
        if slot == self.records.len() {
            self.records.push(Some(record));
            self.spots.push(spot);
        } else {
            self.records[slot] = Some(record);
            self.spots[slot] = spot;
        }
    }

    /// Removes a restaurant, if it is there.
    pub fn remove(&mut self, id: RestaurantId) {
        let Some(slot) = self.slots.remove(&id) else { return };
        let Some(record) = self.records.get_mut(slot as usize).and_then(Option::take) else { return };
        for cell in cells_of(&record.restaurant, &mut self.circles) {
            leave(&mut self.cells, &cell, slot);
        }
        for dong in dongs_of(&record.restaurant) {
            leave(&mut self.dongs, &dong, slot);
        }
        self.unused.push(slot);
        self.names.give_back(record.name);
        record.dishes.iter().for_each(|dish| self.names.give_back(*dish));
    }

    /// A restaurant, if it is there, with what it was stored with when it was read.
    pub fn find(&self, id: RestaurantId) -> Option<(&Arc<Restaurant>, Stamp)> {
        let record = self.slots.get(&id).and_then(|slot| self.record(*slot))?;
        Some((&record.restaurant, record.stamp))
    }

    /// All restaurants that are there.
    pub fn ids(&self) -> impl Iterator<Item = RestaurantId> {
        self.slots.keys().copied()
    }

    /// How many restaurants there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many different names there are, and how many bytes they take.
    pub fn names(&self) -> (usize, usize) {
        (self.names.len(), self.names.bytes())
    }

    /// Makes the index of an area that has none, so that nobody who searches there waits for it; whether there was
    /// such an area.
    pub fn index_one(&self) -> bool {
        let mut areas = self.cells.values().chain(self.dongs.values());
        areas.any(|area| area.index(&self.names, |slot| self.record(slot)))
    }

    /// The restaurants that are found after a rank, in order, at most `limit`.
    pub fn list(
        &self,
        wanted: &Wanted<'_>,
        after: Option<Rank>,
        limit: usize,
    ) -> Vec<(Rank, Arc<Restaurant>)> {
        // With a page of open ones that match without a wrong letter, no other one is on it: and most
        // searches have that.
        let strict = wanted.query.map(Query::strict);
        let mut page = self.page(&Wanted { query: strict.as_ref(), ..*wanted }, after, limit);
        if strict.is_some() && page.keys().filter(|rank| !rank.closed).count() < limit {
            page = self.page(wanted, after, limit);
        }
        page.into_iter().map(|(rank, record)| (rank, Arc::clone(&record.restaurant))).collect()
    }

    /// The first that are found after a rank, at most `limit`. The likeliest are judged first: a page of open ones
    /// is whole long before the last is judged.
    fn page(&self, wanted: &Wanted<'_>, after: Option<Rank>, limit: usize) -> BTreeMap<Rank, &Record> {
        let how = wanted.query.map(|query| (self.matching(wanted.to, query), categories(query)));
        let by_name =
            |slot: Slot| how.as_ref().and_then(|(known, _)| known.get(slot as usize).copied().flatten());
        // Unless a category matches, names alone tell who is looked at.
        let all = how.as_ref().is_none_or(|(_, categories)| categories.iter().any(Option::is_some));
        let around = self.around(wanted.to, |slot| all || by_name(slot).is_some());
        let likely = around.filter_map(|(slot, spot, distance_m)| {
            let found = match &how {
                None => None,
                Some((_, categories)) => Some(best(*categories, spot.category, by_name(slot))?),
            };
            Some(Reverse((found, distance_m, slot)))
        });
        let mut likely: BinaryHeap<_> = likely.collect();
        let mut page = BTreeMap::new();
        while let Some(Reverse((found, distance_m, slot))) = likely.pop() {
            let is_before =
                |last: &Rank| (last.closed, last.found, last.distance_m) < (false, found, distance_m);
            if page.len() == limit && page.last_key_value().is_some_and(|(last, _)| is_before(last)) {
                break;
            }
            let Some(record) = self.record(slot) else { continue };
            let Some(place) = record.place(wanted) else { continue };
            let rank = Rank { closed: !record.is_open(wanted.at, wanted.holidays), found, ..place };
            if after.is_none_or(|after| rank > after) {
                page.insert(rank, record);
            }
            if page.len() > limit {
                page.pop_last();
            }
        }
        page
    }

    /// How a query matches the names, dishes and tags of each restaurant that may deliver to a place.
    fn matching(&self, to: Destination, query: &Query) -> Vec<Option<Match>> {
        let mut known: Vec<Option<Match>> = vec![None; self.records.len()];
        let candidates = self.names.candidates(query);
        let plane = Plane::around(to.position);
        for area in self.areas(to) {
            area.search(
                (query, &candidates),
                &self.names,
                |slot| self.record(slot),
                |slot| self.spots.get(slot as usize).is_some_and(|spot| spot.near(plane).is_some()),
                |bearer, _, how, slots| {
                    let how = if bearer == Bearer::Restaurant { how } else { within(how) };
                    for slot in slots {
                        if let Some(known) = known.get_mut(*slot as usize) {
                            *known = Some(known.map_or(how, |before| before.min(how)));
                        }
                    }
                },
            );
        }
        known
    }

    fn record(&self, slot: Slot) -> Option<&Record> {
        self.records.get(slot as usize).and_then(Option::as_ref)
    }

    /// The cell of a place, and its neighbourhood: who may deliver there stands in one of them at least.
    fn areas(&self, to: Destination) -> impl Iterator<Item = &Area> {
        let cell = self.cells.get(&Cell::village(to.position));
        let dong = to.dong.and_then(|dong| self.dongs.get(&dong));
        [cell, dong].into_iter().flatten()
    }

    /// All restaurants that may deliver to a place, and a few more, each once: of those that are asked for.
    /// With the metres that they are away at least.
    fn around(
        &self,
        to: Destination,
        is_asked_for: impl Fn(Slot) -> bool,
    ) -> impl Iterator<Item = (Slot, Spot, u32)> {
        let lists: Vec<&[Slot]> = self.areas(to).map(Area::slots).collect();
        let mut slots = lists.concat();
        if lists.len() > 1 {
            slots.sort_unstable();
            slots.dedup();
        }
        let plane = Plane::around(to.position);
        slots.into_iter().filter(move |slot| is_asked_for(*slot)).filter_map(move |slot| {
            let spot = *self.spots.get(slot as usize)?;
            Some((slot, spot, spot.near(plane)?))
        })
    }
}

/// The cells that a restaurant delivers to, but for whole neighbourhoods.
fn cells_of(restaurant: &Restaurant, circles: &mut Circles) -> Vec<Cell> {
    let zones = restaurant.rules.zones.iter().filter(|zone| !matches!(zone, Zone::Dongs { .. }));
    match zones.map(|zone| zone.reach_m(restaurant.position)).max() {
        Some(reach_m) => Cell::villages_around(restaurant.position, reach_m.min(REACH_MAX_M), circles),
        None => Vec::new(),
    }
}

/// The neighbourhoods that it delivers to as a whole, each once.
fn dongs_of(restaurant: &Restaurant) -> Vec<DongCode> {
    let of_zone = |zone: &Zone| match zone {
        Zone::Dongs { dongs } => dongs.clone(),
        Zone::Radius { .. } | Zone::Polygon { .. } => Vec::new(),
    };
    let mut dongs: Vec<DongCode> = restaurant.rules.zones.iter().flat_map(of_zone).collect();
    dongs.sort_unstable();
    dongs.dedup();
    dongs
}

fn leave<K: Eq + std::hash::Hash>(areas: &mut HashMap<K, Area>, place: &K, slot: Slot) {
    if areas.get_mut(place).is_some_and(|area| area.leave(slot)) {
        areas.remove(place);
    }
}

#[cfg(test)]
mod tests;
