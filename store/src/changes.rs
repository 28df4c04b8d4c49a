//! Which rows changed since a process looked, by the numbers of the transactions that wrote them
//! (migration 0290).

use crate::{Store, StoreError};

/// The oldest transaction that is under way: what older ones wrote is visible or was rolled back.
/// Rows that changed since then are all that a reader of this moment may have missed. It rises, unless
/// the database is another one: a copy that took over.
pub async fn horizon(store: &Store) -> Result<u64, StoreError> {
    let oldest =
        sqlx::query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text::int8 as "oldest!""#);
    Ok(oldest.fetch_one(store.pool()).await?.unsigned_abs())
}
