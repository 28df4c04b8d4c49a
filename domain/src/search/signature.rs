//! What a name is made of, in a few bits: most names that a query does not match are told by them
//! without being looked at.

use super::{NameView, Part};

/// Which pairs of neighbouring keys, which first keys of characters, and which pairs of those are in
/// a name, as bits. Two of them may share a bit, so that a signature may hold another one by chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    pairs: [u64; 2],
    initials: u64,
}

impl Signature {
    /// The signature of a name.
    pub fn of(name: NameView<'_>) -> Self {
        let mut signature = Self::default();
        signature.add_pairs(name.keys.as_bytes());
        let (mut rest, mut before) = (name, None);
        while let Some((first, next)) = rest.split_first() {
            if let Some(key) = first.bytes().next() {
                signature.add_initial(key);
                if let Some(before) = before {
                    signature.add_initials(before, key);
                }
                before = Some(key);
            }
            rest = next;
        }
        signature
    }

    /// Of any name that has these keys from the beginning of a character on.
    pub(super) fn of_keys(keys: &str) -> Self {
        let mut signature = Self::default();
        signature.add_pairs(keys.as_bytes());
        if let Some(first) = keys.bytes().next() {
            signature.add_initial(first);
        }
        signature
    }

    /// Of any name that meets these parts.
    pub(super) fn of_parts(parts: &[Part]) -> Self {
        let mut signature = Self::default();
        let first = |part: &Part| match part {
            Part::Initial(key) => u8::try_from(*key).ok(),
            Part::Character { keys, .. } => keys.bytes().next(),
        };
        parts.iter().filter_map(first).for_each(|key| signature.add_initial(key));
        for (part, next) in parts.iter().zip(parts.iter().skip(1)) {
            // Only such a part may stand for two characters.
            let is_one = matches!(part, Part::Initial(_) | Part::Character { without_final: None, .. });
            if let (true, Some(key), Some(next)) = (is_one, first(part), first(next)) {
                signature.add_initials(key, next);
            }
        }
        signature
    }

    /// Whether all of `other` is in it.
    pub(super) fn holds(self, other: Self) -> bool {
        self.lacks_pairs(other) == 0 && other.initials & !self.initials == 0
    }

    /// How many pairs of keys of `other` are not in it.
    pub(super) fn lacks_pairs(self, other: Self) -> u32 {
        let [mine, theirs] = [self.pairs, other.pairs];
        (theirs[0] & !mine[0]).count_ones() + (theirs[1] & !mine[1]).count_ones()
    }

    fn add_pairs(&mut self, keys: &[u8]) {
        for pair in keys.windows(2) {
            let bit = mixed(pair[0], pair[1]);
            self.pairs[usize::from(bit & 64 != 0)] |= 1 << (bit & 63);
        }
    }

    fn add_initial(&mut self, key: u8) {
        self.initials |= 1 << (mixed(key, 0) & 63);
    }

    fn add_initials(&mut self, key: u8, next: u8) {
        self.initials |= 1 << (mixed(key, next) & 63);
    }
}

/// Seven bits that depend on all bits of both keys (Knuth's multiplicative hash).
fn mixed(one: u8, other: u8) -> u32 {
    (u32::from(one) << 8 | u32::from(other)).wrapping_mul(0x9E37_79B1) >> 25
}
