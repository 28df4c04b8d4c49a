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

use serde::{Deserialize, Serialize};

use crate::hangul::{Letter, composed, keys};
use crate::text::searchable;

/// The fewest keys of which one may be wrong: two syllables.
const TYPO_KEYS_MIN: usize = 4;

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
    /// The keys of all its characters.
    keys: Box<str>,
    /// Where the keys of each character begin.
    starts: Box<[u16]>,
}

impl Name {
    /// Prepares a name.
    pub fn new(text: &str) -> Self {
        let (mut keys, mut starts) = (String::new(), Vec::new());
        for letter in searchable(text).chars() {
            // Names have 60 characters; what lies behind 65,535 keys is not searched.
            let Ok(start) = u16::try_from(keys.len()) else { break };
            starts.push(start);
            Letter::of(letter).push_keys(&mut keys);
        }
        Self { keys: keys.into(), starts: starts.into() }
    }

    /// The keys from a character on, if there is one.
    fn from(&self, at: usize) -> Option<&str> {
        self.keys.get(usize::from(*self.starts.get(at)?)..)
    }

    /// The keys of one character.
    fn of(&self, at: usize) -> Option<&str> {
        let end = self.starts.get(at + 1).map_or(self.keys.len(), |next| usize::from(*next));
        self.keys.get(usize::from(*self.starts.get(at)?)..end)
    }
}

/// What somebody typed to find a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What it can mean, the likeliest first.
    readings: Vec<Reading>,
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
        Some(Self { readings })
    }

    /// How it matches a name, if it does.
    pub fn matches(&self, name: &Name) -> Option<Match> {
        self.readings.iter().filter_map(|reading| reading.matches(name)).min()
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
        Self { keys: keys(typed), parts }
    }

    fn matches(&self, name: &Name) -> Option<Match> {
        let mut best = None;
        for at in 0..name.starts.len() {
            let found = self.matches_at(name, at);
            if found == Some(Match::Begins) {
                return found;
            }
            best = [best, found].into_iter().flatten().min();
        }
        best
    }

    fn matches_at(&self, name: &Name, at: usize) -> Option<Match> {
        let rest = name.from(at)?;
        if rest.starts_with(&self.keys) {
            return Some(if at == 0 { Match::Begins } else { Match::Contains });
        }
        if self.parts.iter().any(|part| matches!(part, Part::Initial(_))) {
            return are_met(&self.parts, name, at).then_some(Match::Initials);
        }
        (self.keys.len() >= TYPO_KEYS_MIN && begins_but_for_one(rest, &self.keys)).then_some(Match::Typo)
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

/// Whether the characters of a name meet the parts, from one of them on.
fn are_met(parts: &[Part], name: &Name, at: usize) -> bool {
    let Some((part, others)) = parts.split_first() else { return true };
    match part {
        Part::Initial(initial) => {
            name.of(at).is_some_and(|keys| keys.starts_with(*initial)) && are_met(others, name, at + 1)
        }
        // The last one is still being typed.
        Part::Character { keys, .. } if others.is_empty() => {
            name.from(at).is_some_and(|rest| rest.starts_with(keys.as_str()))
        }
        Part::Character { keys, without_final } => {
            let is_whole = name.of(at) == Some(keys) && are_met(others, name, at + 1);
            is_whole
                || without_final.as_ref().is_some_and(|(keys, initial)| {
                    matches!(others.first(), Some(Part::Initial(_)))
                        && name.of(at) == Some(keys)
                        && name.of(at + 1).is_some_and(|next| next.starts_with(*initial))
                        && are_met(others, name, at + 2)
                })
        }
    }
}

/// Whether a text begins with `wanted`, of which one key is wrong, missing or too much.
fn begins_but_for_one(text: &str, wanted: &str) -> bool {
    let differ = text.chars().zip(wanted.chars()).position(|(one, other)| one != other);
    let at = differ.unwrap_or_else(|| text.chars().count());
    let (text, wanted) = (skip(text, at), skip(wanted, at));
    let [after_text, after_wanted] = [text, wanted].map(|rest| skip(rest, 1));
    (!text.is_empty() && after_text.starts_with(after_wanted))
        || text.starts_with(after_wanted)
        || after_text.starts_with(wanted)
}

/// A text without its first characters.
fn skip(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or("", |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests;
