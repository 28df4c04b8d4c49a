//! What some may do to the accounts of others: roles, bans, and the end of sessions.
//!
//! | by | grants | revokes |
//! |---|---|---|
//! | whoever runs the program's commands | all roles of people | all roles of people |
//! | an admin | courier, agent, admin | courier, owner, agent, admin |
//! | an approval of a shop | owner | nothing |
//!
//! Bans, their end, unlocking and the end of sessions are for admins. Nobody changes their own
//! account in this way, and somebody is always left who can: the last admin keeps the role and is
//! not banned, and does not leave. A role of people is never that of a process.

use super::{Account, AccountStatus, AuditKind, refusal};
use crate::{Refused, Role, UserId};

/// On whose authority an account is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Whoever can run the program's commands on its database. The first admin is made so.
    Console,
    /// An admin.
    Admin(UserId),
    /// A shop of the account's person was approved.
    Approval,
}

/// What is done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its person gets the role.
    Grant(Role),
    /// Its person loses the role, at once.
    Revoke(Role),
    /// Nobody acts for it any more.
    Ban,
    /// Its person may act for it again.
    LiftBan,
    /// Wrong passwords are forgotten.
    Unlock,
    /// All its devices are signed out.
    EndSessions,
}

impl Change {
    /// The kind of its line in the audit log.
    pub fn audit_kind(self) -> AuditKind {
        match self {
            Self::Grant(_) => AuditKind::RoleGranted,
            Self::Revoke(_) => AuditKind::RoleRevoked,
            Self::Ban => AuditKind::Banned,
            Self::LiftBan => AuditKind::BanLifted,
            Self::Unlock => AuditKind::Unlocked,
            Self::EndSessions => AuditKind::AllSessionsEnded,
        }
    }

    /// The role that it is about.
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Grant(role) | Self::Revoke(role) => Some(role),
            _ => None,
        }
    }

    /// Whether it ends the sessions of the account. A token states the roles of its person, so
    /// it must not outlive one that is revoked.
    pub fn ends_sessions(self) -> bool {
        matches!(self, Self::Revoke(_) | Self::Ban | Self::EndSessions)
    }

    /// Whether the account's person stops being a courier by it, who then carries nothing new.
    pub fn stops_courier(self) -> bool {
        matches!(self, Self::Revoke(Role::Courier) | Self::Ban)
    }
}

impl Authority {
    /// The admin, if it is one.
    pub fn admin(self) -> Option<UserId> {
        match self {
            Self::Admin(admin) => Some(admin),
            Self::Console | Self::Approval => None,
        }
    }

    fn permits(self, change: Change) -> bool {
        use Role::{Admin, Agent, Courier, Customer, Owner};
        let of_people = |role| matches!(role, Customer | Courier | Owner | Agent | Admin);
        match (self, change) {
            (Self::Console, Change::Grant(role) | Change::Revoke(role)) => of_people(role),
            (Self::Admin(_), Change::Grant(role)) => matches!(role, Courier | Agent | Admin),
            (Self::Admin(_), Change::Revoke(role)) => matches!(role, Courier | Owner | Agent | Admin),
            (Self::Admin(_), _) => true,
            (Self::Approval, change) => change == Change::Grant(Owner),
            (Self::Console, _) => false,
        }
    }
}

/// The account after the change; the same if there is nothing to change. `admins` are those who
/// may act as admins now: no ban, not withdrawn.
///
/// # Errors
/// The change is not for this authority, or would leave no admin.
pub fn decide(
    account: &Account,
    change: Change,
    by: Authority,
    admins: &[UserId],
) -> Result<Account, Refused> {
    if account.status == AccountStatus::Withdrawn {
        return Err(Refused::not_found("account"));
    }
    if let Authority::Admin(admin) = by {
        // Their token may be older than the loss of the role.
        if !admins.contains(&admin) {
            return Err(Refused::forbidden());
        }
        if admin == account.user {
            return Err(refusal::own_account());
        }
    }
    if !by.permits(change) {
        return Err(change
            .role()
            .map_or_else(Refused::forbidden, |role| refusal::role_not_grantable(role.as_str())));
    }
    if matches!(change, Change::Revoke(Role::Admin) | Change::Ban) {
        somebody_is_left(account.user, admins)?;
    }
    let mut next = account.clone();
    match change {
        Change::Grant(role) if !next.roles.contains(&role) => next.roles.push(role),
        Change::Revoke(role) => next.roles.retain(|held| *held != role),
        Change::Ban => next.status = AccountStatus::Banned,
        Change::LiftBan => next.status = AccountStatus::Open,
        Change::Grant(_) | Change::Unlock | Change::EndSessions => {}
    }
    Ok(next)
}

