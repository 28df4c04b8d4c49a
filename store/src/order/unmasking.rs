//! Who looked at what is masked, and why.

use domain::{OrderId, Timestamp, UserId};
use uuid::Uuid;

use crate::{Store, StoreError};

/// Writes down that `by` looks at the customer's name and address of an order.
pub async fn record(
    store: &Store,
    id: Uuid,
    order: OrderId,
    by: UserId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into orders.unmaskings (id, order_id, by_user, reason, at) values ($1, $2, $3, $4, $5)",
        id,
        order.0,
        by.0,
        reason,
        now
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Who looked, and why, the oldest first.
pub async fn of_order(store: &Store, order: OrderId) -> Result<Vec<(UserId, String)>, StoreError> {
    let rows = sqlx::query!(
        "select by_user, reason from orders.unmaskings where order_id = $1 order by at, id",
        order.0
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (UserId(row.by_user), row.reason)).collect())
}
