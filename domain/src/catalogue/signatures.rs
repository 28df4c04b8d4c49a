//! The signatures of all names, as slices: one for each bit, with that bit of every name.
//!
//! A query asks for a dozen of 192 bits. Of the slices it reads those alone, 64 names at a time
//! ("bit-sliced signature files"; Goodwin et al., BitFunnel, SIGIR 2017).

use super::names::NameId;
use crate::search::{Query, Sieve, Signature};

/// See the module.
#[derive(Debug)]
pub(super) struct Signatures {
    slices: [Vec<u64>; Signature::BITS],
}

/// The names that a query can match, and some that it does not.
#[derive(Debug)]
pub(super) struct Candidates(Vec<u64>);

impl Default for Signatures {
    fn default() -> Self {
        Self { slices: std::array::from_fn(|_| Vec::new()) }
    }
}

impl Signatures {
    /// Notes the signature of a name, in the place of what it was.
    pub(super) fn set(&mut self, name: NameId, signature: Signature) {
        let (word, bit) = place(name);
        let words = signature.words();
        for (number, slice) in self.slices.iter_mut().enumerate() {
            if slice.len() <= word {
                slice.resize(word + 1, 0);
            }
            let has = words[number / 64] >> (number % 64) & 1;
            slice[word] = slice[word] & !(1 << bit) | has << bit;
        }
    }

    /// The names that a query can match.
    pub(super) fn candidates(&self, query: &Query) -> Candidates {
        let mut candidates = vec![0; self.words()];
        for sieve in query.sieves() {
            let through = if sieve.may_lack == 0 { self.with_all(sieve) } else { self.with_most(sieve) };
            candidates.iter_mut().zip(through).for_each(|(all, some)| *all |= some);
        }
        Candidates(candidates)
    }

    /// The names that have all bits of a sieve.
    fn with_all(&self, sieve: Sieve) -> Vec<u64> {
        let mut through = vec![u64::MAX; self.words()];
        for slice in self.slices_of(sieve) {
            through.iter_mut().zip(slice).for_each(|(through, has)| *through &= has);
        }
        through
    }

    /// The names that lack no more than so many. What each of 64 names lacks is counted in binary, one
    /// word for the ones, one for the twos and so on.
    fn with_most(&self, sieve: Sieve) -> Vec<u64> {
        let mut counts = vec![Counts::default(); self.words()];
        for slice in self.slices_of(sieve) {
            counts.iter_mut().zip(slice).for_each(|(counts, has)| counts.add(!has));
        }
        counts.into_iter().map(|counts| counts.at_most(sieve.may_lack)).collect()
    }

    fn slices_of(&self, sieve: Sieve) -> impl Iterator<Item = &[u64]> {
        let words = sieve.bits.words();
        let slices = self.slices.iter().enumerate();
        slices
            .filter(move |(number, _)| words[number / 64] >> (number % 64) & 1 == 1)
            .map(|(_, slice)| &**slice)
    }

    /// In how many words the names stand.
    fn words(&self) -> usize {
        self.slices[0].len()
    }

    /// What all of it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.slices.iter().map(|slice| slice.capacity() * size_of::<u64>()).sum()
    }
}

impl Candidates {
    /// Whether a name is one of them.
    pub(super) fn has(&self, name: NameId) -> bool {
        let (word, bit) = place(name);
        self.0.get(word).is_some_and(|names| names >> bit & 1 == 1)
    }
}

/// The word of a name, and its bit there.
fn place(name: NameId) -> (usize, usize) {
    (name.index() / 64, name.index() % 64)
}

/// 64 counts, each up to [`COUNTED_MAX`](Self::COUNTED_MAX) and then no further.
#[derive(Clone, Copy, Default)]
struct Counts {
    ones: u64,
    twos: u64,
    fours: u64,
    more: u64,
}

impl Counts {
    const COUNTED_MAX: u32 = 7;

    /// Adds one to each whose bit is set.
    fn add(&mut self, to: u64) {
        let twos = self.ones & to;
        self.ones ^= to;
        let fours = self.twos & twos;
        self.twos ^= twos;
        self.more |= self.fours & fours;
        self.fours ^= fours;
    }

    /// Those that are no greater.
    fn at_most(self, most: u32) -> u64 {
        let is = |count: u32| {
            let plane = |bits: u64, has: u32| if has == 1 { bits } else { !bits };
            plane(self.ones, count & 1) & plane(self.twos, count >> 1 & 1) & plane(self.fours, count >> 2 & 1)
        };
        (0..=most.min(Self::COUNTED_MAX)).map(is).fold(0, |all, some| all | some) & !self.more
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::Name;

    proptest! {
        #[test]
        fn candidates_are_the_names_that_a_sieve_lets_through(
            names in prop::collection::vec("[치킨피자라면ab中]{0,5}", 0..150), again in "[치킨가나]{0,4}",
            query in "[치킨피자라면ㅊㅋab中]{1,5}", strict in any::<bool>(),
        ) {
            let mut signatures = Signatures::default();
            let mut all: Vec<Signature> = names.iter().map(|name| Signature::of(Name::new(name).view())).collect();
            let id = |number: usize| NameId::of(u32::try_from(number).unwrap());
            all.iter().enumerate().for_each(|(number, signature)| signatures.set(id(number), *signature));
            // One whose place another name took.
            if let Some(first) = all.first_mut() {
                *first = Signature::of(Name::new(&again).view());
                signatures.set(id(0), *first);
            }
            let query = Query::read(&query).unwrap();
            let query = if strict { query.strict() } else { query };
            let candidates = signatures.candidates(&query);
            for (number, signature) in all.iter().enumerate() {
                let gets_through = query.sieves().any(|sieve| sieve.lets_through(*signature));
                prop_assert_eq!(candidates.has(id(number)), gets_through, "{:?} {:?}", query, names.get(number));
            }
        }

        #[test]
        fn counts_are_right_up_to_seven(bits in prop::collection::vec(any::<u64>(), 0..20), most in 0..=Counts::COUNTED_MAX) {
            let mut counts = Counts::default();
            bits.iter().for_each(|bits| counts.add(*bits));
            for place in 0..64 {
                let count = bits.iter().filter(|bits| *bits >> place & 1 == 1).count();
                prop_assert_eq!(counts.at_most(most) >> place & 1 == 1, count <= most as usize);
            }
        }
    }
}
