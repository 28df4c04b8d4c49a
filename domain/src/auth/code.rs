//! Codes that prove an e-mail address or a telephone number: six digits that are sent to it.
//!
//! ```text
//!  send ─▶ live ─┬─ right ──────────────────▶ over: it was used
//!    │           ├─ wrong ──▶ live, or over after the fifth
//!    │           ├─ ten minutes ────────────▶ over
//!    │           └─ another one is sent, or what it proves changes ▶ over
//!    └─ refused: one was sent less than a minute ago, or ten in 24 hours
//! ```
//!
//! A code is good for one purpose and for the address that it was sent to. With five tries each and
//! ten codes a day, nobody guesses more than 50 of a million codes a day: NIST SP 800-63B, 5.2.2,
//! allows 100.

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::refusal;
use crate::short_code::{TRIES_MAX, Tries};
use crate::{Refusal, Refused, Timestamp};

/// How long a code is good for.
pub const CODE_LIFE: TimeDelta = TimeDelta::minutes(10);

/// How long after one code the next one is sent.
pub const RESEND_AFTER: TimeDelta = TimeDelta::seconds(60);

/// The time within which codes are counted.
pub const DAY: TimeDelta = TimeDelta::hours(24);

/// The most codes of one purpose within [`DAY`], of an account and to an address.
const CODES_A_DAY: usize = 10;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To prove the account's e-mail address.
    EmailVerification,
    /// To prove a telephone number, and make it the account's.
    PhoneVerification,
    /// To set a password without the old one.
    PasswordReset,
    /// To prove a new e-mail address, and make it the account's.
    EmailChange,
}

impl Purpose {
    const ALL: [Self; 4] =
        [Self::EmailVerification, Self::PhoneVerification, Self::PasswordReset, Self::EmailChange];

    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmailVerification => "email_verification",
            Self::PhoneVerification => "phone_verification",
            Self::PasswordReset => "password_reset",
            Self::EmailChange => "email_change",
        }
    }

    /// Reads what the store wrote.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// Six digits. Whoever knows them proves something with them: they are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A code from random bytes. Of 2¹²⁸ numbers no code gets noticeably more than another.
    pub fn draw(random: [u8; 32]) -> Self {
        let number = random[..16].iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        Self(format!("{:06}", number % 1_000_000))
    }

    /// Reads a code as somebody typed or pasted it, with spaces or a hyphen in between. Anything else
    /// is no code, and equals none.
    pub fn read(typed: &str) -> Self {
        Self(typed.chars().filter(|it| !it.is_whitespace() && *it != '-').take(7).collect())
    }

    /// The digits, for the message that carries them.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    pub fn is(&self, typed: &Self) -> bool {
        let (one, other) = (self.0.as_bytes(), typed.0.as_bytes());
        one.len() == other.len() && one.iter().zip(other).fold(0, |bits, (a, b)| bits | (a ^ b)) == 0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

/// Why no code is sent, or why one proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeRefusal {
    /// One was sent less than a minute ago.
    SentLately {
        /// Seconds until another one is sent.
        retry_after_secs: u32,
    },
    /// Ten were sent in 24 hours.
    TooMany {
        /// Seconds until another one is sent.
        retry_after_secs: u32,
    },
    /// It is not the code that was sent.
    Wrong {
        /// How often another one may be tried.
        tries_left: u32,
    },
    /// There is no code, or it is used, expired, or was tried too often.
    Over,
}

impl Refusal for CodeRefusal {
    fn refused(&self) -> Refused {
        match *self {
            Self::SentLately { retry_after_secs: secs } => refusal::code_sent_lately(secs).after(secs),
            Self::TooMany { retry_after_secs: secs } => refusal::too_many_codes(secs).after(secs),
            Self::Wrong { tries_left } => refusal::code_wrong(tries_left),
            Self::Over => refusal::code_over(),
        }
    }
}

