//! Free text written by people.
//!
//! One rule applies to every field. Text is NFC, trimmed, has something visible, and has
//! no invisible or reordering characters: PostgreSQL cannot store NUL, terminals execute
//! escape sequences, bidirectional overrides reorder words (Trojan Source,
//! CVE-2021-42574), and invisible characters make different names look the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use crate::{Fault, Refused, Words, fault};

/// Bytes allowed for each character of the maximum length: the longest UTF-8 code point.
/// This also limits combining marks, since any number of them counts as one character.
const BYTES_PER_CHARACTER: usize = 4;

/// Canonical combining class of the viramas, after which a joiner may end a word.
const VIRAMA: u8 = 9;

/// The requirements for one field's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextRule {
    max: usize,
    several_lines: bool,
}

impl TextRule {
    /// One line of 1 to `max` characters (grapheme clusters, as a reader counts them).
    pub const fn line(max: usize) -> Self {
        Self { max, several_lines: false }
    }

    /// Several lines, with tabs, of 1 to `max` characters in all.
    pub const fn lines(max: usize) -> Self {
        Self { max, several_lines: true }
    }

    /// Normalises to NFC, trims and checks. CRLF becomes `\n`.
    pub fn read(self, text: &str) -> Result<Text, TextFlaw> {
        let text: String = text.trim().replace("\r\n", "\n").nfc().collect();
        if text.len() > self.max * BYTES_PER_CHARACTER || text.graphemes(true).nth(self.max).is_some() {
            return Err(TextFlaw::TooLong { max: self.max });
        }
        let mut before = None;
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            self.check(before, c, rest.clone().next())?;
            before = Some(c);
        }
        if text.chars().any(is_visible) { Ok(Text(text)) } else { Err(TextFlaw::Blank) }
    }

    fn check(self, before: Option<char>, c: char, after: Option<char>) -> Result<(), TextFlaw> {
        use GeneralCategory as Category;
        match c.general_category() {
            Category::Control if self.several_lines && matches!(c, '\n' | '\t') => Ok(()),
            Category::Control => Err(TextFlaw::ControlCharacter),
            Category::Format if matches!(c, '\u{200C}' | '\u{200D}') && joins(before, after) => Ok(()),
            Category::Format
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::PrivateUse
            | Category::Surrogate
            | Category::Unassigned => Err(TextFlaw::ForbiddenCharacter),
            _ if is_blank_glyph(c) => Err(TextFlaw::ForbiddenCharacter),
            // A variation selector needs a visible character before it: a run of selectors
            // can hide data.
            _ if is_variation_selector(c) && !before.is_some_and(is_visible) => {
                Err(TextFlaw::ForbiddenCharacter)
            }
            _ => Ok(()),
        }
    }
}

/// Text that satisfies its field's [`TextRule`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text(String);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Why a text is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFlaw {
    /// Nothing visible.
    #[error("The text is empty.")]
    Blank,
    /// Longer than the field allows, in characters or in bytes.
    #[error("The text is longer than {max} characters.")]
    TooLong {
        /// The maximum length in characters.
        max: usize,
    },
    /// A control character (NUL, escape), or a line break in a one-line field.
    #[error("The text has control characters.")]
    ControlCharacter,
    /// Invisible, bidirectional, private or unassigned.
    #[error("The text has characters that cannot be seen.")]
    ForbiddenCharacter,
}

impl TextFlaw {
    /// The code, with its words.
    pub fn words(self) -> &'static Words {
        match self {
            Self::Blank => fault::BLANK,
            Self::TooLong { .. } => fault::TOO_LONG,
            Self::ControlCharacter => fault::CONTROL_CHARACTER,
            Self::ForbiddenCharacter => fault::FORBIDDEN_CHARACTER,
        }
    }

    /// The [`Fault`] for the field at `pointer`.
    pub fn at(self, pointer: impl Into<String>) -> Fault {
        Fault::new(pointer, self.words(), self.to_string())
    }
}

/// Whether a joiner between these characters shapes a word or an emoji, so that it has a
/// visible effect.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    // U+FE0F or a skin tone may come between a pictograph and its joiner.
    let pictograph = |c: char| c.is_emoji_char() && !c.is_ascii();
    let emoji = (pictograph(before) || before == '\u{FE0F}') && after.is_some_and(pictograph);
    let word = is_joining_script(before)
        && (after.is_some_and(is_joining_script) || canonical_combining_class(before) == VIRAMA);
    emoji || word
}

