//! What a withdrawal does to orders: what the law demands to keep moves, the rest is erased, and the
//! order stays without a trace of who it was.

use domain::order::Order;
use domain::personal_data::CONTRACT;
use domain::privacy::erase;
use domain::{OrderId, RestaurantId, Timestamp, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::privacy::{Retained, retain};
use crate::{Store, StoreError, Tx};

/// Orders of one transaction.
const BATCH: i64 = 50;

/// An order that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The order.
    pub id: OrderId,
    /// Its restaurant, on whose board its events stand, too.
    pub restaurant: RestaurantId,
    /// When it was ordered.
    pub created_at: Timestamp,
}

/// A customer's orders that are not over, newest first. While there are any, nobody leaves: their
/// entities would write again what was erased.
pub async fn live(store: &Store, customer: UserId) -> Result<Vec<OrderId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select id from orders.orders
         where customer_id = $1 and status not in
             ('completed', 'rejected', 'cancelled', 'expired', 'payment_failed', 'delivery_failed')
         order by id desc",
        customer.0
    )
    .fetch_all(store.pool())
    .await?;
    Ok(ids.into_iter().map(OrderId).collect())
}

/// Whether a customer ever ordered.
pub async fn any(store: &Store, customer: UserId) -> Result<bool, StoreError> {
    let any = sqlx::query_scalar!(
        r#"select exists (select from orders.orders where customer_id = $1) as "any!""#,
        customer.0
    )
    .fetch_one(store.pool())
    .await?;
    Ok(any)
}

/// Erases the next of a customer's orders, in the order of their ids, after `after`.
pub async fn erase_batch(
    tx: &mut Tx,
    customer: UserId,
    after: Option<OrderId>,
    now: Timestamp,
) -> Result<Vec<Erased>, StoreError> {
    let rows = sqlx::query!(
        "select id, restaurant_id, created_at, state from orders.orders
         where customer_id = $1 and id > $2 order by id limit $3 for update",
        customer.0,
        after.map_or(Uuid::nil(), |after| after.0),
        BATCH
    )
    .fetch_all(&mut **tx)
    .await?;
    let (mut ids, mut states, mut erased) = (Vec::new(), Vec::new(), Vec::new());
    for mut row in rows {
        let kept = erase("orders.orders", "state", &mut row.state);
        if !kept.is_empty() {
            let data = json!({ "order_id": row.id, "kept": Value::Object(kept) });
            let (purpose, from) = (&CONTRACT, row.created_at);
            let retained = Retained { subject: row.id, kind: "order", purpose, from, data };
            retain(tx, customer, &retained, now).await?;
        }
        // It is read again as it is written.
        serde_json::from_value::<Order>(row.state.clone())?;
        ids.push(row.id);
        states.push(row.state);
        let (id, restaurant) = (OrderId(row.id), row.restaurant_id.into());
        erased.push(Erased { id, restaurant, created_at: row.created_at });
    }
    sqlx::query!(
        "update orders.orders o set state = given.state, sealed_entrance_note = null
         from unnest($1::uuid[], $2::jsonb[]) as given (id, state) where o.id = given.id",
        &ids,
        &states
    )
    .execute(&mut **tx)
    .await?;
    Ok(erased)
}
