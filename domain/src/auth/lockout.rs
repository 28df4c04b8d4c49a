//! Lockout after wrong passwords, with a wait that doubles each time.
//!
//! Attempts are counted per account *and* source ([`Source`]): an attacker who guesses
//! locks out their own source, not the account's holder. Attempts from all unknown
//! sources together are limited as well, at a slower rate ([`Strangers`]). Only wrong
//! passwords count. The number of concurrent attempts is limited to the number of wrong
//! passwords still allowed, so that parallel requests do not give extra guesses. A
//! correct password clears the count.
//!
//! ```text
//!  begin ─▶ under way ─┬─ right ──────▶ the count is cleared
//!    │                 ├─ wrong ──────▶ counted; from the fifth on, a wait
//!    │                 └─ given up ───▶ not counted
//!    ├─ refused: this source is locked, or the account is locked for strangers
//!    └─ refused: busy, the limit of concurrent attempts is reached
//! ```
//!
//! The counts outlive processes, so they use the wall clock. If it is set back,
//! [`Held::as_of`] shifts the stored times, so that a wait does not become longer.

use chrono::TimeDelta;

use super::{AccountLocked, Strangers};
use crate::{Refused, Timestamp};

/// An attempt without a result after this time is considered lost with its process.
const UNDER_WAY_AT_MOST: TimeDelta = TimeDelta::seconds(30);

/// The limits on guessing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// The first wait follows the wrong password with this number.
    pub forgiven: u32,
    /// The first wait; it doubles with each further wrong password.
    pub first_wait: TimeDelta,
    /// The longest wait.
    pub longest_wait: TimeDelta,
    /// The count is reset after this time without an attempt.
    pub forgotten_after: TimeDelta,
    /// Wrong passwords allowed in 24 hours for one account from all devices together that
    /// have never signed in to it.
    pub strangers_a_day: u32,
}

impl Lockout {
    pub(super) const DEFAULT: Self = Self {
        forgiven: 5,
        first_wait: TimeDelta::seconds(30),
        longest_wait: TimeDelta::hours(1),
        forgotten_after: TimeDelta::hours(24),
        strangers_a_day: 100,
    };
}

impl Default for Lockout {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The counts that decide on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The attempts from the same source.
    pub here: Attempts,
    /// The attempts of all strangers, if this attempt comes from a stranger.
    pub strangers: Option<Strangers>,
}

/// The attempts on one account from one source since the last correct password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How many were wrong.
    pub wrong: u32,
    /// How many are being checked now.
    pub under_way: u32,
    /// When the last one began.
    pub last_at: Option<Timestamp>,
    /// Until then, attempts are refused.
    pub locked_until: Option<Timestamp>,
}

/// Why an attempt is refused without checking the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// Too many wrong passwords from this source.
    Locked(Locked),
    /// The limit of concurrent attempts from this source is reached.
    Busy(Busy),
    /// Too many wrong passwords from strangers, whatever their address.
    AccountLocked(AccountLocked),
}

impl From<TurnedAway> for Refused {
    fn from(turned_away: TurnedAway) -> Self {
        match turned_away {
            TurnedAway::Locked(locked) => locked.into(),
            TurnedAway::Busy(busy) => busy.into(),
            TurnedAway::AccountLocked(locked) => locked.into(),
        }
    }
}

/// Too many concurrent attempts on the same account from the same source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl From<Busy> for Refused {
    fn from(_: Busy) -> Self {
        super::refusal::too_many_at_once().after(1)
    }
}

/// Too many wrong passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Seconds until the next attempt is allowed.
    pub retry_after_secs: u32,
}

impl From<Locked> for Refused {
    fn from(locked: Locked) -> Self {
        super::refusal::locked(locked.retry_after_secs).after(locked.retry_after_secs)
    }
}

impl Held {
    /// Shifts the stored times back if the clock was set back to `now`.
    pub fn as_of(self, now: Timestamp) -> Self {
        Self { here: self.here.as_of(now), strangers: self.strangers.map(|them| them.as_of(now)) }
    }

