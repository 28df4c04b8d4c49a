//! Payments, and what the sandbox gateway remembers.

use domain::payment::{Payment, PaymentRefusal, PaymentStatus};
use domain::{OrderId, PaymentId, Reminder, Timestamp, UserId, Won};

use crate::{Store, StoreError, broken_constraint, jobs};

/// Writes down that `payment` is about to be tried, and has its outcome asked
/// for at `ask_at` in case nobody hears of it.
pub async fn begin(
    store: &Store,
    payment: &Payment,
    ask_at: Timestamp,
) -> Result<Result<(), PaymentRefusal>, StoreError> {
    let mut tx = store.begin().await?;
    let inserted = sqlx::query!(
        "insert into payment.payments (id, order_id, customer_id, amount_won, status, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
        payment.id.0,
        payment.order.0,
        payment.customer.0,
        payment.amount.0,
        payment.status.as_str(),
        payment.created_at,
    )
    .execute(&mut *tx)
    .await;
    if let Err(error) = inserted {
        return match broken_constraint(&error) {
            Some("payments_one_live") => Ok(Err(PaymentRefusal::AlreadyPaying)),
            _ => Err(error.into()),
        };
    }
    let order = payment.order;
    jobs::remind(&mut tx, &ask_key(order), ask_at, Reminder::PaymentUnknown { order }).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Writes down what the gateway said, if the payment was still open, and when to
/// look again: at the gateway, or whether the order heard of it.
pub async fn settle(
    store: &Store,
    payment: &Payment,
    ask_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let updated = sqlx::query!(
        "update payment.payments set status = $2, asked = $3, updated_at = $4
         where id = $1 and status in ('in_progress', 'unknown')",
        payment.id.0,
        payment.status.as_str(),
        i32::try_from(payment.asked).unwrap_or(i32::MAX),
        now,
    )
    .execute(&mut *tx)
    .await?;
    if updated.rows_affected() == 0 {
        return Err(StoreError::Conflict);
    }
    let order = payment.order;
    match ask_at {
        Some(at) => {
            jobs::remind(&mut tx, &ask_key(order), at, Reminder::PaymentUnknown { order }).await?;
        }
        None => jobs::forget(&mut tx, &ask_key(order)).await?,
    }
    tx.commit().await
}

/// The order has heard of the outcome: nobody needs to look again.
pub async fn concluded(store: &Store, order: OrderId) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    jobs::forget(&mut tx, &ask_key(order)).await?;
    tx.commit().await
}

/// Has the order asked again later whether it was paid in time.
pub async fn postpone_expiry(store: &Store, order: OrderId, at: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    jobs::remind(&mut tx, &format!("payment:{order}:expiry"), at, Reminder::PaymentOverdue { order }).await?;
    tx.commit().await
}

/// Writes down that the money went back.
pub async fn cancelled(store: &Store, id: PaymentId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update payment.payments set status = 'cancelled', updated_at = $2 where id = $1 and status = 'done'",
        id.0,
        now
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// The try that is open or has succeeded, if any.
pub async fn live(store: &Store, order: OrderId) -> Result<Option<Payment>, StoreError> {
    let row = sqlx::query!(
        "select id, customer_id, amount_won, status, asked, created_at from payment.payments
         where order_id = $1 and status in ('in_progress', 'unknown', 'done')",
        order.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| {
        let status = PaymentStatus::parse(&row.status)
            .ok_or_else(|| StoreError::Fault(format!("payment status {}", row.status).into()))?;
        Ok(Payment {
            id: PaymentId(row.id),
            order,
            customer: UserId(row.customer_id),
            amount: Won(row.amount_won),
            status,
            asked: row.asked.unsigned_abs(),
            created_at: row.created_at,
        })
    })
    .transpose()
}

fn ask_key(order: OrderId) -> String {
    format!("payment:{order}:ask")
}

/// What the sandbox gateway remembers of a charge.
#[derive(Clone, Copy, Debug)]
pub struct SandboxCharge {
    /// How much.
    pub amount: Won,
    /// Whether the money is there, or will be.
    pub approved: bool,
    /// When the gateway begins to say so.
    pub settles_at: Timestamp,
    /// Whether it went back.
    pub cancelled: bool,
}

/// Has the sandbox gateway remember a charge. The first one under a key stands.
pub async fn sandbox_charge(store: &Store, key: PaymentId, charge: SandboxCharge) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into payment.sandbox_charges (payment_id, amount_won, outcome, settles_at)
         values ($1, $2, $3, $4) on conflict (payment_id) do nothing",
        key.0,
        charge.amount.0,
        if charge.approved { "approved" } else { "declined" },
        charge.settles_at,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// What the sandbox gateway remembers under `key`.
pub async fn sandbox_lookup(store: &Store, key: PaymentId) -> Result<Option<SandboxCharge>, StoreError> {
    let row = sqlx::query!(
        "select amount_won, outcome, settles_at, cancelled from payment.sandbox_charges where payment_id = $1",
        key.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| SandboxCharge {
        amount: Won(row.amount_won),
        approved: row.outcome == "approved",
        settles_at: row.settles_at,
        cancelled: row.cancelled,
    }))
}

/// Has the sandbox gateway give the money back; again is the same.
pub async fn sandbox_cancel(store: &Store, key: PaymentId) -> Result<(), StoreError> {
    sqlx::query!("update payment.sandbox_charges set cancelled = true where payment_id = $1", key.0)
        .execute(store.pool())
        .await?;
    Ok(())
}
