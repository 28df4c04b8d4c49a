//! Refunds: rows that are retried until the gateway has answered.

use domain::ledger::{refund_owed, refund_paid};
use domain::payment::{PaymentReminder, PaymentStatus, Refund, RefundReason, RefundRecord, RefundStatus};
use domain::{OrderId, PaymentId, RefundId, Timestamp, Won};
use uuid::Uuid;

use crate::{Store, StoreError, Tx, jobs, ledger};

/// Inserts a refund, and schedules its execution. An existing one of the same id is kept, and one of the same
/// payment for the same reason; but dishes may be taken out of an order several times. Returns whether this
/// one is new.
pub async fn insert(tx: &mut Tx, refund: &Refund, now: Timestamp) -> Result<bool, StoreError> {
    let inserted = sqlx::query!(
        "insert into payment.refunds
             (id, payment_id, order_id, amount_won, reason, status, attempts, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, 0, $7, $7) on conflict do nothing",
        refund.id.0,
        refund.payment.0,
        refund.order.0,
        refund.amount.0,
        refund.reason.as_str(),
        refund.status.as_str(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    let new = inserted.rows_affected() == 1;
    if new {
        ledger::post(tx, refund_owed(refund), now);
        due(tx, refund.id, now);
    }
    Ok(new)
}

/// Schedules the request to the gateway for `at`.
fn due(tx: &mut Tx, refund: RefundId, at: Timestamp) {
    jobs::remind(tx, &due_key(refund), at, PaymentReminder::RefundDue { refund });
}

fn due_key(refund: RefundId) -> String {
    format!("refund:{refund}")
}

/// One refund.
pub async fn load(store: &Store, id: RefundId) -> Result<Option<Refund>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, payment_id, order_id, amount_won, reason, status, attempts from payment.refunds
         where id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Refund::try_from).transpose()
}

/// The refunds of these orders. A payment that an old version cancelled without a refund counts
/// as one.
pub async fn of_orders(store: &Store, orders: &[OrderId]) -> Result<Vec<RefundRecord>, StoreError> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let rows = sqlx::query_as!(
        RecordRow,
        r#"select id as "id!", payment_id as "payment_id!", order_id as "order_id!",
                  amount_won as "amount_won!", reason as "reason!", status as "status!",
                  attempts as "attempts!", updated_at as "updated_at!"
           from payment.refunds where order_id = any($1)
           union all
           select p.id, p.id, p.order_id, p.amount_won, $2, $3, 0, p.updated_at
           from payment.payments p
           where p.order_id = any($1) and p.status = $4
             and not exists (select from payment.refunds r where r.payment_id = p.id)"#,
        &orders,
        RefundReason::OrderEnded.as_str(),
        RefundStatus::Succeeded.as_str(),
        PaymentStatus::Cancelled.as_str(),
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(RefundRecord::try_from).collect()
}

/// The refunds of an order, oldest first.
pub async fn of_order(store: &Store, order: OrderId) -> Result<Vec<Refund>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, payment_id, order_id, amount_won, reason, status, attempts from payment.refunds
         where order_id = $1 order by id",
        order.0
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Refund::try_from).collect()
}

/// Refunds that an operator has to decide on: refused by the gateway, or requested
/// `attempts` times without an answer. Oldest first, at most `limit`.
pub async fn undecided(store: &Store, attempts: u32, limit: u32) -> Result<Vec<Refund>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, payment_id, order_id, amount_won, reason, status, attempts from payment.refunds
         where status = 'failed' or (status = 'requested' and attempts >= $1) order by created_at limit $2",
        i32::try_from(attempts).unwrap_or(i32::MAX),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Refund::try_from).collect()
}

/// Writes the result of an attempt, updates the payment, and schedules the next attempt at
/// `retry_at`. A refund that has succeeded stays succeeded.
pub async fn attempted(
    store: &Store,
    refund: &Refund,
    retry_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let updated = sqlx::query!(
        "update payment.refunds set status = $2, attempts = $3, updated_at = $4
         where id = $1 and status <> 'succeeded'",
        refund.id.0,
        refund.status.as_str(),
        i32::try_from(refund.attempts).unwrap_or(i32::MAX),
        now,
    )
    .execute(&mut *tx)
    .await?;
    if updated.rows_affected() == 1 && refund.status == RefundStatus::Succeeded {
        ledger::post(&mut tx, refund_paid(refund), now);
        give_back(&mut tx, refund.payment, now).await?;
    }
    match retry_at {
        Some(at) => due(&mut tx, refund.id, at),
        None => jobs::forget(&mut tx, &due_key(refund.id)),
    }
    tx.commit().await
}

/// Marks a payment as cancelled if all of it was refunded, or as partially cancelled.
async fn give_back(tx: &mut Tx, payment: PaymentId, now: Timestamp) -> Result<(), StoreError> {
    // Two refunds that succeed at once: the later one has to see the earlier one.
    sqlx::query!("select id from payment.payments where id = $1 for update", payment.0)
        .fetch_optional(&mut **tx)
        .await?;
    sqlx::query!(
        "update payment.payments p set updated_at = $2,
             status = case when p.amount_won <= (select sum(amount_won) from payment.refunds r
                                                 where r.payment_id = p.id and r.status = 'succeeded')
                           then $3 else $4 end
         where p.id = $1 and p.status in ('done', 'partially_cancelled')",
        payment.0,
        now,
        PaymentStatus::Cancelled.as_str(),
        PaymentStatus::PartiallyCancelled.as_str(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A row with the time of its last change.
struct RecordRow {
    id: Uuid,
    payment_id: Uuid,
    order_id: Uuid,
    amount_won: i64,
    reason: String,
    status: String,
    attempts: i32,
    updated_at: Timestamp,
}

impl TryFrom<RecordRow> for RefundRecord {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        let RecordRow { id, payment_id, order_id, amount_won, reason, status, attempts, updated_at } = row;
        let row = Row { id, payment_id, order_id, amount_won, reason, status, attempts };
        Ok(Self { refund: row.try_into()?, updated_at })
    }
}

struct Row {
    id: Uuid,
    payment_id: Uuid,
    order_id: Uuid,
    amount_won: i64,
    reason: String,
    status: String,
    attempts: i32,
}

impl TryFrom<Row> for Refund {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unknown = |what: &str| StoreError::Fault(format!("refund {what}").into());
        Ok(Refund {
            id: RefundId(row.id),
            payment: PaymentId(row.payment_id),
            order: OrderId(row.order_id),
            amount: Won(row.amount_won),
            reason: RefundReason::parse(&row.reason).ok_or_else(|| unknown(&row.reason))?,
            status: RefundStatus::parse(&row.status).ok_or_else(|| unknown(&row.status))?,
            attempts: row.attempts.unsigned_abs(),
        })
    }
}
