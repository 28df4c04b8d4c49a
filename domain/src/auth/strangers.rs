//! A limit on guesses from many addresses.
//!
//! The lockout counts per source, so an attacker with many addresses has many counts.
//! Therefore wrong passwords for an account are also counted for all strangers together:
//! a number per day, of which half may come at once. NIST SP 800-63B, 5.2.2, allows at
//! most 100.
//!
//! A stranger is a client that does not prove that the account was signed in on its
//! device before ([`Source`]). Strangers never lock out such a device, and a device has
//! its own count, whatever its address (OWASP's device cookies).

use std::fmt;
use std::time::Duration;

use super::Lockout;
use crate::gcra::Bucket;
use crate::{ClientNetwork, Refused, SessionId, Timestamp};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Where an attempt comes from: the key under which its wrong passwords are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A device on which the account was signed in: it presents a refresh token of that
    /// session, which may be used or expired.
    Device(SessionId),
    /// A stranger, identified by address only.
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

/// The attempts of all strangers together on one account. An attempt counts from its
/// beginning, so that parallel requests do not give extra guesses; a correct one is
/// subtracted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strangers {
    /// When the last attempt began.
    pub last_at: Option<Timestamp>,
    /// When their bucket will be empty. Each attempt postpones it.
    pub clear_at: Option<Timestamp>,
}

/// Strangers have made too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLocked {
    /// Seconds until the next attempt of a stranger is allowed.
    pub retry_after_secs: u32,
}

impl From<AccountLocked> for Refused {
    fn from(locked: AccountLocked) -> Self {
        super::refusal::account_locked(locked.retry_after_secs).after(locked.retry_after_secs)
    }
}

impl Strangers {
    /// Shifts the stored times back if the clock was set back to `now`.
    pub(super) fn as_of(self, now: Timestamp) -> Self {
        let ahead = super::lockout::ahead(self.last_at, now);
        Self { last_at: self.last_at.map(|at| at - ahead), clear_at: self.clear_at.map(|at| at - ahead) }
    }

    /// Begins a stranger's attempt, or refuses it.
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

    /// Until when a stranger must wait, if they must.
    pub fn locked_until(self, rules: &Lockout, now: Timestamp) -> Option<Timestamp> {
        let wait = self.as_of(now).begin(rules, now).err()?.retry_after_secs;
        Some(now + Duration::from_secs(wait.into()))
    }

    /// Subtracts an attempt that was correct, or was not checked after all.
    pub(super) fn taken_back(self, rules: &Lockout, now: Timestamp) -> Self {
        let each = rules.strangers().each;
        Self { clear_at: self.clear_at.map(|at| at - each).filter(|at| *at > now), ..self }
    }
}

impl Lockout {
    /// The rate limit: half of a day's attempts may come at once, and the bucket drains the
    /// other half evenly, so that no 24 hours have more than the daily number.
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
