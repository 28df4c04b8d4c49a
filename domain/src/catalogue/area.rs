//! The restaurants of a cell or a neighbourhood, with an index of their names.
//!
//! It has the names of all restaurants and the names of all dishes, each once and side by side, with who has it:
//! a search looks at each name of the area once, and at no restaurant that does not match. It is made some
//! time after a change ([`index_one`](super::Catalogue::index_one)), or when somebody searches there before that.

use std::sync::OnceLock;

use super::names::{NameId, Names};
use super::signatures::Candidates;
use super::{Record, Slot};
use crate::search::{Match, NameView, Query};

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

    /// Makes its index, if it has none; whether it had none.
    pub(super) fn index<'a>(&self, names: &Names, record: impl Fn(Slot) -> Option<&'a Record>) -> bool {
        let is_missing = self.index.get().is_none();
        self.index.get_or_init(|| Index::new(&self.slots, names, record));
        is_missing
    }

    /// Tells which names match, how, and the restaurants that have them. Names that no restaurant has which is
    /// asked for are not told.
    pub(super) fn search<'s, 'a>(
        &'s self,
        (query, candidates): (&Query, &Candidates),
        names: &Names,
        record: impl Fn(Slot) -> Option<&'a Record>,
        is_asked_for: impl Fn(Slot) -> bool,
        mut tell: impl FnMut(Bearer, NameId, Match, &'s [Slot]),
    ) {
        let index = self.index.get_or_init(|| Index::new(&self.slots, names, record));
        let mut search = |postings: &'s Postings, bearer| {
            let here =
                postings.of(candidates).filter(|(_, slots)| slots.iter().any(|slot| is_asked_for(*slot)));
            let of_name = |(name, slots)| (name, names.view(name), slots);
            let found: Vec<(NameId, NameView<'_>, &[Slot])> = here.map(of_name).collect();
            // Each is touched before the first is compared: the processor then waits for many at once.
            let touched =
                found.iter().filter_map(|(_, view, _)| Some(view.keys.first()? ^ view.sizes.last()?));
            std::hint::black_box(touched.fold(0, |all, byte| all ^ byte));
            for (name, view, slots) in found {
                if let Some(how) = query.matches(view) {
                    tell(bearer, name, how, slots);
                }
            }
        };
        search(&index.restaurants, Bearer::Restaurant);
        search(&index.dishes, Bearer::Dish);
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
        let different = counts.iter().filter(|count| **count > 0).count();
        let mut postings = Self {
            names: Vec::with_capacity(different),
            ends: Vec::with_capacity(different),
            slots: vec![0; pairs.len()],
        };
        // From here on: where the next restaurant of the name goes.
        let mut next = 0;
        for (name, count) in names.all().zip(&mut counts).filter(|(_, count)| **count > 0) {
            let begin = next;
            next += *count;
            postings.names.push(name);
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

    /// The names that are candidates, with the restaurants that have them.
    fn of(&self, candidates: &Candidates) -> impl Iterator<Item = (NameId, &[Slot])> {
        let begins = std::iter::once(&0).chain(&self.ends);
        let all = self.names.iter().zip(begins.zip(&self.ends)).filter(|(name, _)| candidates.has(**name));
        all.map(|(name, (begin, end))| {
            (*name, self.slots.get(*begin as usize..*end as usize).unwrap_or_default())
        })
    }
}
