//! Accounts of others: how they are changed, what staff see of them, and the audit log.
//!
//! Every change is a line in the audit log, with the reason, in the transaction of the change.

use std::net::IpAddr;

use domain::auth::{Account, AuditKind, Authority, Change, Email, Recognition, decide};
use domain::personal_data::mask;
use domain::{Failure, Reason, Role, SessionId, Timestamp, UserId};
use store::auth::{Audit, AuditFilter, AuditLine, SeenAccount, Session};
use store::{Store, Tx};

use super::session::announce_ended;
use crate::App;

/// A change of an account, and why it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order<'a> {
    /// What is done.
    pub(crate) change: Change,
    /// On whose authority.
    pub(crate) by: Authority,
    /// Why.
    pub(crate) reason: &'a Reason,
    /// The client's address, if it was asked for over the network.
    pub(crate) from: Option<IpAddr>,
}

/// What staff see of an account.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Roles, status and times.
    pub seen: SeenAccount,
    /// What its person is recognised by, masked.
    pub identities: Vec<MaskedIdentity>,
    /// Until when some device must wait to sign in, because of wrong passwords.
    pub locked_until: Option<Timestamp>,
}

/// Something that a person is recognised by, of which nobody learns it.
#[derive(Clone, Debug)]
pub struct MaskedIdentity {
    /// `email`, `phone` or `openid`.
    pub kind: &'static str,
    /// The provider of an OpenID identity.
    pub issuer: Option<String>,
    /// The address or number, masked; the provider's subject is not shown.
    pub subject: String,
    /// When they proved that it is theirs.
    pub verified_at: Option<Timestamp>,
}

/// Gives somebody a role in the transaction of what is the reason for it, as the approval of a
/// shop makes its owner. Their tokens have the role from the next refresh on.
pub async fn grant_role(
    app: &App,
    tx: &mut Tx,
    account: UserId,
    role: Role,
    reason: &Reason,
) -> Result<(), Failure> {
    let order = Order { change: Change::Grant(role), by: Authority::Approval, reason, from: None };
    change(tx, account, &order, app.now()).await.map(drop)
}

/// Makes the change, and returns the sessions that it ended. `None`, and there is no line, if
/// there is nothing to change.
pub(crate) async fn change(
    tx: &mut Tx,
    account: UserId,
    order: &Order<'_>,
    now: Timestamp,
) -> Result<Option<Vec<SessionId>>, Failure> {
    if order.change == Change::Unlock {
        // Before the accounts are locked: a sign-in, too, locks its attempts first.
        unlock(tx, account).await?;
    }
    let (before, after) = decided(tx, account, order).await?;
    match order.change {
        Change::Unlock | Change::EndSessions => {}
        _ if after == before => return Ok(None),
        _ => store::auth::keep_account(tx, &after, now).await?,
    }
    let ended = if order.change.ends_sessions() {
        store::auth::end_sessions(tx, account, None, now).await?
    } else {
        Vec::new()
    };
    store::auth::audit(tx, &line(account, order, order.change.audit_kind()), now).await?;
    Ok(Some(ended))
}

/// The account before and after the change, locked like those of all admins.
async fn decided(tx: &mut Tx, account: UserId, order: &Order<'_>) -> Result<(Account, Account), Failure> {
    let admins = store::auth::lock_admins(tx).await?;
    let before = store::auth::lock_account(tx, account).await?;
    let before = before.ok_or_else(|| Failure::not_found("account"))?;
    let after = decide(&before, order.change, order.by, &admins)?;
    Ok((before, after))
}

fn line<'a>(account: UserId, order: &Order<'a>, kind: AuditKind) -> Audit<'a> {
    Audit {
        user: Some(account),
        from: order.from,
        actor: order.by.admin(),
        reason: Some(order.reason.as_str()),
        role: order.change.role(),
        ..Audit::of(kind)
    }
}

async fn unlock(tx: &mut Tx, account: UserId) -> Result<(), Failure> {
    if let Some(email) = store::auth::email_in(tx, account).await? {
        store::auth::forget_attempts(tx, &email).await?;
    }
    Ok(())
}

