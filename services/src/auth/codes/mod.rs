//! Codes that prove an e-mail address or a telephone number, and what they allow.
//!
//! - this file: how a code is made, sent and used;
//! - `reset`: a new password for whoever forgot theirs;
//! - `email`: proving the e-mail address, and changing it;
//! - `phone`: proving a telephone number;
//! - `message`: the texts that people get.
//!
//! A code is made in the transaction of what asks for it, together with the job that sends it. A
//! job that is repeated sends the same code.

mod email;
mod message;
mod phone;
mod reset;

use std::net::IpAddr;

use domain::auth::{
    AuditKind, CODE_LIFE, Code, CodeRefusal, CodeReminder, Email, Notice, Purpose, RESEND_AFTER, Tried,
    may_send,
};
use domain::{Failure, Refused, UserId, fault};
use store::Tx;
use store::auth::{Audit, CodeOf, FoundCode, NewCode, PendingNotice};
use uuid::Uuid;

use crate::App;
use crate::senders::SendError;

pub use email::{change_email, confirm_email, confirm_email_change, verify_email};
pub use phone::verify_phone;
pub(crate) use phone::{prove_phone, unprove_other_phone};
pub use reset::{ResetPassword, forgot_password, reset_password};

/// A code is on its way, or nobody is told that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeSent {
    /// How long it is good for, in seconds.
    pub expires_in_secs: i64,
    /// After how many seconds another one may be asked for.
    pub resend_in_secs: i64,
}

const SENT: CodeSent =
    CodeSent { expires_in_secs: CODE_LIFE.num_seconds(), resend_in_secs: RESEND_AFTER.num_seconds() };

/// A code that somebody asks for.
struct Wanted<'a> {
    purpose: Purpose,
    /// The account, if there is one.
    user: Option<UserId>,
    /// What it is sent to.
    target: &'a str,
    /// Whether it is sent at all; otherwise its row stands for one, and nobody can use it.
    is_sent: bool,
}

/// Makes a code, which takes the place of the one before.
async fn issue(app: &App, tx: &mut Tx, wanted: &Wanted<'_>) -> Result<(), Failure> {
    let now = app.now();
    let Wanted { purpose, user, target, is_sent } = *wanted;
    may_send(&store::auth::codes_sent(tx, purpose, user, target, now).await?, now)?;
    let code = Code::draw(app.ids.random());
    let new = NewCode { id: app.ids.uuid(), purpose, user, target, code: &code, expires_at: now + CODE_LIFE };
    if !store::auth::add_code(tx, &new, now).await? {
        let retry_after_secs = u32::try_from(SENT.resend_in_secs).unwrap_or(u32::MAX);
        return Err(CodeRefusal::SentLately { retry_after_secs }.into());
    }
    if is_sent {
        store::jobs::remind(tx, &new.id.to_string(), now, CodeReminder::CodeToSend { code: new.id });
    }
    Ok(())
}

/// Uses up a code, in a transaction that is returned for what it allows: nothing is used up unless
/// the caller commits. A wrong one is counted at once.
async fn use_code(app: &App, of: CodeOf<'_>, typed: &str, from: IpAddr) -> Result<(Tx, FoundCode), Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let found = store::auth::lock_code(&mut tx, of).await?.ok_or(CodeRefusal::Over)?;
    match found.live.compare(&Code::read(typed), now)? {
        Tried::Right => {
            store::auth::end_code(&mut tx, found.id, now).await?;
            Ok((tx, found))
        }
        Tried::Wrong(tries) => {
            store::auth::count_tries(&mut tx, found.id, tries).await?;
            let line = Audit { user: found.user, from: Some(from), ..Audit::of(AuditKind::CodeWrong) };
            store::auth::audit(&mut tx, &line, now).await?;
            tx.commit().await?;
            Err(CodeRefusal::from(tries).into())
        }
    }
}

/// Has the person of an account told of something at this address.
pub(super) async fn notify(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    notice: Notice,
    email: &Email,
) -> Result<(), Failure> {
    let new = PendingNotice { id: app.ids.uuid(), user, notice, email: email.clone() };
    store::auth::add_notice(tx, &new, app.now()).await?;
    store::jobs::remind(tx, &new.id.to_string(), app.now(), CodeReminder::NoticeDue { notice: new.id });
    Ok(())
}

/// Does what is due.
pub(crate) async fn remind(app: &App, reminder: CodeReminder) -> Result<(), Failure> {
    match reminder {
        CodeReminder::PasswordForgotten { request } => reset::answer_request(app, request).await,
        CodeReminder::CodeToSend { code } => send(app, code).await,
        CodeReminder::NoticeDue { notice } => send_notice(app, notice).await,
    }
}

/// Sends a code, unless it is over by now.
async fn send(app: &App, id: Uuid) -> Result<(), Failure> {
    let Some(found) = store::auth::code_to_send(&app.store, id).await? else { return Ok(()) };
    if found.live.expires_at <= app.now() {
        return Ok(());
    }
    let parties = &app.third_parties;
    let (kind, sent) = match found.purpose {
        Purpose::PhoneVerification => {
            let sms = message::code_by_sms(&found)?;
            let sent = match parties.sms.send(&sms).await {
                // A repeat might reach the person twice; they can ask for another code themselves.
                Err(SendError::Unknown) => Ok(()),
                sent => sent,
            };
            ("sms", sent)
        }
        Purpose::EmailVerification | Purpose::PasswordReset | Purpose::EmailChange => {
            ("mail", parties.mail.send(&message::code_by_mail(&found)?).await)
        }
    };
    settle(kind, sent)
}

/// Sends a notice, once.
async fn send_notice(app: &App, id: Uuid) -> Result<(), Failure> {
    let Some(notice) = store::auth::notice(&app.store, id).await? else { return Ok(()) };
    settle("mail", app.third_parties.mail.send(&message::notice(&notice)?).await)?;
    Ok(store::auth::remove_notice(&app.store, id).await?)
}

/// What cannot be sent is not tried again; everything else is.
fn settle(kind: &str, sent: Result<(), SendError>) -> Result<(), Failure> {
    match sent {
        Err(error @ (SendError::Refused | SendError::Gone)) => {
            tracing::warn!(kind, %error, "a message about an account cannot be sent");
            Ok(())
        }
        sent => Ok(sent?),
    }
}

/// Reads an e-mail address in the body of a request.
fn parse_email(text: &str) -> Result<Email, Refused> {
    text.parse().map_err(|_| Refused::field("/email", fault::NOT_AN_EMAIL, "This is not an e-mail address."))
}
