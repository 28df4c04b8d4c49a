//! Who works at a restaurant, and what each of them may do there.

use serde::{Deserialize, Serialize};

/// The most people who work at a restaurant besides its owner, invitations included.
pub const STAFF_MAX: usize = 30;

/// What somebody who is not the owner does at a restaurant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Runs the shop: orders, rules, menus.
    Manager,
    /// Cooks: orders, what is sold out, pauses.
    Kitchen,
}

impl StaffRole {
    /// All of them.
    pub const ALL: [StaffRole; 2] = [StaffRole::Manager, StaffRole::Kitchen];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            StaffRole::Manager => "manager",
            StaffRole::Kitchen => "kitchen",
        }
    }
}

impl std::str::FromStr for StaffRole {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        StaffRole::ALL.into_iter().find(|role| role.as_str() == name).ok_or(())
    }
}

/// What somebody is to a restaurant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is theirs.
    Owner,
    /// They work there.
    Staff(StaffRole),
}

/// What is to be done at a restaurant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Answering orders, marking dishes as sold out, pausing.
    Kitchen,
    /// Changing rules, menus and what customers read.
    Shop,
    /// Who works there, who the seller is, giving it up.
    Business,
}

impl Standing {
    /// Whether it is among their duties.
    pub fn may(self, duty: Duty) -> bool {
        match self {
            Standing::Owner => true,
            Standing::Staff(StaffRole::Manager) => duty != Duty::Business,
            Standing::Staff(StaffRole::Kitchen) => duty == Duty::Kitchen,
        }
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Owner => "owner",
            Standing::Staff(role) => role.as_str(),
        }
    }
}

crate::refusals! {
    pub too_many_staff(max) => Rule "restaurant.too_many_staff":
        "직원은 {max}명까지 등록할 수 있어요.", "At most {max} people may work at a restaurant.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_may_do_what_the_one_below_may_and_more() {
        let duties = [Duty::Kitchen, Duty::Shop, Duty::Business];
        let may = |standing: Standing| duties.map(|duty| standing.may(duty));
        assert_eq!(may(Standing::Owner), [true, true, true]);
        assert_eq!(may(Standing::Staff(StaffRole::Manager)), [true, true, false]);
        assert_eq!(may(Standing::Staff(StaffRole::Kitchen)), [true, false, false]);
    }
}