/// Scripts in which a joiner changes the shape of letters: Arabic, Syriac, N'Ko and
/// similar ones, and the Indic scripts up to Khmer and Mongolian.
fn is_joining_script(c: char) -> bool {
    matches!(c, '\u{0600}'..='\u{0DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{18AF}')
        && (c.is_alphabetic() || canonical_combining_class(c) != 0)
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Letters, marks and symbols that show nothing: the combining grapheme joiner, the Hangul
/// and Khmer fillers, and the empty Braille pattern.
fn is_blank_glyph(c: char) -> bool {
    matches!(
        c,
        '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
    )
}

fn is_hidden(c: char) -> bool {
    let category = c.general_category();
    matches!(category, GeneralCategory::Control | GeneralCategory::Format) || is_blank_glyph(c)
}

/// Whether it is visible on its own.
fn is_visible(c: char) -> bool {
    let mark =
        matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    !mark && !c.is_whitespace() && !is_hidden(c)
}

/// The longest search, in characters.
const SEARCH_MAX: usize = 100;

/// Checks the length of a search text, the query parameter `q`.
///
/// # Errors
/// It has more than 100 characters.
pub fn search_text(text: &str) -> Result<&str, Refused> {
    if text.chars().nth(SEARCH_MAX).is_some() {
        let detail = format!("A search has at most {SEARCH_MAX} characters.");
        return Err(Refused::field("/q", fault::TOO_LONG, detail));
    }
    Ok(text)
}

/// The form in which a name and a search for it are compared: NFC, lower case, without
/// spaces and invisible characters.
pub fn searchable(text: &str) -> String {
    let seen = |c: &char| !c.is_whitespace() && !is_hidden(*c);
    text.nfc().filter(seen).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flaw(text: &str) -> Option<&'static str> {
        TextRule::line(20).read(text).err().map(|flaw| flaw.words().code)
    }

    #[test]
    fn what_people_write_is_taken_as_it_stands() {
        let good = [
            "김민지",
            "Zoë O'Neill",
            "二丁目",
            "👨‍👩‍👧‍👦 가족",
            "❤️‍🔥",
            "🇰🇷",
            "می‌خواهم",
            "ශ්‍රී",
            "葛󠄀城",
            "50% ☕️",
            "1️⃣",
        ];
        for text in good {
            assert_eq!(TextRule::line(20).read(text).as_ref().map(Text::as_str), Ok(text), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        let blank = ["", "  ", "\u{2028}", "\u{3000}", "\u{301}", "\u{20DD}"];
        assert!(blank.iter().all(|text| flaw(text) == Some("blank")));
        for control in ["a\0b", "\u{1b}[31m", "a\nb", "a\tb", "a\r", "a\u{85}b", "a\u{7f}b"] {
            assert_eq!(flaw(&format!("x{control}x")), Some("control_character"), "{control:?}");
        }
        let hidden = "\u{200B}\u{200C}\u{200D}\u{200E}\u{202E}\u{2028}\u{2029}\u{2066}\u{FEFF}\u{AD}\u{61C}\
             \u{3164}\u{FFA0}\u{115F}\u{1160}\u{2800}\u{34F}\u{180E}\u{E000}\u{378}\u{FFFF}\u{E0041}\u{FFF9}";
        for c in hidden.chars() {
            assert_eq!(flaw(&format!("a{c}b")), Some("forbidden_character"), "{c:?}");
        }
        for run in ["a\u{FE0F}\u{FE0F}", "\u{FE0F}a", "🍗\u{200D}", "\u{200D}🍗"] {
            assert_eq!(flaw(run), Some("forbidden_character"), "{run:?}");
        }
    }

    #[test]
    fn length_is_counted_as_a_reader_counts_and_ends_in_bytes() {
        assert_eq!(flaw(&"가".repeat(20)), None);
        assert_eq!(flaw(&"\u{1100}\u{1161}".repeat(20)), None, "composed before it is counted");
        assert_eq!(flaw(&"가".repeat(21)), Some("too_long"));
        assert_eq!(flaw(&format!("a{}", "\u{301}".repeat(60))), Some("too_long"), "one letter under marks");
    }

    #[test]
    fn several_lines_keep_their_line_breaks_and_nothing_else() {
        let rule = TextRule::lines(20);
        assert_eq!(rule.read(" a\r\n\tb \n").map(Text::into_string), Ok("a\n\tb".to_owned()));
        for bad in ["a\rb", "a\u{2028}b", "a\u{0}b", "a\u{b}b"] {
            assert!(rule.read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_search_is_compared_composed_and_without_what_cannot_be_seen() {
        assert_eq!(searchable(" \u{110B}\u{1167}\u{11A8}삼\0동\u{200B} A"), "역삼동a");
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again_unchanged(text in any::<String>()) {
            if let Ok(read) = TextRule::lines(50).read(&text) {
                prop_assert_eq!(TextRule::lines(50).read(read.as_str()), Ok(read));
            }
        }
    }
}
