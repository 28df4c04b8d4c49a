//! The slots of scheduled orders: counted, and given back, in the transactions of orders.

use domain::restaurant::slot::Scheduled;
use domain::{OrderId, RestaurantId, Timestamp, UserId};

use crate::{Store, StoreError, Tx};

/// How many orders there are for the restaurant's slots that begin from `from` on and before `until`. What
/// an unpaid order of `of` holds does not count: another order of theirs would take its place.
pub async fn scheduled(
    store: &Store,
    restaurant: RestaurantId,
    (from, until): (Timestamp, Timestamp),
    of: Option<UserId>,
) -> Result<Scheduled, StoreError> {
    let rows = sqlx::query!(
        r#"select starts_at,
                  orders - (select count(*)::int4 from restaurant.slot_holds mine
                            where mine.unpaid_of = $4 and mine.restaurant_id = slot.restaurant_id
                              and mine.starts_at = slot.starts_at) as "orders!"
           from restaurant.slots slot where restaurant_id = $1 and starts_at >= $2 and starts_at < $3"#,
        restaurant.0,
        from,
        until,
        of.map(|of| of.0)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.starts_at, row.orders.unsigned_abs())).collect())
}

/// Counts an order in the slot that begins at `starts_at`. False: it is full, and the transaction must not
/// be committed.
pub(crate) async fn reserve(
    tx: &mut Tx,
    (order, customer): (OrderId, UserId),
    restaurant: RestaurantId,
    starts_at: Timestamp,
) -> Result<bool, StoreError> {
    let counted = sqlx::query_scalar!(
        r#"with counted as (
             insert into restaurant.slots as slot (restaurant_id, starts_at, orders) values ($3, $4, 1)
             on conflict (restaurant_id, starts_at) do update set orders = slot.orders + 1
             where slot.orders < coalesce(
                 (select orders_per_slot from restaurant.restaurants where id = $3), slot.orders + 1)
             returning restaurant_id, starts_at
         ), held as (
             insert into restaurant.slot_holds (order_id, restaurant_id, starts_at, unpaid_of)
             select $1, restaurant_id, starts_at, $2 from counted
         )
         select exists (select from counted) as "counted!""#,
        order.0,
        customer.0,
        restaurant.0,
        starts_at
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(counted)
}

/// Notes that the order is paid, so that no other order takes its place.
pub(crate) async fn paid(tx: &mut Tx, order: OrderId) -> Result<(), StoreError> {
    sqlx::query!("update restaurant.slot_holds set unpaid_of = null where order_id = $1", order.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Counts the order in its slot no more, if it still is. May be repeated.
pub(crate) async fn release(tx: &mut Tx, order: OrderId) -> Result<(), StoreError> {
    sqlx::query!(
        "with released as (
             delete from restaurant.slot_holds where order_id = $1 returning restaurant_id, starts_at
         )
         update restaurant.slots slot set orders = slot.orders - 1
         from released where slot.restaurant_id = released.restaurant_id and slot.starts_at = released.starts_at",
        order.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The orders that are counted in the restaurant's slots from `from` on.
pub async fn orders(
    store: &Store,
    restaurant: RestaurantId,
    from: Timestamp,
) -> Result<Vec<OrderId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select order_id from restaurant.slot_holds where restaurant_id = $1 and starts_at >= $2",
        restaurant.0,
        from
    );
    Ok(ids.fetch_all(store.pool()).await?.into_iter().map(OrderId).collect())
}

/// Forgets the slots that began before this moment.
pub async fn drop_before(store: &Store, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("delete from restaurant.slot_holds where starts_at < $1", at).execute(store.pool()).await?;
    sqlx::query!("delete from restaurant.slots where starts_at < $1", at).execute(store.pool()).await?;
    Ok(())
}
