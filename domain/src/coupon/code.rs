//! The code by which customers claim a coupon: printed, spoken, typed.

use unicode_normalization::UnicodeNormalization;

/// Letters, digits and Hangul syllables, in upper case and without blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponCode(String);

impl CouponCode {
    /// How many characters a code has.
    pub const CHARS: std::ops::RangeInclusive<usize> = 4..=20;

    /// The code that somebody typed: blanks and hyphens do not count, nor does the case, nor how
    /// Hangul is composed. `None` if it is no code.
    pub fn read(typed: &str) -> Option<Self> {
        let is_filler = |c: &char| c.is_whitespace() || *c == '-';
        let code: String = typed.nfkc().filter(|c| !is_filler(c)).map(|c| c.to_ascii_uppercase()).collect();
        let is_code = Self::CHARS.contains(&code.chars().count())
            && code.chars().all(|c| matches!(c, 'A'..='Z' | '0'..='9' | '가'..='힣'));
        is_code.then_some(Self(code))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_what_was_meant() {
        let code = |typed| CouponCode::read(typed).map(|code| code.0);
        for typed in ["WELCOME10", " welcome-10 ", "Wel come１０"] {
            assert_eq!(code(typed), Some("WELCOME10".into()), "{typed}");
        }
        assert_eq!(code("첫주문쿠폰"), Some("첫주문쿠폰".into()));
        assert_eq!(code("첫주문쿠폰"), Some("첫주문쿠폰".into()), "decomposed Hangul");
        for typed in ["", "ABC", "ABCDE_F", "ABCD\u{200b}", "ㅊㅋㅊㅋ", "A23456789012345678901"] {
            assert_eq!(code(typed), None, "{typed}");
        }
    }
}
