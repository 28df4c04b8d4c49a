//! How a session goes on: each refresh token is used once, for the next one.
//!
//! A token that was used already is a copy in somebody else's hands, or a
//! response that got lost. The second is told from the first by time: within
//! [`GRACE`], and as long as the next token has not been used, the same next
//! token is given again. Anything else ends the session, descendants included.

use chrono::TimeDelta;

use super::refusal;
use crate::{Refusal, Refused, Timestamp};

/// A lost response may be asked for again so long after the token was used.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);

/// What is remembered of the token that somebody shows, and of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The token's place in its session, from 0.
    pub generation: u32,
    /// The newest token's place.
    pub newest: u32,
    /// When the token was used for the next, if it was.
    pub used_at: Option<Timestamp>,
    /// When the session ends unless it goes on.
    pub expires_at: Timestamp,
    /// When the session was ended, if it was.
    pub ended_at: Option<Timestamp>,
}

/// What to do with a token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// It is the newest: give the next one.
    Rotate,
    /// Its answer was lost: give the newest one again.
    GiveAgain,
    /// It is a copy: end the session.
    End,
}

/// The session does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshRefusal {
    /// No such token, or its session is over.
    NotGood,
    /// The token had been used: somebody may have a copy.
    Reused,
}

impl Refusal for RefreshRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::NotGood => refusal::refresh_token_not_good(),
            Self::Reused => refusal::refresh_token_reused(),
        }
    }
}

/// Decides on a token that somebody shows now.
pub fn present(token: Shown, now: Timestamp) -> Result<Presented, RefreshRefusal> {
    if token.ended_at.is_some() || token.expires_at <= now {
        return Err(RefreshRefusal::NotGood);
    }
    match token.used_at {
        None => Ok(Presented::Rotate),
        Some(used) if token.newest == token.generation + 1 && now - used <= GRACE => Ok(Presented::GiveAgain),
        Some(_) => Ok(Presented::End),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn shown() -> Shown {
        Shown { generation: 3, newest: 3, used_at: None, expires_at: at(1000), ended_at: None }
    }

    #[test]
    fn a_lost_answer_is_given_again_for_ten_seconds() {
        let used = Shown { newest: 4, used_at: Some(at(0)), ..shown() };
        assert_eq!(present(used, at(10)), Ok(Presented::GiveAgain));
        assert_eq!(present(used, at(11)), Ok(Presented::End));
    }

    #[test]
    fn a_token_whose_successor_was_used_is_a_copy_at_once() {
        let used = Shown { newest: 5, used_at: Some(at(0)), ..shown() };
        assert_eq!(present(used, at(1)), Ok(Presented::End));
    }

    #[test]
    fn a_session_that_is_over_stays_over() {
        assert_eq!(present(Shown { ended_at: Some(at(0)), ..shown() }, at(1)), Err(RefreshRefusal::NotGood));
        assert_eq!(present(shown(), at(1000)), Err(RefreshRefusal::NotGood));
    }

    proptest! {
        /// Two hold the same token and refresh whenever they like: once both have
        /// refreshed outside the grace time, the session has ended.
        #[test]
        fn a_thief_and_the_owner_never_both_go_on(moves in prop::collection::vec((any::<bool>(), 11_i64..500), 2..40)) {
            let (mut newest, mut used, mut ended) = (0_u32, Vec::<Timestamp>::new(), None);
            let (mut held, mut now) = ([0_u32, 0], 0);
            let mut went_on = [0, 0];
            for (thief, wait) in moves {
                now += wait;
                let who = usize::from(thief);
                let token = Shown {
                    generation: held[who], newest, used_at: used.get(held[who] as usize).copied(),
                    expires_at: at(1_000_000), ended_at: ended,
                };
                match present(token, at(now)) {
                    Ok(Presented::Rotate) => { used.push(at(now)); newest += 1; held[who] = newest; went_on[who] += 1; }
                    Ok(Presented::GiveAgain) => prop_assert!(false, "no answer was lost"),
                    Ok(Presented::End) => ended = Some(at(now)),
                    Err(_) => prop_assert!(ended.is_some()),
                }
            }
            prop_assert!(went_on[0] == 0 || went_on[1] == 0);
        }
    }
}
