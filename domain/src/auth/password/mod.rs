//! Password rules: long enough, and not among the passwords that attackers try first
//! (NIST SP 800-63B, 5.1.1.2: no composition rules, no forced change).
//!
//! - this file: the rules;
//! - `common`: the passwords that are tried first.

mod common;

use unicode_normalization::UnicodeNormalization;

use super::Email;
use crate::{Fault, fault};

/// Why a password is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFlaw {
    /// Fewer than 8 characters.
    #[error("at least 8 characters")]
    TooShort,
    /// More than 128 characters: hashing very long passwords would allow denial of service.
    #[error("at most 128 characters")]
    TooLong,
    /// Among the passwords that attackers try first.
    #[error("too common: it is among the first that are tried")]
    Common,
    /// Known from a breach.
    #[error("known from a breach")]
    Breached,
    /// Equal to the e-mail address or its local part.
    #[error("must not be made of the e-mail address")]
    HoldsEmail,
}

impl PasswordFlaw {
    /// The [`Fault`] for the field at `pointer`.
    pub fn at(self, pointer: &str) -> Fault {
        let words = match self {
            Self::TooShort => fault::TOO_SHORT,
            Self::TooLong => fault::TOO_LONG,
            Self::Common => fault::TOO_COMMON,
            Self::Breached => fault::BREACHED,
            Self::HoldsEmail => fault::HOLDS_EMAIL,
        };
        Fault::new(pointer, words, self.to_string())
    }
}

/// The form in which a password is checked and hashed: NFC, so that it does not depend on
/// the keyboard (NIST SP 800-63B, 5.1.1.2).
pub fn normalised_password(password: &str) -> String {
    password.nfc().collect()
}

/// Checks a new password for the account with this address.
pub fn check(password: &str, email: &Email) -> Result<(), PasswordFlaw> {
    let password = normalised_password(password);
    let lowered = password.to_lowercase();
    match password.chars().count() {
        ..8 => Err(PasswordFlaw::TooShort),
        129.. => Err(PasswordFlaw::TooLong),
        _ if common::is_common(&lowered) => Err(PasswordFlaw::Common),
        _ if lowered == email.as_str() || lowered == email.local_part() => Err(PasswordFlaw::HoldsEmail),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_anybody_would_try_is_not_taken() {
        let email: Email = "minji.kim@example.com".parse().unwrap();
        let flaw = |password: &str| check(password, &email).err();
        assert_eq!(flaw("short"), Some(PasswordFlaw::TooShort));
        assert_eq!(flaw(&"x1".repeat(65)), Some(PasswordFlaw::TooLong));
        for common in ["password", "Password1!", "12345678", "aaaaaaaaaa", "qwerty123", "iloveyou2024"] {
            assert_eq!(flaw(common), Some(PasswordFlaw::Common), "{common}");
        }
        assert_eq!(flaw("Minji.Kim"), Some(PasswordFlaw::HoldsEmail));
        let decomposed: String = "가나다".nfd().collect();
        assert_eq!(flaw(&decomposed), Some(PasswordFlaw::TooShort), "composed before it is counted");
        for good in ["한강에서치킨을먹자", "correct horse battery", "baedal-demo"] {
            assert_eq!(flaw(good), None, "{good}");
        }
    }
}
