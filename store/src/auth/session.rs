//! Sessions, and what they remember of their refresh tokens.

use domain::auth::{Account, Email, Method, Proof, Renewal};
use domain::{IdentityId, SessionId, Timestamp, UserId};

use super::account::account;
use super::to_i32;
use crate::{Store, StoreError, Tx};

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The token's `sid`.
    pub id: SessionId,
    /// The user.
    pub user: UserId,
    /// The device's name for itself.
    pub device: String,
    /// The network address of its last refresh.
    pub address: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it last refreshed.
    pub last_seen_at: Timestamp,
    /// When it ends unless it refreshes.
    pub expires_at: Timestamp,
}

/// Begins a session, by a proof of its user. The counter of its refresh tokens is 0.
pub async fn begin_session(tx: &mut Tx, session: &Session, proof: &Proof) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.sessions
             (id, user_id, device, address, created_at, last_seen_at, expires_at, method, identity_id, proven_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        session.id.0,
        session.user.0,
        session.device,
        session.address,
        session.created_at,
        session.last_seen_at,
        session.expires_at,
        proof.method.as_str(),
        proof.identity.0,
        proof.at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a refresh of a session is decided by.
#[derive(Clone, Debug)]
pub struct RenewedSession {
    /// Its account as it is now.
    pub account: Account,
    /// How its person proved who they are.
    pub method: Method,
    /// When they last did.
    pub proven_at: Timestamp,
    /// What it remembers of its refresh tokens.
    pub renewal: Renewal,
}

/// A session as it is now.
pub async fn renewed_session(
    store: &Store,
    session: SessionId,
) -> Result<Option<RenewedSession>, StoreError> {
    let row = sqlx::query!(
        "select s.user_id, s.newest, s.seen_at, s.expires_at, s.ended_at, s.method, s.proven_at, a.roles,
             a.banned_at, a.withdrawn_at
         from auth.sessions s join auth.accounts a on a.user_id = s.user_id
         where s.id = $1",
        session.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let method = row.method.parse().map_err(|()| StoreError::Fault("an unknown method of proof".into()))?;
    Ok(Some(RenewedSession {
        account: account(row.user_id, &row.roles, row.banned_at, row.withdrawn_at),
        method,
        proven_at: row.proven_at,
        renewal: Renewal {
            newest: row.newest.unsigned_abs(),
            seen_at: row.seen_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        },
    }))
}

/// Moves a session from the counter `newest` to the next; false if somebody else did so first, or
/// ended it.
pub async fn rotate(
    store: &Store,
    session: SessionId,
    newest: u32,
    address: &str,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    let rotated = sqlx::query!(
        "update auth.sessions
         set newest = newest + 1, seen_at = null, address = $3, last_seen_at = $4, expires_at = $5
         where id = $1 and newest = $2 and ended_at is null",
        session.0,
        to_i32(newest)?,
        address,
        at,
        expires_at
    )
    .execute(store.pool())
    .await?;
    Ok(rotated.rows_affected() == 1)
}

/// The session and the counter of a refresh token of before tokens were signed.
pub async fn old_refresh_token(
    store: &Store,
    hash: &[u8; 32],
) -> Result<Option<(SessionId, u32)>, StoreError> {
    let row =
        sqlx::query!("select session_id, generation from auth.refresh_tokens where hash = $1", &hash[..])
            .fetch_optional(store.pool())
            .await?;
    Ok(row.map(|row| (SessionId(row.session_id), row.generation.unsigned_abs())))
}

/// An access token that was seen in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Its session.
    pub session: SessionId,
    /// The counter of the refresh token that came with it.
    pub generation: u32,
    /// When it was seen.
    pub at: Timestamp,
}

/// Notes the first sight of each session's newest generation, in one statement. Sessions are
/// locked in the order of their ids, as several processes do this at once.
pub async fn note_seen(store: &Store, sights: &[Sight]) -> Result<(), StoreError> {
    let (mut ids, mut generations, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for sight in sights {
        ids.push(sight.session.0);
        generations.push(to_i32(sight.generation)?);
        times.push(sight.at);
    }
    sqlx::query!(
        "with news as (
             select s.id, n.at
             from unnest($1::uuid[], $2::int[], $3::timestamptz[]) as n (id, generation, at)
             join auth.sessions s on s.id = n.id
             where s.newest = n.generation and s.seen_at is null and s.ended_at is null
             order by s.id for update of s
         )
         update auth.sessions s set seen_at = news.at from news where s.id = news.id",
        &ids,
        &generations,
        &times
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Ends a session of `user`; `false` if it does not exist or has ended.
pub async fn end_session(
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let ended = sqlx::query!(
        "update auth.sessions set ended_at = $3 where id = $1 and user_id = $2 and ended_at is null",
        session.0,
        user.0,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends all sessions of `user` but `kept`, and returns their ids; `None`, and none are ended,
/// if `kept` itself has ended. Sessions are locked in the order of their ids: if two sessions
/// end each other at once, one succeeds.
pub async fn end_other_sessions(
    tx: &mut Tx,
    user: UserId,
    kept: SessionId,
    at: Timestamp,
) -> Result<Option<Vec<SessionId>>, StoreError> {
    let going_on = sqlx::query_scalar!(
        "select id from auth.sessions where user_id = $1 and ended_at is null order by id for update",
        user.0
    )
    .fetch_all(&mut **tx)
    .await?;
    if !going_on.contains(&kept.0) {
        return Ok(None);
    }
    let others: Vec<_> = going_on.into_iter().filter(|id| *id != kept.0).collect();
    sqlx::query!("update auth.sessions set ended_at = $2 where id = any($1)", &others, at)
        .execute(&mut **tx)
        .await?;
    Ok(Some(others.into_iter().map(SessionId).collect()))
}

/// A person's active sessions, newest first, after `after`.
pub async fn sessions(
    store: &Store,
    user: UserId,
    after: Option<SessionId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let rows = sqlx::query!(
        "select id, device, address, created_at, last_seen_at, expires_at from auth.sessions
         where user_id = $1 and ended_at is null and expires_at > $2 and id < $3
         order by id desc limit $4",
        user.0,
        now,
        after.map_or(sqlx::types::Uuid::max(), |after| after.0),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Session {
            id: SessionId(row.id),
            user,
            device: row.device,
            address: row.address,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        })
        .collect())
}

/// Sessions that were ended, and service clients that were revoked, after `since`. A client's id
/// is the session of its tokens.
pub async fn ended_since(store: &Store, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id as "id!", ended_at as "ended_at!" from auth.sessions where ended_at > $1
         union all
         select id, revoked_at from auth.service_clients where revoked_at > $1"#,
        since
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (SessionId(row.id), row.ended_at)).collect())
}

/// When the person of an active session last proved who they are.
pub async fn proven_at(store: &Store, session: SessionId) -> Result<Option<Timestamp>, StoreError> {
    let at = sqlx::query_scalar!(
        "select proven_at from auth.sessions where id = $1 and ended_at is null",
        session.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(at)
}

/// Records that the person of an active session proved once more who they are.
pub async fn prove_again(tx: &mut Tx, session: SessionId, proof: &Proof) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.sessions set proven_at = $3 where id = $1 and user_id = $2 and ended_at is null",
        session.0,
        proof.user.0,
        proof.at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends all sessions of an account, or those that began with one of its identities, and returns
/// their ids.
pub async fn end_sessions(
    tx: &mut Tx,
    user: UserId,
    identity: Option<IdentityId>,
    at: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let ended = sqlx::query_scalar!(
        "update auth.sessions set ended_at = $3
         where id in (
             select id from auth.sessions
             where user_id = $1 and ended_at is null and identity_id is not distinct from coalesce($2, identity_id)
             order by id for update
         )
         returning id",
        user.0,
        identity.map(|identity| identity.0),
        at
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ended.into_iter().map(SessionId).collect())
}

/// Whether a session, ended or not, is one of the account with this e-mail address.
pub async fn is_session_of(store: &Store, email: &Email, session: SessionId) -> Result<bool, StoreError> {
    let is_one = sqlx::query_scalar!(
        r#"select exists (
             select from auth.sessions s
             join auth.identities i on i.user_id = s.user_id and i.kind = 'email'
             where s.id = $1 and i.subject = $2
         ) as "is_one!""#,
        session.0,
        email.as_str()
    )
    .fetch_one(store.pool())
    .await?;
    Ok(is_one)
}

/// The user of a session, ended or not.
pub async fn user_of(store: &Store, session: SessionId) -> Result<Option<UserId>, StoreError> {
    let user = sqlx::query_scalar!("select user_id from auth.sessions where id = $1", session.0)
        .fetch_optional(store.pool())
        .await?;
    Ok(user.map(UserId))
}

/// Deletes sessions that ended before `until`, with their tokens.
pub(super) async fn drop_old(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.sessions where coalesce(ended_at, expires_at) < $1", until)
        .execute(store.pool())
        .await?;
    Ok(())
}
