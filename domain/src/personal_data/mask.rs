//! The short forms of personal data: enough to recognise what one knows, not enough to learn it.

/// Stands for what is not shown. Its length says nothing about what it hides.
const HIDDEN: &str = "***";

/// How many digits of a telephone number are shown, the last ones.
const DIGITS_SHOWN: usize = 4;

/// A name reduced to its first letter: `김*`.
pub fn name(name: &str) -> String {
    name.chars().take(1).chain(['*']).collect()
}

/// A telephone number reduced to its last four digits: `***5678`. Shorter numbers show nothing.
pub fn phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let shown = digits.len().checked_sub(DIGITS_SHOWN).filter(|hidden| *hidden >= DIGITS_SHOWN);
    HIDDEN.chars().chain(shown.map_or(&[][..], |hidden| &digits[hidden..]).iter().copied()).collect()
}

/// An e-mail address reduced to its first letter and its domain: `m***@example.com`. A text that is
/// no e-mail address shows nothing.
pub fn email(email: &str) -> String {
    match email.split_once('@') {
        Some((local, domain)) => {
            let first = local.chars().take(usize::from(local.chars().nth(1).is_some()));
            first.chain(HIDDEN.chars()).chain(['@']).chain(domain.chars()).collect()
        }
        None => HIDDEN.to_owned(),
    }
}

/// An address reduced to its city and district: `서울 강남구 ***`.
pub fn address(address: &str) -> String {
    let words: Vec<&str> = address.split_whitespace().collect();
    // A text of fewer words may be a road alone.
    let shown = if words.len() > 3 { 2 } else { 0 };
    words[..shown].iter().copied().chain([HIDDEN]).collect::<Vec<_>>().join(" ")
}

/// Everything else: whether there is anything, and nothing of it.
pub fn everything(text: &str) -> String {
    if text.is_empty() { String::new() } else { HIDDEN.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_one_knows_is_recognised() {
        assert_eq!(name("김라이더"), "김*");
        assert_eq!(name(""), "*");
        assert_eq!(phone("+821012345678"), "***5678");
        assert_eq!(phone("010-1234-5678"), "***5678");
        assert_eq!(phone("1234567"), "***", "half of it would be shown");
        assert_eq!(email("minji@example.com"), "m***@example.com");
        assert_eq!(email("m@example.com"), "***@example.com");
        assert_eq!(email("minji"), "***");
        assert_eq!(address("서울특별시 강남구 테헤란로 152"), "서울특별시 강남구 ***");
        assert_eq!(address("테헤란로 152"), "***");
        assert_eq!(everything("101호"), "***");
        assert_eq!(everything(""), "");
    }

    proptest! {
        #[test]
        fn a_mask_does_not_tell_two_secrets_apart(
            first in "[0-9]{4,8}", second in "[0-9]{4,8}", last in "[0-9]{4}",
        ) {
            prop_assert_eq!(phone(&format!("+{first}{last}")), phone(&format!("+{second}{last}")));
            let address = |number: &str| address(&format!("서울 강남구 테헤란로 {number}"));
            prop_assert_eq!(address(&first), address(&second));
            prop_assert_eq!(email(&format!("m{first}@a.kr")), email(&format!("m{second}@a.kr")));
        }
    }
}