    /// Begins an attempt, or refuses it.
    pub fn begin(self, rules: &Lockout, now: Timestamp) -> Result<Self, TurnedAway> {
        let here = self.here.begin(rules, now)?;
        let strangers = self.strangers.map(|them| them.begin(rules, now)).transpose();
        Ok(Self { here, strangers: strangers.map_err(TurnedAway::AccountLocked)? })
    }

    /// Records a wrong password.
    pub fn wrong(self, rules: &Lockout, now: Timestamp) -> Self {
        Self { here: self.here.wrong(rules, now), ..self }
    }

    /// Records a correct password.
    pub fn right(self, rules: &Lockout, now: Timestamp) -> Self {
        let strangers = self.strangers.map(|them| them.taken_back(rules, now));
        Self { here: self.here.right(), strangers }
    }

    /// Records that the password was not checked after all.
    pub fn given_up(self, rules: &Lockout, now: Timestamp) -> Self {
        let strangers = self.strangers.map(|them| them.taken_back(rules, now));
        Self { here: self.here.given_up(), strangers }
    }
}

/// How far `last_at` is in the future because the clock was set back, or zero.
pub(super) fn ahead(last_at: Option<Timestamp>, now: Timestamp) -> TimeDelta {
    last_at.map_or(TimeDelta::zero(), |last_at| (last_at - now).max(TimeDelta::zero()))
}

impl Attempts {
    fn as_of(self, now: Timestamp) -> Self {
        let ahead = ahead(self.last_at, now);
        let back = |at: Timestamp| at - ahead;
        Self { last_at: self.last_at.map(back), locked_until: self.locked_until.map(back), ..self }
    }

    /// Begins an attempt, or refuses it.
    pub fn begin(self, rules: &Lockout, now: Timestamp) -> Result<Self, TurnedAway> {
        if let Some(until) = self.locked_until.filter(|until| *until > now) {
            let left = (until - now).num_milliseconds().max(0).unsigned_abs().div_ceil(1000);
            let retry_after_secs = u32::try_from(left).unwrap_or(u32::MAX);
            return Err(TurnedAway::Locked(Locked { retry_after_secs }));
        }
        let quiet = self.last_at.map(|last| now - last);
        let wrong = if quiet.is_some_and(|quiet| quiet > rules.forgotten_after) { 0 } else { self.wrong };
        let lost = quiet.is_some_and(|quiet| quiet > UNDER_WAY_AT_MOST);
        let under_way = if lost { 0 } else { self.under_way };
        if under_way >= rules.forgiven.saturating_sub(wrong).max(1) {
            return Err(TurnedAway::Busy(Busy));
        }
        Ok(Self { wrong, under_way: under_way + 1, last_at: Some(now), locked_until: None })
    }

    /// Records a wrong password.
    pub fn wrong(self, rules: &Lockout, now: Timestamp) -> Self {
        let wrong = self.wrong.saturating_add(1);
        let wait = rules.wait_after(wrong).map(|wait| now + wait);
        Self { wrong, locked_until: self.locked_until.max(wait), ..self.given_up() }
    }

    /// Records a correct password.
    pub fn right(self) -> Self {
        Self { wrong: 0, locked_until: None, ..self.given_up() }
    }

    /// Records that the password was not checked after all.
    pub fn given_up(self) -> Self {
        Self { under_way: self.under_way.saturating_sub(1), ..self }
    }

    /// Whether there is nothing to store: no wrong password and no attempt under way.
    pub fn is_clear(&self) -> bool {
        self.wrong == 0 && self.under_way == 0
    }
}

