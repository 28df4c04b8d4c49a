//! Proving a telephone number.
//!
//! Carriers give a number to a new person after a while, so the newest proof counts: the account
//! that proved it before has it no longer, and is told so by mail. That takes nobody's account
//! away, as nobody signs in by a number.

use std::net::IpAddr;

use domain::auth::{AuditKind, Notice, Phone, Purpose};
use domain::{Failure, IdentityId, Principal, Refused, SessionId, Timestamp, UserId, fault};
use store::Tx;
use store::auth::{Audit, CodeOf};

use super::{CodeSent, SENT, Wanted, issue, notify, use_code};
use crate::App;
use crate::auth::session::line;
use crate::auth::token::TokenRefusal;

/// How the numbers begin that text messages reach.
const MOBILE: &str = "+8210";

/// Sends a code to a telephone number that is to be the account's.
pub async fn verify_phone(app: &App, who: &Principal, phone: &str) -> Result<CodeSent, Failure> {
    let phone = phone.parse::<Phone>().ok().filter(|phone| phone.as_str().starts_with(MOBILE));
    let phone = phone
        .ok_or_else(|| Refused::field("/phone", fault::NOT_A_PHONE, "This is not a Korean mobile number."))?;
    let mut tx = app.store.begin().await?;
    let (user, target) = (Some(who.user), phone.as_str());
    issue(app, &mut tx, &Wanted { purpose: Purpose::PhoneVerification, user, target, is_sent: true }).await?;
    tx.commit().await?;
    Ok(SENT)
}

/// A number that the person of an account has proven.
pub(crate) struct PhoneProven {
    /// What is done with it goes into the transaction that makes it the account's.
    pub(crate) tx: Tx,
    /// The number.
    pub(crate) phone: Phone,
    /// The sessions that end with the commit; `announce_ended` follows it.
    pub(crate) ended: Vec<SessionId>,
}

/// Makes the number that the code was sent to the account's. In the place of another proven one it
/// ends the other sessions.
pub(crate) async fn prove_phone(
    app: &App,
    who: &Principal,
    code: &str,
    from: IpAddr,
) -> Result<PhoneProven, Failure> {
    let of = CodeOf::Account(who.user, Purpose::PhoneVerification);
    let (mut tx, found) = use_code(app, of, code, from).await?;
    let (phone, now): (Phone, _) = (found.target.parse().map_err(Failure::fault)?, app.now());
    let proven = store::auth::prove_phone(&mut tx, IdentityId(app.ids.uuid()), who.user, &phone, now).await?;
    store::auth::audit(&mut tx, &line(AuditKind::PhoneVerified, who, from), now).await?;
    if let Some(other) = proven.lost_by {
        let lost = Audit { user: Some(other), ..Audit::of(AuditKind::PhoneLost) };
        store::auth::audit(&mut tx, &lost, now).await?;
        if let Some(email) = store::auth::email_of(&app.store, other).await? {
            notify(app, &mut tx, other, Notice::PhoneLost, &email).await?;
        }
    }
    let mut ended = Vec::new();
    if proven.in_place_of_another {
        let others = store::auth::end_other_sessions(&mut tx, who.user, who.session, now).await?;
        ended = others.ok_or(TokenRefusal::SessionEnded)?;
    }
    Ok(PhoneProven { tx, phone, ended })
}

/// Notes that an account has a number that nobody proved, unless it is the one that was proven: a
/// code that is on its way proves nothing any more.
pub(crate) async fn unprove_other_phone(
    tx: &mut Tx,
    user: UserId,
    phone: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    store::auth::end_codes(tx, user, &[Purpose::PhoneVerification], now).await?;
    Ok(store::auth::drop_other_phone(tx, user, phone).await?)
}
