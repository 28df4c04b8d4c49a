//! Proving the e-mail address of an account, and changing it.

use std::net::IpAddr;

use domain::auth::{AuditKind, CodeRefusal, Email, Notice, Purpose, Recognition, refusal};
use domain::user::address::email_taken;
use domain::{Failure, IdentityId, Principal};
use store::auth::CodeOf;

use super::{CodeSent, SENT, Wanted, issue, notify, parse_email, use_code};
use crate::App;
use crate::auth::session::line;
use crate::auth::token::TokenRefusal;
use crate::auth::{announce_ended, require_fresh_proof};

/// The codes that are sent to the e-mail address of an account, or end with it.
const BY_MAIL: [Purpose; 3] = [Purpose::EmailVerification, Purpose::PasswordReset, Purpose::EmailChange];

/// Sends a code to the account's e-mail address.
pub async fn verify_email(app: &App, who: &Principal) -> Result<CodeSent, Failure> {
    let mut tx = app.store.begin().await?;
    let identity = store::auth::email_identity(&mut tx, who.user).await?;
    let identity = identity.ok_or_else(|| Failure::not_found("e-mail address"))?;
    if identity.verified_at.is_some() {
        return Err(refusal::already_verified().into());
    }
    let (user, target) = (Some(who.user), identity.by.subject());
    let wanted = Wanted { purpose: Purpose::EmailVerification, user, target, is_sent: true };
    issue(app, &mut tx, &wanted).await?;
    tx.commit().await?;
    Ok(SENT)
}

/// Proves the account's e-mail address by the code.
pub async fn confirm_email(app: &App, who: &Principal, code: &str, from: IpAddr) -> Result<(), Failure> {
    let of = CodeOf::Account(who.user, Purpose::EmailVerification);
    let (mut tx, found) = use_code(app, of, code, from).await?;
    let (email, now) = (address(&found.target)?, app.now());
    if !store::auth::prove_email(&mut tx, who.user, &email, now).await? {
        return Err(CodeRefusal::Over.into());
    }
    store::auth::audit(&mut tx, &line(AuditKind::EmailVerified, who, from), now).await?;
    Ok(tx.commit().await?)
}

/// Sends a code to an address that is to be the account's, and tells the present one of it. Whether
/// another account has the address is told to whoever reads its mail, and to nobody else.
pub async fn change_email(
    app: &App,
    who: &Principal,
    email: &str,
    from: IpAddr,
) -> Result<CodeSent, Failure> {
    let email = parse_email(email)?;
    require_fresh_proof(app, who).await?;
    let owner = store::auth::recognise(&app.store, &Recognition::Email(email.clone())).await?;
    let other = owner.map(|owner| owner.account.user).filter(|owner| *owner != who.user);
    let mut tx = app.store.begin().await?;
    let (user, target) = (Some(who.user), email.as_str());
    let wanted = Wanted { purpose: Purpose::EmailChange, user, target, is_sent: other.is_none() };
    issue(app, &mut tx, &wanted).await?;
    if let Some(other) = other {
        notify(app, &mut tx, other, Notice::EmailWanted, &email).await?;
    }
    if let Some(old) = store::auth::email_identity(&mut tx, who.user).await? {
        notify(app, &mut tx, who.user, Notice::EmailChangeAsked, &address(old.by.subject())?).await?;
    }
    store::auth::audit(&mut tx, &line(AuditKind::EmailChangeAsked, who, from), app.now()).await?;
    tx.commit().await?;
    Ok(SENT)
}

/// Makes the address that the code was sent to the account's, and ends the other sessions.
pub async fn confirm_email_change(
    app: &App,
    who: &Principal,
    code: &str,
    from: IpAddr,
) -> Result<(), Failure> {
    let of = CodeOf::Account(who.user, Purpose::EmailChange);
    let (mut tx, found) = use_code(app, of, code, from).await?;
    let (email, now) = (address(&found.target)?, app.now());
    store::auth::end_codes(&mut tx, who.user, &BY_MAIL, now).await?;
    store::auth::lock_account(&mut tx, who.user).await?.ok_or(TokenRefusal::SessionEnded)?;
    let old = store::auth::email_identity(&mut tx, who.user).await?;
    let id = IdentityId(app.ids.uuid());
    if !store::auth::change_email(&mut tx, id, who.user, &email, now).await? {
        return Err(email_taken().into());
    }
    let ended = store::auth::end_other_sessions(&mut tx, who.user, who.session, now).await?;
    let ended = ended.ok_or(TokenRefusal::SessionEnded)?;
    store::auth::audit(&mut tx, &line(AuditKind::EmailChanged, who, from), now).await?;
    if let Some(old) = old.filter(|old| old.by.subject() != email.as_str()) {
        notify(app, &mut tx, who.user, Notice::EmailChanged, &address(old.by.subject())?).await?;
    }
    tx.commit().await?;
    announce_ended(app, &ended);
    Ok(())
}

/// An address that was checked when it was written.
fn address(text: &str) -> Result<Email, Failure> {
    text.parse().map_err(Failure::fault)
}
