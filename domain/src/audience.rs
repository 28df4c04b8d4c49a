//! Who may receive an event on a channel: a set of parties.
//!
//! Parties are not ranked: a restaurant may see where the courier waits for the food but
//! not where the food goes; for the customer it is the opposite. Each event carries the
//! set of parties it is for, each subscriber the set of parties it belongs to, and the
//! event is delivered if the two sets intersect.

use serde::{Deserialize, Serialize};

/// A person's part in an order, a delivery or a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The person who ordered, or asked.
    Customer,
    /// The restaurant that cooks.
    Restaurant,
    /// The courier who delivers.
    Courier,
    /// The agent who is assigned to the conversation.
    Support,
    /// The platform's operators.
    Operator,
}

impl Party {
    /// Bit 0 is unused: the codes 0 and 1 already mean whole sets (see [`Audience`]).
    const fn bit(self) -> u8 {
        match self {
            Party::Customer => 1 << 1,
            Party::Restaurant => 1 << 2,
            Party::Courier => 1 << 3,
            Party::Support => 1 << 4,
            Party::Operator => 1 << 5,
        }
    }
}

/// The code of the empty set, since code 0 means everyone.
const NOBODY: u8 = 1 << 6;

/// A set of parties.
///
/// Serialised as a small number: 0 for everyone and 1 for everyone but the customer, as
/// in rows written before parties existed; otherwise the sum of the parties' bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
pub struct Audience(u8);

impl Audience {
    /// No party.
    pub const NOBODY: Self = Self(0);

    /// All parties.
    pub const EVERYONE: Self =
        Self::of(&[Party::Customer, Party::Restaurant, Party::Courier, Party::Support, Party::Operator]);

    /// All parties but the customer.
    pub const STAFF: Self = Self::EVERYONE.without(Party::Customer);

    /// These parties.
    pub const fn of(parties: &[Party]) -> Self {
        let (mut bits, mut rest) = (0, parties);
        while let [party, others @ ..] = rest {
            bits |= party.bit();
            rest = others;
        }
        Self(bits)
    }

    /// These parties and `party`.
    #[must_use]
    pub const fn and(self, party: Party) -> Self {
        Self(self.0 | party.bit())
    }

    /// These parties save for `party`.
    #[must_use]
    pub const fn without(self, party: Party) -> Self {
        Self(self.0 & !party.bit())
    }

    /// Whether `party` is one of them.
    pub const fn has(self, party: Party) -> bool {
        self.0 & party.bit() != 0
    }

    /// Whether a subscriber with the parties `self` receives an event for `to`.
    pub const fn hears(self, to: Audience) -> bool {
        self.0 & to.0 != 0
    }

    /// The number used in the journal and between processes.
    pub const fn code(self) -> u8 {
        match self {
            Self::EVERYONE => 0,
            Self::STAFF => 1,
            Self::NOBODY => NOBODY,
            Self(bits) => bits,
        }
    }

    /// The set with that number. Bits of unknown parties are ignored.
    pub const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::EVERYONE,
            1 => Self::STAFF,
            bits => Self(bits & Self::EVERYONE.0),
        }
    }
}

impl From<Party> for Audience {
    fn from(party: Party) -> Self {
        Self::of(&[party])
    }
}

impl From<Audience> for u8 {
    fn from(audience: Audience) -> u8 {
        audience.code()
    }
}

impl From<u8> for Audience {
    fn from(code: u8) -> Self {
        Self::from_code(code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Party; 5] =
        [Party::Customer, Party::Restaurant, Party::Courier, Party::Support, Party::Operator];

    #[test]
    fn what_older_rows_say_is_still_what_they_meant() {
        assert!(ALL.into_iter().all(|party| Audience::from_code(0).has(party)));
        let staff = Audience::from_code(1);
        assert!(ALL.into_iter().all(|party| staff.has(party) == (party != Party::Customer)));
    }

    #[test]
    fn nobody_hears_nothing() {
        assert_eq!(Audience::from_code(Audience::NOBODY.code()), Audience::NOBODY);
        assert!(!Audience::NOBODY.hears(Audience::EVERYONE));
        assert!(!Audience::EVERYONE.hears(Audience::NOBODY));
    }

    proptest! {
        #[test]
        fn a_set_survives_being_written_and_is_heard_by_its_parties_alone(
            parties in proptest::sample::subsequence(ALL.to_vec(), 1..=5)
        ) {
            let set = Audience::of(&parties);
            prop_assert_eq!(Audience::from_code(set.code()), set);
            for party in ALL {
                prop_assert_eq!(Audience::from(party).hears(set), parties.contains(&party));
            }
        }
    }
}
