//! What a withdrawal does to deliveries, for the customer and for the courier.

use domain::privacy::NOBODY;
use domain::{CourierId, OrderId};
use uuid::Uuid;

use crate::{StoreError, Tx};

/// Deliveries of one transaction.
const BATCH: i64 = 200;

/// Erases where these orders were delivered to, and what was said for the handing over. Returns the
/// couriers who were asked, as their channels tell of it, too.
pub async fn erase_deliveries(tx: &mut Tx, orders: &[OrderId]) -> Result<Vec<CourierId>, StoreError> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    sqlx::query!(
        r#"update tracking.deliveries
           set road_address = '', detail = '', entrance_note = '', sealed_entrance_note = null,
               drop_off_lat = pickup_lat, drop_off_lon = pickup_lon,
               handover = case when handover ? 'note' then jsonb_set(handover, '{note}', '""') else handover end
           where order_id = any($1)"#,
        &ids
    )
    .execute(&mut **tx)
    .await?;
    let couriers =
        sqlx::query_scalar!("select distinct courier_id from tracking.offers where order_id = any($1)", &ids)
            .fetch_all(&mut **tx)
            .await?;
    Ok(couriers.into_iter().map(Into::into).collect())
}

/// Erases what a courier left: their name, devices and positions.
pub async fn erase_courier(tx: &mut Tx, courier: CourierId) -> Result<(), StoreError> {
    let id = Uuid::from(courier);
    sqlx::query!("update tracking.couriers set name = $2, on_shift = false where id = $1", id, NOBODY)
        .execute(&mut **tx)
        .await?;
    sqlx::query!("delete from tracking.devices where courier_id = $1", id).execute(&mut **tx).await?;
    sqlx::query!("delete from tracking.positions where courier_id = $1", id).execute(&mut **tx).await?;
    Ok(())
}

/// Erases a courier's name on the next of the deliveries that they had, after `after`, in the order
/// of their ids. Returns them.
pub async fn erase_carrier(
    tx: &mut Tx,
    courier: CourierId,
    after: Option<OrderId>,
) -> Result<Vec<OrderId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "with next as (
             select order_id from tracking.deliveries
             where courier_id = $1 and order_id > $2 order by order_id limit $3 for update
         )
         update tracking.deliveries d set courier_name = $4 from next where d.order_id = next.order_id
         returning d.order_id",
        Uuid::from(courier),
        after.map_or(Uuid::nil(), |after| after.0),
        BATCH,
        NOBODY
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut ids: Vec<OrderId> = ids.into_iter().map(OrderId).collect();
    ids.sort_unstable();
    Ok(ids)
}
