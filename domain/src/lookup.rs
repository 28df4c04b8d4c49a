//! What an operator can look for with one line of text.
//!
//! | the text | finds |
//! |---|---|
//! | an id | the order, courier or restaurant with it |
//! | a hand-over code | orders, newest first |
//! | the last digits of a telephone number, four at least | the orders of its owner |
//! | two characters of a name, or more | couriers and restaurants |
//!
//! A text can be several of these: `2345` is a code, an ending of telephone numbers and a part of a
//! name.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::auth::Phone;
use crate::order::OrderCode;
use crate::text::searchable;
use crate::{Refused, TextRule, fault};

/// The longest text, in characters.
const CHARS_MAX: usize = 100;

/// The shortest part of a name that is searched for, in characters.
const NAME_LEAST: usize = 2;

/// The fewest digits of a telephone number: fewer are the numbers of too many people.
const DIGITS_LEAST: usize = 4;

/// The most digits of a telephone number (E.164).
const DIGITS_MAX: usize = 15;

/// A search, by everything that its text can mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The text as an id.
    pub id: Option<Uuid>,
    /// The text as an order's hand-over code.
    pub code: Option<OrderCode>,
    /// The text as the end of a telephone number.
    pub phone: Option<PhoneEnding>,
    /// The text as a part of a name, in the form in which names are compared.
    pub name: Option<String>,
}

impl Lookup {
    /// Reads the query `q`.
    ///
    /// # Errors
    /// The text is not one line of visible characters, is too long, or is too short to mean any
    /// of these.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let text =
            TextRule::line(CHARS_MAX).read(text).map_err(|flaw| Refused::invalid(vec![flaw.at("/q")]))?;
        let text = text.as_str();
        let id = Uuid::parse_str(text).ok();
        let name = searchable(text);
        let lookup = Self {
            id,
            code: text.parse().ok(),
            phone: text.parse().ok(),
            name: (id.is_none() && name.chars().count() >= NAME_LEAST).then_some(name),
        };
        if lookup == (Self { id: None, code: None, phone: None, name: None }) {
            let detail = format!("A search has at least {NAME_LEAST} characters.");
            return Err(Refused::field("/q", fault::TOO_SHORT, detail));
        }
        Ok(lookup)
    }
}

/// The last digits of a telephone number, or all of it. Personal data: it prints no digits.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneEnding(String);

/// The text is not the end of a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the last digits of a telephone number")]
pub struct NotAPhoneEnding;

impl PhoneEnding {
    /// The digits, without the `+` of a whole number.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The last four of them, by which numbers are indexed.
    pub fn last_four(&self) -> &str {
        &self.0[self.0.len() - DIGITS_LEAST..]
    }
}

impl FromStr for PhoneEnding {
    type Err = NotAPhoneEnding;

    /// Takes digits as people write them, with hyphens, spaces, dots and brackets. A whole number is
    /// brought to its international form, which is the stored one.
    fn from_str(text: &str) -> Result<Self, NotAPhoneEnding> {
        if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-() .".contains(&byte)) {
            return Err(NotAPhoneEnding);
        }
        let digits = match text.parse::<Phone>() {
            Ok(whole) => whole.as_str().trim_start_matches('+').to_owned(),
            Err(_) => text.chars().filter(char::is_ascii_digit).collect(),
        };
        if (DIGITS_LEAST..=DIGITS_MAX).contains(&digits.len()) {
            Ok(Self(digits))
        } else {
            Err(NotAPhoneEnding)
        }
    }
}

impl fmt::Debug for PhoneEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneEnding(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(text: &str) -> Option<&'static str> {
        Lookup::read(text).err().map(|refused| refused.faults[0].code())
    }

    fn phone(text: &str) -> Option<String> {
        text.parse::<PhoneEnding>().ok().map(|ending| ending.digits().to_owned())
    }

    #[test]
    fn an_id_is_nothing_else() {
        let text = "01920000-0000-7000-8000-000000000001";
        let found = Lookup::read(text).unwrap();
        assert_eq!(found, Lookup { id: Some(text.parse().unwrap()), code: None, phone: None, name: None });
    }

    #[test]
    fn a_code_may_be_an_ending_of_a_number_and_a_part_of_a_name_too() {
        let order: crate::OrderId = "01920000-0000-7000-8000-000000003039".parse().unwrap();
        let found = Lookup::read(&format!("#{}", order.code()).to_lowercase()).unwrap();
        assert_eq!(found.code, Some(order.code()));
        let found = Lookup::read("2345").unwrap();
        assert!(found.code.is_some() && found.phone.is_some() && found.name.is_some());
        assert_eq!(Lookup::read("치킨").unwrap().code, None);
    }

    #[test]
    fn a_name_is_composed_and_compared_without_spaces_and_case() {
        let name = |text: &str| Lookup::read(text).unwrap().name;
        assert_eq!(name(" 김 라이더 "), Some("김라이더".to_owned()));
        assert_eq!(name("\u{1100}\u{1175}\u{11B7}라"), Some("김라".to_owned()), "decomposed");
        assert_eq!(name("BBQ"), Some("bbq".to_owned()));
    }

    #[test]
    fn too_short_too_long_and_invisible_texts_are_refused() {
        assert_eq!(fault_of(""), Some("blank"));
        assert_eq!(fault_of("  "), Some("blank"));
        assert_eq!(fault_of("김"), Some("too_short"));
        assert_eq!(fault_of("김 "), Some("too_short"));
        assert_eq!(fault_of(&"가".repeat(101)), Some("too_long"));
        assert_eq!(fault_of("a\u{200b}b"), Some("forbidden_character"));
        assert_eq!(fault_of("a\0b"), Some("control_character"));
        assert_eq!(fault_of("\u{3164}\u{3164}"), Some("forbidden_character"));
    }

    #[test]
    fn four_digits_at_least_end_a_telephone_number() {
        assert_eq!(phone("5678").as_deref(), Some("5678"));
        assert_eq!(phone("34-5678").as_deref(), Some("345678"));
        assert_eq!(phone("010-1234-5678").as_deref(), Some("821012345678"), "a whole number");
        assert_eq!(phone("+82 10 1234 5678").as_deref(), Some("821012345678"));
        for text in ["", "567", "5-6-7", "56a8", "５６７８", "1234567890123456", "number 5678"] {
            assert_eq!(phone(text), None, "{text}");
        }
        let ending: PhoneEnding = "010-1234-5678".parse().unwrap();
        assert_eq!(ending.last_four(), "5678");
        assert_eq!(format!("{ending:?}"), "PhoneEnding(..)");
    }
}
