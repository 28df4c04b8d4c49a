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

pub use signature::Signature;

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
        NameView { keys: &self.keys, sizes: &self.sizes }
    }
}

/// A prepared [`Name`], wherever it is kept; or the rest of one, from some character on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameView<'a> {
    /// The keys of all its characters.
    pub(crate) keys: &'a str,
    /// How many bytes of the keys each character has.
    pub(crate) sizes: &'a [u8],
}

impl<'a> NameView<'a> {
    /// The keys of its first character, and what follows it.
    fn split_first(self) -> Option<(&'a str, Self)> {
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

    /// Whether it can match a name with this signature. If not, it does not match the name.
    pub fn may_match(&self, signature: Signature) -> bool {
        self.readings.iter().any(|reading| reading.may_match(signature, self.forgives))
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
    /// A consonant that stands alone: any syllable that begins with it.
    Initial(char),
    /// A character.
    Character {
        keys: String,
        /// What it is without its last consonant, which may be the next character's initial:
        /// 간ㄷ is typed for 가ㄴㄷ.
        without_final: Option<(String, char)>,
    },
}

impl Reading {
    fn of(typed: &str) -> Self {
        let mut parts = Vec::new();
        for letter in typed.chars() {
            match Letter::of(letter) {
                Letter::Consonants(keys) => parts.extend(keys.chars().map(Part::Initial)),
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
        if rest.keys.starts_with(&self.keys) {
            return Some(if is_first { Match::Begins } else { Match::Contains });
        }
        if self.has_initials {
            return are_met(&self.parts, rest).then_some(Match::Initials);
        }
        (forgives && begins_but_for_one(rest.keys, &self.keys)).then_some(Match::Typo)
    }

    fn may_match(&self, signature: Signature, forgives: bool) -> bool {
        if signature.holds(self.literal) {
            return true;
        }
        if self.has_initials {
            return signature.holds(self.initials);
        }
        let most = if self.keys.is_ascii() { TYPO_PAIRS } else { TYPO_PAIRS_OF_OTHERS };
        forgives && self.keys.len() >= TYPO_KEYS_MIN && signature.lacks_pairs(self.literal) <= most
    }
}

impl Part {
    fn character(letter: Letter) -> Self {
        let mut keys = String::new();
        letter.push_keys(&mut keys);
        let has_final = matches!(letter, Letter::Syllable(_, _, last) if !last.is_empty());
        let mut without = keys.clone();
        let without_final = if has_final { without.pop().map(|last| (without, last)) } else { None };
        Self::Character { keys, without_final }
    }
}

/// Whether the characters of the rest of a name meet the parts.
fn are_met(parts: &[Part], rest: NameView<'_>) -> bool {
    let Some((part, others)) = parts.split_first() else { return true };
    let Some((first, after)) = rest.split_first() else { return false };
    match part {
        Part::Initial(initial) => first.starts_with(*initial) && are_met(others, after),
        // The last one is still being typed.
        Part::Character { keys, .. } if others.is_empty() => rest.keys.starts_with(keys.as_str()),
        Part::Character { keys, without_final } => {
            let is_whole = first == keys && are_met(others, after);
            is_whole
                || without_final.as_ref().is_some_and(|(keys, initial)| {
                    matches!(others.first(), Some(Part::Initial(_)))
                        && first == keys
                        && after
                            .split_first()
                            .is_some_and(|(next, after)| next.starts_with(*initial) && are_met(others, after))
                })
        }
    }
}

/// Whether a text begins with `wanted`, of which one key is wrong, missing or too much.
fn begins_but_for_one(text: &str, wanted: &str) -> bool {
    let same = text.bytes().zip(wanted.bytes()).take_while(|(one, other)| one == other).count();
    // Back to where a character begins, which is the same place in both.
    let at = (0..=same).rev().find(|at| wanted.is_char_boundary(*at) && text.is_char_boundary(*at));
    let at = at.unwrap_or_default();
    let (text, wanted) = (&text[at..], &wanted[at..]);
    let [after_text, after_wanted] = [text, wanted].map(without_first);
    (!text.is_empty() && after_text.starts_with(after_wanted))
        || text.starts_with(after_wanted)
        || after_text.starts_with(wanted)
}

/// A text without its first character.
fn without_first(text: &str) -> &str {
    let mut rest = text.chars();
    rest.next();
    rest.as_str()
}

#[cfg(test)]
mod tests;
