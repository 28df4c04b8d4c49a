//! Looks of staff at what is personal: each is written down.

use crate::{OrderId, Timestamp, UserId};

/// What somebody of the staff looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Look {
    /// They searched for people, and were shown masked results.
    Search,
    /// A person's page, masked.
    Person,
    /// A person's devices, with their addresses.
    Sessions,
    /// The audit log.
    Audit,
    /// This log.
    AccessLog,
    /// A person's name, telephone number and e-mail address, in full.
    Unmasked,
    /// Name, address and note of the customer of an order, in full.
    OrderUnmasked,
}

impl Look {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Search,
        Self::Person,
        Self::Sessions,
        Self::Audit,
        Self::AccessLog,
        Self::Unmasked,
        Self::OrderUnmasked,
    ];

    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Person => "person",
            Self::Sessions => "sessions",
            Self::Audit => "audit",
            Self::AccessLog => "access_log",
            Self::Unmasked => "unmasked",
            Self::OrderUnmasked => "order_unmasked",
        }
    }
}

impl std::str::FromStr for Look {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|look| look.as_str() == name).ok_or(())
    }
}

/// One line of the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who looked.
    pub actor: UserId,
    /// At whose data; `None` if it was not one person's.
    pub user: Option<UserId>,
    /// At what.
    pub look: Look,
    /// At which order's.
    pub order: Option<OrderId>,
    /// Why, where a reason is needed.
    pub reason: Option<String>,
    /// How many people a search found.
    pub found: Option<u32>,
    /// From where.
    pub address: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_read_as_it_is_written() {
        for look in Look::ALL {
            assert_eq!(look.as_str().parse(), Ok(look));
        }
        assert_eq!("glance".parse::<Look>(), Err(()));
    }
}
