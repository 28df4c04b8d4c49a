//! Names as people search for them in Korean.
//!
//! | typed | finds | because |
//! |---|---|---|
//! | `치ㅋ`, `칰`, `치키` | 치킨 | it is still being typed: its letters begin those of the name |
//! | `ㅊㅋ` | 치킨 | initial consonants stand for syllables |
//! | `ㅈㅁ있ㄴ` | 정말있네 | so do they between syllables |
//! | `clzls` | 치킨 | the keyboard was set to Latin |
//! | `교촌치긴` | 교촌치킨 | one letter is wrong, missing or too much |
//!
//! Letters are compared by the keys that type them (`hangul`): what a keyboard has
//! composed so far then begins with what it had composed one key before, so that each keystroke
//! narrows what is found. Names and queries are compared in the form of
//! [`searchable`]: composed (NFC), lower case, without spaces.

mod signature;

use serde::{Deserialize, Serialize};

pub use signature::{Sieve, Signature};

use crate::hangul::{Letter, composed, keys};
use crate::text::searchable;

/// The fewest keys of which one may be wrong: two syllables.
const TYPO_KEYS_MIN: usize = 4;

/// The most pairs of neighbouring bytes that one wrong, missing or additional key breaks: the one
/// before and the one after it; and of a character that is no key, three within it.
const TYPO_PAIRS: u32 = 2;
const TYPO_PAIRS_OF_OTHERS: u32 = 5;

/// How a name matches, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The name begins with what was typed.
    Begins,
    /// The name contains it.
    Contains,
    /// Initial consonants of it match.
    Initials,
    /// It matches but for one letter.
    Typo,
}

/// A name that can be searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    keys: Box<str>,
    sizes: Box<[u8]>,
}

impl Name {
    /// Prepares a name.
    pub fn new(text: &str) -> Self {
        let (mut keys, mut sizes) = (String::new(), Vec::new());
        for letter in searchable(text).chars() {
            let start = keys.len();
            Letter::of(letter).push_keys(&mut keys);
            // A syllable has five keys at most, any other character four bytes.
            sizes.push(u8::try_from(keys.len() - start).unwrap_or(u8::MAX));
        }
        Self { keys: keys.into(), sizes: sizes.into() }
    }

    /// The name, borrowed.
    pub fn view(&self) -> NameView<'_> {
        NameView { keys: self.keys.as_bytes(), sizes: &self.sizes }
    }
}

/// A prepared [`Name`], wherever it is kept; or the rest of one, from some character on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameView<'a> {
    /// The keys of all its characters, in UTF-8.
    pub(crate) keys: &'a [u8],
    /// How many bytes of the keys each character has.
    pub(crate) sizes: &'a [u8],
}

impl<'a> NameView<'a> {
    /// The keys of its first character, and what follows it.
    fn split_first(self) -> Option<(&'a [u8], Self)> {
        let (size, sizes) = self.sizes.split_first()?;
        let (first, keys) = self.keys.split_at_checked(usize::from(*size))?;
        Some((first, Self { keys, sizes }))
    }
}

/// What somebody typed to find a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What it can mean, the likeliest first.
    readings: Vec<Reading>,
    /// Whether one wrong letter is forgiven.
    forgives: bool,
}

impl Query {
    /// Reads what was typed; `None` if there is nothing visible in it.
    pub fn read(text: &str) -> Option<Self> {
        let typed = searchable(text);
        if typed.is_empty() {
            return None;
        }
        let mut readings = vec![Reading::of(&typed)];
        if typed.chars().all(|letter| letter.is_ascii_alphabetic()) {
            readings.push(Reading::of(&composed(&korean_keys(text))));
        }
        Some(Self { readings, forgives: true })
    }

    /// The same without forgiveness: it matches as before, but for [`Match::Typo`].
    #[must_use]
    pub fn strict(&self) -> Self {
        Self { forgives: false, ..self.clone() }
    }

    /// How it matches a name, if it does.
    pub fn matches(&self, name: NameView<'_>) -> Option<Match> {
        self.readings.iter().filter_map(|reading| reading.matches(name, self.forgives)).min()
    }

    /// What tells most names that it does not match by their signatures: a name that none of these lets
    /// through, it does not match.
    pub fn sieves(&self) -> impl Iterator<Item = Sieve> {
        self.readings.iter().flat_map(|reading| reading.sieves(self.forgives))
    }
}

/// The keys of a Korean keyboard that were pressed for Latin letters. Shift means something for
/// double consonants, ㅒ and ㅖ alone.
fn korean_keys(text: &str) -> String {
    let key = |letter: char| if "REQTWOP".contains(letter) { letter } else { letter.to_ascii_lowercase() };
    text.chars().filter(|letter| letter.is_ascii_alphabetic()).map(key).collect()
}

/// One meaning of what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reading {
    keys: String,
    parts: Vec<Part>,
    has_initials: bool,
    /// Of what matches literally.
    literal: Signature,
    /// Of what matches by initial consonants.
    initials: Signature,
}

/// A part of what was typed, that stands for one character of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// A consonant that stands alone: any syllable that begins with its key.
    Initial(u8),
    /// A character.
    Character {
        keys: String,
        /// What it is without its last consonant, which may be the next character's initial:
        /// 간ㄷ is typed for 가ㄴㄷ.
        without_final: Option<(String, u8)>,
    },
}

