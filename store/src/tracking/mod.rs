//! Deliveries, and in the files beside: their offers, couriers with their
//! devices, and positions.
//!
//! A delivery is a row that is fenced by its version; whoever also changes its
//! offers holds the row's lock ([`lock`]), so that asking, answering and
//! expiring happen one after another.

mod courier;
mod courier_stats;
mod device;
mod offer;
mod position;

pub use courier::{
    Courier, carried, courier, courier_or_new, loads, lock_courier, next_epoch, register_courier,
    register_many, set_shift,
};
pub use courier_stats::{CourierStats, busy, courier_stats, unclaimed};
pub use device::{Device, add_device, change_device, device_by_token, devices, remove_device};
pub use offer::{asked, offer_order, offers, pending_offers, save_offers};
pub use position::{Batch, Refused, Row, append, drop_partitions, ensure_partitions, newest, track};

use domain::tracking::{Carrier, Delivery, DeliveryEvent, DeliveryStatus, DropOff, Pickup};
use domain::{Channel, CourierId, LatLon, OrderId, Timestamp};
use uuid::Uuid;

use crate::journal::{self, signed};
use crate::{Store, StoreError, Tx};

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
}

/// A stored value that the rules do not know: a broken row, or an older program.
pub(super) fn unknown(what: &'static str) -> StoreError {
    StoreError::Fault(format!("the store holds an unknown {what}").into())
}

pub(super) fn place(lat: f64, lon: f64) -> Result<LatLon, StoreError> {
    LatLon::new(lat, lon).map_err(|error| StoreError::Fault(error.into()))
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
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
                entrance_note: row.entrance_note,
            },
            carrier,
            requested_at: row.requested_at,
            ready_by: row.ready_by,
            promised_at: row.promised_at,
            near_told: row.near_told,
            late_told: row.late_told,
        })
    }
}

/// The delivery of an order, if one was ever asked for.
pub async fn delivery(store: &Store, order: OrderId) -> Result<Option<Delivery>, StoreError> {
    let row = sqlx::query_as!(
        DeliveryRow,
        "select * from tracking.deliveries where order_id = $1",
        Uuid::from(order)
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Delivery::try_from).transpose()
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
    row.map(Delivery::try_from).transpose()
}

/// What a courier has to do now, the oldest first.
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
    rows.into_iter().map(Delivery::try_from).collect()
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
             drop_off_lat, drop_off_lon, road_address, detail, entrance_note, requested_at, ready_by, promised_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
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
        door.entrance_note,
        delivery.requested_at,
        delivery.ready_by,
        delivery.promised_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Writes what changes in a delivery's life; the places never do.
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

/// Inserts many new deliveries in one statement; nobody is told.
pub async fn insert_many(store: &Store, deliveries: &[Delivery]) -> Result<(), StoreError> {
    let rows: Vec<serde_json::Value> = deliveries
        .iter()
        .map(|delivery| {
            let carrier = delivery.carrier.as_ref();
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
                "entrance_note": delivery.drop_off.entrance_note,
                "courier_id": carrier.map(|carrier| carrier.courier),
                "courier_name": carrier.map(|carrier| &carrier.name),
                "courier_vehicle": carrier.map(|carrier| carrier.vehicle.as_str()),
                "requested_at": delivery.requested_at,
                "ready_by": delivery.ready_by,
                "promised_at": delivery.promised_at,
                "near_told": delivery.near_told,
                "late_told": delivery.late_told,
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
