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
    /// Why; empty once that is out of retention.
    pub reason: String,
    /// The amount refunded.
    pub refund: Won,
    /// When.
    pub at: Timestamp,
}

/// The intervention that ended the order, if there was one.
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

/// Empties the reasons of interventions of before `until`.
pub async fn empty_reasons(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("update orders.interventions set reason = '' where at < $1 and reason <> ''", until)
        .execute(store.pool())
        .await?;
    Ok(())
}
