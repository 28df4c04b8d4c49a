//! Session renewal: a refresh token is a session and a counter, and can be exchanged once, for the
//! token with the next counter. A session keeps no row for each token, only the newest counter.
//!
//! A token that is presented again was either stolen, or its response was lost. Whether the newer
//! tokens were ever used distinguishes the two: access tokens carry the counter of the refresh
//! token that came with them, and the session notes when one of the newest is first seen.
//!
//! ```text
//! newest - presented   an access token of the newest was seen
//!         0            -                                        rotate
//!         1            never, or at most GRACE ago              give the newest again
//!         1            longer ago                               end the session
//!     anything else    -                                        end the session
//! ```

use chrono::TimeDelta;

use super::refusal;
use crate::{Refusal, Refused, Timestamp};

/// How long the token before the newest is good after the newest was seen in use: two tabs, or
/// two requests, that refresh at the same time.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLife {
    /// After the last refresh.
    pub idle: TimeDelta,
    /// After the last proof of who somebody is, however often it is refreshed.
    pub absolute: TimeDelta,
}

impl SessionLife {
    /// When a session that was proven at `proven_at` expires if it is not refreshed after `now`.
    pub fn expires_at(&self, proven_at: Timestamp, now: Timestamp) -> Timestamp {
        (now + self.idle).min(proven_at + self.absolute)
    }
}

/// What a session remembers of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The counter of the newest refresh token, from 0.
    pub newest: u32,
    /// When an access token that came with the newest refresh token was first seen.
    pub seen_at: Option<Timestamp>,
    /// When the session expires unless it is renewed.
    pub expires_at: Timestamp,
    /// When the session was ended, if it was.
    pub ended_at: Option<Timestamp>,
}

/// What to do with a presented token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// It is the newest: issue the next one.
    Rotate,
    /// Its response was lost: return the newest token again.
    GiveAgain,
    /// It may be stolen: end the session.
    End(ReuseCause),
}

/// Why a token ends its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReuseCause {
    /// The token that replaced it is in use.
    ReplacementUsed,
    /// It was replaced twice or more often.
    Outdated,
    /// Its counter was not reached yet: whoever signed it was not us, or the store was set back.
    NeverIssued,
}

impl ReuseCause {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReplacementUsed => "replacement_used",
            Self::Outdated => "outdated",
            Self::NeverIssued => "never_issued",
        }
    }
}

/// Why a session is not renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshRefusal {
    /// There is no such token, or its session has ended.
    NotGood,
    /// The token had been used already, so it may be stolen.
    Reused(ReuseCause),
}

impl Refusal for RefreshRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::NotGood => refusal::refresh_token_not_good(),
            Self::Reused(cause) => refusal::refresh_token_reused(cause.as_str()),
        }
    }
}

impl Renewal {
    /// Decides what to do with the token of this counter, presented at `now`.
    pub fn present(&self, counter: u32, now: Timestamp) -> Result<Presented, RefreshRefusal> {
        if self.ended_at.is_some() || self.expires_at <= now {
            return Err(RefreshRefusal::NotGood);
        }
        let in_use = self.seen_at.is_some_and(|seen| now - seen > GRACE);
        Ok(match self.newest.checked_sub(counter) {
            Some(0) => Presented::Rotate,
            Some(1) if !in_use => Presented::GiveAgain,
            Some(1) => Presented::End(ReuseCause::ReplacementUsed),
            Some(_) => Presented::End(ReuseCause::Outdated),
            None => Presented::End(ReuseCause::NeverIssued),
        })
    }

    /// The state after [`Presented::Rotate`].
    #[must_use]
    pub fn rotated(self, expires_at: Timestamp) -> Self {
        Self { newest: self.newest + 1, seen_at: None, expires_at, ..self }
    }

