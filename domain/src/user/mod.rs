//! People: their names, delivery addresses, consents and notification settings.

mod access;
pub mod address;
pub mod consent;
pub mod notification;

pub use access::{Access, Look};
pub use address::{Address, AddressBook, AddressKind, AddressRefusal, MAX_ADDRESSES, Place, Zip};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Text, TextRule, UserId};

/// The longest name, in characters.
pub const MAX_NAME: usize = 50;

/// The longest nickname, in characters.
pub const MAX_NICKNAME: usize = 20;

/// Normalises a person's name for storage; `None` if it is empty, too long or not one
/// line of [`Text`].
pub fn name(text: &str) -> Option<String> {
    line(text, MAX_NAME)
}

/// Normalises one line of [`Text`] of 1 to `max` characters for storage.
pub fn line(text: &str, max: usize) -> Option<String> {
    TextRule::line(max).read(text).ok().map(Text::into_string)
}

/// A durable job for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum UserReminder {
    /// An answer about advertising is told to the person.
    ConsentResult {
        /// The person.
        user: UserId,
        /// The message's key.
        message: Uuid,
    },
    /// Two years after a consent to advertising, or after the last confirmation.
    ConsentConfirmation {
        /// The person.
        user: UserId,
        /// The message's key.
        message: Uuid,
    },
    /// A photo is not shown any more, or was never: files that no photo has are removed.
    PhotoUnused {
        /// The photo.
        photo: Uuid,
        /// The keys of its files.
        files: Vec<String>,
    },
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
