//! Signing in by another company's word: Kakao, Naver, Google, Apple, or any OpenID provider.
//!
//! - this file: an attempt to sign in, and what becomes of the person whom the provider names;
//! - `claims`: which ID tokens are believed;
//! - `event`: what providers tell of their accounts without being asked.
//!
//! A person is who the provider says by (issuer, subject). An e-mail address never joins one to an
//! account: a provider may give an address to another person later, and anybody may have opened an
//! account here with an address that was not theirs. Whoever has both signs in to the account and
//! links the provider to it.

mod claims;
mod event;
pub mod refusal;

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Email;
use crate::{Refusal, Refused, Timestamp, UserId};

pub use claims::{ClaimFlaw, Expected, IdClaims, LEEWAY, check_claims};
pub use event::{EventKind, ProviderEvent};

/// How long somebody may take at the provider, and again to sign up.
pub const ATTEMPT_LIFE: TimeDelta = TimeDelta::minutes(10);

/// The name of a provider in paths and settings (`kakao`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderName(String);

/// The text is not a provider's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a provider's name has 1 to 32 of a–z, 0–9 and -, and begins with a letter")]
pub struct NotAProviderName;

impl ProviderName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderName {
    type Err = NotAProviderName;

    fn from_str(text: &str) -> Result<Self, NotAProviderName> {
        let good = (1..=32).contains(&text.len())
            && text.starts_with(|it: char| it.is_ascii_lowercase())
            && text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-');
        if good { Ok(Self(text.to_owned())) } else { Err(NotAProviderName) }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person, as a provider names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The provider (`iss`).
    pub issuer: String,
    /// The person there (`sub`), whom the provider never confuses with another.
    pub subject: String,
    /// Their e-mail address, if the provider vouches that it is theirs.
    pub email: Option<Email>,
    /// What they are called, if the provider says.
    pub name: Option<String>,
}

impl Person {
    /// Leaves out an address that the provider does not vouch for, and what cannot be kept.
    pub fn new(
        (issuer, subject): (String, String),
        email: Option<(&str, bool)>,
        name: Option<&str>,
    ) -> Option<Self> {
        let is_good =
            |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic());
        if !is_good(&subject) || !is_good(&issuer) {
            return None;
        }
        let email = email.filter(|(_, is_vouched)| *is_vouched).and_then(|(email, _)| email.parse().ok());
        Some(Self { issuer, subject, email, name: name.and_then(crate::user::name) })
    }
}

/// What somebody wants of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in, or up.
    SignIn,
    /// To add the provider's identity to the account that they are signed in to.
    Link(UserId),
    /// To prove once more that they are the person of the account that they are signed in to.
    Prove(UserId),
}

impl Purpose {
    /// The account that it is for, if there has to be one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::SignIn => None,
            Self::Link(user) | Self::Prove(user) => Some(user),
        }
    }

    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Link(_) => "link",
            Self::Prove(_) => "prove",
        }
    }

    /// Reads what the store wrote.
    pub fn of(name: &str, user: Option<UserId>) -> Option<Self> {
        match (name, user) {
            ("sign_in", None) => Some(Self::SignIn),
            ("link", Some(user)) => Some(Self::Link(user)),
            ("prove", Some(user)) => Some(Self::Prove(user)),
            _ => None,
        }
    }
}

/// An attempt to sign in at a provider, which began in one browser and may end there alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The provider that the browser was sent to.
    pub provider: ProviderName,
    /// SHA-256 of the secret that the browser holds.
    pub browser_hash: [u8; 32],
    /// What for.
    pub purpose: Purpose,
    /// When it is too late.
    pub expires_at: Timestamp,
    /// When the browser came back.
    pub used_at: Option<Timestamp>,
}

/// Why what a browser brings back is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptFlaw {
    /// Another browser began it, or it was for another provider, or for another account.
    NotYours,
    /// It took too long.
    Expired,
    /// It was brought back before. What came of that is ended: one of the two is a thief.
    Used,
}

impl Refusal for AttemptFlaw {
    /// One answer for all: who tries another's attempt learns nothing.
    fn refused(&self) -> Refused {
        refusal::social_attempt_not_good()
    }
}

impl Attempt {
    /// Whether the browser with `browser_hash`, in which `user` is signed in, may bring it back
    /// from `provider` at `now`.
    pub fn check(
        &self,
        provider: &ProviderName,
        browser_hash: &[u8; 32],
        user: Option<UserId>,
        now: Timestamp,
    ) -> Result<(), AttemptFlaw> {
        let same_user = self.purpose.user().is_none_or(|wanted| user == Some(wanted));
        // Before anything else: a stranger who saw only the address must not be able to end it.
        if self.provider != *provider || self.browser_hash != *browser_hash || !same_user {
            return Err(AttemptFlaw::NotYours);
        }
        if self.used_at.is_some() {
            return Err(AttemptFlaw::Used);
        }
        if self.expires_at <= now { Err(AttemptFlaw::Expired) } else { Ok(()) }
    }
}

