//! Which orders operators ended, at whose cost, and why.

use domain::order::Order;
use domain::{OrderId, Timestamp, UserId, Won};

use crate::{Store, StoreError, Tx};

/// An order that an operator ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervention {
    /// Who ended it.
    pub operator: UserId,
    /// At whose cost.
    pub fault: String,
    /// Why.
    pub reason: String,
    /// What went back.
    pub refund: Won,
    /// When.
    pub at: Timestamp,
}

/// Writes down who ended the order, where an operator did.
pub(super) async fn record(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<(), StoreError> {
    let Some(ending) = &order.ending else { return Ok(()) };
    let Some(operator) = ending.operator else { return Ok(()) };
    sqlx::query!(
        "insert into orders.interventions (order_id, operator, fault, reason, refund_won, at)
         values ($1, $2, $3, $4, $5, $6)",
        order.id.0,
        operator.0,
        ending.fault.as_str(),
        ending.reason,
        order.refund_due().unwrap_or_default().0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How an operator ended the order, if one did.
pub async fn of_order(store: &Store, order: OrderId) -> Result<Option<Intervention>, StoreError> {
    let row = sqlx::query!(
        "select operator, fault, reason, refund_won, at from orders.interventions where order_id = $1",
        order.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| Intervention {
        operator: UserId(row.operator),
        fault: row.fault,
        reason: row.reason,
        refund: Won(row.refund_won),
        at: row.at,
    }))
}
