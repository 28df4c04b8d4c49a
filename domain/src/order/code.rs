//! The hand-over code: a few characters by which customer, restaurant and courier name the same
//! order, at the counter and at the door. It is not a secret and proves nothing: a customer who
//! collects an order shows its pickup code.
//!
//! It is derived from the last 32 bits of the order's id, which are random in a UUIDv7 (the
//! counter is in the bits before them), so every process computes the same code and nothing is
//! stored. Four of 25 characters are 390,625 codes. Of 30 orders on one board, two share a code
//! with a probability of 0.11 %; of 100 orders, 1.3 %. The dishes then tell them apart. Among ten
//! million orders each code occurs about 26 times; a search returns the newest first.
//!
//! `orders.code_number(id)` in the database computes the same number, for the index by which
//! orders are found (`migrations/0190_order_code.sql`).

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::OrderId;

/// The characters of a code. Excluded are those that look like another one (0 and O, 1, I and L,
/// Z for 2, S for 5, B for 8, U for V), and the vowels, so that no code is a word.
const ALPHABET: &[u8; 25] = b"23456789CDFGHJKMNPQRTVWXY";

/// Characters of a code.
const LENGTH: usize = 4;

/// How many codes there are.
const CODES: u32 = 25 * 25 * 25 * 25;

/// A hand-over code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderCode(u32);

/// The text is no hand-over code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a hand-over code")]
pub struct NotACode;

impl OrderCode {
    /// The code as a number below 390,625, as in the database.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl From<OrderId> for OrderCode {
    fn from(order: OrderId) -> Self {
        let [.., a, b, c, d] = *order.0.as_bytes();
        Self(u32::from_be_bytes([a, b, c, d]) % CODES)
    }
}

impl OrderId {
    /// The order's hand-over code.
    pub fn code(self) -> OrderCode {
        self.into()
    }
}

impl fmt::Display for OrderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = ['2'; LENGTH];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            *place = char::from(ALPHABET[rest as usize % ALPHABET.len()]);
            rest /= 25;
        }
        text.iter().try_for_each(|character| fmt::Write::write_char(f, *character))
    }
}

/// Accepts what people type: lower case, `#`, spaces, hyphens, full-width characters, and
/// characters that look like one of the alphabet.
impl FromStr for OrderCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut number = 0;
        let mut read = 0;
        for character in text.chars().map(half_width) {
            let character = match character.to_ascii_uppercase() {
                ' ' | '#' | '-' => continue,
                'Z' => '2',
                'S' => '5',
                'B' => '8',
                'U' => 'V',
                other => other,
            };
            let value = ALPHABET.iter().position(|known| char::from(*known) == character);
            let value = value.and_then(|value| u32::try_from(value).ok()).ok_or(NotACode)?;
            read += 1;
            if read > LENGTH {
                return Err(NotACode);
            }
            number = number * 25 + value;
        }
        if read == LENGTH { Ok(Self(number)) } else { Err(NotACode) }
    }
}

/// The ASCII form of a full-width character (`Ａ`, `＃`, the ideographic space), which Korean
/// input methods can produce.
fn half_width(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xff01 + 0x21).unwrap_or(character),
        other => other,
    }
}

impl Serialize for OrderCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn order(tail: u32) -> OrderId {
        OrderId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 | u128::from(tail)))
    }

    #[test]
    fn the_code_of_an_order_never_changes() {
        for (tail, code) in
            [(0, "2222"), (1, "2223"), (25, "2232"), (CODES - 1, "YYYY"), (CODES, "2222"), (u32::MAX, "4WNT")]
        {
            assert_eq!(order(tail).code().to_string(), code);
        }
    }

    #[test]
    fn no_two_characters_look_alike_and_no_code_is_a_word() {
        assert_eq!(ALPHABET.iter().collect::<std::collections::HashSet<_>>().len(), 25);
        assert!(!ALPHABET.iter().any(|character| b"01ILOZSBUAE".contains(character)));
    }

    #[test]
    fn what_people_type_is_read() {
        let code: OrderCode = "K7VX".parse().unwrap();
        for text in ["k7vx", "#K7VX", " k7 vx ", "K7-UX", "Ｋ７ｖｘ", "＃K7VX　"] {
            assert_eq!(text.parse(), Ok(code), "{text}");
        }
        assert_eq!("258V".parse::<OrderCode>(), "zsBu".parse());
        for text in ["", "K7V", "K7VXX", "K7V0", "치킨", "K7V\u{301}", "\u{200b}K7VX", &"2".repeat(100_000)]
        {
            assert_eq!(text.parse::<OrderCode>(), Err(NotACode), "{text:.8}");
        }
    }

    #[test]
    fn thirty_orders_on_a_board_rarely_share_a_code() {
        // 1 - ∏ (1 - i / codes)
        let shared = |orders: u32| {
            1.0 - (0..orders).map(|before| 1.0 - f64::from(before) / f64::from(CODES)).product::<f64>()
        };
        assert!((0.0010..0.0012).contains(&shared(30)), "{}", shared(30));
        assert!((0.012..0.014).contains(&shared(100)), "{}", shared(100));
    }

    proptest! {
        #[test]
        fn a_code_is_read_as_it_is_written(tail: u32) {
            let code = order(tail).code();
            prop_assert_eq!(code.to_string().parse(), Ok(code));
            prop_assert_eq!(code.number(), tail % CODES);
        }
    }
}
