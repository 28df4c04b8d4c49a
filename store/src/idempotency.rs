//! Responses that were given under an `Idempotency-Key`.

use std::convert::Infallible;

use domain::{Ids, Timestamp, UserId};
use sqlx::postgres::PgListener;
use uuid::Uuid;

use crate::vault::{Plain, SealedColumn};
use crate::{Store, StoreError};

/// The bodies of answers, which hold whatever a service may say to a person.
pub(crate) const BODY: SealedColumn = SealedColumn {
    purpose: "idempotency.body",
    table: "gateway.idempotency_keys",
    column: "sealed_body",
    row: "user_id || '/' || name",
    plain: Some(Plain { value: "body", is_there: "body <> ''", emptied: "body = ''" }),
};

/// An idempotency key: its user, its name, and the request it was first used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Who sent it; `None` for requests without a user.
    pub user: Option<UserId>,
    /// The name that the client chose.
    pub name: String,
    /// SHA-256 of the request.
    pub request_hash: [u8; 32],
}

impl Key {
    /// The primary key. Without a user it includes the request's hash, so that strangers who
    /// choose the same name never share a key.
    fn place(&self) -> (Uuid, String) {
        match self.user {
            Some(user) => (user.into(), self.name.clone()),
            None => (Uuid::nil(), format!("{}:{}", self.name, hex::encode(self.request_hash))),
        }
    }

    /// The identity of its row, as [`BODY`] has it.
    fn row(&self) -> String {
        let (user, name) = self.place();
        format!("{user}/{name}")
    }
}

/// A stored response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A process that works under keys. While it lives it holds the advisory lock of
/// this number; see [`hold_lease`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseHolder(i64);

impl LeaseHolder {
    /// With a random number.
    pub fn new(ids: &dyn Ids) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = ids.random();
        Self(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// A claim without a response yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingClaim {
    owner: Option<i64>,
    claimed_at: Timestamp,
}

/// The result of [`claim`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The key is new, or was abandoned: the caller handles the request.
    Ours,
    /// Another request holds the claim. `None`: it was released just now.
    InProgress(Option<PendingClaim>),
    /// The request was handled.
    Answered(Answer),
    /// The key was used for a different request.
    Other,
}

/// Claims the key for the caller, unless it is claimed or answered. A claim from
/// before `abandoned` without a response may be taken over.
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
        r#"select request_hash, claimed_at, owner, status, headers, body, sealed_body
           from gateway.idempotency_keys where user_id = $1 and name = $2"#,
        user,
        name
    )
    .fetch_optional(store.pool())
    .await?;
    // Released in between: the next attempt gets it.
    let Some(known) = known else { return Ok(Claim::InProgress(None)) };
    if known.request_hash != key.request_hash {
        return Ok(Claim::Other);
    }
    match (known.status, known.headers, known.body) {
        (Some(status), Some(headers), Some(body)) => Ok(Claim::Answered(Answer {
            status: u16::try_from(status).map_err(|error| StoreError::Fault(error.into()))?,
            headers: serde_json::from_value(headers)?,
            body: match known.sealed_body {
                Some(sealed) => store.vault().open(&BODY, key.row(), &sealed)?,
                None => body,
            },
        })),
        _ => Ok(Claim::InProgress(Some(PendingClaim { owner: known.owner, claimed_at: known.claimed_at }))),
    }
}

/// Whether the process that made a claim is gone: nobody holds its lock. Shortly
/// after PostgreSQL itself started no lock is held yet, so the result is then false.
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

/// Takes a claim over from a process that is gone. False: another process did so first.
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

/// Stores the response of the claim made at `claimed_at`, unless it was taken over.
pub async fn answered(
    store: &Store,
    key: &Key,
    claimed_at: Timestamp,
    answer: &Answer,
) -> Result<(), StoreError> {
    let (user, name) = key.place();
    sqlx::query!(
        "update gateway.idempotency_keys set status = $4, headers = $5, body = '', sealed_body = $6
         where user_id = $1 and name = $2 and claimed_at = $3 and status is null",
        user,
        name,
        claimed_at,
        i16::try_from(answer.status).map_err(|error| StoreError::Fault(error.into()))?,
        serde_json::to_value(&answer.headers)?,
        store.vault().seal(&BODY, key.row(), &answer.body),
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Releases the claim made at `claimed_at`: no work was done under it.
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

/// Deletes keys claimed before `until`; returns how many.
pub async fn drop_old(store: &Store, until: Timestamp) -> Result<u64, StoreError> {
    let dropped = sqlx::query!("delete from gateway.idempotency_keys where claimed_at < $1", until)
        .execute(store.pool())
        .await?;
    Ok(dropped.rows_affected())
}

/// Forgets the answers that were given to a user.
pub async fn erase(store: &Store, user: UserId) -> Result<(), StoreError> {
    sqlx::query!("delete from gateway.idempotency_keys where user_id = $1", user.0)
        .execute(store.pool())
        .await?;
    Ok(())
}
