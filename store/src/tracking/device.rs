//! Couriers' devices that run public tracking apps, each with a token of its own.

use domain::tracking::SpeedUnit;
use domain::{CourierId, Timestamp};
use uuid::Uuid;

use super::unknown;
use crate::{Store, StoreError};

/// A device. Only a hash of its token is stored, and never returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: Uuid,
    /// Its courier.
    pub courier: CourierId,
    /// The number of its track of positions.
    pub number: u64,
    /// The courier's name for it.
    pub name: String,
    /// The unit of its speeds, where its protocol leaves that open.
    pub speed_unit: SpeedUnit,
    /// When it was added.
    pub created_at: Timestamp,
}

struct DeviceRow {
    id: Uuid,
    courier_id: Uuid,
    number: i64,
    name: String,
    speed_unit: String,
    created_at: Timestamp,
}

impl TryFrom<DeviceRow> for Device {
    type Error = StoreError;

    fn try_from(row: DeviceRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            courier: row.courier_id.into(),
            number: row.number.unsigned_abs(),
            name: row.name,
            speed_unit: row.speed_unit.parse().map_err(|_| unknown("speed_unit"))?,
            created_at: row.created_at,
        })
    }
}

/// Adds a device that sends fixes with the token of this hash.
pub async fn add_device(
    store: &Store,
    (id, courier): (Uuid, CourierId),
    (name, speed_unit): (&str, SpeedUnit),
    token_sha256: &[u8],
    now: Timestamp,
) -> Result<Device, StoreError> {
    let row = sqlx::query_as!(
        DeviceRow,
        "insert into tracking.devices (id, courier_id, name, speed_unit, token_sha256, created_at)
         values ($1, $2, $3, $4, $5, $6)
         returning id, courier_id, number, name, speed_unit, created_at",
        id,
        Uuid::from(courier),
        name,
        speed_unit.as_str(),
        token_sha256,
        now
    )
    .fetch_one(store.pool())
    .await?;
    row.try_into()
}

/// The device that has the token of this hash.
pub async fn device_by_token(store: &Store, token_sha256: &[u8]) -> Result<Option<Device>, StoreError> {
    let row = sqlx::query_as!(
        DeviceRow,
        "select id, courier_id, number, name, speed_unit, created_at from tracking.devices
         where token_sha256 = $1",
        token_sha256
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Device::try_from).transpose()
}

/// The courier's devices after `after`, in the order in which they were added, at most `limit`.
pub async fn devices(
    store: &Store,
    courier: CourierId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Device>, StoreError> {
    let rows = sqlx::query_as!(
        DeviceRow,
        "select id, courier_id, number, name, speed_unit, created_at from tracking.devices
         where courier_id = $1 and id > $2 order by id limit $3",
        Uuid::from(courier),
        after.unwrap_or(Uuid::nil()),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Device::try_from).collect()
}

/// Changes the given fields. `None` if the courier has no such device.
pub async fn change_device(
    store: &Store,
    (id, courier): (Uuid, CourierId),
    name: Option<&str>,
    speed_unit: Option<SpeedUnit>,
) -> Result<Option<Device>, StoreError> {
    let row = sqlx::query_as!(
        DeviceRow,
        "update tracking.devices set name = coalesce($3, name), speed_unit = coalesce($4, speed_unit)
         where id = $1 and courier_id = $2
         returning id, courier_id, number, name, speed_unit, created_at",
        id,
        Uuid::from(courier),
        name,
        speed_unit.map(SpeedUnit::as_str)
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Device::try_from).transpose()
}

/// Deletes the device and its token. False if the courier has no such device.
pub async fn remove_device(store: &Store, id: Uuid, courier: CourierId) -> Result<bool, StoreError> {
    let gone = sqlx::query!(
        "delete from tracking.devices where id = $1 and courier_id = $2",
        id,
        Uuid::from(courier)
    )
    .execute(store.pool())
    .await?;
    Ok(gone.rows_affected() == 1)
}

/// Deletes all devices of a courier, and their tokens.
pub async fn remove_devices(store: &Store, courier: CourierId) -> Result<(), StoreError> {
    sqlx::query!("delete from tracking.devices where courier_id = $1", Uuid::from(courier))
        .execute(store.pool())
        .await?;
    Ok(())
}
