//! Couriers and their sessions.

use std::collections::HashMap;

use domain::tracking::Vehicle;
use domain::{CourierId, ExpectedVersion};
use uuid::Uuid;

use super::unknown;
use crate::{Store, StoreError, Tx};

/// A stored courier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Courier {
    /// The courier.
    pub id: CourierId,
    /// The name that customers see.
    pub name: String,
    /// Their vehicle.
    pub vehicle: Vehicle,
    /// Whether they take offers.
    pub on_shift: bool,
    /// The number of the newest socket session.
    pub session_epoch: u64,
    /// Incremented by each change of what customers see.
    pub version: i64,
}

pub(super) struct CourierRow {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) vehicle: String,
    pub(super) on_shift: bool,
    pub(super) session_epoch: i64,
    pub(super) version: i64,
}

impl TryFrom<CourierRow> for Courier {
    type Error = StoreError;

    fn try_from(row: CourierRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            vehicle: row.vehicle.parse().map_err(|_| unknown("vehicle"))?,
            on_shift: row.on_shift,
            session_epoch: row.session_epoch.unsigned_abs(),
            version: row.version,
        })
    }
}

/// The courier, if they are registered.
pub async fn courier(store: &Store, id: CourierId) -> Result<Option<Courier>, StoreError> {
    let row = sqlx::query_as!(CourierRow, "select * from tracking.couriers where id = $1", Uuid::from(id))
        .fetch_optional(store.pool())
        .await?;
    row.map(Courier::try_from).transpose()
}

/// The courier, locked until the transaction ends: they can take on no delivery in between.
pub async fn lock_courier(tx: &mut Tx, id: CourierId) -> Result<Option<Courier>, StoreError> {
    let row = sqlx::query_as!(
        CourierRow,
        "select * from tracking.couriers where id = $1 for no key update",
        Uuid::from(id)
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(Courier::try_from).transpose()
}

/// The number of the courier's live deliveries. Exact under [`lock_courier`].
pub async fn carried(tx: &mut Tx, id: CourierId) -> Result<u32, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from tracking.deliveries
           where courier_id = $1 and status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff')"#,
        Uuid::from(id)
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The courier; a new one is registered with this name and a motorbike.
pub async fn courier_or_new(store: &Store, id: CourierId, name: &str) -> Result<Courier, StoreError> {
    sqlx::query!(
        "insert into tracking.couriers (id, name, vehicle) values ($1, $2, 'motorbike') on conflict do nothing",
        Uuid::from(id),
        name
    )
    .execute(store.pool())
    .await?;
    courier(store, id).await?.ok_or(StoreError::Conflict)
}

/// Sets the name and vehicle that customers see; returns whether it did: only if an
/// existing courier is at an `expected` version.
pub async fn register_courier(
    store: &Store,
    id: CourierId,
    name: &str,
    vehicle: Vehicle,
    expected: &ExpectedVersion,
) -> Result<bool, StoreError> {
    let set = sqlx::query!(
        "insert into tracking.couriers (id, name, vehicle) values ($1, $2, $3)
         on conflict (id) do update
         set name = excluded.name, vehicle = excluded.vehicle, version = couriers.version + 1
         where couriers.version = any(coalesce($4, array[couriers.version]))",
        Uuid::from(id),
        name,
        vehicle.as_str(),
        expected.one_of()
    )
    .execute(store.pool())
    .await?;
    Ok(set.rows_affected() == 1)
}

/// Registers many couriers of one name at once, all on shift.
pub async fn register_many(store: &Store, couriers: &[CourierId], name: &str) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = couriers.iter().map(|courier| courier.0).collect();
    sqlx::query!(
        "insert into tracking.couriers (id, name, vehicle, on_shift)
         select id, $2, 'motorbike', true from unnest($1::uuid[]) as id",
        &ids,
        name
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Starts or ends the courier's shift.
pub async fn set_shift(store: &Store, id: CourierId, on: bool) -> Result<(), StoreError> {
    sqlx::query!("update tracking.couriers set on_shift = $2 where id = $1", Uuid::from(id), on)
        .execute(store.pool())
        .await?;
    Ok(())
}

/// Takes the next session epoch: from its commit on, older sockets are refused.
pub async fn next_epoch(store: &Store, id: CourierId) -> Result<u64, StoreError> {
    let epoch = sqlx::query_scalar!(
        "update tracking.couriers set session_epoch = session_epoch + 1 where id = $1 returning session_epoch",
        Uuid::from(id)
    )
    .fetch_optional(store.pool())
    .await?;
    epoch.map(i64::unsigned_abs).ok_or_else(|| unknown("courier"))
}

/// The number of live deliveries of each of these couriers who is on shift.
pub async fn loads(tx: &mut Tx, couriers: &[CourierId]) -> Result<HashMap<CourierId, u32>, StoreError> {
    let ids: Vec<Uuid> = couriers.iter().map(|courier| courier.0).collect();
    let rows = sqlx::query!(
        r#"select c.id, (
               select count(*) from tracking.deliveries d
               where d.courier_id = c.id and d.status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff')
           ) as "count!"
           from tracking.couriers c where c.id = any($1) and c.on_shift"#,
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), u32::try_from(row.count).unwrap_or(u32::MAX))).collect())
}
