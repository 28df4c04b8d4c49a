//! What operators gave back of orders that had arrived.

use std::collections::HashMap;

use domain::ledger::{order_adjusted, points_returned};
use domain::order::{Adjustment, Order};
use domain::{OrderId, Won};
use sqlx::types::{Json, Uuid};

use crate::journal::signed;
use crate::{Store, StoreError, Tx, ledger, points};

/// Writes an adjustment of `order` after these `earlier` ones, and gives its points back. False: there is
/// another one after them, and the transaction must not be committed.
pub async fn insert(
    tx: &mut Tx,
    order: &Order,
    earlier: &[Adjustment],
    adjustment: &Adjustment,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query!(
        "insert into orders.adjustments (id, order_id, number, state) values ($1, $2, $3, $4)
         on conflict do nothing",
        adjustment.id.0,
        order.id.0,
        signed(earlier.len() as u64 + 1)?,
        Json(adjustment) as _,
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    let now = adjustment.at;
    ledger::post(tx, order_adjusted(order, earlier, adjustment), now);
    if adjustment.back.points > Won::ZERO {
        let all = [earlier, std::slice::from_ref(adjustment)].concat();
        let adjusted: i64 = all.iter().map(|it| it.back.points.0).sum();
        let at_its_end = order.back().unwrap_or_default();
        let in_all = Won(order.cancelled().points.0 + at_its_end.points.0 + adjusted);
        points::return_to(tx, order.id, in_all, false, now).await?;
        for entry in points_returned(order, &all) {
            ledger::post(tx, Some(entry), now);
        }
    }
    Ok(true)
}

/// The adjustments of these orders, of each oldest first.
pub async fn of_orders(
    store: &Store,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Vec<Adjustment>>, StoreError> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let rows = sqlx::query!(
        r#"select order_id, state as "state: Json<Adjustment>" from orders.adjustments
           where order_id = any($1) order by order_id, number"#,
        &orders
    )
    .fetch_all(store.pool())
    .await?;
    let mut of = HashMap::<OrderId, Vec<Adjustment>>::new();
    for row in rows {
        of.entry(OrderId(row.order_id)).or_default().push(row.state.0);
    }
    Ok(of)
}
