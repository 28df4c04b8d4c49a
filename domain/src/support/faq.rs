//! Frequently asked questions, and how they are searched.
//!
//! Every word of the search must occur. In Korean, particles are attached to nouns and
//! spaces are often optional, so a longer Korean word is searched for without its
//! particle, and texts are compared without spaces: `배달팁을` finds `배달 팁은 …`.

use unicode_normalization::UnicodeNormalization;

use super::Topic;
use crate::text::search_text;
use crate::{FaqId, Refused};

/// The most words that are used; further ones are ignored.
pub const MAX_TERMS: usize = 8;

/// Particles that may follow a noun, longest first.
const PARTICLES: [&str; 18] = [
    "에서", "으로", "까지", "부터", "에게", "하고", "은", "는", "이", "가", "을", "를", "의", "에", "도",
    "로", "와", "과",
];

/// A question with its answer, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faq {
    /// Its id.
    pub id: FaqId,
    /// Its topic.
    pub category: Topic,
    /// Its unique rank in the list.
    pub position: i32,
    /// In Korean.
    pub ko: Wording,
    /// In English.
    pub en: Wording,
}

/// A question with its answer in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

impl Faq {
    /// Whether a search finds it: all words must occur in the same language.
    pub fn is_found(&self, search: &SearchText) -> bool {
        [&self.ko, &self.en]
            .into_iter()
            .any(|wording| search.finds(&comparable(&format!("{} {}", wording.question, wording.answer))))
    }
}

/// A search: words in the form of [`comparable`] texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText(Vec<String>);

impl SearchText {
    /// Parses a search; `None` if it is blank.
    pub fn new(text: &str) -> Result<Option<Self>, Refused> {
        let text = search_text(text)?;
        let mut terms: Vec<String> = Vec::new();
        for word in folded(text).split(|c: char| !c.is_alphanumeric()) {
            let term = without_particle(word);
            if !term.is_empty() && terms.len() < MAX_TERMS && !terms.iter().any(|known| known == term) {
                terms.push(term.to_owned());
            }
        }
        Ok((!text.trim().is_empty()).then_some(Self(terms)))
    }

    /// Whether a text, already in [`comparable`] form, contains every word. A search
    /// without words finds nothing.
    pub fn finds(&self, comparable: &str) -> bool {
        !self.0.is_empty() && self.0.iter().all(|term| comparable.contains(term.as_str()))
    }
}

/// The form in which texts are compared: NFKC (some devices send decomposed Hangul),
/// lower case, letters and digits only.
pub fn comparable(text: &str) -> String {
    folded(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// Removes a particle if at least two syllables remain, so that `가로` stays whole.
fn without_particle(word: &str) -> &str {
    let hangul = |text: &str| text.chars().all(|c| ('가'..='힣').contains(&c));
    PARTICLES
        .iter()
        .filter_map(|particle| word.strip_suffix(particle))
        .find(|stem| hangul(stem) && stem.chars().count() >= 2)
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(search: &str, text: &str) -> bool {
        SearchText::new(search).unwrap().is_some_and(|search| search.finds(&comparable(text)))
    }

    #[test]
    fn korean_is_found_whatever_its_particles_and_spaces() {
        let text = "배달 팁은 어떻게 정해지나요? (Delivery tip)";
        for search in [
            "배달팁",
            "배달팁을",
            "배달 팁",
            "어떻게 배달",
            "DELIVERY tip",
            "배달팁?",
            "\u{1107}\u{1162}\u{1103}\u{1161}\u{11af}",
        ] {
            assert!(found(search, text), "{search}");
        }
        for search in ["환불", "배달 환불", "delivery refund"] {
            assert!(!found(search, text), "{search}");
        }
    }

    #[test]
    fn signs_of_pattern_languages_mean_nothing() {
        for search in ["%", "_", "\\", "'; --", "%_%", "\u{fffd}"] {
            assert!(!found(search, "50% _할인_"), "{search}");
        }
        assert!(found("50%", "50% _할인_"));
    }

    #[test]
    fn nothing_typed_is_no_search() {
        for search in ["", " ", "\u{3000}"] {
            assert_eq!(SearchText::new(search), Ok(None), "{search:?}");
        }
    }

    #[test]
    fn an_endless_search_is_refused() {
        assert_eq!(SearchText::new(&"가".repeat(101)).unwrap_err().faults[0].code(), "too_long");
    }

    proptest! {
        #[test]
        fn a_text_is_found_by_any_of_its_own_words(text in "\\PC{0,60}") {
            for word in text.split_whitespace() {
                if let Ok(Some(search)) = SearchText::new(word)
                    && !search.0.is_empty()
                {
                    prop_assert!(search.finds(&comparable(&text)), "{word}");
                }
            }
        }

        #[test]
        fn terms_are_few_and_plain(text in any::<String>()) {
            if let Ok(Some(search)) = SearchText::new(&text) {
                prop_assert!(search.0.len() <= MAX_TERMS);
                prop_assert!(search.0.iter().all(|term| term.chars().all(char::is_alphanumeric)));
            }
        }
    }
}