impl Lockout {
    /// The wait after the `count`-th wrong password, if there is one.
    fn wait_after(&self, count: u32) -> Option<TimeDelta> {
        let doublings = count.checked_sub(self.forgiven)?;
        let factor = 1_i32.checked_shl(doublings).filter(|_| doublings < 16).unwrap_or(i32::MAX);
        let wait = self.first_wait.checked_mul(factor).unwrap_or(self.longest_wait);
        Some(wait.min(self.longest_wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Lockout = Lockout::DEFAULT;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn locked(secs: u32) -> TurnedAway {
        TurnedAway::Locked(Locked { retry_after_secs: secs })
    }

    #[test]
    fn the_fifth_wrong_password_locks_and_each_later_one_longer() {
        let mut attempts = Attempts::default();
        for second in 0..5 {
            attempts = attempts.begin(&RULES, at(second)).unwrap().wrong(&RULES, at(second));
        }
        assert_eq!(attempts.begin(&RULES, at(5)), Err(locked(29)));
        let attempts = attempts.begin(&RULES, at(34)).unwrap().wrong(&RULES, at(34));
        assert_eq!(attempts.begin(&RULES, at(35)), Err(locked(59)));
    }

    #[test]
    fn a_day_without_attempts_is_a_new_start() {
        let attempts = Attempts { wrong: 40, last_at: Some(at(0)), ..Attempts::default() };
        assert_eq!(attempts.begin(&RULES, at(86_401)).unwrap().wrong, 0);
    }

    #[test]
    fn of_a_crowd_that_knows_the_password_nobody_is_locked() {
        let (mut attempts, mut inside) = (Attempts::default(), 0);
        for second in 0..100 {
            match attempts.begin(&RULES, at(second)) {
                Ok(begun) => (attempts, inside) = (begun, inside + 1),
                Err(turned_away) => assert_eq!(turned_away, TurnedAway::Busy(Busy)),
            }
            if inside == 5 {
                attempts = attempts.right();
                inside -= 1;
            }
        }
        for _ in 0..inside {
            attempts = attempts.right();
        }
        assert!(attempts.is_clear());
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out_for_the_difference() {
        let mut held = Held { here: Attempts::default(), strangers: None };
        for _ in 0..5 {
            held = held.begin(&RULES, at(3600)).unwrap().wrong(&RULES, at(3600));
        }
        let seen = held.as_of(at(0));
        assert_eq!(seen.begin(&RULES, at(0)), Err(locked(30)));
        assert!(seen.as_of(at(30)).begin(&RULES, at(30)).is_ok());
        assert_eq!(held.as_of(at(3601)), held, "only then");
    }

    #[test]
    fn an_attempt_that_died_with_its_process_holds_nobody_up_for_long() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts = attempts.begin(&RULES, at(0)).unwrap();
        }
        assert_eq!(attempts.begin(&RULES, at(30)), Err(TurnedAway::Busy(Busy)));
        assert!(attempts.begin(&RULES, at(31)).is_ok());
    }

    proptest! {
        #[test]
        fn a_guesser_gets_few_guesses_a_day(
            steps in prop::collection::vec((0_i64..4000, any::<bool>()), 1..500)
        ) {
            let (mut attempts, mut now) = (Attempts::default(), 0);
            for (gap, answers) in steps {
                now += gap;
                if now > 86_400 { break; }
                if let Ok(next) = attempts.begin(&RULES, at(now)) {
                    attempts = next;
                }
                // Either each attempt ends before the next, or several are concurrent.
                while answers && attempts.under_way > 0 {
                    attempts = attempts.wrong(&RULES, at(now));
                }
            }
            // 5 free, 7 while the wait doubles up to an hour, then one an hour. Lost
            // attempts are not counted: they give the guesser no answer.
            prop_assert!(attempts.wrong <= 5 + 7 + 24, "{}", attempts.wrong);
        }

        #[test]
        fn never_are_more_looked_at_than_would_be_forgiven(
            steps in prop::collection::vec(0_u8..4, 1..200)
        ) {
            let mut attempts = Attempts::default();
            for step in steps {
                attempts = match step {
                    0 | 1 => attempts.begin(&RULES, at(0)).unwrap_or(attempts),
                    2 if attempts.under_way > 0 => attempts.wrong(&RULES, at(0)),
                    3 if attempts.under_way > 0 => attempts.given_up(),
                    _ => attempts,
                };
                prop_assert!(attempts.wrong + attempts.under_way <= 5, "{attempts:?}");
            }
        }
    }
}
