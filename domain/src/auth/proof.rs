//! A proof of who somebody is. A session begins with one, and what cannot be taken back needs a
//! fresh one.

use std::str::FromStr;

use chrono::TimeDelta;

use super::refusal;
use crate::{Failure, IdentityId, Timestamp, UserId};

/// How long a proof allows what only a fresh one allows (withdrawal, a new e-mail address).
pub const FRESH: TimeDelta = TimeDelta::minutes(5);

/// How somebody proved who they are: the `amr` of their tokens (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// They knew the password.
    Password,
    /// They read a code that was sent to them.
    Code,
    /// An OpenID provider vouched for them.
    OpenId,
}

impl Method {
    const ALL: [Self; 3] = [Self::Password, Self::Code, Self::OpenId];

    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::OpenId => "openid",
        }
    }

    /// The value in `amr`: RFC 8176 names no provider's word, so `fed`, as the field does.
    pub fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Code => "otp",
            Self::OpenId => "fed",
        }
    }
}

impl FromStr for Method {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|method| method.as_str() == name).ok_or(())
    }
}

/// Somebody proved to be the account's person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The account.
    pub user: UserId,
    /// By which identity they were recognised. Its end ends the sessions that began with it.
    pub identity: IdentityId,
    /// How.
    pub method: Method,
    /// When: the `auth_time` of their tokens.
    pub at: Timestamp,
}

/// Refuses what needs a fresh proof, if the last one at `proven_at` is older than [`FRESH`].
pub fn require_fresh(proven_at: Timestamp, now: Timestamp) -> Result<(), Failure> {
    if now - proven_at <= FRESH { Ok(()) } else { Err(refusal::step_up_required().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_fresh_for_five_minutes_and_not_a_moment_longer() {
        let at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        assert!(require_fresh(at, at).is_ok());
        assert!(require_fresh(at, at + FRESH).is_ok());
        assert!(require_fresh(at, at + FRESH + TimeDelta::microseconds(1)).is_err());
    }

    #[test]
    fn a_method_is_read_as_it_is_written() {
        for method in Method::ALL {
            assert_eq!(method.as_str().parse(), Ok(method));
        }
        assert_eq!("pwd".parse::<Method>(), Err(()));
    }
}
