//! Scopes: what an access token is for. Each role has its own; a token carries those of all its
//! roles. Routes ask for a role; scopes are for clients that want a token to do less.

use crate::Role;

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// One's own account.
    Profile,
    /// Carts, orders, payments and conversations of one's own.
    Order,
    /// Shifts, offers and deliveries.
    Deliver,
    /// One's own restaurants and their orders.
    Restaurant,
    /// The support desk.
    Support,
    /// The platform.
    Admin,
    /// Calls between our own processes and those that we trust.
    Service,
}

impl Scope {
    /// The name in the claim `scope`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Order => "order",
            Self::Deliver => "deliver",
            Self::Restaurant => "restaurant",
            Self::Support => "support",
            Self::Admin => "admin",
            Self::Service => "service",
        }
    }

    fn of(role: Role) -> &'static [Self] {
        match role {
            Role::Customer => &[Self::Profile, Self::Order],
            Role::Courier => &[Self::Profile, Self::Deliver],
            Role::Owner => &[Self::Profile, Self::Restaurant],
            Role::Agent => &[Self::Profile, Self::Support],
            Role::Admin => &[Self::Profile, Self::Support, Self::Admin],
            Role::Service => &[Self::Service],
        }
    }
}

/// The scopes of these roles as the claim has them: each once, separated by spaces (RFC 8693, 4.2).
pub fn scope_claim(roles: &[Role]) -> String {
    let mut scopes: Vec<Scope> = roles.iter().flat_map(|role| Scope::of(*role)).copied().collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes.into_iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_scopes_of_all_its_roles_each_once() {
        assert_eq!(scope_claim(&[Role::Customer]), "profile order");
        assert_eq!(scope_claim(&[Role::Courier, Role::Customer]), "profile order deliver");
        assert_eq!(scope_claim(&[Role::Admin]), "profile support admin");
        assert_eq!(scope_claim(&[Role::Service]), "service", "a service has no profile");
        assert_eq!(scope_claim(&[]), "");
    }
}
