//! Counts of couriers and unclaimed deliveries, for operators.

use std::collections::HashSet;

use domain::{CourierId, OrderId, Timestamp};
use uuid::Uuid;

use super::courier::{Courier, CourierRow};
use crate::{Store, StoreError};

/// Numbers of couriers by what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CourierStats {
    /// They take offers.
    pub on_shift: u64,
    /// They have a live delivery.
    pub on_delivery: u64,
    /// They are on shift and have no live delivery.
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

/// Which of these couriers have a live delivery.
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

/// Deliveries requested before `late` that have no courier yet, oldest first, at most
/// `limit`.
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

/// Couriers that operators list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CourierScope {
    /// Those on shift.
    OnShift,
    /// Those with a delivery.
    OnDelivery,
    /// Those on shift without a delivery.
    Free,
}

/// The couriers of a scope whose id is greater than `after`, by id, at most `limit`.
pub async fn couriers(
    store: &Store,
    scope: CourierScope,
    after: Option<CourierId>,
    limit: u32,
) -> Result<Vec<Courier>, StoreError> {
    let (after, limit) = (after.map_or(Uuid::nil(), Uuid::from), i64::from(limit));
    let rows = match scope {
        CourierScope::OnShift => {
            sqlx::query_as!(
                CourierRow,
                "select * from tracking.couriers where on_shift and id > $1 order by id limit $2",
                after,
                limit
            )
            .fetch_all(store.pool())
            .await?
        }
        CourierScope::OnDelivery => {
            sqlx::query_as!(
                CourierRow,
                "select c.* from (
                     select distinct courier_id from tracking.deliveries
                     where status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff') and courier_id > $1
                     order by courier_id limit $2
                 ) busy
                 join tracking.couriers c on c.id = busy.courier_id
                 order by busy.courier_id",
                after,
                limit
            )
            .fetch_all(store.pool())
            .await?
        }
        CourierScope::Free => {
            sqlx::query_as!(
                CourierRow,
                "select * from tracking.couriers c where on_shift and id > $1 and not exists (
                     select from tracking.deliveries d
                     where d.courier_id = c.id
                       and d.status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff'))
                 order by id limit $2",
                after,
                limit
            )
            .fetch_all(store.pool())
            .await?
        }
    };
    rows.into_iter().map(Courier::try_from).collect()
}

/// The couriers whose name contains the text, newest first, at most `limit`. The text has two
/// characters at least, in the form of [`searchable`](domain::text::searchable).
pub async fn named(store: &Store, text: &str, limit: u32) -> Result<Vec<Courier>, StoreError> {
    let rows = sqlx::query_as!(
        CourierRow,
        "select * from tracking.couriers
         where search.pairs(search.form(name)) @> search.pairs($1)
           and position($1 in search.form(name)) > 0
         order by id desc limit $2",
        text,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Courier::try_from).collect()
}
