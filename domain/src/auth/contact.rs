//! Contact addresses. Each address has one normal form, so that a different spelling
//! neither creates a second account nor fails to find the existing one.

use std::fmt;
use std::str::FromStr;

/// An e-mail address, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct NotAnEmail;

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    /// Accepts the dot-atom form of RFC 5321, ASCII, at most 254 characters. Quoted local
    /// parts and address literals are legal, but people do not have such addresses.
    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim().to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(NotAnEmail)?;
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let good_local = (1..=64).contains(&local.len())
            && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom));
        let good_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let good_domain = domain.contains('.') && domain.split('.').all(good_label);
        if good_local && good_domain && text.len() <= 254 { Ok(Self(text)) } else { Err(NotAnEmail) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A telephone number in E.164 (`+821012345678`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// The text is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a telephone number")]
pub struct NotAPhone;

impl Phone {
    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = NotAPhone;

    /// Accepts Korean numbers as people write them (`010-1234-5678`, `02 123 4567`) and
    /// international numbers that start with `+`.
    fn from_str(text: &str) -> Result<Self, NotAPhone> {
        let text = text.trim();
        if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-() .".contains(&byte)) {
            return Err(NotAPhone);
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let international = match text.strip_prefix('+') {
            Some(rest) if rest.contains('+') => return Err(NotAPhone),
            // Drops a trunk zero after the country code, as in +82 (0)10 …
            Some(_) => digits.strip_prefix("820").map_or(digits.clone(), |rest| format!("82{rest}")),
            None if text.contains('+') => return Err(NotAPhone),
            None => format!("82{}", digits.strip_prefix('0').ok_or(NotAPhone)?),
        };
        let good = (8..=15).contains(&international.len())
            && !international.starts_with('0')
            && (!international.starts_with("82") || (10..=12).contains(&international.len()));
        if good { Ok(Self(format!("+{international}"))) } else { Err(NotAPhone) }
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identifier that a push service gives to one installation of an app. It changes when
/// the app is reinstalled. Anyone who knows it can send to the device: it must not be logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PushToken(String);

/// The text is not a token of a push service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of a push service")]
pub struct NotAPushToken;

impl PushToken {
    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PushToken {
    type Err = NotAPushToken;

    /// Tokens are opaque. The known services use only visible ASCII characters, at most 4,096.
    fn from_str(text: &str) -> Result<Self, NotAPushToken> {
        let good = (1..=4_096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good { Ok(Self(text.to_owned())) } else { Err(NotAPushToken) }
    }
}

impl fmt::Debug for PushToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_push_token_is_visible_ascii_and_prints_nothing_of_itself() {
        let token: PushToken = "fX3:APA91b-_".parse().unwrap();
        assert_eq!(format!("{token:?}"), "PushToken(..)");
        for text in ["", " a", "a\n", "토큰", "a b", &"a".repeat(4_097)] {
            assert_eq!(text.parse::<PushToken>(), Err(NotAPushToken), "{text}");
        }
    }

    #[test]
    fn one_address_has_one_spelling() {
        assert_eq!(
            " Min.Ji+food@Example.CO.KR ".parse::<Email>().unwrap().as_str(),
            "min.ji+food@example.co.kr"
        );
        for text in [
            "",
            "@",
            "a@",
            "@b.kr",
            "a@b",
            "a b@c.kr",
            "a@b..kr",
            ".a@b.kr",
            "a@-b.kr",
            "a@b@c.kr",
            "민지@b.kr",
        ] {
            assert_eq!(text.parse::<Email>(), Err(NotAnEmail), "{text}");
        }
    }

    #[test]
    fn korean_numbers_are_understood_as_people_write_them() {
        for text in ["010-1234-5678", "01012345678", "+82 10-1234-5678", "+82 (0)10 1234 5678"] {
            assert_eq!(text.parse::<Phone>().unwrap().as_str(), "+821012345678", "{text}");
        }
        assert_eq!("02-123-4567".parse::<Phone>().unwrap().as_str(), "+8221234567");
        for text in ["", "+", "12345", "010-1234", "010-1234-56789012", "ten", "0+1012345678", "+0123456789"]
        {
            assert_eq!(text.parse::<Phone>(), Err(NotAPhone), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_spelling_that_was_made_stays(text in "\\PC{0,40}") {
            if let Ok(email) = text.parse::<Email>() {
                let again = email.as_str().parse::<Email>();
                prop_assert_eq!(again, Ok(email));
            }
            if let Ok(phone) = text.parse::<Phone>() {
                let again = phone.as_str().parse::<Phone>();
                prop_assert_eq!(again, Ok(phone));
            }
        }
    }
}
