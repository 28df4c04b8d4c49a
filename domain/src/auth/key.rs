//! The rotation of keys: each signs for a while, is known to everybody before it signs, and
//! verifies until all that it signed has expired.
//!
//! ```text
//! announced ──ahead──▶ signs ──────signs──────▶ verifies ──verifies──▶ spent
//!                              the next is announced `ahead` before it signs
//! ```
//!
//! Which key signs depends only on the time and on when each key begins, so that all processes
//! that know the same keys change over at the same moment without a message.

use chrono::TimeDelta;

use crate::Timestamp;

/// How access tokens are signed. The keys of ID tokens will need a further variant, RS256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningAlg {
    /// ECDSA on P-256 with SHA-256: what clients of all kinds can verify.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlg {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Es256, Self::EdDsa];

    /// The value of `alg` (RFC 7518, RFC 8037).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl std::str::FromStr for SigningAlg {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|alg| alg.as_str() == name);
        found.ok_or_else(|| "one of ES256 and EdDSA".to_owned())
    }
}

/// The times of a key's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySchedule {
    /// How long a key signs.
    pub signs: TimeDelta,
    /// How long before it signs everybody can know it.
    pub ahead: TimeDelta,
    /// How long it verifies after the next began to sign: the longest life of what it signed.
    pub verifies: TimeDelta,
}

/// The key that signs at `now`: of those that have begun, the one that began last; or else the
/// first. `begins` is in ascending order.
pub fn signing(begins: &[Timestamp], now: Timestamp) -> usize {
    begins.iter().rposition(|begun| *begun <= now).unwrap_or(0)
}

impl KeySchedule {
    /// When a new key has to begin, if one has to be announced at `now`: the newest is near its
    /// end, or is to be `replaced`. A key that was announced and has not begun is waited for.
    pub fn successor(&self, begins: &[Timestamp], replaced: bool, now: Timestamp) -> Option<Timestamp> {
        let Some(newest) = begins.last().copied() else { return Some(now) };
        let due = replaced || newest + self.signs - self.ahead <= now;
        (newest <= now && due).then(|| now + self.ahead)
    }

    /// Whether all that the key signed has expired.
    pub fn is_spent(&self, begins: &[Timestamp], index: usize, now: Timestamp) -> bool {
        begins.get(index + 1).is_some_and(|next| *next + self.verifies <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn schedule() -> KeySchedule {
        let secs = TimeDelta::seconds;
        KeySchedule { signs: secs(1000), ahead: secs(100), verifies: secs(60) }
    }

    #[test]
    fn the_first_key_signs_at_once() {
        assert_eq!(schedule().successor(&[], false, at(0)), Some(at(0)));
        assert_eq!(signing(&[at(0)], at(0)), 0);
        assert_eq!(signing(&[at(5)], at(0)), 0, "a clock that is behind");
    }

    #[test]
    fn a_new_key_is_announced_before_it_signs_and_the_old_one_verifies_after() {
        let schedule = schedule();
        assert_eq!(schedule.successor(&[at(0)], false, at(899)), None);
        assert_eq!(schedule.successor(&[at(0)], false, at(900)), Some(at(1000)));
        let both = [at(0), at(1000)];
        assert_eq!(schedule.successor(&both, false, at(950)), None, "it is announced already");
        assert_eq!((signing(&both, at(999)), signing(&both, at(1000))), (0, 1));
        assert!(!schedule.is_spent(&both, 0, at(1059)));
        assert!(schedule.is_spent(&both, 0, at(1060)));
        assert!(!schedule.is_spent(&both, 1, at(100_000)), "the newest is never spent");
    }

    #[test]
    fn a_key_that_is_to_be_replaced_signs_until_the_next_one_is_known() {
        assert_eq!(schedule().successor(&[at(0)], true, at(1)), Some(at(101)));
        assert_eq!(schedule().successor(&[at(0), at(101)], true, at(2)), None);
    }

    #[test]
    fn an_algorithm_is_read_as_it_is_written() {
        for alg in SigningAlg::ALL {
            assert_eq!(alg.as_str().parse(), Ok(alg));
        }
        for wrong in ["none", "es256", "HS256", "RS256", ""] {
            assert!(wrong.parse::<SigningAlg>().is_err());
        }
    }

    proptest! {
        /// Processes look at arbitrary times. Whatever is signed can be verified by whoever has
        /// looked within `ahead`, for as long as it lives.
        #[test]
        fn nothing_is_signed_by_a_key_that_somebody_does_not_know(looks in prop::collection::vec(1_i64..100, 1..200)) {
            let schedule = schedule();
            let (mut begins, mut announced, mut now) = (vec![at(0)], vec![at(0)], 0);
            for wait in looks {
                now += wait;
                if let Some(begin) = schedule.successor(&begins, false, at(now)) {
                    prop_assert!(begin > *begins.last().unwrap());
                    begins.push(begin);
                    announced.push(at(now));
                }
                let signs = signing(&begins, at(now));
                if signs > 0 {
                    prop_assert!(announced[signs] <= at(now) - schedule.ahead);
                    // What the one before signed last is verified to its end.
                    let last_signed = begins[signs] - TimeDelta::microseconds(1);
                    let expires = last_signed + schedule.verifies;
                    prop_assert!(!schedule.is_spent(&begins, signs - 1, expires));
                }
                prop_assert!(!schedule.is_spent(&begins, signs, at(now)));
            }
        }
    }
}
