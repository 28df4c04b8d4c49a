//! Answers that were given under an `Idempotency-Key`.

use std::convert::Infallible;

use domain::{Ids, Timestamp, UserId};
use sqlx::postgres::PgListener;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Whose key, what it is called, and which request it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Who sent it; none for requests without a user.
    pub user: Option<UserId>,
    /// What the client called it.
    pub name: String,
    /// SHA-256 of the request.
    pub request_hash: [u8; 32],
}

impl Key {
    /// Where the key stands: strangers never meet, whatever they call theirs.
    fn place(&self) -> (Uuid, String) {
        match self.user {
            Some(user) => (user.into(), self.name.clone()),
            None => (Uuid::nil(), format!("{}:{}", self.name, hex::encode(self.request_hash))),
        }
    }
}

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that belong to it.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A process that does work under keys. While it lives it holds the advisory
/// lock of this number; see [`hold_lease`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseHolder(i64);

impl LeaseHolder {
    /// Somebody new.
    pub fn new(ids: &dyn Ids) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = ids.random();
        Self(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// A claim without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingClaim {
    owner: Option<i64>,
    claimed_at: Timestamp,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is new, or was abandoned: the caller does the work.
    Ours,
    /// Somebody is doing the work, or was. `None`: they gave it up just now.
    InProgress(Option<PendingClaim>),
    /// The work is done.
    Answered(Answer),
    /// The key stands for another request.
    Other,
}

/// Takes the key for the caller, unless it is taken or answered. A claim from
/// before `abandoned` without an answer may be taken over.
pub async fn claim(
    store: &Store,
    key: &Key,
    owner: LeaseHolder,
    now: Timestamp,
    abandoned: Timestamp,
) -> Result<Claim, StoreError> {
    let (user, name) = key.place();
    let ours = sqlx::query!(
        "insert into gateway.idempotency_keys as known (user_id, name, request_hash, claimed_at, owner)
         values ($1, $2, $3, $4, $6)
         on conflict (user_id, name) do update set claimed_at = excluded.claimed_at, owner = excluded.owner
         where known.status is null and known.claimed_at < $5 and known.request_hash = excluded.request_hash",
        user,
        name,
        &key.request_hash[..],
        now,
        abandoned,
        owner.0,
    )
    .execute(store.pool())
    .await?;
    if ours.rows_affected() == 1 {
        return Ok(Claim::Ours);
    }
    let known = sqlx::query!(
        r#"select request_hash, claimed_at, owner, status, headers, body
           from gateway.idempotency_keys where user_id = $1 and name = $2"#,
        user,
        name
    )
    .fetch_optional(store.pool())
    .await?;
    // Released in between: whoever asks again gets it.
    let Some(known) = known else { return Ok(Claim::InProgress(None)) };
    if known.request_hash != key.request_hash {
        return Ok(Claim::Other);
    }
    match (known.status, known.headers, known.body) {
        (Some(status), Some(headers), Some(body)) => Ok(Claim::Answered(Answer {
            status: u16::try_from(status).map_err(|error| StoreError::Fault(error.into()))?,
            headers: serde_json::from_value(headers)?,
            body,
        })),
        _ => Ok(Claim::InProgress(Some(PendingClaim { owner: known.owner, claimed_at: known.claimed_at }))),
    }
}

/// Whether the process that made a claim is gone: nobody holds its lock. Just
/// after PostgreSQL itself started nobody does, so that says nothing.
pub async fn is_orphaned(store: &Store, held: PendingClaim, me: LeaseHolder) -> Result<bool, StoreError> {
    let Some(owner) = held.owner.filter(|owner| *owner != me.0) else { return Ok(false) };
    let free = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock_shared($1)
               and clock_timestamp() - pg_postmaster_start_time() > interval '2 seconds' as "free!""#,
        owner
    )
    .fetch_one(store.pool())
    .await?;
    Ok(free)
}

/// Takes a claim over from a process that is gone. False: somebody was faster.
pub async fn take_over(
    store: &Store,
    key: &Key,
    held: PendingClaim,
    owner: LeaseHolder,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (user, name) = key.place();
    let ours = sqlx::query!(
        "update gateway.idempotency_keys set claimed_at = $4, owner = $5
         where user_id = $1 and name = $2 and claimed_at = $3 and status is null",
        user,
        name,
        held.claimed_at,
        now,
        owner.0
    )
    .execute(store.pool())
    .await?;
    Ok(ours.rows_affected() == 1)
}

/// Holds the owner's lock for as long as the connection lasts. The connection is
/// idle, so both ends notice at once when the other is gone.
pub async fn hold_lease(store: &Store, owner: LeaseHolder) -> Result<Infallible, StoreError> {
    let mut connection = PgListener::connect_with(store.pool()).await?;
    connection.eager_reconnect(false);
    sqlx::query("select pg_advisory_lock($1)").bind(owner.0).execute(&mut connection).await?;
    while connection.try_recv().await?.is_some() {}
    Err(StoreError::Unavailable(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()))
}

/// Keeps the answer of the claim made at `claimed_at`, unless it was taken over.
pub async fn answered(
    store: &Store,
    key: &Key,
    claimed_at: Timestamp,
    answer: &Answer,
) -> Result<(), StoreError> {
    let (user, name) = key.place();
    sqlx::query!(
        "update gateway.idempotency_keys set status = $4, headers = $5, body = $6
         where user_id = $1 and name = $2 and claimed_at = $3 and status is null",
        user,
        name,
        claimed_at,
        i16::try_from(answer.status).map_err(|error| StoreError::Fault(error.into()))?,
        serde_json::to_value(&answer.headers)?,
        answer.body,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Gives the claim made at `claimed_at` up: nothing was done under it.
pub async fn release(store: &Store, key: &Key, claimed_at: Timestamp) -> Result<(), StoreError> {
    let (user, name) = key.place();
    sqlx::query!(
        "delete from gateway.idempotency_keys
         where user_id = $1 and name = $2 and claimed_at = $3 and status is null",
        user,
        name,
        claimed_at
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Drops what was claimed before `until`; tells how many.
pub async fn drop_old(store: &Store, until: Timestamp) -> Result<u64, StoreError> {
    let dropped = sqlx::query!("delete from gateway.idempotency_keys where claimed_at < $1", until)
        .execute(store.pool())
        .await?;
    Ok(dropped.rows_affected())
}