/// Refuses that the last of `admins` goes, by whatever way.
pub fn somebody_is_left(who_goes: UserId, admins: &[UserId]) -> Result<(), Refused> {
    if *admins == [who_goes] { Err(refusal::last_admin()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const ROLES: [Role; 6] =
        [Role::Customer, Role::Courier, Role::Owner, Role::Agent, Role::Admin, Role::Service];

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn account(number: u128, roles: &[Role]) -> Account {
        Account { user: user(number), roles: roles.to_vec(), status: AccountStatus::Open }
    }

    fn code(account: &Account, change: Change, by: Authority, admins: &[UserId]) -> &'static str {
        decide(account, change, by, admins).map_or_else(|refused| refused.code, |_| "done")
    }

    #[test]
    fn the_table_above_is_what_the_rule_says() {
        let admin = Authority::Admin(user(1));
        let minji = account(2, &ROLES);
        for (by, grants, revokes) in [
            (Authority::Console, "customer courier owner agent admin", "customer courier owner agent admin"),
            (admin, "courier agent admin", "courier owner agent admin"),
            (Authority::Approval, "owner", ""),
        ] {
            let may = |change: fn(Role) -> Change| {
                let done = |role: &Role| code(&minji, change(*role), by, &[user(1)]) == "done";
                ROLES.into_iter().filter(done).map(Role::as_str).collect::<Vec<_>>().join(" ")
            };
            assert_eq!(
                (may(Change::Grant).as_str(), may(Change::Revoke).as_str()),
                (grants, revokes),
                "{by:?}"
            );
            for change in [Change::Ban, Change::LiftBan, Change::Unlock, Change::EndSessions] {
                assert_eq!(code(&minji, change, by, &[user(1)]) == "done", by == admin, "{by:?} {change:?}");
            }
        }
        let refused = code(&minji, Change::Grant(Role::Service), admin, &[user(1)]);
        assert_eq!(refused, "auth.role_not_grantable");
    }

    #[test]
    fn an_admin_of_before_and_ones_own_account_are_refused() {
        let (minji, me) = (account(2, &[Role::Customer]), account(1, &[Role::Admin]));
        let by = Authority::Admin(user(1));
        assert_eq!(code(&minji, Change::Ban, by, &[user(3)]), "forbidden");
        for change in [Change::Grant(Role::Agent), Change::Revoke(Role::Admin), Change::Ban, Change::Unlock] {
            assert_eq!(code(&me, change, by, &[user(1), user(3)]), "auth.own_account");
        }
        let left = Account { status: AccountStatus::Withdrawn, ..minji };
        assert_eq!(code(&left, Change::Grant(Role::Agent), by, &[user(1)]), "not_found");
    }

    #[test]
    fn the_last_admin_stays_also_before_the_console() {
        let last = account(1, &[Role::Admin]);
        let revoke = |admins: &[UserId]| code(&last, Change::Revoke(Role::Admin), Authority::Console, admins);
        assert_eq!(revoke(&[user(1)]), "auth.last_admin");
        assert_eq!(revoke(&[user(1), user(2)]), "done");
    }

    fn changes() -> impl Strategy<Value = Change> {
        prop_oneof![
            prop::sample::select(&ROLES[..]).prop_map(Change::Grant),
            prop::sample::select(&ROLES[..]).prop_map(Change::Revoke),
            Just(Change::Ban),
            Just(Change::LiftBan),
            Just(Change::Unlock),
        ]
    }

    fn authorities() -> impl Strategy<Value = Authority> {
        prop_oneof![
            4 => (0_u128..4).prop_map(|number| Authority::Admin(user(number))),
            1 => Just(Authority::Console),
            1 => Just(Authority::Approval),
        ]
    }

    proptest! {
        /// Whatever four people do to each other, in any order.
        #[test]
        fn somebody_is_always_left_who_can_act(
            moves in prop::collection::vec((authorities(), 0_usize..4, changes()), 1..60),
        ) {
            let mut people: Vec<Account> = (0..4).map(|number| account(number, &[Role::Customer])).collect();
            people[0].roles.push(Role::Admin);
            for (by, whose, change) in moves {
                let may_act = |one: &&Account| one.roles.contains(&Role::Admin) && one.status == AccountStatus::Open;
                let admins: Vec<UserId> = people.iter().filter(may_act).map(|one| one.user).collect();
                prop_assert!(!admins.is_empty());
                let Ok(next) = decide(&people[whose], change, by, &admins) else { continue };
                if by.admin() == Some(next.user) {
                    prop_assert!(false, "{by:?} changed their own account");
                }
                if next.roles.contains(&Role::Owner) && !people[whose].roles.contains(&Role::Owner) {
                    prop_assert!(by.admin().is_none(), "an owner without an approval");
                }
                prop_assert!(!next.roles.contains(&Role::Service));
                people[whose] = next;
            }
        }
    }
}
