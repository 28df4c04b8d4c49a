//! The passwords that attackers try first, and the look-up of one.

use crate::hangul::keys;

/// The most frequent passwords of published leaks, in lower case and in byte order (`README.md`).
/// Those below 8 characters are there for the check without appended digits.
const COMMON: &str = include_str!("common.txt");

/// Common Korean words and given names, in byte order.
const KOREAN: &str = include_str!("korean.txt");

/// The most frequent family names, for the check of full names.
const FAMILY_NAMES: [&str; 20] = [
    "김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권", "황", "안",
    "송", "전", "홍",
];

/// The fewest bytes that are looked up without the digits and signs that follow them.
const FEWEST_BYTES: usize = 4;

/// The same words as their keys are typed while the keyboard is set to Latin, in lower case and in
/// byte order: `qlalfqjsgh` is 비밀번호.
const TYPED: &str = include_str!("typed.txt");

/// Whether a password, in lower case, is among the first that are tried.
pub(super) fn is_common(lowered: &str) -> bool {
    // Appended digits and punctuation add little: `password1!` counts as `password`.
    let bare = lowered.trim_end_matches(|last: char| last.is_ascii_digit() || last.is_ascii_punctuation());
    let mut letters = lowered.chars();
    let first = letters.next();
    let is_one_letter = letters.all(|letter| Some(letter) == first);
    is_one_letter || is_listed(lowered) || (bare.len() >= FEWEST_BYTES && is_listed(bare))
}

fn is_listed(word: &str) -> bool {
    let is_korean = |word: &str| has_line(KOREAN, word) || has_line(TYPED, word);
    let is_name_after = |family: &str| word.strip_prefix(family).is_some_and(is_korean);
    has_line(COMMON, word)
        || is_korean(word)
        || FAMILY_NAMES.iter().any(|family| is_name_after(family) || is_name_after(&keys(family)))
}

/// Whether a line of `sorted`, whose lines are in byte order, is `wanted`: a binary search.
fn has_line(sorted: &str, wanted: &str) -> bool {
    let (bytes, wanted) = (sorted.as_bytes(), wanted.as_bytes());
    // The line, if there is one, begins at or after `low` and ends before `high`.
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let is_end = |byte: &u8| *byte == b'\n';
        let start = bytes[low..middle].iter().rposition(is_end).map_or(low, |at| low + at + 1);
        let end = bytes[start..].iter().position(is_end).map_or(bytes.len(), |at| start + at);
        match bytes[start..end].cmp(wanted) {
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_lists_are_in_order_and_long_enough() {
        for list in [COMMON, KOREAN, TYPED] {
            assert!(list.lines().is_sorted_by(|one, other| one < other));
            assert!(list.lines().all(|line| !line.trim().is_empty() && line == line.to_lowercase()));
        }
        assert!(COMMON.lines().count() >= 10_000);
        assert!(KOREAN.lines().all(|word| word.chars().all(|letter| ('가'..='힣').contains(&letter))));
    }

    #[test]
    fn korean_words_are_listed_as_they_are_typed() {
        let mut typed: Vec<_> = KOREAN.lines().map(|word| keys(word).to_lowercase()).collect();
        typed.sort_unstable();
        typed.dedup();
        assert_eq!(TYPED.lines().collect::<Vec<_>>(), typed, "typed.txt is korean.txt, typed");
    }

    #[test]
    fn every_word_of_the_lists_is_found() {
        assert!(COMMON.lines().all(|word| has_line(COMMON, word)));
        assert!(KOREAN.lines().all(|word| has_line(KOREAN, word)));
        assert!(!has_line("", "") && !has_line(COMMON, "") && !has_line(COMMON, "\n"));
    }

    #[test]
    fn korean_words_are_refused_however_they_are_typed() {
        for common in [
            "qlalfqjsgh",
            "Tkfkdgo1004",
            "tkfkdgkqslek!!",
            "rlaalswl1990",
            "비밀번호1234",
            "김민지19900101",
            "dkssudgktpdy",
        ] {
            assert!(is_common(&common.to_lowercase()), "{common}");
        }
        for rare in ["한강에서치킨을먹자", "gksrkddptjclzlsdmfajrwk", "baedal-demo"] {
            assert!(!is_common(rare), "{rare}");
        }
    }

    proptest! {
        #[test]
        fn the_search_finds_what_a_scan_finds(
            words in prop::collection::btree_set("[a-c]{1,3}", 0..12), wanted in "[a-c]{0,3}", ended in any::<bool>(),
        ) {
            let mut list = words.iter().cloned().collect::<Vec<_>>().join("\n");
            if ended && !list.is_empty() {
                list.push('\n');
            }
            prop_assert_eq!(has_line(&list, &wanted), words.contains(&wanted));
        }
    }
}
