//! What operators count.

use std::collections::HashSet;

use domain::{CourierId, OrderId, Timestamp};
use uuid::Uuid;

use crate::{Store, StoreError};

/// How many couriers do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CourierStats {
    /// Take offers.
    pub on_shift: u64,
    /// Have a delivery.
    pub on_delivery: u64,
    /// Are on shift and have none.
    pub free: u64,
}

/// Counts the couriers.
pub async fn courier_stats(store: &Store) -> Result<CourierStats, StoreError> {
    let row = sqlx::query!(
        r#"select (select count(*) from tracking.couriers where on_shift) as "on_shift!",
                (select count(distinct courier_id) from tracking.deliveries where status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff')) as "on_delivery!",
                (select count(*) from tracking.couriers c where on_shift and not exists (
                    select from tracking.deliveries d where d.courier_id = c.id and status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff'))) as "free!""#
    )
    .fetch_one(store.pool())
    .await?;
    Ok(CourierStats {
        on_shift: row.on_shift.unsigned_abs(),
        on_delivery: row.on_delivery.unsigned_abs(),
        free: row.free.unsigned_abs(),
    })
}

/// Who of these has a delivery now.
pub async fn busy(store: &Store, couriers: &[CourierId]) -> Result<HashSet<CourierId>, StoreError> {
    if couriers.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<Uuid> = couriers.iter().map(|courier| courier.0).collect();
    let rows = sqlx::query_scalar!(
        r#"select distinct courier_id as "id!" from tracking.deliveries
         where courier_id = any($1) and status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff')"#,
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(CourierId).collect())
}

/// Deliveries for which a courier is looked for since before `late`, the oldest
/// first, at most `limit`.
pub async fn unclaimed(
    store: &Store,
    late: Timestamp,
    limit: i64,
) -> Result<Vec<(OrderId, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        "select order_id, requested_at from tracking.deliveries
         where status in ('requested', 'offered') and requested_at < $1 order by requested_at limit $2",
        late,
        limit
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.order_id.into(), row.requested_at)).collect())
}
