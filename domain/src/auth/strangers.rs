//! Who guesses from many addresses must wait as well.
//!
//! The lockout counts for one place; a guesser with many has as many counts. So wrong
//! passwords for an account are also counted for all strangers together, wherever they
//! are: so many a day, of which half may come at once. NIST SP 800-63B, 5.2.2, wants no
//! more than 100.
//!
//! A stranger is who does not prove to use a device on which the account was signed in
//! before ([`Source`]). What strangers do never locks out such a device, and a device is
//! counted for itself, wherever it is (OWASP's device cookies).

use std::fmt;
use std::time::Duration;

use super::Lockout;
use crate::gcra::Bucket;
use crate::{ClientNetwork, Refused, SessionId, Timestamp};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Where an attempt comes from: what its wrong passwords are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A device on which the account was signed in: it shows a refresh token of that
    /// session, used or not, over or not.
    Device(SessionId),
    /// A stranger, of whom the address is all that is known.
    Network(ClientNetwork),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(session) => write!(f, "device:{session}"),
            Self::Network(network) => network.fmt(f),
        }
    }
}

/// What all strangers together have tried on one account. An attempt counts from its
/// beginning, so that many at once are not free; a right one is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strangers {
    /// When the last attempt began.
    pub last_at: Option<Timestamp>,
    /// When nothing is held against them any more: their bucket is empty. Each attempt puts it
    /// off.
    pub clear_at: Option<Timestamp>,
}

/// Strangers tried too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLocked {
    /// Seconds until the next attempt of a stranger is looked at.
    pub retry_after_secs: u32,
}

impl From<AccountLocked> for Refused {
    fn from(locked: AccountLocked) -> Self {
        super::refusal::account_locked(locked.retry_after_secs).after(locked.retry_after_secs)
    }
}

impl Strangers {
    /// The same as a clock that was set back sees it.
    pub(super) fn as_of(self, now: Timestamp) -> Self {
        let ahead = super::lockout::ahead(self.last_at, now);
        Self { last_at: self.last_at.map(|at| at - ahead), clear_at: self.clear_at.map(|at| at - ahead) }
    }

    /// A stranger's attempt begins now, or is turned away.
    pub(super) fn begin(self, rules: &Lockout, now: Timestamp) -> Result<Self, AccountLocked> {
        let full = self.clear_at.and_then(|at| (at - now).to_std().ok()).unwrap_or_default();
        match rules.strangers().put(full, 1) {
            Ok(full) => Ok(Self { last_at: Some(now), clear_at: Some(now + full) }),
            Err(wait) => {
                let secs = wait.as_nanos().div_ceil(1_000_000_000);
                Err(AccountLocked { retry_after_secs: u32::try_from(secs).unwrap_or(u32::MAX) })
            }
        }
    }

    /// One was right, or not looked at after all.
    pub(super) fn taken_back(self, rules: &Lockout, now: Timestamp) -> Self {
        let each = rules.strangers().each;
        Self { clear_at: self.clear_at.map(|at| at - each).filter(|at| *at > now), ..self }
    }
}

impl Lockout {
    /// For how long one wrong password counts, and how many may count at once: half of a
    /// day's come at once, the other half one by one, so that no 24 hours have more.
    fn strangers(&self) -> Bucket {
        let most = (self.strangers_a_day / 2).max(1);
        Bucket::new(Duration::from_millis(DAY_MS.div_ceil(most.into())), most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Lockout = Lockout { strangers_a_day: 10, ..Lockout::DEFAULT };

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    #[test]
    fn half_of_a_day_comes_at_once_and_then_one_by_one() {
        let mut strangers = Strangers::default();
        for _ in 0..5 {
            strangers = strangers.begin(&RULES, at(0)).unwrap();
        }
        assert_eq!(strangers.begin(&RULES, at(60)), Err(AccountLocked { retry_after_secs: 17_220 }));
        let later = strangers.begin(&RULES, at(17_280)).unwrap();
        assert!(later.begin(&RULES, at(17_281)).is_err());
        let again = strangers.taken_back(&RULES, at(60)).begin(&RULES, at(60));
        assert!(again.is_ok(), "one of them knew the password");
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_for_the_difference() {
        let mut strangers = Strangers::default();
        for _ in 0..5 {
            strangers = strangers.begin(&RULES, at(100_000)).unwrap();
        }
        let seen = strangers.as_of(at(10_000));
        assert_eq!(seen.begin(&RULES, at(10_000)), Err(AccountLocked { retry_after_secs: 17_280 }));
        assert!(seen.begin(&RULES, at(27_280)).is_ok());
    }

    proptest! {
        #[test]
        fn no_day_has_more_wrong_passwords_than_it_may(
            steps in prop::collection::vec((0_i64..5_000, any::<bool>()), 1..400)
        ) {
            let (mut strangers, mut now, mut wrong) = (Strangers::default(), 0, Vec::new());
            for (gap, right) in steps {
                now += gap;
                let Ok(begun) = strangers.begin(&RULES, at(now)) else { continue };
                strangers = if right { begun.taken_back(&RULES, at(now)) } else { wrong.push(now); begun };
            }
            for first in &wrong {
                let day = wrong.iter().filter(|each| (*first..first + 86_400).contains(each)).count();
                prop_assert!(day <= 10, "{day}");
            }
        }
    }
}