/// Ends one session of an account, on the authority that `order` has over all of them.
pub(crate) async fn end_session_of(
    app: &App,
    (account, session): (UserId, SessionId),
    order: &Order<'_>,
) -> Result<(), Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    decided(&mut tx, account, order).await?;
    if !store::auth::end_session(&mut tx, account, session, now).await? {
        return Err(Failure::not_found("session"));
    }
    let line = Audit { session: Some(session), ..line(account, order, AuditKind::SessionEnded) };
    store::auth::audit(&mut tx, &line, now).await?;
    tx.commit().await?;
    announce_ended(app, &[session]);
    Ok(())
}

/// An account, as staff see it.
pub(crate) async fn seen_account(app: &App, account: UserId) -> Result<AccountView, Failure> {
    let seen = store::auth::seen_accounts(&app.store, &[account]).await?.pop();
    let seen = seen.ok_or_else(|| Failure::not_found("account"))?;
    let identities = store::auth::identities(&app.store, account).await?;
    let email = identities.iter().find_map(|identity| match &identity.by {
        Recognition::Email(email) => Some(email),
        _ => None,
    });
    let locked_until = match email {
        Some(email) => locked_until(app, email).await?,
        None => None,
    };
    let identities = identities.iter().map(|identity| MaskedIdentity {
        kind: identity.by.kind(),
        issuer: Some(identity.by.issuer().to_owned()).filter(|issuer| !issuer.is_empty()),
        subject: match &identity.by {
            Recognition::Email(email) => mask::email(email.as_str()),
            Recognition::Phone(phone) => mask::phone(phone.as_str()),
            Recognition::OpenId { subject, .. } => mask::everything(subject),
        },
        verified_at: identity.verified_at,
    });
    Ok(AccountView { identities: identities.collect(), locked_until, seen })
}

async fn locked_until(app: &App, email: &Email) -> Result<Option<Timestamp>, Failure> {
    let now = app.now();
    let (waits, strangers) = store::auth::locks(&app.store, email, now).await?;
    Ok(waits.max(strangers.locked_until(&app.settings.auth.lockout, now)))
}

/// Accounts that staff look at, in no order.
pub(crate) async fn seen_accounts(app: &App, accounts: &[UserId]) -> Result<Vec<SeenAccount>, Failure> {
    Ok(store::auth::seen_accounts(&app.store, accounts).await?)
}

/// The e-mail addresses of these accounts, of those that have one.
pub(crate) async fn emails(app: &App, accounts: &[UserId]) -> Result<Vec<(UserId, Email)>, Failure> {
    Ok(store::auth::emails(&app.store, accounts).await?)
}

/// The e-mail address of an account, if it has one, as the transaction sees it.
pub(crate) async fn email_in(tx: &mut Tx, account: UserId) -> Result<Option<Email>, Failure> {
    Ok(store::auth::email_in(tx, account).await?)
}

/// The account that is recognised by this e-mail address, if it is one and there is one.
pub(crate) async fn account_with(store: &Store, email: &str) -> Result<Option<UserId>, Failure> {
    let Ok(email) = email.trim().parse() else { return Ok(None) };
    let found = store::auth::recognise(store, &Recognition::Email(email)).await?;
    Ok(found.map(|found| found.account.user))
}

/// An account's active sessions, newest first.
pub(crate) async fn sessions_of(
    app: &App,
    account: UserId,
    after: Option<SessionId>,
    limit: u32,
) -> Result<Vec<Session>, Failure> {
    Ok(store::auth::sessions(&app.store, account, after, limit, app.now()).await?)
}

/// Lines of the audit log, newest first, after the one with this time and number.
pub(crate) async fn audit_lines(
    app: &App,
    filter: &AuditFilter,
    after: Option<(Timestamp, i64)>,
    limit: u32,
) -> Result<Vec<AuditLine>, Failure> {
    Ok(store::auth::audit_lines(&app.store, filter, after, limit).await?)
}