/// What becomes of a person whom a provider named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They are signed in to this account.
    SignIn(UserId),
    /// They have none yet: they may open one.
    SignUp,
    /// The identity is added to this account.
    Link(UserId),
    /// The account has it already.
    Linked,
    /// They are the account's person.
    Proven(UserId),
}

/// Decides that. `owner` is the account of the identity, `email_owner` that of the vouched e-mail
/// address, `has_provider` whether the account to link has another identity there.
pub fn decide(
    purpose: Purpose,
    owner: Option<UserId>,
    email_owner: Option<UserId>,
    has_provider: bool,
) -> Result<Outcome, Refused> {
    match (purpose, owner) {
        (Purpose::SignIn, Some(owner)) => Ok(Outcome::SignIn(owner)),
        (Purpose::SignIn, None) if email_owner.is_some() => Err(refusal::identity_link_needed()),
        (Purpose::SignIn, None) => Ok(Outcome::SignUp),
        (Purpose::Link(user), Some(owner)) if owner == user => Ok(Outcome::Linked),
        (Purpose::Link(_), Some(_)) => Err(refusal::identity_taken()),
        (Purpose::Link(_), None) if has_provider => Err(refusal::provider_linked()),
        (Purpose::Link(user), None) => Ok(Outcome::Link(user)),
        (Purpose::Prove(user), Some(owner)) if owner == user => Ok(Outcome::Proven(user)),
        (Purpose::Prove(_), _) => Err(refusal::social_not_confirmed()),
    }
}

/// The ways in to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaysIn {
    /// Whether it has a password, and an address to type beside it.
    pub has_password: bool,
    /// How many providers' identities it has.
    pub providers: usize,
}

impl WaysIn {
    /// Whether one provider's identity may go: the last way in stays.
    pub fn may_lose_provider(self) -> Result<(), Refused> {
        if self.has_password || self.providers > 1 { Ok(()) } else { Err(refusal::last_way_in()) }
    }
}

/// A reminder of what providers said, and of what is to be said to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum SocialReminder {
    /// A provider told of one of its accounts.
    ProviderEvent {
        /// The event as it was kept.
        event: Uuid,
    },
    /// Our link to a person at a provider has to be ended there.
    ForgetDue {
        /// The link as it was kept.
        link: Uuid,
    },
}

/// How often ending a link at a provider is tried.
pub const FORGET_TRIES: u32 = 10;

/// How long to wait after the try with this number, from 0; none after the last: a minute, doubled
/// each time, about eight hours in all.
pub fn forget_again_after(tries: u32) -> Option<TimeDelta> {
    (tries + 1 < FORGET_TRIES).then(|| TimeDelta::minutes(1 << tries.min(FORGET_TRIES)))
}

