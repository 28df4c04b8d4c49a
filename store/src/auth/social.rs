//! Attempts to sign in by a provider, what providers told, and what they are to be told.

use std::fmt::Display;
use std::sync::Arc;

use domain::auth::Recognition;
use domain::auth::social::{Attempt, EventKind, Person, ProviderEvent, Purpose, SocialReminder};
use domain::{IdentityId, SessionId, Timestamp, UserId};
use uuid::Uuid;

use super::to_i32;
use crate::vault::{SealedColumn, Vault};
use crate::{Store, StoreError, Tx, jobs};

/// With what a newcomer's link to their provider is ended, until they sign up.
pub(crate) const NEWCOMER_TOKEN: SealedColumn = SealedColumn {
    purpose: "social_attempt.token",
    table: "auth.social_attempts",
    column: "sealed_token",
    row: "encode(state_hash, 'hex')",
    plain: None,
};

/// With what an identity's link to its provider is ended.
pub(crate) const IDENTITY_TOKEN: SealedColumn = SealedColumn {
    purpose: "identity.provider_token",
    table: "auth.provider_tokens",
    column: "sealed",
    row: "identity_id::text",
    plain: None,
};

/// With what a link is ended that is to be ended.
pub(crate) const LINK_TOKEN: SealedColumn = SealedColumn {
    purpose: "provider_link.token",
    table: "auth.provider_links_to_end",
    column: "sealed_token",
    row: "id::text",
    plain: None,
};

/// A token that was sealed for this row of this column.
fn opened(
    vault: &Vault,
    column: &SealedColumn,
    row: impl Display,
    sealed: Option<&[u8]>,
) -> Result<Option<String>, StoreError> {
    let token = vault.open_text(column, row, sealed)?;
    Ok((!token.is_empty()).then_some(token))
}

