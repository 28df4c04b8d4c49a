//! Points that an operator gives.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{Fault, LotId, Refused, Timestamp, UserId, Won, fault};

/// The most that is given at a time.
pub const GRANT_WON_MAX: Won = Won(1_000_000);

/// The most days that they can be used for.
pub const GRANT_DAYS_MAX: u32 = 365;

/// Why points are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantReason {
    /// For something that went wrong.
    Apology,
    /// Won by something that the customer did.
    Prize,
    /// What should have been there.
    Correction,
}

impl GrantReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Apology, Self::Prize, Self::Correction];

    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apology => "apology",
            Self::Prize => "prize",
            Self::Correction => "correction",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Points that are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The id of their lot.
    pub id: LotId,
    /// Who gets them.
    pub customer: UserId,
    /// How many, up to [`GRANT_WON_MAX`].
    pub amount: Won,
    /// Why.
    pub reason: GrantReason,
    /// When.
    pub given_at: Timestamp,
    /// They can be used until before then.
    pub expires_at: Timestamp,
}

impl Grant {
    /// Points that can be used for so many `days`, 1 to [`GRANT_DAYS_MAX`].
    pub fn new(
        (id, customer): (LotId, UserId),
        amount: Won,
        reason: GrantReason,
        days: u32,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let out_of_range = |pointer: &str, max: String| {
            Refused::invalid(vec![Fault::new(pointer, fault::OUT_OF_RANGE, format!("1 to {max}"))])
        };
        if !(Won(1)..=GRANT_WON_MAX).contains(&amount) {
            return Err(out_of_range("/amount_won", GRANT_WON_MAX.to_string()));
        }
        if !(1..=GRANT_DAYS_MAX).contains(&days) {
            return Err(out_of_range("/days", GRANT_DAYS_MAX.to_string()));
        }
        let expires_at = now + Duration::days(days.into());
        Ok(Self { id, customer, amount, reason, given_at: now, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn no_more_is_given_than_one_may_and_for_no_longer() {
        let of = |amount, days| {
            let ids = (LotId(Uuid::nil()), UserId(Uuid::nil()));
            let given = Grant::new(ids, Won(amount), GrantReason::Prize, days, Timestamp::UNIX_EPOCH);
            given
                .map(|grant| grant.expires_at.timestamp() / 86_400)
                .map_err(|refused| refused.faults[0].pointer.clone())
        };
        assert_eq!((of(1, 1), of(1_000_000, 365)), (Ok(1), Ok(365)));
        assert_eq!((of(0, 1), of(1_000_001, 1)), (Err("/amount_won".into()), Err("/amount_won".into())));
        assert_eq!((of(1, 0), of(1, 366)), (Err("/days".into()), Err("/days".into())));
    }

    #[test]
    fn each_reason_is_found_by_its_name() {
        for reason in GrantReason::ALL {
            assert_eq!(GrantReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(GrantReason::parse("whim"), None);
    }
}