    /// The state after an access token of this counter was seen at `at`.
    #[must_use]
    pub fn seen(self, counter: u32, at: Timestamp) -> Self {
        if counter == self.newest { Self { seen_at: self.seen_at.or(Some(at)), ..self } } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIFE: SessionLife = SessionLife { idle: TimeDelta::days(30), absolute: TimeDelta::days(180) };

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn session() -> Renewal {
        Renewal { newest: 4, seen_at: None, expires_at: at(100_000), ended_at: None }
    }

    #[test]
    fn a_lost_response_is_given_again_hours_later_unless_the_newer_token_was_seen() {
        assert_eq!(session().present(4, at(0)), Ok(Presented::Rotate));
        assert_eq!(session().present(3, at(8 * 3600)), Ok(Presented::GiveAgain));
        let seen = session().seen(4, at(0));
        assert_eq!(seen.present(3, at(10)), Ok(Presented::GiveAgain));
        assert_eq!(seen.present(3, at(11)), Ok(Presented::End(ReuseCause::ReplacementUsed)));
        assert_eq!(seen.present(4, at(11)), Ok(Presented::Rotate));
    }

    #[test]
    fn only_the_newest_counts_as_seen_and_its_first_time_counts() {
        assert_eq!(session().seen(3, at(0)), session());
        assert_eq!(session().seen(5, at(0)), session());
        assert_eq!(session().seen(4, at(0)).seen(4, at(60)).seen_at, Some(at(0)));
        assert_eq!(session().seen(4, at(0)).rotated(at(200_000)).seen_at, None);
    }

    #[test]
    fn any_other_token_ends_the_session() {
        for old in 0..3 {
            assert_eq!(session().present(old, at(1)), Ok(Presented::End(ReuseCause::Outdated)));
        }
        for ahead in [5, 6, u32::MAX] {
            assert_eq!(session().present(ahead, at(1)), Ok(Presented::End(ReuseCause::NeverIssued)));
        }
    }

    #[test]
    fn a_session_that_is_over_stays_over() {
        let ended = Renewal { ended_at: Some(at(0)), ..session() };
        for counter in [3, 4, 5] {
            assert_eq!(ended.present(counter, at(1)), Err(RefreshRefusal::NotGood));
            assert_eq!(session().present(counter, at(100_000)), Err(RefreshRefusal::NotGood));
        }
    }

    #[test]
    fn a_session_lives_idle_for_a_while_and_no_longer_than_its_proof_allows() {
        let (proven, day) = (at(0), TimeDelta::days(1));
        assert_eq!(LIFE.expires_at(proven, proven), proven + day * 30);
        assert_eq!(LIFE.expires_at(proven, proven + day * 150), proven + day * 180);
        assert_eq!(LIFE.expires_at(proven, proven + day * 179), proven + day * 180);
    }

    /// What may happen to a session. Tokens are named by how many were issued after them.
    #[derive(Clone, Debug)]
    enum Step {
        Present(u32),
        Use(u32),
        Wait(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..4_u32).prop_map(Step::Present),
            (0..3_u32).prop_map(Step::Use),
            prop_oneof![0..12_i64, 11..86_400_i64, Just(10_i64), Just(40 * 86_400)].prop_map(Step::Wait),
        ];
        prop::collection::vec(step, 1..60)
    }

    /// The reference: everything that happened, written down, and looked up when it matters.
    struct History {
        /// When each refresh token was issued.
        issued: Vec<i64>,
        /// Which generations' access tokens were used, and when.
        used: Vec<(usize, i64)>,
        ended: bool,
    }

    impl History {
        fn expects(&self, token: usize, now: i64) -> Result<Presented, RefreshRefusal> {
            let newest = self.issued.len() - 1;
            let idle_since = self.issued[newest];
            if self.ended || at(now) >= LIFE.expires_at(at(0), at(idle_since)) {
                return Err(RefreshRefusal::NotGood);
            }
            let was_used_before = |moment: i64| self.used.iter().any(|(g, at)| *g == newest && *at < moment);
            Ok(match newest - token {
                0 => Presented::Rotate,
                1 if was_used_before(now - 10) => Presented::End(ReuseCause::ReplacementUsed),
                1 => Presented::GiveAgain,
                _ => Presented::End(ReuseCause::Outdated),
            })
        }
    }

    proptest! {
        #[test]
        fn a_session_decides_as_its_whole_history_would(steps in steps()) {
            let mut history = History { issued: vec![0], used: Vec::new(), ended: false };
            let mut session =
                Renewal { newest: 0, seen_at: None, expires_at: LIFE.expires_at(at(0), at(0)), ended_at: None };
            let mut now = 0;
            for step in steps {
                match step {
                    Step::Wait(secs) => now += secs,
                    Step::Use(back) => {
                        let Some(counter) = session.newest.checked_sub(back) else { continue };
                        history.used.push((counter as usize, now));
                        session = session.seen(counter, at(now));
                    }
                    Step::Present(back) => {
                        let Some(counter) = session.newest.checked_sub(back) else { continue };
                        let decided = session.present(counter, at(now));
                        prop_assert_eq!(decided, history.expects(counter as usize, now));
                        match decided {
                            Ok(Presented::Rotate) => {
                                history.issued.push(now);
                                session = session.rotated(LIFE.expires_at(at(0), at(now)));
                            }
                            Ok(Presented::End(_)) => {
                                history.ended = true;
                                session.ended_at = Some(at(now));
                            }
                            Ok(Presented::GiveAgain) | Err(_) => {}
                        }
                    }
                }
                prop_assert_eq!(session.newest as usize + 1, history.issued.len());
            }
        }

        /// Two clients hold the same token and refresh at arbitrary times, and some responses are
        /// lost. Whoever gets tokens uses them. Outside the grace time at most one of the two ever
        /// does; when the other comes back, the session ends for both.
        #[test]
        fn a_thief_and_the_owner_never_both_go_on(
            moves in prop::collection::vec((any::<bool>(), prop::bool::weighted(0.2), 11_i64..500), 2..40)
        ) {
            let mut session = Renewal { newest: 0, seen_at: None, expires_at: at(1_000_000), ended_at: None };
            let (mut held, mut now, mut went_on) = ([0_u32, 0], 0, [false, false]);
            for (thief, lost, wait) in moves {
                now += wait;
                let who = usize::from(thief);
                match session.present(held[who], at(now)) {
                    Ok(Presented::Rotate) => session = session.rotated(at(1_000_000)),
                    Ok(Presented::GiveAgain) => {}
                    Ok(Presented::End(_)) => { session.ended_at = Some(at(now)); continue; }
                    Err(_) => { prop_assert!(session.ended_at.is_some()); continue; }
                }
                if !lost {
                    held[who] = session.newest;
                    session = session.seen(session.newest, at(now));
                    went_on[who] = true;
                }
                prop_assert!(!(went_on[0] && went_on[1]));
            }
        }
    }
}
