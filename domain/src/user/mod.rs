//! People: what they are called, and where their food goes.

pub mod address;

pub use address::{Address, AddressBook, AddressRefusal, MAX_ADDRESSES, Place};

use crate::{Text, TextRule};

/// The longest name, in characters.
pub const MAX_NAME: usize = 50;

/// A person's name as it is kept; none if it is empty, too long or not one line of
/// [`Text`].
pub fn name(text: &str) -> Option<String> {
    line(text, MAX_NAME)
}

/// One line of [`Text`] of 1 to `max` characters, as it is kept.
pub fn line(text: &str, max: usize) -> Option<String> {
    TextRule::line(max).read(text).ok().map(Text::into_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_text() {
        assert_eq!(name("  김민지 "), Some("김민지".to_owned()));
        for bad in ["", "  ", "a\nb", "\u{0}", "\u{200b}", "\u{3164}", "a\u{202e}b", &"가".repeat(51)] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }
}
