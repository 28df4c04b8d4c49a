//! Programs that get tokens in their own name.

use domain::{ServiceClientId, Timestamp};

use crate::{Store, StoreError, Tx, broken_constraint};

/// A program that gets tokens by its own secret.
#[derive(Clone, Debug)]
pub struct ServiceClient {
    /// Its id.
    pub id: ServiceClientId,
    /// What it is called; no two that are not revoked have the same name.
    pub name: String,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
}

/// Adds a client; false if there is one of this name.
pub async fn add_service_client(
    tx: &mut Tx,
    client: &ServiceClient,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into auth.service_clients (id, name, secret_hash, created_at) values ($1, $2, $3, $4)",
        client.id.0,
        client.name,
        &client.secret_hash[..],
        at
    )
    .execute(&mut **tx)
    .await;
    match done {
        Ok(_) => Ok(true),
        Err(error) if broken_constraint(&error) == Some("service_clients_name_once") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A client that is not revoked.
pub async fn service_client(store: &Store, id: ServiceClientId) -> Result<Option<ServiceClient>, StoreError> {
    let row = sqlx::query!(
        "select name, secret_hash from auth.service_clients where id = $1 and revoked_at is null",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let secret_hash =
        row.secret_hash.try_into().map_err(|_| StoreError::Fault("a hash of another length".into()))?;
    Ok(Some(ServiceClient { id, name: row.name, secret_hash }))
}

/// Revokes the client of this name; none if there is none.
pub async fn revoke_service_client(
    tx: &mut Tx,
    name: &str,
    at: Timestamp,
) -> Result<Option<ServiceClientId>, StoreError> {
    let id = sqlx::query_scalar!(
        "update auth.service_clients set revoked_at = $2 where name = $1 and revoked_at is null returning id",
        name,
        at
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(id.map(ServiceClientId))
}
