//! Consents: the documents, what a person agreed to and refused, and telling them so.

use domain::text::{Text, TextRule};
use domain::user::UserReminder;
use domain::user::consent::{self, Consent, Document, Ledger, Notice, NoticeKind, Purpose, last_told};
use domain::{Failure, Principal, Timestamp, UserId};
use store::user::Consents;
use store::{Tx, jobs};
use uuid::Uuid;

use crate::senders::{Mail, SendError};
use crate::{App, auth};

/// The longest subject and text of a mail, in characters.
const MAIL_MAX: usize = 2_000;

/// The documents that hold now, in the order in which people are asked.
pub fn documents(app: &App) -> [&'static Document; 6] {
    consent::documents(app.now())
}

/// What the caller agreed to and refused, and what they were told of it.
pub async fn consents(app: &App, who: &Principal) -> Result<Consents, Failure> {
    Ok(store::user::consents(&app.store, who.user).await?)
}

/// Agrees to a version of a document, or refuses it.
pub async fn answer(
    app: &App,
    who: &Principal,
    purpose: Purpose,
    agreed: bool,
    version: u32,
) -> Result<Consents, Failure> {
    let mut tx = app.store.begin().await?;
    let Consents { ledger, notices } = store::user::lock_consents(&mut tx, who.user).await?;
    let added = ledger.answer(purpose, agreed, version, app.now())?;
    let told = added.iter().any(|entry| entry.purpose.is_advertising());
    record(app, &mut tx, who.user, &added).await?;
    let ledger = ledger.with(&added);
    if told {
        tell_result_soon(app, &mut tx, who.user);
        plan_confirmation(app, &mut tx, who.user, &ledger, &notices);
    }
    tx.commit().await?;
    Ok(Consents { ledger, notices })
}

/// Writes the first entries of somebody who signs up. The result is told if they agreed to
/// advertising: who was asked and did not agree gave no answer that has one.
pub(super) async fn begin(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    entries: Vec<Consent>,
) -> Result<(), Failure> {
    record(app, tx, user, &entries).await?;
    let ledger = Ledger::of(entries);
    if ledger.allows(Purpose::Advertising) {
        tell_result_soon(app, tx, user);
        plan_confirmation(app, tx, user, &ledger, &[]);
    }
    Ok(())
}

async fn record(app: &App, tx: &mut Tx, user: UserId, entries: &[Consent]) -> Result<(), Failure> {
    let rows: Vec<_> = entries.iter().map(|entry| (app.ids.uuid(), *entry)).collect();
    Ok(store::user::add_consents(tx, user, &rows).await?)
}

fn tell_result_soon(app: &App, tx: &mut Tx, user: UserId) {
    let reminder = UserReminder::ConsentResult { user, message: app.ids.uuid() };
    jobs::remind(tx, &format!("consent_result:{user}"), app.now(), reminder);
}

/// Sets the reminder of the next confirmation, or removes it when there is nothing to confirm.
fn plan_confirmation(app: &App, tx: &mut Tx, user: UserId, ledger: &Ledger, notices: &[Notice]) {
    let key = format!("consent_confirmation:{user}");
    match ledger.confirm_at(confirmed_at(notices)) {
        Some(at) => {
            let reminder = UserReminder::ConsentConfirmation { user, message: app.ids.uuid() };
            jobs::remind(tx, &key, at, reminder);
        }
        None => jobs::forget(tx, &key),
    }
}

fn confirmed_at(notices: &[Notice]) -> Option<Timestamp> {
    last_told(notices, NoticeKind::Confirmation).map(|notice| notice.at)
}

/// Tells a person what their last answer came to. The mail goes out before that is recorded: a
/// repeat has the same key, so it is not sent again.
pub(super) async fn tell_result(app: &App, user: UserId, message: Uuid) -> Result<(), Failure> {
    let Consents { ledger, notices } = store::user::consents(&app.store, user).await?;
    let told = last_told(&notices, NoticeKind::Result).map(|notice| notice.covers);
    let entries = ledger.advertising(told);
    let Some(covers) = entries.iter().map(|entry| entry.at).max() else { return Ok(()) };
    let by_mail = send(app, user, message, NoticeKind::Result, &entries).await?;
    let notice = Notice { kind: NoticeKind::Result, covers, by_mail, at: app.now() };
    let mut tx = app.store.begin().await?;
    store::user::add_notice(&mut tx, user, message, &notice).await?;
    Ok(tx.commit().await?)
}

/// Tells a person, every two years, what they have consented to; as [`tell_result`].
pub(super) async fn confirm(app: &App, user: UserId, message: Uuid) -> Result<(), Failure> {
    let now = app.now();
    let is_due = |Consents { ledger, notices }: &Consents| {
        ledger.confirm_at(confirmed_at(notices)).is_some_and(|at| at <= now)
    };
    let consents = store::user::consents(&app.store, user).await?;
    let mut sent = None;
    if is_due(&consents) {
        let held: Vec<_> =
            consents.ledger.advertising(None).into_iter().filter(|entry| entry.agreed).collect();
        sent = Some(send(app, user, message, NoticeKind::Confirmation, &held).await?);
    }
    let mut tx = app.store.begin().await?;
    // The person may have answered meanwhile.
    let Consents { ledger, mut notices } = store::user::lock_consents(&mut tx, user).await?;
    if let Some(by_mail) = sent {
        let covers = ledger.entries().last().map_or(now, |entry| entry.at);
        let notice = Notice { kind: NoticeKind::Confirmation, covers, by_mail, at: now };
        store::user::add_notice(&mut tx, user, message, &notice).await?;
        notices.push(notice);
    }
    plan_confirmation(app, &mut tx, user, &ledger, &notices);
    Ok(tx.commit().await?)
}

/// Sends the mail; false if the person cannot be reached by mail, so that only the page of consents
/// tells them.
async fn send(
    app: &App,
    user: UserId,
    message: Uuid,
    kind: NoticeKind,
    entries: &[Consent],
) -> Result<bool, Failure> {
    let Some(to) = auth::contact(app, user).await?.email else { return Ok(false) };
    let (subject, body) = consent::mail(kind, entries);
    let mail = Mail { key: message, to, subject: text(&subject)?, body: text(&body)? };
    match app.third_parties.mail.send(&mail).await {
        Ok(()) => Ok(true),
        Err(SendError::NotConfigured | SendError::Refused | SendError::Gone) => {
            tracing::info!(%user, "a notice of consents went out by no mail");
            Ok(false)
        }
        Err(error @ (SendError::Unavailable | SendError::Unknown)) => Err(error.into()),
    }
}

fn text(text: &str) -> Result<Text, Failure> {
    TextRule::lines(MAIL_MAX).read(text).map_err(Failure::fault)
}
