//! The documents that people consent to, in versions.

use chrono::NaiveDate;

use super::Purpose;
use crate::Timestamp;
use crate::clock::seoul;

/// One version of a document that people consent to.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// What the consent is for.
    pub purpose: Purpose,
    /// Rises with each version.
    pub version: u32,
    /// The first day on which it holds, in Korea.
    pub effective_on: NaiveDate,
    korean: &'static str,
    english: &'static str,
}

impl Document {
    /// Its title and its text.
    pub fn words(&self, in_korean: bool) -> (&'static str, &'static str) {
        let whole = if in_korean { self.korean } else { self.english };
        whole.split_once("\n\n").map_or((whole, ""), |(title, text)| (title, text.trim_end()))
    }
}

/// The day on which the first versions begin to hold.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();

macro_rules! document {
    ($purpose:ident, $version:literal, $day:expr, $name:literal) => {
        Document {
            purpose: Purpose::$purpose,
            version: $version,
            effective_on: $day,
            korean: include_str!(concat!("documents/", $name, ".ko.md")),
            english: include_str!(concat!("documents/", $name, ".en.md")),
        }
    };
}

/// All versions of all documents. A new version is added; an old one stays, because people
/// consented to it.
pub const DOCUMENTS: &[Document] = &[
    document!(Terms, 1, FIRST_DAY, "terms"),
    document!(Privacy, 1, FIRST_DAY, "privacy"),
    document!(Location, 1, FIRST_DAY, "location"),
    document!(Advertising, 1, FIRST_DAY, "advertising"),
    document!(NightAdvertising, 1, FIRST_DAY, "night_advertising"),
    document!(ThirdParty, 1, FIRST_DAY, "third_party"),
];

/// The document that holds at this time; before the first one, the first one.
pub fn document(purpose: Purpose, now: Timestamp) -> &'static Document {
    newest(DOCUMENTS, purpose, now)
}

/// The documents that hold at this time, in the order in which people are asked.
pub fn documents(now: Timestamp) -> [&'static Document; 6] {
    Purpose::ALL.map(|purpose| document(purpose, now))
}

pub(super) fn newest(documents: &'static [Document], purpose: Purpose, now: Timestamp) -> &'static Document {
    let today = now.with_timezone(&seoul()).date_naive();
    let of_purpose = || documents.iter().filter(|document| document.purpose == purpose);
    let holding = of_purpose().filter(|document| document.effective_on <= today);
    holding
        .max_by_key(|document| document.version)
        .or_else(|| of_purpose().min_by_key(|document| document.version))
        .unwrap_or(&DOCUMENTS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_a_title_and_a_text_in_both_languages_and_says_that_it_is_optional() {
        for document in DOCUMENTS {
            let ((ko, korean), (en, english)) = (document.words(true), document.words(false));
            for (title, text) in [(ko, korean), (en, english)] {
                assert!(!title.contains('\n') && text.len() > 100, "{title}");
            }
            let optional = !document.purpose.is_required();
            assert_eq!(ko.contains("선택"), optional, "{ko}");
            assert_eq!(en.contains("optional"), optional, "{en}");
        }
    }

    #[test]
    fn a_document_holds_from_its_first_day_in_korea() {
        const TWO: &[Document] = &[
            document!(Terms, 1, FIRST_DAY, "terms"),
            document!(Terms, 2, NaiveDate::from_ymd_opt(2027, 3, 1).unwrap(), "terms"),
        ];
        let at = |text: &str| newest(TWO, Purpose::Terms, text.parse().unwrap()).version;
        assert_eq!(at("2027-02-28T14:59:59Z"), 1);
        assert_eq!(at("2027-02-28T15:00:00Z"), 2, "midnight in Seoul");
        assert_eq!(at("2020-01-01T00:00:00Z"), 1, "there is always one");
    }
}
