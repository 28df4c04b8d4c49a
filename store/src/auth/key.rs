//! The keys of tokens: what access tokens are signed with, and what refresh tokens are. Both are
//! sealed by the vault.

use std::sync::Arc;

use domain::Timestamp;
use domain::auth::SigningAlg;

use crate::vault::{Plain, SealedColumn, Vault};
use crate::{Store, StoreError, Tx};

/// What access tokens are signed with.
pub(crate) const PRIVATE_KEY: SealedColumn = SealedColumn {
    purpose: "signing_key.private_key",
    table: "auth.signing_keys",
    column: "sealed_private_key",
    row: "kid",
    plain: Some(Plain { value: "private_key", is_there: "private_key <> ''", emptied: "private_key = ''" }),
};

/// What the keys of refresh tokens are derived from.
pub(crate) const SESSION_SECRET: SealedColumn = SealedColumn {
    purpose: "session_key.secret",
    table: "auth.session_keys",
    column: "sealed_secret",
    row: "version::text",
    plain: None,
};

/// A key that access tokens are signed with.
#[derive(Clone)]
pub struct SigningKey {
    /// Its key id in tokens.
    pub kid: String,
    /// How it signs.
    pub alg: SigningAlg,
    /// PKCS #8 DER.
    pub private_key: Vec<u8>,
    /// From when it signs.
    pub begins_at: Timestamp,
}

/// A key from which those of the sessions are derived.
#[derive(Clone)]
pub struct SessionKey {
    /// Its number in tokens.
    pub version: u16,
    /// Random bytes.
    pub secret: Vec<u8>,
    /// From when it signs.
    pub begins_at: Timestamp,
}

/// All keys, each kind in the order in which they begin.
#[derive(Clone, Default)]
pub struct Keys {
    /// Of access tokens.
    pub signing: Vec<SigningKey>,
    /// Of refresh tokens.
    pub session: Vec<SessionKey>,
}

/// The keys as they are committed.
pub async fn keys(store: &Store) -> Result<Keys, StoreError> {
    read_keys(&mut *store.pool().acquire().await?, store.vault()).await
}

/// The keys, which nobody else changes until the transaction ends.
pub async fn lock_keys(tx: &mut Tx) -> Result<Keys, StoreError> {
    sqlx::query!("lock table auth.signing_keys, auth.session_keys in share row exclusive mode")
        .execute(&mut **tx)
        .await?;
    let vault = Arc::clone(&tx.vault);
    read_keys(tx, &vault).await
}

async fn read_keys(connection: &mut sqlx::PgConnection, vault: &Vault) -> Result<Keys, StoreError> {
    let signing = sqlx::query!(
        "select kid, alg, private_key, sealed_private_key, begins_at from auth.signing_keys order by begins_at, kid"
    )
    .fetch_all(&mut *connection)
    .await?;
    let session = sqlx::query!(
        "select version, sealed_secret, begins_at from auth.session_keys order by begins_at, version"
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut keys = Keys::default();
    for row in signing {
        let alg = row.alg.parse().map_err(|error: String| StoreError::Fault(error.into()))?;
        let private_key = match row.sealed_private_key {
            Some(sealed) => vault.open(&PRIVATE_KEY, &row.kid, &sealed)?,
            // Of before there was a vault, whose worker has not come to it yet.
            None => row.private_key,
        };
        keys.signing.push(SigningKey { kid: row.kid, alg, private_key, begins_at: row.begins_at });
    }
    for row in session {
        let version = u16::try_from(row.version).map_err(|error| StoreError::Fault(error.into()))?;
        let secret = vault.open(&SESSION_SECRET, version, &row.sealed_secret)?;
        keys.session.push(SessionKey { version, secret, begins_at: row.begins_at });
    }
    Ok(keys)
}

/// Announces a key of access tokens.
pub async fn add_signing_key(tx: &mut Tx, key: &SigningKey, at: Timestamp) -> Result<(), StoreError> {
    let sealed = tx.vault.seal(&PRIVATE_KEY, &key.kid, &key.private_key);
    sqlx::query!(
        "insert into auth.signing_keys (kid, alg, sealed_private_key, created_at, begins_at)
         values ($1, $2, $3, $4, $5)",
        key.kid,
        key.alg.as_str(),
        sealed,
        at,
        key.begins_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Announces a key of refresh tokens.
pub async fn add_session_key(tx: &mut Tx, key: &SessionKey, at: Timestamp) -> Result<(), StoreError> {
    let sealed = tx.vault.seal(&SESSION_SECRET, key.version, &key.secret);
    sqlx::query!(
        "insert into auth.session_keys (version, sealed_secret, created_at, begins_at) values ($1, $2, $3, $4)",
        i32::from(key.version),
        sealed,
        at,
        key.begins_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Destroys keys that verify nothing any more.
pub async fn drop_keys(tx: &mut Tx, kids: &[String], versions: &[u16]) -> Result<(), StoreError> {
    let versions: Vec<i32> = versions.iter().copied().map(i32::from).collect();
    sqlx::query!("delete from auth.signing_keys where kid = any($1)", kids).execute(&mut **tx).await?;
    sqlx::query!("delete from auth.session_keys where version = any($1)", &versions)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
