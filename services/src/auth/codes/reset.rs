//! A new password for whoever forgot theirs.
//!
//! The answer, and the time that it takes, is the same for every address: the request only leaves a
//! note, and a job looks whether there is an account. An address without one gets a row that is
//! counted like a code, so that trying codes tells nothing either.

use std::net::IpAddr;

use domain::Failure;
use domain::auth::{
    AccountStatus, AuditKind, CODE_LIFE, CodeRefusal, CodeReminder, Notice, Purpose, Recognition,
};
use store::auth::{Audit, CodeOf};
use uuid::Uuid;

use super::{CodeSent, SENT, Wanted, issue, notify, parse_email, use_code};
use crate::App;
use crate::auth::{announce_ended, end_sessions, new_password};

/// A request for a new password, with the code that proves the address.
#[derive(Clone)]
pub struct ResetPassword {
    /// The e-mail address of the account.
    pub email: String,
    /// The code, as it was typed.
    pub code: String,
    /// The new password.
    pub new_password: String,
    /// The address that the request comes from.
    pub from: IpAddr,
}

/// Sends a code to the address of an account, if there is one.
pub async fn forgot_password(app: &App, email: &str) -> Result<CodeSent, Failure> {
    let email = parse_email(email)?;
    let (request, now) = (app.ids.uuid(), app.now());
    let mut tx = app.store.begin().await?;
    store::auth::add_reset_request(&mut tx, request, &email, now).await?;
    store::jobs::remind(&mut tx, &request.to_string(), now, CodeReminder::PasswordForgotten { request });
    tx.commit().await?;
    Ok(SENT)
}

/// Looks whether the address of a request has an account, and makes a code.
pub(super) async fn answer_request(app: &App, request: Uuid) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    let Some(email) = store::auth::take_reset_request(&mut tx, request).await? else { return Ok(()) };
    let found = store::auth::recognise(&app.store, &Recognition::Email(email.clone())).await?;
    let account = found.map(|found| found.account).filter(|account| account.status == AccountStatus::Open);
    let user = account.map(|account| account.user);
    let wanted =
        Wanted { purpose: Purpose::PasswordReset, user, target: email.as_str(), is_sent: user.is_some() };
    match issue(app, &mut tx, &wanted).await {
        // Asked again too soon: the code that was sent is still good.
        Ok(()) | Err(Failure::Refused(_)) => Ok(tx.commit().await?),
        Err(failure) => Err(failure),
    }
}

/// Sets a new password, which proves the address too, and ends all sessions of the account. Whoever
/// opened it with an address that was not theirs loses it: their sessions, their password, and
/// every other way in.
pub async fn reset_password(app: &App, asked: ResetPassword) -> Result<(), Failure> {
    let email = parse_email(&asked.email)?;
    new_password::check(app, &asked.new_password, &email, "/new_password").await?;
    let of = CodeOf::Reset(&email);
    // Compared before the password is hashed, which takes long, and used up after it.
    drop(use_code(app, of, &asked.code, asked.from).await?);
    let hash = app.identity.hasher.hash(&asked.new_password, app.ids.random()).await?;
    let now = app.now();
    let (mut tx, found) = use_code(app, of, &asked.code, asked.from).await?;
    let user = found.user.ok_or(CodeRefusal::Over)?;
    store::auth::end_codes(&mut tx, user, &[Purpose::EmailVerification, Purpose::EmailChange], now).await?;
    let account = store::auth::lock_account(&mut tx, user).await?;
    account.filter(|account| account.status == AccountStatus::Open).ok_or(CodeRefusal::Over)?;
    let identity = store::auth::email_identity(&mut tx, user).await?;
    let identity = identity.filter(|identity| identity.by.subject() == email.as_str());
    let identity = identity.ok_or(CodeRefusal::Over)?;
    let changed_at = store::auth::password_changed_at(&mut tx, user).await?;
    if changed_at.is_some_and(|changed_at| changed_at > found.live.expires_at - CODE_LIFE) {
        return Err(CodeRefusal::Over.into());
    }
    if identity.verified_at.is_none() {
        store::auth::drop_other_identities(&mut tx, user, identity.id).await?;
    }
    store::auth::prove_email(&mut tx, user, &email, now).await?;
    store::auth::set_password(&mut tx, app.ids.uuid(), user, &hash, now).await?;
    store::auth::forget_attempts(&mut tx, &email).await?;
    let ended = end_sessions(app, &mut tx, user, None).await?;
    let line = Audit { user: Some(user), from: Some(asked.from), ..Audit::of(AuditKind::PasswordReset) };
    store::auth::audit(&mut tx, &line, now).await?;
    notify(app, &mut tx, user, Notice::PasswordChanged, &email).await?;
    tx.commit().await?;
    announce_ended(app, &ended);
    Ok(())
}
