//! Ways through the payment gateway's window that are not confirmed yet.

use domain::payment::PaymentRequest;
use domain::{OrderId, PaymentId, Timestamp, UserId, Won};

use crate::{Store, StoreError};

/// Writes a request.
pub async fn insert(store: &Store, request: &PaymentRequest) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into payment.requests (id, order_id, customer_id, amount_won, created_at)
         values ($1, $2, $3, $4, $5)",
        request.id.0,
        request.order.0,
        request.customer.0,
        request.amount.0,
        request.created_at,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// One request.
pub async fn load(store: &Store, id: PaymentId) -> Result<Option<PaymentRequest>, StoreError> {
    let row = sqlx::query!(
        "select order_id, customer_id, amount_won, created_at from payment.requests where id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| PaymentRequest {
        id,
        order: OrderId(row.order_id),
        customer: UserId(row.customer_id),
        amount: Won(row.amount_won),
        created_at: row.created_at,
    }))
}

/// Forgets requests of before `until`.
pub async fn drop_before(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("delete from payment.requests where created_at < $1", until).execute(store.pool()).await?;
    Ok(())
}
