//! Roles, and the authenticated caller of a request.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{CourierId, Failure, SessionId, UserId};

/// A role. One person may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Orders food.
    Customer,
    /// Delivers food (라이더).
    Courier,
    /// Owns a restaurant (사장님).
    Owner,
    /// Answers support questions (상담원).
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

/// The authenticated caller of a request, as stated by the access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user: UserId,
    /// The session, one for each signed-in device.
    pub session: SessionId,
    /// The user's roles.
    pub roles: Vec<Role>,
}

impl Principal {
    /// Whether the person has the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Refuses everybody without the role.
    pub fn require(&self, role: Role) -> Result<(), Failure> {
        if self.is(role) { Ok(()) } else { Err(Failure::forbidden()) }
    }

    /// The courier id, if the person is a courier.
    pub fn courier(&self) -> Option<CourierId> {
        self.is(Role::Courier).then(|| self.user.into())
    }
}