/// Whether another code may be sent now, where those of the last [`DAY`] were sent at `sent`.
pub fn may_send(sent: &[Timestamp], now: Timestamp) -> Result<(), CodeRefusal> {
    // A clock that was set back makes nobody wait for longer than the rule says.
    let wait = |since: Timestamp, whole: TimeDelta| (since + whole - now).min(whole);
    let secs = |wait: TimeDelta| {
        let secs = wait.num_milliseconds().max(0).unsigned_abs().div_ceil(1_000);
        u32::try_from(secs).unwrap_or(u32::MAX)
    };
    let mut sent: Vec<_> = sent.iter().copied().filter(|at| *at + DAY > now).collect();
    sent.sort_unstable_by(|one, other| other.cmp(one));
    let lately = sent.first().map(|at| wait(*at, RESEND_AFTER)).filter(|wait| *wait > TimeDelta::zero());
    if let Some(tenth) = sent.get(CODES_A_DAY - 1) {
        return Err(CodeRefusal::TooMany { retry_after_secs: secs(wait(*tenth, DAY)) });
    }
    match lately {
        Some(wait) => Err(CodeRefusal::SentLately { retry_after_secs: secs(wait) }),
        None => Ok(()),
    }
}

/// A code that is neither used nor replaced, as it decides on a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCode {
    /// The code.
    pub code: Code,
    /// The tries at it that were wrong.
    pub wrong: Tries,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// What comes of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is the code, which is used up with what it allows.
    Right,
    /// It is not, which counts: the wrong tries from now on.
    Wrong(Tries),
}

impl LiveCode {
    /// Compares what somebody typed, unless it is too late for that.
    pub fn compare(&self, typed: &Code, now: Timestamp) -> Result<Tried, CodeRefusal> {
        let tries = self.wrong.begin().map_err(|_| CodeRefusal::Over)?;
        if self.expires_at <= now {
            return Err(CodeRefusal::Over);
        }
        Ok(if self.code.is(typed) { Tried::Right } else { Tried::Wrong(tries) })
    }
}

impl From<Tries> for CodeRefusal {
    /// The refusal of a wrong try, after which so many were wrong.
    fn from(wrong: Tries) -> Self {
        Self::Wrong { tries_left: TRIES_MAX.saturating_sub(wrong.0) }
    }
}

/// What follows from codes, done by a job. It holds ids alone: addresses stand in their tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum CodeReminder {
    /// Somebody forgot the password of the account with an address, if there is one.
    PasswordForgotten {
        /// The request, which has the address.
        request: Uuid,
    },
    /// A code waits to be sent.
    CodeToSend {
        /// The code.
        code: Uuid,
    },
    /// The person of an account has to be told of something.
    NoticeDue {
        /// The notice.
        notice: Uuid,
    },
}

/// What the person of an account is told of by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The password was changed or set.
    PasswordChanged,
    /// Somebody who is signed in asked for another e-mail address.
    EmailChangeAsked,
    /// The account has another e-mail address.
    EmailChanged,
    /// Another account proved the telephone number of this one.
    PhoneLost,
    /// Somebody asked to use the account's e-mail address for another account.
    EmailWanted,
}

