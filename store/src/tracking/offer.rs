//! Offers. All offers of a delivery are read and written together, under its lock.

use std::collections::HashMap;

use domain::tracking::offer::{Offer, OfferStatus, Offers};
use domain::{CourierId, LatLon, OfferId, OrderId, Timestamp, Won};
use uuid::Uuid;

use super::{place, unknown};
use crate::{Store, StoreError, Tx};

/// An offer with its delivery's pickup and drop-off.
struct OfferRow {
    id: Uuid,
    order_id: Uuid,
    courier_id: Uuid,
    status: String,
    round: i32,
    distance_m: f64,
    fee_won: i64,
    expires_at: Timestamp,
    restaurant_name: String,
    pickup_lat: f64,
    pickup_lon: f64,
    drop_off_lat: f64,
    drop_off_lon: f64,
}

impl TryFrom<OfferRow> for Offer {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Self, StoreError> {
        let place = |lat, lon| -> Result<LatLon, StoreError> { place(lat, lon) };
        Ok(Offer {
            id: row.id.into(),
            order: row.order_id.into(),
            courier: row.courier_id.into(),
            status: OfferStatus::named(&row.status).ok_or_else(|| unknown("offer status"))?,
            round: row.round.unsigned_abs(),
            restaurant_name: row.restaurant_name,
            pickup: place(row.pickup_lat, row.pickup_lon)?,
            drop_off: place(row.drop_off_lat, row.drop_off_lon)?,
            dong: None,
            distance_m: row.distance_m,
            fee: Won(row.fee_won),
            expires_at: row.expires_at,
        })
    }
}

/// All offers of a delivery, in the order in which they were made.
pub async fn offers(tx: &mut Tx, order: OrderId) -> Result<Offers, StoreError> {
    let rows = sqlx::query_as!(
        OfferRow,
        "select o.id, o.order_id, o.courier_id, o.status, o.round, o.distance_m, o.fee_won, o.expires_at,
                d.restaurant_name, d.pickup_lat, d.pickup_lon, d.drop_off_lat, d.drop_off_lon
         from tracking.offers o join tracking.deliveries d using (order_id)
         where o.order_id = $1 order by o.round, o.id",
        Uuid::from(order)
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(Offers(rows.into_iter().map(Offer::try_from).collect::<Result<_, _>>()?))
}

/// The offers that a courier may still answer at `now`.
pub async fn pending_offers(
    store: &Store,
    courier: CourierId,
    now: Timestamp,
) -> Result<Vec<Offer>, StoreError> {
    let rows = sqlx::query_as!(
        OfferRow,
        "select o.id, o.order_id, o.courier_id, o.status, o.round, o.distance_m, o.fee_won, o.expires_at,
                d.restaurant_name, d.pickup_lat, d.pickup_lon, d.drop_off_lat, d.drop_off_lon
         from tracking.offers o join tracking.deliveries d using (order_id)
         where o.courier_id = $1 and o.status = 'pending' and o.expires_at > $2 order by o.id",
        Uuid::from(courier),
        now
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Offer::try_from).collect()
}

/// The order of an offer to this courier.
pub async fn offer_order(
    store: &Store,
    offer: OfferId,
    courier: CourierId,
) -> Result<Option<OrderId>, StoreError> {
    let order = sqlx::query_scalar!(
        "select order_id from tracking.offers where id = $1 and courier_id = $2",
        Uuid::from(offer),
        Uuid::from(courier)
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(order.map(OrderId::from))
}

/// The number of pending offers of each courier.
pub async fn asked(tx: &mut Tx, couriers: &[CourierId]) -> Result<HashMap<CourierId, u32>, StoreError> {
    let ids: Vec<Uuid> = couriers.iter().map(|courier| courier.0).collect();
    let rows = sqlx::query!(
        r#"select courier_id, count(*) as "count!" from tracking.offers
           where courier_id = any($1) and status = 'pending' group by courier_id"#,
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.courier_id.into(), u32::try_from(row.count).unwrap_or(u32::MAX)))
        .collect())
}

/// Writes the offers that are new in `after` or changed since `before`. The
/// caller holds the delivery's lock.
pub async fn save_offers(tx: &mut Tx, before: &Offers, after: &Offers) -> Result<(), StoreError> {
    let old: HashMap<OfferId, OfferStatus> = before.0.iter().map(|offer| (offer.id, offer.status)).collect();
    for offer in after.0.iter().filter(|offer| old.get(&offer.id) != Some(&offer.status)) {
        sqlx::query!(
            "insert into tracking.offers
                (id, order_id, courier_id, status, round, distance_m, fee_won, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (id) do update set status = excluded.status",
            Uuid::from(offer.id),
            Uuid::from(offer.order),
            Uuid::from(offer.courier),
            offer.status.as_str(),
            i32::try_from(offer.round).unwrap_or(i32::MAX),
            offer.distance_m,
            offer.fee.0,
            offer.expires_at,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Empties what offers that expired before `until` say of where their courier was.
pub async fn empty_offers(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update tracking.offers set distance_m = 0 where expires_at < $1 and distance_m <> 0",
        until
    )
    .execute(store.pool())
    .await?;
    Ok(())
}
