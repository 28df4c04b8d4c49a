//! Hangul by its letters (jamo), and as it is typed on the Korean keyboard of two sets (두벌식,
//! KS X 5002).
//!
//! A letter is named by the Latin key that types it: `치킨` is typed `clzls`. The keys of a text are
//! the same as its letters, with compound vowels and finals taken apart (ㅘ is ㅗ and ㅏ, ㄺ is ㄹ and
//! ㄱ) as somebody types them.

/// The keys of initial consonants, vowels and final consonants, in the order of Unicode.
const INITIALS: [&str; 19] =
    ["r", "R", "s", "e", "E", "f", "a", "q", "Q", "t", "T", "d", "w", "W", "c", "z", "x", "v", "g"];
const VOWELS: [&str; 21] = [
    "k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m",
    "ml", "l",
];
const FINALS: [&str; 28] = [
    "", "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt",
    "t", "T", "d", "w", "c", "z", "x", "v", "g",
];

/// The keys of the letters that stand alone, in the order of Unicode from U+3131: ㄱ, ㄲ, ㄳ … ㅣ.
const LETTERS: [&str; 51] = [
    "r", "R", "rt", "s", "sw", "sg", "e", "E", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "Q",
    "qt", "t", "T", "d", "w", "W", "c", "z", "x", "v", "g", "k", "o", "i", "O", "j", "p", "u", "P", "h",
    "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l",
];

/// One letter of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    /// A syllable: the keys of its initial consonant, vowel and final consonant.
    Syllable(&'static str, &'static str, &'static str),
    /// One or two consonants that stand alone, by their keys: initial consonants of what is meant.
    Consonants(&'static str),
    /// A vowel that stands alone, by its keys.
    Vowel(&'static str),
    /// Anything else.
    Other(char),
}

impl Letter {
    /// What a character of composed text (NFC) is.
    pub(crate) fn of(letter: char) -> Self {
        let from = |first: u32| usize::try_from(u32::from(letter)).ok()?.checked_sub(first as usize);
        let syllable = from(0xAC00).filter(|at| *at < 19 * 21 * 28);
        if let Some(at) = syllable {
            // Unicode, 3.12: a syllable is 0xAC00 + (initial × 21 + vowel) × 28 + final.
            return Self::Syllable(INITIALS[at / (21 * 28)], VOWELS[at / 28 % 21], FINALS[at % 28]);
        }
        // Conjoining letters, that some systems write for those that stand alone.
        if let Some(keys) = from(0x1100).and_then(|at| INITIALS.get(at)) {
            return Self::Consonants(keys);
        }
        match from(0x3131).and_then(|at| Some((at, LETTERS.get(at)?))) {
            Some((at, keys)) if at < 30 => Self::Consonants(keys),
            Some((_, keys)) => Self::Vowel(keys),
            None => Self::Other(letter),
        }
    }

    /// Adds the keys that type it.
    pub(crate) fn push_keys(self, keys: &mut String) {
        match self {
            Self::Syllable(initial, vowel, last) => {
                keys.push_str(initial);
                keys.push_str(vowel);
                keys.push_str(last);
            }
            Self::Consonants(typed) | Self::Vowel(typed) => keys.push_str(typed),
            Self::Other(letter) => keys.push(letter),
        }
    }
}

/// The keys that type a text: those of each letter; other characters stay.
pub(crate) fn keys(text: &str) -> String {
    let mut keys = String::new();
    text.chars().for_each(|letter| Letter::of(letter).push_keys(&mut keys));
    keys
}

/// The text that a Korean keyboard composes of keys. What is no key of it stays.
pub(crate) fn composed(keys: &str) -> String {
    let mut text = String::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let (letter, taken) = syllable(rest).or_else(|| alone(rest)).unwrap_or((first, first.len_utf8()));
        text.push(letter);
        rest = &rest[taken..];
    }
    text
}

/// The syllable that keys begin with, and how many of them it takes.
fn syllable(keys: &str) -> Option<(char, usize)> {
    let initial = INITIALS.iter().position(|initial| keys.starts_with(initial))?;
    let (vowel, end) = vowel(&keys[1..]).map(|(vowel, taken)| (vowel, 1 + taken))?;
    // A consonant before a vowel begins the next syllable: of 값이 the ㅅ stays, of 갑시 it goes.
    let is_free = |taken: usize| self::vowel(&keys[end + taken..]).is_none();
    let (last, taken) = [2, 1]
        .into_iter()
        .filter_map(|taken| Some((keys.get(end..end + taken)?, taken)))
        .filter_map(|(typed, taken)| Some((FINALS.iter().position(|last| *last == typed)?, taken)))
        .find(|(_, taken)| is_free(*taken))
        .unwrap_or((0, 0));
    let code = 0xAC00 + (initial * 21 + vowel) * 28 + last;
    Some((char::from_u32(u32::try_from(code).ok()?)?, end + taken))
}

/// The vowel that keys begin with, the longest there is.
fn vowel(keys: &str) -> Option<(usize, usize)> {
    [2, 1].into_iter().find_map(|taken| {
        let typed = keys.get(..taken)?;
        Some((VOWELS.iter().position(|vowel| *vowel == typed)?, taken))
    })
}

/// The letter of one key that stands alone.
fn alone(keys: &str) -> Option<(char, usize)> {
    let at = LETTERS.iter().position(|letter| Some(*letter) == keys.get(..1))?;
    Some((char::from_u32(0x3131 + u32::try_from(at).ok()?)?, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_typed_as_a_korean_keyboard_types_them() {
        for (word, typed) in [
            ("비밀번호", "qlalfqjsgh"),
            ("사랑해", "tkfkdgo"),
            ("대한민국", "eogksalsrnr"),
            ("꿈", "Rna"),
            ("괜찮아", "rhoscksgdk"),
            ("닭값 1!", "ekfrrkqt 1!"),
            ("얘기의", "dOrldml"),
            ("힣a가", "glgark"),
            ("ㅊㅋ치ㅋㅣㄳ", "czclzlrt"),
            ("\u{1100}가", "rrk"),
        ] {
            assert_eq!(keys(word), typed, "{word}");
        }
    }

    #[test]
    fn keys_compose_as_they_are_typed() {
        for (typed, word) in [
            ("clzls", "치킨"),
            ("vlwk", "피자"),
            ("EjrqhRdl", "떡볶이"),
            ("ekfrrkqtdl", "닭값이"),
            ("ekfrkqtl", "달갑시"),
            ("rhks", "관"),
            ("cz", "ㅊㅋ"),
            ("clz", "칰"),
            ("wadlTs", "ㅈㅁ있ㄴ"),
            ("rt", "ㄱㅅ"),
            ("kk", "ㅏㅏ"),
            ("4clzls!", "4치킨!"),
        ] {
            assert_eq!(composed(typed), word, "{typed}");
        }
    }

    #[test]
    fn every_syllable_is_composed_of_its_keys() {
        for code in 0xAC00..0xAC00 + 19 * 21 * 28 {
            let syllable = char::from_u32(code).unwrap().to_string();
            assert_eq!(composed(&keys(&syllable)), syllable);
            let two = format!("{syllable}힣");
            assert_eq!(composed(&keys(&two)), two);
        }
    }
}