/// Records an attempt that begins, under the hash of its state.
pub async fn begin_attempt(
    store: &Store,
    state_hash: &[u8; 32],
    attempt: &Attempt,
    redirect_uri: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.social_attempts
             (state_hash, browser_hash, provider, purpose, user_id, redirect_uri, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &state_hash[..],
        &attempt.browser_hash[..],
        attempt.provider.as_str(),
        attempt.purpose.as_str(),
        attempt.purpose.user().map(|user| user.0),
        redirect_uri,
        at,
        attempt.expires_at
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// An attempt that came back.
#[derive(Clone, Debug)]
pub struct KeptAttempt {
    /// What decides whether it is taken.
    pub attempt: Attempt,
    /// Where the browser was to come back to.
    pub redirect_uri: String,
    /// The session that came of it.
    pub session: Option<(UserId, SessionId)>,
    /// Who came back without an account here.
    pub person: Option<Person>,
    /// The token with which the link to them is ended. Never log it.
    pub token: Option<String>,
}

/// The attempt with this state, locked until the transaction ends: of two browsers that bring the
/// same, the second one sees that the first one did.
pub async fn lock_attempt(tx: &mut Tx, state_hash: &[u8; 32]) -> Result<Option<KeptAttempt>, StoreError> {
    let locked = sqlx::query!(
        "select state_hash from auth.social_attempts where state_hash = $1 for update",
        &state_hash[..]
    )
    .fetch_optional(&mut **tx)
    .await?;
    if locked.is_none() {
        return Ok(None);
    }
    // A second query, so that it sees what was committed while the first waited for the lock.
    let row = sqlx::query!(
        r#"select a.browser_hash, a.provider, a.purpose, a.user_id, a.redirect_uri, a.expires_at, a.used_at,
             a.session_id, a.issuer, a.subject, a.email, a.name, a.sealed_token,
             s.user_id as "session_user?"
         from auth.social_attempts a left join auth.sessions s on s.id = a.session_id
         where a.state_hash = $1"#,
        &state_hash[..]
    )
    .fetch_one(&mut **tx)
    .await?;
    let broken = || StoreError::Fault("a kept attempt cannot be read".into());
    let attempt = Attempt {
        provider: row.provider.parse().map_err(|_| broken())?,
        browser_hash: row.browser_hash.try_into().map_err(|_| broken())?,
        purpose: Purpose::of(&row.purpose, row.user_id.map(UserId)).ok_or_else(broken)?,
        expires_at: row.expires_at,
        used_at: row.used_at,
    };
    let person = row.issuer.zip(row.subject).map(|(issuer, subject)| Person {
        issuer,
        subject,
        email: row.email.and_then(|email| email.parse().ok()),
        name: row.name,
    });
    let state = hex::encode(state_hash);
    let token = opened(&tx.vault, &NEWCOMER_TOKEN, state, row.sealed_token.as_deref())?;
    let session = row.session_user.map(UserId).zip(row.session_id.map(SessionId));
    Ok(Some(KeptAttempt { attempt, redirect_uri: row.redirect_uri, session, person, token }))
}

/// Records that the browser came back.
pub async fn use_attempt(tx: &mut Tx, state_hash: &[u8; 32], at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("update auth.social_attempts set used_at = $2 where state_hash = $1", &state_hash[..], at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Records the session that came of an attempt, after which nobody signs up by it.
pub async fn attempt_signed_in(
    tx: &mut Tx,
    state_hash: &[u8; 32],
    session: SessionId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.social_attempts
         set session_id = $2, issuer = null, subject = null, email = null, name = null, sealed_token = null
         where state_hash = $1",
        &state_hash[..],
        session.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Records who came back without an account; they may sign up until `expires_at`.
pub async fn offer_sign_up(
    store: &Store,
    state_hash: &[u8; 32],
    person: &Person,
    token: Option<&str>,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let state = hex::encode(state_hash);
    let sealed = store.vault().seal_text(&NEWCOMER_TOKEN, state, token.unwrap_or_default());
    sqlx::query!(
        "update auth.social_attempts
         set issuer = $2, subject = $3, email = $4, name = $5, expires_at = $6, sealed_token = $7
         where state_hash = $1",
        &state_hash[..],
        person.issuer,
        person.subject,
        person.email.as_ref().map(|email| email.as_str()),
        person.name,
        expires_at,
        sealed
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Drops attempts that nobody brings back any more, with the people of them, and what providers
/// told before `until`.
pub(super) async fn drop_old(store: &Store, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.social_attempts where expires_at < $1", now).execute(store.pool()).await?;
    sqlx::query!("delete from auth.provider_events where received_at < $1", until)
        .execute(store.pool())
        .await?;
    Ok(())
}

/// Removes an identity of an account.
pub async fn remove_identity(tx: &mut Tx, identity: IdentityId) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.identities where id = $1", identity.0).execute(&mut **tx).await?;
    Ok(())
}

/// Keeps the token with which an identity's link to its provider is ended.
pub async fn keep_token(tx: &mut Tx, identity: IdentityId, token: &str) -> Result<(), StoreError> {
    let sealed = tx.vault.seal(&IDENTITY_TOKEN, identity, token.as_bytes());
    sqlx::query!(
        "insert into auth.provider_tokens (identity_id, sealed) values ($1, $2)
         on conflict (identity_id) do update set sealed = excluded.sealed",
        identity.0,
        sealed
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether an account has a password.
pub async fn has_password(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let has = sqlx::query_scalar!(
        r#"select exists (select from auth.credentials where user_id = $1 and kind = 'password') as "has!""#,
        user.0
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(has)
}

/// An account's identity at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The identity.
    pub id: IdentityId,
    /// The account.
    pub user: UserId,
    /// The provider.
    pub issuer: String,
    /// The person there.
    pub subject: String,
    /// When they linked it.
    pub linked_at: Timestamp,
}

/// The identities of an account at providers, oldest first; its row is locked by the caller where
/// they must stay as they are.
pub async fn links(tx: &mut Tx, user: UserId) -> Result<Vec<Link>, StoreError> {
    let rows = sqlx::query!(
        "select id, issuer, subject, created_at from auth.identities
         where user_id = $1 and kind = 'openid' order by created_at, id",
        user.0
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Link {
            id: IdentityId(row.id),
            user,
            issuer: row.issuer,
            subject: row.subject,
            linked_at: row.created_at,
        })
        .collect())
}

/// Keeps what a provider told, and schedules its work; `false` if it told the same before.
pub async fn keep_event(
    tx: &mut Tx,
    id: Uuid,
    event: &ProviderEvent,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let has_work = event.kind != EventKind::Other;
    let kept = sqlx::query!(
        "insert into auth.provider_events (id, issuer, event_id, subject, kind, received_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (issuer, event_id) do nothing",
        id,
        event.issuer,
        event.id,
        if has_work { &*event.subject } else { "" },
        event.kind.as_str(),
        at
    )
    .execute(&mut **tx)
    .await?;
    let is_new = kept.rows_affected() == 1;
    if is_new && has_work {
        let reminder = SocialReminder::ProviderEvent { event: id };
        jobs::remind(tx, &format!("provider_event:{id}"), at, reminder);
    }
    Ok(is_new)
}

/// A kept event that nobody has handled yet, with when it came.
pub async fn event(store: &Store, id: Uuid) -> Result<Option<(ProviderEvent, Timestamp)>, StoreError> {
    let row = sqlx::query!(
        "select issuer, event_id, subject, kind, received_at from auth.provider_events
         where id = $1 and handled_at is null",
        id
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.and_then(|row| {
        let kind = EventKind::from_store(&row.kind)?;
        let event = ProviderEvent { issuer: row.issuer, id: row.event_id, subject: row.subject, kind };
        Some((event, row.received_at))
    }))
}

/// Records that an event was handled.
pub async fn event_handled(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("update auth.provider_events set handled_at = $2, subject = '' where id = $1", id, at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The account's identity at a provider.
pub async fn link_of(store: &Store, issuer: &str, subject: &str) -> Result<Option<Link>, StoreError> {
    let by = Recognition::OpenId { issuer: issuer.to_owned(), subject: subject.to_owned() };
    let row = sqlx::query!(
        "select id, user_id, created_at from auth.identities where issuer = $1 and kind = $2 and subject = $3",
        by.issuer(),
        by.kind(),
        by.subject()
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| Link {
        id: IdentityId(row.id),
        user: UserId(row.user_id),
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        linked_at: row.created_at,
    }))
}

/// A link that is to be ended at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkToEnd {
    /// Its id.
    pub id: Uuid,
    /// The provider.
    pub issuer: String,
    /// The person there.
    pub subject: String,
    /// The token with which it is ended, if that takes one. Never log it.
    pub token: Option<String>,
    /// How often it was tried.
    pub tries: u32,
}

/// Keeps a link that is to be ended, and schedules that.
pub async fn end_link_later(tx: &mut Tx, id: Uuid, link: &Link, at: Timestamp) -> Result<(), StoreError> {
    let sealed =
        sqlx::query_scalar!("select sealed from auth.provider_tokens where identity_id = $1", link.id.0)
            .fetch_optional(&mut **tx)
            .await?;
    // What is sealed opens in its own row alone.
    let vault = Arc::clone(&tx.vault);
    let token = opened(&vault, &IDENTITY_TOKEN, link.id, sealed.as_deref())?;
    let sealed = token.map(|token| vault.seal(&LINK_TOKEN, id, token.as_bytes()));
    sqlx::query!(
        "insert into auth.provider_links_to_end (id, user_id, issuer, subject, created_at, sealed_token)
         values ($1, $2, $3, $4, $5, $6)",
        id,
        link.user.0,
        link.issuer,
        link.subject,
        at,
        sealed
    )
    .execute(&mut **tx)
    .await?;
    forget_due(tx, id, at);
    Ok(())
}

fn forget_due(tx: &mut Tx, link: Uuid, at: Timestamp) {
    jobs::remind(tx, &format!("provider_link:{link}"), at, SocialReminder::ForgetDue { link });
}

/// A link that is still to be ended.
pub async fn link_to_end(store: &Store, id: Uuid) -> Result<Option<LinkToEnd>, StoreError> {
    let row = sqlx::query!(
        "select issuer, subject, sealed_token, tries from auth.provider_links_to_end where id = $1",
        id
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let token = opened(store.vault(), &LINK_TOKEN, id, row.sealed_token.as_deref())?;
    Ok(Some(LinkToEnd {
        id,
        issuer: row.issuer,
        subject: row.subject,
        token,
        tries: row.tries.unsigned_abs(),
    }))
}

/// Records a try that did not succeed, and schedules the next one.
pub async fn end_link_again(tx: &mut Tx, link: &LinkToEnd, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.provider_links_to_end set tries = $2 where id = $1",
        link.id,
        to_i32(link.tries + 1)?
    )
    .execute(&mut **tx)
    .await?;
    forget_due(tx, link.id, at);
    Ok(())
}

/// Forgets a link that was ended, or that cannot be.
pub async fn link_ended(store: &Store, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.provider_links_to_end where id = $1", id).execute(store.pool()).await?;
    Ok(())
}