impl Notice {
    const ALL: [Self; 5] = [
        Self::PasswordChanged,
        Self::EmailChangeAsked,
        Self::EmailChanged,
        Self::PhoneLost,
        Self::EmailWanted,
    ];

    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password_changed",
            Self::EmailChangeAsked => "email_change_asked",
            Self::EmailChanged => "email_changed",
            Self::PhoneLost => "phone_lost",
            Self::EmailWanted => "email_wanted",
        }
    }

    /// Reads what the store wrote.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn live(wrong: u32) -> LiveCode {
        LiveCode { code: Code::read("314159"), wrong: Tries(wrong), expires_at: at(600) }
    }

    #[test]
    fn a_code_is_read_as_it_is_typed_and_never_printed() {
        for typed in ["314159", " 314159\n", "314 159", "314-159", "3 1 4 1 5 9"] {
            assert_eq!(live(0).compare(&Code::read(typed), at(0)), Ok(Tried::Right), "{typed}");
        }
        for typed in ["", "31415", "3141590", "314158", "삼일사", "３１４１５９"] {
            assert_eq!(live(0).compare(&Code::read(typed), at(0)), Ok(Tried::Wrong(Tries(1))), "{typed}");
        }
        assert_eq!(format!("{:?}", live(0).code), "Code(..)");
    }

    #[test]
    fn a_code_is_good_for_ten_minutes_and_five_wrong_tries() {
        let right = Code::read("314159");
        assert_eq!(live(4).compare(&right, at(0)), Ok(Tried::Right));
        assert_eq!(live(5).compare(&right, at(0)), Err(CodeRefusal::Over));
        assert_eq!(live(0).compare(&right, at(599)), Ok(Tried::Right));
        assert_eq!(live(0).compare(&right, at(600)), Err(CodeRefusal::Over));
        assert_eq!(CodeRefusal::from(Tries(5)), CodeRefusal::Wrong { tries_left: 0 });
    }

    #[test]
    fn the_next_code_is_sent_after_a_minute_and_the_eleventh_after_a_day() {
        assert_eq!(may_send(&[], at(0)), Ok(()));
        let lately = |secs| Err(CodeRefusal::SentLately { retry_after_secs: secs });
        assert_eq!(may_send(&[at(0)], at(1)), lately(59));
        assert_eq!(may_send(&[at(0)], at(60)), Ok(()));
        assert_eq!(may_send(&[at(5_000)], at(0)), lately(60), "the clock was set back");
        let ten: Vec<_> = (0..10).map(|number| at(number * 60)).collect();
        let too_many = Err(CodeRefusal::TooMany { retry_after_secs: 86_400 - 541 });
        assert_eq!(may_send(&ten, at(541)), too_many);
        assert_eq!(may_send(&ten, at(86_400)), Ok(()));
    }

    #[test]
    fn every_purpose_and_notice_is_read_as_it_is_written() {
        assert!(Purpose::ALL.into_iter().all(|purpose| Purpose::of(purpose.as_str()) == Some(purpose)));
        assert!(Notice::ALL.into_iter().all(|notice| Notice::of(notice.as_str()) == Some(notice)));
        assert_eq!(Purpose::of("sign_in"), None);
    }

    proptest! {
        #[test]
        fn a_code_has_six_digits_and_comes_from_all_of_the_bytes(random in any::<[u8; 32]>()) {
            let code = Code::draw(random);
            prop_assert!(code.digits().len() == 6 && code.digits().bytes().all(|it| it.is_ascii_digit()));
            prop_assert!(code.is(&Code::read(code.digits())));
        }

        /// However it is tried, at most five others are compared with a code, and it is right at
        /// most once.
        #[test]
        fn a_guesser_gets_five_guesses(typed in prop::collection::vec(0_u8..20, 1..60)) {
            let (mut code, mut guesses, mut used) = (live(0), 0, false);
            for number in typed {
                let typed = if number == 0 { Code::read("314159") } else { Code::read(&format!("{number:06}")) };
                match code.compare(&typed, at(1)) {
                    Ok(Tried::Right) => { used = true; break }
                    Ok(Tried::Wrong(tries)) => { guesses += 1; code.wrong = tries }
                    Err(refusal) => { prop_assert_eq!(refusal, CodeRefusal::Over); prop_assert_eq!(guesses, 5) }
                }
            }
            prop_assert!(guesses <= 5, "{guesses} {used}");
        }

        #[test]
        fn no_day_has_more_codes_than_it_may(gaps in prop::collection::vec(0_i64..9_000, 1..200)) {
            let (mut now, mut sent) = (0, Vec::new());
            for gap in gaps {
                now += gap;
                if may_send(&sent, at(now)).is_ok() {
                    sent.push(at(now));
                }
            }
            for first in &sent {
                let day = sent.iter().filter(|each| (*first..*first + DAY).contains(each)).count();
                prop_assert!(day <= CODES_A_DAY, "{day}");
            }
            prop_assert!(sent.is_sorted_by(|one, next| *next - *one >= RESEND_AFTER));
        }
    }
}
