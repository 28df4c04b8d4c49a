//! The range API of Have I Been Pwned (haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange).
//! It is told five of the forty digits of a password's hash, which about a thousand stolen passwords
//! have in common, and answers with all of these: it does not learn which one was meant. The answer
//! is padded, so that its length tells nothing either.

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use services::auth::breached::{BreachedPasswords, PasswordHash, Unanswered};

use crate::OpenError;
use crate::party::{Body, Call, Limits, Party};

const NAME: &str = "pwned_passwords";

/// Asks for lines of nothing among the others.
const PADDING: HeaderName = HeaderName::from_static("add-padding");

/// Digits of a hash that are told.
const TOLD: usize = 5;

/// See the module.
pub(crate) struct PwnedPasswords {
    party: Party,
}

impl PwnedPasswords {
    pub(crate) fn open(url: &str, limits: Limits) -> Result<Self, OpenError> {
        let headers = HeaderMap::from_iter([(PADDING, HeaderValue::from_static("true"))]);
        Ok(Self { party: Party::open(NAME, url, headers, limits)? })
    }
}

#[async_trait]
impl BreachedPasswords for PwnedPasswords {
    async fn has(&self, password: &PasswordHash) -> Result<bool, Unanswered> {
        let digits = hex::encode_upper(password);
        let (told, kept) = digits.split_at(TOLD);
        let call = Call {
            name: "range",
            method: Method::GET,
            path: &["range", told],
            headers: HeaderMap::new(),
            body: Body::None,
            is_repeatable: true,
        };
        let answer = self.party.call(&call).await.map_err(|_| Unanswered)?;
        let text = std::str::from_utf8(&answer.body).ok().filter(|_| answer.status.is_success());
        Ok(lists(text.ok_or(Unanswered)?, kept))
    }
}

/// Whether a line of the answer, `SUFFIX:COUNT`, has this suffix. Padding has a count of 0.
fn lists(answer: &str, suffix: &str) -> bool {
    let mut lines = answer.lines().filter_map(|line| line.trim().split_once(':'));
    lines.any(|(listed, count)| {
        listed.eq_ignore_ascii_case(suffix) && count.parse().is_ok_and(|it: u64| it > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_is_found_unless_it_is_padding() {
        let suffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
        let answer = format!("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n{suffix}:3861493\r\n");
        assert!(lists(&answer, suffix) && lists(&answer.to_lowercase(), suffix));
        assert!(!lists(&format!("{suffix}:0"), suffix));
        for other in ["", ":", "<html>", suffix, "1E4C9B93F3F0682250B6CF8331B7EE68FD:2"] {
            assert!(!lists(other, suffix), "{other}");
        }
    }
}
