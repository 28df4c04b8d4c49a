//! People: what they are called, and where their food goes.

mod address;

pub use address::{Address, AddressBook, AddressRefusal, MAX_ADDRESSES, Place};

/// The longest name, in characters.
pub const MAX_NAME: usize = 50;

/// A person's name, without space around it; none if it is empty, too long or
/// holds control characters.
pub fn name(text: &str) -> Option<String> {
    line(text, MAX_NAME)
}

/// One line of text of 1 to `max` characters, without space around it.
pub fn line(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let good = !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_text() {
        assert_eq!(name("  김민지 "), Some("김민지".to_owned()));
        for bad in ["", "  ", "a\nb", "\u{0}", &"가".repeat(51)] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }
}
