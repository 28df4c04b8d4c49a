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

/// What lets a name through by its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sieve {
    /// The bits that it must have,
    pub bits: Signature,
    /// but for so many.
    pub may_lack: u32,
}

impl Sieve {
    /// Whether a name with this signature gets through: the definition that slices of signatures are compared to.
    #[cfg(test)]
    pub(crate) fn lets_through(self, signature: Signature) -> bool {
        let lacking = self
            .bits
            .words()
            .into_iter()
            .zip(signature.words())
            .map(|(bits, has)| (bits & !has).count_ones());
        lacking.sum::<u32>() <= self.may_lack
    }
}

impl Signature {
    /// How many bits it has.
    pub const BITS: usize = 192;

    /// The signature of a name.
    pub fn of(name: NameView<'_>) -> Self {
        let mut signature = Self::default();
        signature.add_pairs(name.keys);
        let (mut rest, mut before) = (name, None);
        while let Some((first, next)) = rest.split_first() {
            if let Some(key) = first.first().copied() {
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
            Part::Initial(key) => Some(*key),
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

    /// The same without what tells of characters.
    pub(super) fn pairs_alone(self) -> Self {
        Self { initials: 0, ..self }
    }

    /// Its bits, as so many as there are ([`BITS`](Self::BITS)).
    pub fn words(self) -> [u64; Self::BITS / 64] {
        [self.pairs[0], self.pairs[1], self.initials]
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