impl Reading {
    fn of(typed: &str) -> Self {
        let mut parts = Vec::new();
        for letter in typed.chars() {
            match Letter::of(letter) {
                Letter::Consonants(keys) => parts.extend(keys.bytes().map(Part::Initial)),
                letter => parts.push(Part::character(letter)),
            }
        }
        let keys = keys(typed);
        let has_initials = parts.iter().any(|part| matches!(part, Part::Initial(_)));
        let (literal, initials) = (Signature::of_keys(&keys), Signature::of_parts(&parts));
        Self { keys, parts, has_initials, literal, initials }
    }

    fn matches(&self, name: NameView<'_>, forgives: bool) -> Option<Match> {
        let forgives = forgives && !self.has_initials && self.keys.len() >= TYPO_KEYS_MIN;
        let (mut best, mut rest, mut is_first) = (None, name, true);
        while let Some((_, next)) = rest.split_first() {
            let found = self.matches_at(rest, is_first, forgives);
            if found == Some(Match::Begins) {
                return found;
            }
            best = [best, found].into_iter().flatten().min();
            (rest, is_first) = (next, false);
        }
        best
    }

    fn matches_at(&self, rest: NameView<'_>, is_first: bool, forgives: bool) -> Option<Match> {
        if begins(rest.keys, self.keys.as_bytes()) {
            return Some(if is_first { Match::Begins } else { Match::Contains });
        }
        if self.has_initials {
            return are_met(&self.parts, rest).then_some(Match::Initials);
        }
        (forgives && begins_but_for_one(rest.keys, self.keys.as_bytes())).then_some(Match::Typo)
    }

    fn sieves(&self, forgives: bool) -> impl Iterator<Item = Sieve> {
        let literal = Sieve { bits: self.literal, may_lack: 0 };
        let other = if self.has_initials {
            Some(Sieve { bits: self.initials, may_lack: 0 })
        } else {
            let may_lack = if self.keys.is_ascii() { TYPO_PAIRS } else { TYPO_PAIRS_OF_OTHERS };
            let forgives = forgives && self.keys.len() >= TYPO_KEYS_MIN;
            forgives.then(|| Sieve { bits: self.literal.pairs_alone(), may_lack })
        };
        [Some(literal), other].into_iter().flatten()
    }
}

impl Part {
    fn character(letter: Letter) -> Self {
        let mut keys = String::new();
        letter.push_keys(&mut keys);
        let has_final = matches!(letter, Letter::Syllable(_, _, last) if !last.is_empty());
        let mut without = keys.clone();
        let last = without.pop().and_then(|last| u8::try_from(last).ok()).filter(|_| has_final);
        let without_final = last.map(|last| (without, last));
        Self::Character { keys, without_final }
    }
}

/// Whether the characters of the rest of a name meet the parts.
fn are_met(parts: &[Part], rest: NameView<'_>) -> bool {
    let Some((part, others)) = parts.split_first() else { return true };
    let Some((first, after)) = rest.split_first() else { return false };
    match part {
        Part::Initial(initial) => first.first() == Some(initial) && are_met(others, after),
        // The last one is still being typed.
        Part::Character { keys, .. } if others.is_empty() => begins(rest.keys, keys.as_bytes()),
        Part::Character { keys, without_final } => {
            let is_whole = first == keys.as_bytes() && are_met(others, after);
            is_whole
                || without_final.as_ref().is_some_and(|(keys, initial)| {
                    matches!(others.first(), Some(Part::Initial(_)))
                        && first == keys.as_bytes()
                        && after.split_first().is_some_and(|(next, after)| {
                            next.first() == Some(initial) && are_met(others, after)
                        })
                })
        }
    }
}

/// Whether a text begins with `wanted`. Most do not by their first byte.
fn begins(text: &[u8], wanted: &[u8]) -> bool {
    text.first() == wanted.first() && text.starts_with(wanted) || wanted.is_empty()
}

/// Whether a text begins with `wanted`, of which one key is wrong, missing or too much. Both are UTF-8.
fn begins_but_for_one(text: &[u8], wanted: &[u8]) -> bool {
    let same = text.iter().zip(wanted).take_while(|(one, other)| one == other).count();
    // Back to where a character begins, which is the same place in both.
    let is_boundary = |text: &[u8], at: usize| text.get(at).is_none_or(|byte| !is_continued(*byte));
    let at = (0..=same).rev().find(|at| is_boundary(text, *at) && is_boundary(wanted, *at));
    let at = at.unwrap_or_default();
    let (text, wanted) = (&text[at..], &wanted[at..]);
    let [after_text, after_wanted] = [text, wanted].map(without_first);
    (!text.is_empty() && begins(after_text, after_wanted))
        || begins(text, after_wanted)
        || begins(after_text, wanted)
}

/// A text in UTF-8 without its first character.
fn without_first(text: &[u8]) -> &[u8] {
    let rest = text.get(1..).unwrap_or_default();
    let next = rest.iter().position(|byte| !is_continued(*byte)).unwrap_or(rest.len());
    &rest[next..]
}

/// Whether a byte of UTF-8 goes on with a character.
fn is_continued(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests;
