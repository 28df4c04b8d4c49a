//! Who is asking.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{CourierId, SessionId, UserId};

/// What a person may be. One person may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Orders food.
    Customer,
    /// Brings it (라이더).
    Courier,
    /// Cooks it (사장님).
    Owner,
    /// Answers questions (상담원).
    Agent,
    /// Runs the platform (관리자).
    Admin,
    /// One of our own processes.
    Service,
}

impl Role {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Courier => "courier",
            Role::Owner => "owner",
            Role::Agent => "agent",
            Role::Admin => "admin",
            Role::Service => "service",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        [Role::Customer, Role::Courier, Role::Owner, Role::Agent, Role::Admin, Role::Service]
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or(())
    }
}

/// The person behind a request, as their token proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub user: UserId,
    /// On which device.
    pub session: SessionId,
    /// As what.
    pub roles: Vec<Role>,
}

impl Principal {
    /// Whether the person has the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The person as a courier, if they are one.
    pub fn courier(&self) -> Option<CourierId> {
        self.is(Role::Courier).then(|| self.user.into())
    }
}
