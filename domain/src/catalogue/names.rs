//! All names of a catalogue, each once, however many restaurants have it.
//!
//! A name is its text, the keys that type it and the sizes of its characters, one after the other in one
//! block; what is compared first (`signatures`) stands apart.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::signatures::{Candidates, Signatures};
use crate::search::{Name, NameView, Query, Signature};

/// What unused names may take besides as much as the used ones, in bytes, before the block is
/// written anew.
const UNUSED_BYTES: usize = 64 * 1024;

/// A name of the catalogue. It means nothing in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NameId(u32);

impl NameId {
    #[cfg(test)]
    pub(super) fn of(index: u32) -> Self {
        Self(index)
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Names {
    block: Vec<u8>,
    entries: Vec<Entry>,
    signatures: Signatures,
    /// The used names, by their texts.
    ids: HashTable<NameId>,
    hasher: RandomState,
    unused: Vec<NameId>,
    unused_bytes: usize,
}

/// Where a name stands, and how often it is used.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    at: usize,
    text: u32,
    keys: u32,
    sizes: u32,
    uses: u32,
}

impl Entry {
    fn bytes(self) -> usize {
        self.text as usize + self.keys as usize + self.sizes as usize
    }

    fn whole(self, block: &[u8]) -> &[u8] {
        block.get(self.at..self.at + self.bytes()).unwrap_or_default()
    }

    fn text(self, block: &[u8]) -> &[u8] {
        self.whole(block).get(..self.text as usize).unwrap_or_default()
    }

    fn view(self, block: &[u8]) -> NameView<'_> {
        let rest = self.whole(block).get(self.text as usize..).unwrap_or_default();
        let (keys, sizes) = rest.split_at_checked(self.keys as usize).unwrap_or_default();
        NameView { keys, sizes }
    }
}

impl Names {
    /// The id of a name, which is used once more.
    pub(super) fn take(&mut self, text: &str) -> NameId {
        let hash = self.hasher.hash_one(text.as_bytes());
        let (block, entries) = (&self.block, &mut self.entries);
        let same =
            |id: &NameId| entries.get(id.index()).is_some_and(|entry| entry.text(block) == text.as_bytes());
        if let Some(id) = self.ids.find(hash, same).copied() {
            if let Some(entry) = entries.get_mut(id.index()) {
                entry.uses += 1;
            }
            return id;
        }
        let id = self.add(text);
        let (block, entries, hasher) = (&self.block, &self.entries, &self.hasher);
        let hash_of = |id: &NameId| {
            hasher.hash_one(entries.get(id.index()).map(|entry| entry.text(block)).unwrap_or_default())
        };
        self.ids.insert_unique(hash, id, hash_of);
        id
    }

    fn add(&mut self, text: &str) -> NameId {
        let name = Name::new(text);
        let view = name.view();
        // No text is longer than 4 GiB.
        let long = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let (text_bytes, keys, sizes) = (long(text.len()), long(view.keys.len()), long(view.sizes.len()));
        let entry = Entry { at: self.block.len(), text: text_bytes, keys, sizes, uses: 1 };
        [text.as_bytes(), view.keys, view.sizes]
            .into_iter()
            .for_each(|part| self.block.extend_from_slice(part));
        let signature = Signature::of(view);
        if let Some(id) = self.unused.pop() {
            self.entries[id.index()] = entry;
            self.signatures.set(id, signature);
            return id;
        }
        self.entries.push(entry);
        let id = NameId(long(self.entries.len() - 1));
        self.signatures.set(id, signature);
        id
    }

    /// The name is used once less.
    pub(super) fn give_back(&mut self, id: NameId) {
        let Some(entry) = self.entries.get_mut(id.index()) else { return };
        entry.uses = entry.uses.saturating_sub(1);
        if entry.uses > 0 {
            return;
        }
        self.unused_bytes += entry.bytes();
        let hash = self.hasher.hash_one(entry.text(&self.block));
        if let Ok(found) = self.ids.find_entry(hash, |each| *each == id) {
            found.remove();
        }
        self.unused.push(id);
        if self.unused_bytes > self.block.len() / 2 + UNUSED_BYTES {
            self.write_anew();
        }
    }

    /// Writes all of it anew, without the names that are not used.
    fn write_anew(&mut self) {
        let mut block = Vec::new();
        for entry in &mut self.entries {
            if entry.uses == 0 {
                *entry = Entry::default();
                continue;
            }
            let at = block.len();
            block.extend_from_slice(entry.whole(&self.block));
            entry.at = at;
        }
        (self.block, self.unused_bytes) = (block, 0);
    }

    /// Its text.
    pub(super) fn text(&self, id: NameId) -> &str {
        let text = self.entries.get(id.index()).map(|entry| entry.text(&self.block)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// The name as it is compared.
    pub(super) fn view(&self, id: NameId) -> NameView<'_> {
        self.entries.get(id.index()).copied().unwrap_or_default().view(&self.block)
    }

    /// The names that a query can match, and some that it does not.
    pub(super) fn candidates(&self, query: &Query) -> Candidates {
        self.signatures.candidates(query)
    }

    /// How many ids there are, used or not.
    pub(super) fn ids(&self) -> usize {
        self.entries.len()
    }

    /// All ids, used or not.
    pub(super) fn all(&self) -> impl Iterator<Item = NameId> {
        (0..).map(NameId).take(self.ids())
    }

    /// How many names are used.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// What all of it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.block.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.signatures.bytes()
            + self.ids.allocation_size()
            + self.unused.capacity() * size_of::<NameId>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_kept_once_and_goes_with_its_last_use() {
        let mut names = Names::default();
        let ids = ["후라이드", "양념", "후라이드"].map(|text| names.take(text));
        assert_eq!((ids[0], names.len(), names.text(ids[1])), (ids[2], 2, "양념"));
        assert_eq!(names.view(ids[0]), Name::new("후라이드").view());
        names.give_back(ids[0]);
        assert_eq!(names.text(ids[2]), "후라이드");
        names.give_back(ids[2]);
        assert_eq!(names.len(), 1);
        let id = names.take("간장");
        assert_eq!(names.text(id), "간장");
        assert_eq!(names.ids(), 2, "the place of the one that went is used again");
    }

    proptest! {
        #[test]
        fn what_is_taken_is_found_whatever_came_and_went(steps in prop::collection::vec((any::<bool>(), "[가-다a]{0,3}"), 0..200)) {
            let (mut names, mut model) = (Names::default(), BTreeMap::<String, (NameId, u32)>::new());
            for (takes, text) in steps {
                if takes {
                    let id = names.take(&text);
                    let known = model.entry(text).or_insert((id, 0));
                    prop_assert_eq!(known.0, id);
                    known.1 += 1;
                } else if let Some(known) = model.get_mut(&text) {
                    names.give_back(known.0);
                    known.1 -= 1;
                    if known.1 == 0 {
                        model.remove(&text);
                    }
                }
                names.write_anew();
                prop_assert_eq!(names.len(), model.len());
                for (text, (id, _)) in &model {
                    let name = Name::new(text);
                    prop_assert_eq!((names.text(*id), names.view(*id)), (text.as_str(), name.view()));
                    prop_assert!(Query::read(text).is_none_or(|query| names.candidates(&query).has(*id)));
                }
            }
        }
    }
}
