//! Deliveries, and in the submodules their offers, couriers with their devices, and
//! positions.
//!
//! A delivery is a row that is fenced by its version. A transaction that also changes its
//! offers holds the row's lock ([`lock`]), so that making, answering and expiring
//! offers happen one after another.

mod courier;
mod courier_stats;
mod device;
mod erasure;
mod offer;
mod position;

pub use courier::{
    Courier, carried, courier, courier_or_new, loads, lock_courier, next_epoch, register_courier,
    register_many, set_shift,
};
pub use courier_stats::{CourierScope, CourierStats, busy, courier_stats, couriers, named, unclaimed};
pub use device::{
    Device, add_device, change_device, device_by_token, devices, remove_device, remove_devices,
};
pub use erasure::{erase_carrier, erase_courier, erase_deliveries};
pub use offer::{asked, empty_offers, offer_order, offers, pending_offers, save_offers};
pub use position::{Batch, Refused, Row, append, drop_partitions, ensure_partitions, newest, track};

use domain::tracking::{Carrier, Delivery, DeliveryEvent, DeliveryStatus, DropOff, Pickup};
use domain::{Channel, CourierId, LatLon, OrderId, Timestamp};
use sqlx::types::Json;
use uuid::Uuid;

use crate::journal::{self, signed};
use crate::vault::{Plain, SealedColumn, Vault};
use crate::{Store, StoreError, Tx};

/// How couriers get into the building that a delivery is for.
pub(crate) const ENTRANCE_NOTE: SealedColumn = SealedColumn {
    purpose: "delivery.entrance_note",
    table: "tracking.deliveries",
    column: "sealed_entrance_note",
    row: "order_id::text",
    plain: Some(Plain {
        value: "convert_to(entrance_note, 'UTF8')",
        is_there: "entrance_note <> ''",
        emptied: "entrance_note = ''",
    }),
};

/// A row of `tracking.deliveries`.
struct DeliveryRow {
    order_id: Uuid,
    version: i64,
    status: String,
    customer_id: Uuid,
    restaurant_id: Uuid,
    restaurant_name: String,
    pickup_lat: f64,
    pickup_lon: f64,
    drop_off_lat: f64,
    drop_off_lon: f64,
    road_address: String,
    detail: String,
    entrance_note: String,
    courier_id: Option<Uuid>,
    courier_name: Option<String>,
    courier_vehicle: Option<String>,
    requested_at: Timestamp,
    ready_by: Timestamp,
    promised_at: Timestamp,
    near_told: bool,
    late_told: bool,
    handover: Option<serde_json::Value>,
    sealed_entrance_note: Option<Vec<u8>>,
}

/// A stored value that this program does not know: corrupt, or of another version.
pub(super) fn unknown(what: &'static str) -> StoreError {
    StoreError::Fault(format!("the store holds an unknown {what}").into())
}

pub(super) fn place(lat: f64, lon: f64) -> Result<LatLon, StoreError> {
    LatLon::new(lat, lon).map_err(|error| StoreError::Fault(error.into()))
}

impl DeliveryRow {
    fn open(self, vault: &Vault) -> Result<Delivery, StoreError> {
        let row = self;
        let carrier = match (row.courier_id, row.courier_name, row.courier_vehicle) {
            (Some(id), Some(name), Some(vehicle)) => Some(Carrier {
                courier: id.into(),
                name,
                vehicle: vehicle.parse().map_err(|_| unknown("vehicle"))?,
            }),
            _ => None,
        };
        Ok(Delivery {
            order: row.order_id.into(),
            version: row.version.unsigned_abs(),
            status: DeliveryStatus::named(&row.status).ok_or_else(|| unknown("delivery status"))?,
            customer: row.customer_id.into(),
            pickup: Pickup {
                restaurant: row.restaurant_id.into(),
                name: row.restaurant_name,
                position: place(row.pickup_lat, row.pickup_lon)?,
            },
            drop_off: DropOff {
                position: place(row.drop_off_lat, row.drop_off_lon)?,
                road_address: row.road_address,
                detail: row.detail,
                entrance_note: vault.open_either(
                    &ENTRANCE_NOTE,
                    row.order_id,
                    row.sealed_entrance_note.as_deref(),
                    row.entrance_note,
                )?,
            },
            carrier,
            requested_at: row.requested_at,
            ready_by: row.ready_by,
            promised_at: row.promised_at,
            near_told: row.near_told,
            late_told: row.late_told,
            handover: row.handover.map(serde_json::from_value).transpose()?,
        })
    }
}

/// The delivery of an order, if one was ever requested.
pub async fn delivery(store: &Store, order: OrderId) -> Result<Option<Delivery>, StoreError> {
    let row = sqlx::query_as!(
        DeliveryRow,
        "select * from tracking.deliveries where order_id = $1",
        Uuid::from(order)
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| row.open(store.vault())).transpose()
}

/// The delivery, locked until the transaction ends.
pub async fn lock(tx: &mut Tx, order: OrderId) -> Result<Option<Delivery>, StoreError> {
    let row = sqlx::query_as!(
        DeliveryRow,
        "select * from tracking.deliveries where order_id = $1 for update",
        Uuid::from(order)
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| row.open(&tx.vault)).transpose()
}

