//! The restaurants of a cell or a neighbourhood, with an index of their names.
//!
//! The index is made when somebody first searches there after a change: the names of all restaurants and
//! the names of all dishes, each once and side by side, with who has it. A search then looks at each name
//! of the area once, and at no restaurant that does not match.

use std::sync::OnceLock;

use super::names::{NameId, Names};
use super::{Record, Slot};
use crate::search::{Match, Query, Signature};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Area {
    slots: Vec<Slot>,
    index: OnceLock<Index>,
}

#[derive(Debug)]
struct Index {
    restaurants: Postings,
    dishes: Postings,
}

/// Names, and the restaurants that have them.
#[derive(Debug, Default)]
struct Postings {
    names: Vec<NameId>,
    signatures: Vec<Signature>,
    /// Where in `slots` those of each name end.
    ends: Vec<usize>,
    slots: Vec<Slot>,
}

impl Area {
    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Adds a restaurant.
    pub(super) fn enter(&mut self, slot: Slot) {
        self.slots.push(slot);
        self.index.take();
    }

    /// Takes a restaurant away; whether none is left.
    pub(super) fn leave(&mut self, slot: Slot) -> bool {
        self.slots.retain(|each| *each != slot);
        self.index.take();
        self.slots.is_empty()
    }

    /// Tells which names of restaurants and which names of dishes match, how, and who has them.
    pub(super) fn search<'a>(
        &self,
        query: &Query,
        names: &Names,
        record: impl Fn(Slot) -> Option<&'a Record>,
        mut of_restaurants: impl FnMut(NameId, Match, &[Slot]),
        mut of_dishes: impl FnMut(NameId, Match, &[Slot]),
    ) {
        let index = self.index.get_or_init(|| Index::new(&self.slots, names, record));
        index.restaurants.search(query, names, &mut of_restaurants);
        index.dishes.search(query, names, &mut of_dishes);
    }
}

impl Index {
    fn new<'a>(slots: &[Slot], names: &Names, record: impl Fn(Slot) -> Option<&'a Record>) -> Self {
        let (mut restaurants, mut dishes) = (Vec::new(), Vec::new());
        for slot in slots {
            let Some(record) = record(*slot) else { continue };
            restaurants.push((record.name, *slot));
            dishes.extend(record.dishes.iter().map(|dish| (*dish, *slot)));
        }
        Self { restaurants: Postings::new(restaurants, names), dishes: Postings::new(dishes, names) }
    }
}

impl Postings {
    fn new(mut pairs: Vec<(NameId, Slot)>, names: &Names) -> Self {
        pairs.sort_unstable();
        let mut postings = Self::default();
        for same in pairs.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((name, _)) = same.first() else { continue };
            postings.names.push(*name);
            postings.signatures.push(names.signature(*name));
            postings.slots.extend(same.iter().map(|(_, slot)| *slot));
            postings.ends.push(postings.slots.len());
        }
        postings
    }

    fn search(&self, query: &Query, names: &Names, tell: &mut impl FnMut(NameId, Match, &[Slot])) {
        let mut from = 0;
        for ((name, signature), end) in self.names.iter().zip(&self.signatures).zip(&self.ends) {
            let begin = std::mem::replace(&mut from, *end);
            if !query.may_match(*signature) {
                continue;
            }
            if let Some(how) = query.matches(names.view(*name)) {
                tell(*name, how, self.slots.get(begin..*end).unwrap_or_default());
            }
        }
    }
}
