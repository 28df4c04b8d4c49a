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

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    /// The restaurants' own.
    Restaurant,
    /// One of their dishes', or a tag.
    Dish,
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
    ends: Vec<u32>,
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

    /// Tells which names match, how, and the restaurants that have them.
    pub(super) fn search<'a>(
        &self,
        query: &Query,
        names: &Names,
        record: impl Fn(Slot) -> Option<&'a Record>,
        mut tell: impl FnMut(Bearer, NameId, Match, &[Slot]),
    ) {
        let index = self.index.get_or_init(|| Index::new(&self.slots, names, record));
        index.restaurants.search(query, names, |name, how, slots| tell(Bearer::Restaurant, name, how, slots));
        index.dishes.search(query, names, |name, how, slots| tell(Bearer::Dish, name, how, slots));
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
        Self { restaurants: Postings::new(&restaurants, names), dishes: Postings::new(&dishes, names) }
    }
}

impl Postings {
    /// Counted, not compared: a dense area has a hundred thousand pairs, and somebody waits for it.
    fn new(pairs: &[(NameId, Slot)], names: &Names) -> Self {
        let mut counts = vec![0_u32; names.ids()];
        for (name, _) in pairs {
            counts[name.index()] += 1;
        }
        let mut postings = Self { slots: vec![0; pairs.len()], ..Self::default() };
        // From here on: where the next restaurant of the name goes.
        let mut next = 0;
        for (name, count) in names.all().zip(&mut counts).filter(|(_, count)| **count > 0) {
            let begin = next;
            next += *count;
            postings.names.push(name);
            postings.signatures.push(names.signature(name));
            postings.ends.push(next);
            *count = begin;
        }
        for (name, slot) in pairs {
            let place = &mut counts[name.index()];
            postings.slots[*place as usize] = *slot;
            *place += 1;
        }
        postings
    }

    fn search(&self, query: &Query, names: &Names, mut tell: impl FnMut(NameId, Match, &[Slot])) {
        let mut next = 0;
        for ((name, signature), end) in self.names.iter().zip(&self.signatures).zip(&self.ends) {
            let begin = std::mem::replace(&mut next, *end as usize);
            if !query.may_match(*signature) {
                continue;
            }
            if let Some(how) = query.matches(names.view(*name)) {
                tell(*name, how, self.slots.get(begin..next).unwrap_or_default());
            }
        }
    }
}