/// A courier's live deliveries, oldest first.
pub async fn live(store: &Store, courier: CourierId) -> Result<Vec<Delivery>, StoreError> {
    let rows = sqlx::query_as!(
        DeliveryRow,
        "select * from tracking.deliveries
         where courier_id = $1 and status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff')
         order by requested_at, order_id",
        Uuid::from(courier)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(|row| row.open(store.vault())).collect()
}

/// Commits a decision on a delivery together with its events, if the row is
/// still at the version before them; otherwise [`StoreError::Conflict`].
pub async fn save(
    tx: &mut Tx,
    delivery: &Delivery,
    events: &[DeliveryEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let before = delivery.version.saturating_sub(u64::try_from(events.len()).unwrap_or(u64::MAX));
    let done = if before == 0 { insert(tx, delivery).await? } else { update(tx, delivery, before).await? };
    if done != 1 {
        return Err(StoreError::Conflict);
    }
    let channel = Channel::Delivery(delivery.order);
    journal::append(tx, &channel, before, events, now);
    Ok(())
}

async fn insert(tx: &mut Tx, delivery: &Delivery) -> Result<u64, StoreError> {
    let (pickup, door) = (&delivery.pickup, &delivery.drop_off);
    let done = sqlx::query!(
        "insert into tracking.deliveries
            (order_id, version, status, customer_id, restaurant_id, restaurant_name, pickup_lat, pickup_lon,
             drop_off_lat, drop_off_lon, road_address, detail, sealed_entrance_note, requested_at, ready_by,
             promised_at, handover)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         on conflict (order_id) do nothing",
        Uuid::from(delivery.order),
        signed(delivery.version)?,
        delivery.status.as_str(),
        Uuid::from(delivery.customer),
        Uuid::from(pickup.restaurant),
        pickup.name,
        pickup.position.lat(),
        pickup.position.lon(),
        door.position.lat(),
        door.position.lon(),
        door.road_address,
        door.detail,
        tx.vault.seal_text(&ENTRANCE_NOTE, delivery.order, &door.entrance_note),
        delivery.requested_at,
        delivery.ready_by,
        delivery.promised_at,
        delivery.handover.as_ref().map(Json) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Writes the columns that can change; the pickup, the drop-off and the handover never do.
async fn update(tx: &mut Tx, delivery: &Delivery, before: u64) -> Result<u64, StoreError> {
    let carrier = delivery.carrier.as_ref();
    let done = sqlx::query!(
        "update tracking.deliveries
         set version = $3, status = $4, courier_id = $5, courier_name = $6, courier_vehicle = $7,
             near_told = $8, late_told = $9
         where order_id = $1 and version = $2",
        Uuid::from(delivery.order),
        signed(before)?,
        signed(delivery.version)?,
        delivery.status.as_str(),
        carrier.map(|carrier| Uuid::from(carrier.courier)),
        carrier.map(|carrier| carrier.name.as_str()),
        carrier.map(|carrier| carrier.vehicle.as_str()),
        delivery.near_told,
        delivery.late_told,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Inserts many new deliveries in one statement; publishes nothing.
pub async fn insert_many(store: &Store, deliveries: &[Delivery]) -> Result<(), StoreError> {
    let rows: Vec<serde_json::Value> = deliveries
        .iter()
        .map(|delivery| {
            let carrier = delivery.carrier.as_ref();
            let note = &delivery.drop_off.entrance_note;
            let sealed = store.vault().seal_text(&ENTRANCE_NOTE, delivery.order, note);
            serde_json::json!({
                "order_id": delivery.order,
                "version": delivery.version,
                "status": delivery.status.as_str(),
                "customer_id": delivery.customer,
                "restaurant_id": delivery.pickup.restaurant,
                "restaurant_name": delivery.pickup.name,
                "pickup_lat": delivery.pickup.position.lat(),
                "pickup_lon": delivery.pickup.position.lon(),
                "drop_off_lat": delivery.drop_off.position.lat(),
                "drop_off_lon": delivery.drop_off.position.lon(),
                "road_address": delivery.drop_off.road_address,
                "detail": delivery.drop_off.detail,
                "entrance_note": "",
                "sealed_entrance_note": sealed.map(|sealed| format!("\\x{}", hex::encode(sealed))),
                "courier_id": carrier.map(|carrier| carrier.courier),
                "courier_name": carrier.map(|carrier| &carrier.name),
                "courier_vehicle": carrier.map(|carrier| carrier.vehicle.as_str()),
                "requested_at": delivery.requested_at,
                "ready_by": delivery.ready_by,
                "promised_at": delivery.promised_at,
                "near_told": delivery.near_told,
                "late_told": delivery.late_told,
                "handover": delivery.handover,
            })
        })
        .collect();
    sqlx::query!(
        "insert into tracking.deliveries
         select row.* from unnest($1::jsonb[]) as given,
             jsonb_populate_record(null::tracking.deliveries, given) as row",
        &rows
    )
    .execute(store.pool())
    .await?;
    Ok(())
}
