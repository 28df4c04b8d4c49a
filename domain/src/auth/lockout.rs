//! Somebody who guesses passwords must wait, longer each time.
//!
//! Attempts are counted for an account *and* the address they come from: a
//! stranger who guesses locks themselves out, not the owner. An attempt counts
//! before the password is looked at, so that many at once are not all free; a
//! right password clears the count.

use chrono::TimeDelta;

use crate::{Kind, Refused, Timestamp};

/// So many wrong passwords are forgiven.
const FORGIVEN: u32 = 5;

/// The wait after the first attempt too many, and the longest; in between it
/// doubles with each attempt.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// Attempts are forgotten when there was none for so long.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);

/// The attempts on one account from one address since the last right password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How many.
    pub count: u32,
    /// When the last one was.
    pub last_at: Option<Timestamp>,
    /// Before then, none is looked at.
    pub locked_until: Option<Timestamp>,
}

/// Too many wrong passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Too many wrong passwords from here; try again in {retry_after_secs} s.")]
pub struct Locked {
    /// Seconds until the next attempt is looked at.
    pub retry_after_secs: u32,
}

impl From<Locked> for Refused {
    fn from(locked: Locked) -> Self {
        Self {
            retry_after_secs: Some(locked.retry_after_secs),
            ..Self::new("auth.locked", Kind::Limited, locked.to_string())
        }
    }
}

impl Attempts {
    /// Counts an attempt that begins now, or refuses to look at it.
    pub fn begin(self, now: Timestamp) -> Result<Self, Locked> {
        if let Some(until) = self.locked_until.filter(|until| *until > now) {
            let left = (until - now).num_milliseconds().max(0).unsigned_abs().div_ceil(1000);
            return Err(Locked { retry_after_secs: u32::try_from(left).unwrap_or(u32::MAX) });
        }
        let stale = self.last_at.is_some_and(|last| now - last > FORGOTTEN_AFTER);
        let count = if stale { 1 } else { self.count.saturating_add(1) };
        Ok(Self { count, last_at: Some(now), locked_until: wait_after(count).map(|wait| now + wait) })
    }
}

/// How long nobody may try after the `count`-th attempt, if it was wrong.
fn wait_after(count: u32) -> Option<TimeDelta> {
    let doublings = count.checked_sub(FORGIVEN)?;
    let factor = 1_i32.checked_shl(doublings).filter(|_| doublings < 16).unwrap_or(i32::MAX);
    Some(FIRST_WAIT.checked_mul(factor).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    #[test]
    fn the_fifth_wrong_password_locks_and_each_later_one_longer() {
        let mut attempts = Attempts::default();
        for second in 0..5 {
            attempts = attempts.begin(at(second)).unwrap();
        }
        assert_eq!(attempts.begin(at(5)), Err(Locked { retry_after_secs: 29 }));
        let attempts = attempts.begin(at(34)).unwrap();
        assert_eq!(attempts.begin(at(35)), Err(Locked { retry_after_secs: 59 }));
    }

    #[test]
    fn a_day_without_attempts_is_a_new_start() {
        let attempts = Attempts { count: 40, last_at: Some(at(0)), locked_until: Some(at(3600)) };
        assert_eq!(attempts.begin(at(86_401)).unwrap().count, 1);
    }

    proptest! {
        #[test]
        fn a_guesser_gets_few_guesses_a_day(gaps in prop::collection::vec(0_i64..4000, 1..500)) {
            let (mut attempts, mut now, mut looked_at) = (Attempts::default(), 0, 0);
            for gap in gaps {
                now += gap;
                if now > 86_400 { break; }
                if let Ok(next) = attempts.begin(at(now)) {
                    attempts = next;
                    looked_at += 1;
                }
            }
            // 5 free, 7 while the wait doubles up to an hour, then one an hour.
            prop_assert!(looked_at <= 5 + 7 + 24, "{looked_at}");
        }
    }
}
