//! Which orders operators ended, at whose cost, and why.

use domain::{OrderId, Timestamp, UserId, Won};

use crate::{Store, StoreError};

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
