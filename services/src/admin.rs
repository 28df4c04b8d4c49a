//! What admins do to the accounts of others, and what they see of them.
//!
//! A change needs a reason and a fresh proof of who the admin is. What it takes away is gone at
//! once: the sessions of the account end, on every port, socket and stream within two seconds, and
//! a courier's shift ends.

use std::net::IpAddr;

use domain::auth::{Authority, Change};
use domain::user::Look;
use domain::{Failure, Principal, Reason, Role, SessionId, Timestamp, UserId};
use store::{Store, Tx};

use crate::auth::{self, AccountView, AuditFilter, AuditLine, Order, Session};
use crate::tracking::courier;
use crate::{App, user};

/// Changes the account of somebody else.
pub async fn change_account(
    app: &App,
    who: &Principal,
    account: UserId,
    change: Change,
    reason: &str,
    from: IpAddr,
) -> Result<AccountView, Failure> {
    who.require(Role::Admin)?;
    let reason = Reason::read(reason)?;
    auth::require_fresh_proof(app, who).await?;
    let by = Authority::Admin(who.user);
    let order = Order { change, by, reason: &reason, from: Some(from) };
    let mut tx = app.store.begin().await?;
    let ended = make(&mut tx, account, &order, app.now()).await?;
    tx.commit().await?;
    auth::announce_ended(app, &ended);
    auth::seen_account(app, account).await
}

/// Changes roles from the program's command line. The processes that serve see ended sessions
/// within two seconds.
pub async fn change_from_console(
    store: &Store,
    email: &str,
    change: Change,
    reason: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    let reason = Reason::read(reason)?;
    let account = auth::account_with(store, email).await?;
    let account = account.ok_or_else(|| Failure::not_found("account"))?;
    let order = Order { change, by: Authority::Console, reason: &reason, from: None };
    let mut tx = store.begin().await?;
    make(&mut tx, account, &order, now).await?;
    Ok(tx.commit().await?)
}

/// Makes the change, and returns the sessions that it ended.
async fn make(
    tx: &mut Tx,
    account: UserId,
    order: &Order<'_>,
    now: Timestamp,
) -> Result<Vec<SessionId>, Failure> {
    let Some(ended) = auth::change(tx, account, order, now).await? else { return Ok(Vec::new()) };
    if order.change.stops_courier() {
        courier::stop_soon(tx, account.into(), now);
    }
    Ok(ended)
}

/// Ends one session of somebody else.
pub async fn end_session(
    app: &App,
    who: &Principal,
    (account, session): (UserId, SessionId),
    reason: &str,
    from: IpAddr,
) -> Result<(), Failure> {
    who.require(Role::Admin)?;
    let reason = Reason::read(reason)?;
    auth::require_fresh_proof(app, who).await?;
    let by = Authority::Admin(who.user);
    let order = Order { change: Change::EndSessions, by, reason: &reason, from: Some(from) };
    auth::end_session_of(app, (account, session), &order).await
}

/// An account, with what its person is recognised by, masked.
pub async fn account(app: &App, who: &Principal, account: UserId) -> Result<AccountView, Failure> {
    who.require(Role::Admin)?;
    auth::seen_account(app, account).await
}

/// The sessions of somebody else, newest first; that they looked is written down before.
pub async fn sessions(
    app: &App,
    who: &Principal,
    account: UserId,
    (after, limit): (Option<SessionId>, u32),
    from: IpAddr,
) -> Result<Vec<Session>, Failure> {
    who.require(Role::Admin)?;
    user::look(app, who, Some(account), Look::Sessions, from).await?;
    auth::sessions_of(app, account, after, limit).await
}

/// Lines of the audit log, newest first; that they looked is written down before.
pub async fn audit(
    app: &App,
    who: &Principal,
    filter: &AuditFilter,
    (after, limit): (Option<(Timestamp, i64)>, u32),
    from: IpAddr,
) -> Result<Vec<AuditLine>, Failure> {
    who.require(Role::Admin)?;
    user::look(app, who, filter.user, Look::Audit, from).await?;
    auth::audit_lines(app, filter, after, limit).await
}