/// Whether an address to which a provider sends a browser back is one of ours. Compared character
/// by character, as RFC 9700, 2.1 asks: a comparison that knows about addresses can be tricked.
pub fn is_registered(redirect: &str, registered: &[String]) -> bool {
    registered.iter().any(|ours| ours == redirect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn user(number: u8) -> UserId {
        UserId(Uuid::from_u128(number.into()))
    }

    fn name(text: &str) -> ProviderName {
        text.parse().unwrap()
    }

    fn attempt(purpose: Purpose) -> Attempt {
        Attempt {
            provider: name("kakao"),
            browser_hash: [7; 32],
            purpose,
            expires_at: at(600),
            used_at: None,
        }
    }

    #[test]
    fn a_provider_has_a_name_that_a_path_can_hold() {
        for text in ["", "Kakao", "1", "-", "a/b", "a.b", "카카오", &"a".repeat(33), "a_b"] {
            assert_eq!(text.parse::<ProviderName>(), Err(NotAProviderName), "{text}");
        }
        assert_eq!(name("my-company2").as_str(), "my-company2");
    }

    #[test]
    fn only_the_browser_that_began_brings_an_attempt_back_once_and_in_time() {
        let (kakao, google) = (name("kakao"), name("google"));
        let begun = attempt(Purpose::SignIn);
        assert_eq!(begun.check(&kakao, &[7; 32], None, at(599)), Ok(()));
        assert_eq!(begun.check(&kakao, &[7; 32], None, at(600)), Err(AttemptFlaw::Expired));
        assert_eq!(begun.check(&kakao, &[8; 32], None, at(0)), Err(AttemptFlaw::NotYours));
        assert_eq!(begun.check(&google, &[7; 32], None, at(0)), Err(AttemptFlaw::NotYours));
        let used = Attempt { used_at: Some(at(1)), ..begun };
        assert_eq!(used.check(&kakao, &[7; 32], None, at(2)), Err(AttemptFlaw::Used));
        assert_eq!(used.check(&kakao, &[8; 32], None, at(2)), Err(AttemptFlaw::NotYours), "ends nothing");
    }

    #[test]
    fn a_purpose_is_read_as_it_is_written() {
        for purpose in [Purpose::SignIn, Purpose::Link(user(1)), Purpose::Prove(user(1))] {
            assert_eq!(Purpose::of(purpose.as_str(), purpose.user()), Some(purpose));
        }
        assert_eq!(Purpose::of("sign_in", Some(user(1))), None);
        assert_eq!(Purpose::of("link", None), None);
    }

    #[test]
    fn a_link_is_finished_by_the_account_that_began_it() {
        let begun = attempt(Purpose::Link(user(1)));
        for (who, outcome) in [
            (Some(user(1)), Ok(())),
            (Some(user(2)), Err(AttemptFlaw::NotYours)),
            (None, Err(AttemptFlaw::NotYours)),
        ] {
            assert_eq!(begun.check(&name("kakao"), &[7; 32], who, at(0)), outcome);
        }
    }

    #[test]
    fn an_address_that_is_almost_ours_is_not_ours() {
        let ours = ["https://baedal.example/v1/auth/social/kakao/callback".to_owned()];
        assert!(is_registered(&ours[0], &ours));
        for trick in [
            "https://baedal.example/v1/auth/social/kakao/callback/",
            "https://baedal.example./v1/auth/social/kakao/callback",
            "https://BAEDAL.example/v1/auth/social/kakao/callback",
            "https://baedal.example.evil.example/v1/auth/social/kakao/callback",
            "https://evil-baedal.example/v1/auth/social/kakao/callback",
            "https://baedal.example@evil.example/v1/auth/social/kakao/callback",
            "https://baedal.example/v1/auth/social/kakao/%2e%2e/callback",
            "https://baedal.example/v1/auth/social/kakao/../kakao/callback",
            "https://baedal.example:443/v1/auth/social/kakao/callback",
            "http://baedal.example/v1/auth/social/kakao/callback",
            "https://baedal.example/v1/auth/social/kakao/callback?",
            "https://baedal.example/v1/auth/social/kakao/callback#",
            "https://localhost.evil.example/",
            "",
        ] {
            assert!(!is_registered(trick, &ours), "{trick}");
        }
    }

    #[test]
    fn only_an_address_that_the_provider_vouches_for_is_known() {
        let person =
            |email| Person::new(("https://a.example".into(), "1".into()), email, Some(" 민지 ")).unwrap();
        assert_eq!(person(Some(("Minji@Example.com", true))).email.unwrap().as_str(), "minji@example.com");
        assert_eq!(person(Some(("minji@example.com", false))).email, None);
        assert_eq!(person(Some(("minji", true))).email, None);
        assert_eq!(person(None).name.as_deref(), Some("민지"));
        for subject in ["", "a b", "a\0", "가", &"1".repeat(256)] {
            assert_eq!(Person::new(("https://a.example".into(), subject.into()), None, None), None);
        }
    }

    fn purpose() -> impl Strategy<Value = Purpose> {
        let number = 1_u8..4;
        prop_oneof![
            Just(Purpose::SignIn),
            number.clone().prop_map(|number| Purpose::Link(user(number))),
            number.prop_map(|number| Purpose::Prove(user(number))),
        ]
    }

    fn somebody() -> impl Strategy<Value = Option<UserId>> {
        prop::option::of((1_u8..4).prop_map(user))
    }

    #[test]
    fn a_provider_is_asked_ten_times_over_eight_hours_to_forget_somebody() {
        let waits: Vec<_> = (0..).map_while(forget_again_after).collect();
        assert_eq!(waits.len() + 1, FORGET_TRIES as usize);
        assert_eq!(waits.into_iter().sum::<TimeDelta>(), TimeDelta::minutes(511));
    }

    proptest! {
        /// Whatever is known of an e-mail address, nobody gets in to an account by it.
        #[test]
        fn an_e_mail_address_lets_nobody_in(purpose in purpose(), owner in somebody(), email in somebody(), has in any::<bool>()) {
            match decide(purpose, owner, email, has) {
                Ok(Outcome::SignIn(user)) => prop_assert_eq!(Some(user), owner),
                Ok(Outcome::Link(user)) => {
                    prop_assert_eq!(purpose, Purpose::Link(user));
                    prop_assert_eq!((owner, has), (None, false));
                }
                Ok(Outcome::Proven(user)) => {
                    prop_assert_eq!((purpose, owner), (Purpose::Prove(user), Some(user)));
                }
                Ok(Outcome::Linked) => prop_assert_eq!(owner.map(Purpose::Link), Some(purpose)),
                Ok(Outcome::SignUp) => prop_assert_eq!((purpose, owner, email), (Purpose::SignIn, None, None)),
                Err(_) => {}
            }
        }

        /// However the ways in are given up, one stays.
        #[test]
        fn the_last_way_in_stays(has_password in any::<bool>(), providers in 0_usize..6) {
            let mut ways = WaysIn { has_password, providers };
            while ways.providers > 0 && ways.may_lose_provider().is_ok() {
                ways.providers -= 1;
            }
            prop_assert!(ways.has_password || ways.providers == providers.min(1));
        }
    }
}
