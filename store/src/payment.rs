//! Payments and their refunds.

pub mod method;
pub mod refund;
pub mod request;

use domain::ledger::payment_taken;
use domain::payment::{MethodKind, Payment, PaymentRefusal, PaymentReminder, PaymentStatus, Refund};
use domain::{MethodId, OrderId, PaymentId, Timestamp, UserId, Won};
use uuid::Uuid;

use crate::{Store, StoreError, Tx, broken_constraint, jobs, ledger};

/// Records that `payment` is about to be tried, and schedules a query of its outcome
/// for `ask_at`, in case the answer is lost.
pub async fn begin(
    store: &Store,
    payment: &Payment,
    ask_at: Timestamp,
) -> Result<Result<(), PaymentRefusal>, StoreError> {
    let mut tx = store.begin().await?;
    let inserted = sqlx::query!(
        "insert into payment.payments
             (id, order_id, customer_id, amount_won, status, created_at, updated_at, method_id, method_kind)
         values ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
        payment.id.0,
        payment.order.0,
        payment.customer.0,
        payment.amount.0,
        payment.status.as_str(),
        payment.created_at,
        payment.method.map(|id| id.0),
        payment.kind.map(MethodKind::as_str),
    )
    .execute(&mut *tx)
    .await;
    if let Err(error) = inserted {
        return match broken_constraint(&error) {
            Some("payments_one_live" | "payments_pkey") => Ok(Err(PaymentRefusal::AlreadyPaying)),
            _ => Err(error.into()),
        };
    }
    let order = payment.order;
    jobs::remind(&mut tx, &ask_key(order), ask_at, PaymentReminder::PaymentUnknown { order });
    tx.commit().await?;
    Ok(Ok(()))
}

/// Writes the gateway's answer and the follow-up, if the payment was still open.
pub async fn settle(
    store: &Store,
    payment: &Payment,
    follow: &Follow,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let updated = sqlx::query!(
        "update payment.payments set status = $2, asked = $3, updated_at = $4, method_kind = $5
         where id = $1 and status in ('in_progress', 'unknown')",
        payment.id.0,
        payment.status.as_str(),
        i32::try_from(payment.asked).unwrap_or(i32::MAX),
        now,
        payment.kind.map(MethodKind::as_str),
    )
    .execute(&mut *tx)
    .await?;
    if updated.rows_affected() == 0 {
        return Err(StoreError::Conflict);
    }
    let order = payment.order;
    match follow.ask_at {
        Some(at) => jobs::remind(&mut tx, &ask_key(order), at, PaymentReminder::PaymentUnknown { order }),
        None => jobs::forget(&mut tx, &ask_key(order)),
    }
    if let Some(amount) = follow.taken {
        ledger::post(&mut tx, payment_taken(payment, amount), now);
    }
    if let Some(void) = &follow.void {
        refund::insert(&mut tx, void, now).await?;
    }
    if let Some(at) = follow.late_at {
        late_look(&mut tx, payment.id, 0, at);
    }
    tx.commit().await
}

/// Records money that was taken for a payment that is over, and that it goes back: once, however often and
/// for whatever reason that is found out. Returns whether it was found out now.
pub async fn taken_in_vain(
    store: &Store,
    payment: &Payment,
    void: &Refund,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    // Who finds it out at the same time waits here.
    sqlx::query!("select from payment.payments where id = $1 for update", payment.id.0)
        .execute(&mut *tx)
        .await?;
    let goes_back = sqlx::query_scalar!(
        r#"select exists (select from payment.refunds
                          where payment_id = $1 and reason in ('amount_differs', 'late_approval')) as "it!""#,
        payment.id.0
    )
    .fetch_one(&mut *tx)
    .await?;
    if goes_back {
        return Ok(false);
    }
    ledger::post(&mut tx, payment_taken(payment, void.amount), now);
    refund::insert(&mut tx, void, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Schedules a query at `at` whether a charge that was given up has arrived late.
pub fn late_look(tx: &mut Tx, payment: PaymentId, looks: u32, at: Timestamp) {
    jobs::remind(tx, &format!("payment:{payment}:late"), at, PaymentReminder::PaymentLate { payment, looks });
}

/// Has the gateway asked what became of a payment, once, however often this is said before it is.
pub async fn look(store: &Store, payment: PaymentId, at: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    jobs::remind(&mut tx, &format!("payment:{payment}:told"), at, PaymentReminder::PaymentTold { payment });
    tx.commit().await
}

/// The order has received the outcome: cancels the scheduled query.
pub async fn concluded(store: &Store, order: OrderId) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    jobs::forget(&mut tx, &ask_key(order));
    tx.commit().await
}

/// What is written together with a payment's settlement.
#[derive(Clone, Debug, Default)]
pub struct Follow {
    /// When to look again: query the gateway, or check that the order received the outcome.
    pub ask_at: Option<Timestamp>,
    /// What the gateway took.
    pub taken: Option<Won>,
    /// A refund to make.
    pub void: Option<Refund>,
    /// When to query whether a charge that was given up has arrived late.
    pub late_at: Option<Timestamp>,
}

/// The newest payment attempt of an order, whatever its outcome.
pub async fn latest(store: &Store, order: OrderId) -> Result<Option<Payment>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, order_id, customer_id, amount_won, status, asked, created_at, method_id, method_kind
         from payment.payments
         where order_id = $1 order by created_at desc, id desc limit 1",
        order.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Payment::try_from).transpose()
}

/// The attempt that is open, or has succeeded and is not fully refunded, if any.
pub async fn live(store: &Store, order: OrderId) -> Result<Option<Payment>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, order_id, customer_id, amount_won, status, asked, created_at, method_id, method_kind
         from payment.payments
         where order_id = $1 and status in ('in_progress', 'unknown', 'done', 'partially_cancelled')",
        order.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Payment::try_from).transpose()
}

/// One payment.
pub async fn load(store: &Store, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, order_id, customer_id, amount_won, status, asked, created_at, method_id, method_kind
         from payment.payments
         where id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Payment::try_from).transpose()
}

/// Whose payments are listed.
#[derive(Clone, Copy, Debug)]
pub enum PaymentScope {
    /// A customer's.
    Customer(UserId),
    /// Everybody's.
    All,
}

/// Payments newest first, older than `before`, at most `limit`.
pub async fn list(
    store: &Store,
    whose: PaymentScope,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    let (before, limit) = (before.map_or(Uuid::max(), |id| id.0), i64::from(limit));
    let rows = match whose {
        PaymentScope::Customer(id) => {
            sqlx::query_as!(
            Row,
            "select id, order_id, customer_id, amount_won, status, asked, created_at, method_id, method_kind
         from payment.payments
                 where customer_id = $1 and id < $2 order by id desc limit $3",
            id.0,
            before,
            limit
        )
            .fetch_all(store.pool())
            .await?
        }
        PaymentScope::All => {
            sqlx::query_as!(
            Row,
            "select id, order_id, customer_id, amount_won, status, asked, created_at, method_id, method_kind
         from payment.payments
                 where id < $1 order by id desc limit $2",
            before,
            limit
        )
            .fetch_all(store.pool())
            .await?
        }
    };
    rows.into_iter().map(Payment::try_from).collect()
}

/// All payments of these orders, in no order.
pub async fn of_orders(store: &Store, orders: &[OrderId]) -> Result<Vec<Payment>, StoreError> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "select id, order_id, customer_id, amount_won, status, asked, created_at, method_id, method_kind
         from payment.payments
         where order_id = any($1)",
        &orders
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// Payments whose outcome the gateway did not report although it was queried `asked`
/// times, oldest first, at most `limit`.
pub async fn undecided(store: &Store, asked: u32, limit: u32) -> Result<Vec<Payment>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, order_id, customer_id, amount_won, status, asked, created_at, method_id, method_kind
         from payment.payments
         where status in ('in_progress', 'unknown') and asked >= $1 order by created_at limit $2",
        i32::try_from(asked).unwrap_or(i32::MAX),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// How many payments and refunds wait for a decision: see [`undecided`] and
/// [`refund::undecided`].
pub async fn count_undecided(store: &Store, asked: u32, attempts: u32) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from payment.payments
                   where status in ('in_progress', 'unknown') and asked >= $1)
                + (select count(*) from payment.refunds
                   where status = 'failed' or (status = 'requested' and attempts >= $2)) as "count!""#,
        i32::try_from(asked).unwrap_or(i32::MAX),
        i32::try_from(attempts).unwrap_or(i32::MAX),
    )
    .fetch_one(store.pool())
    .await?;
    Ok(count.unsigned_abs())
}

struct Row {
    id: Uuid,
    order_id: Uuid,
    customer_id: Uuid,
    amount_won: i64,
    status: String,
    asked: i32,
    created_at: Timestamp,
    method_id: Option<Uuid>,
    method_kind: Option<String>,
}

impl TryFrom<Row> for Payment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let status = PaymentStatus::parse(&row.status)
            .ok_or_else(|| StoreError::Fault(format!("payment status {}", row.status).into()))?;
        Ok(Payment {
            id: PaymentId(row.id),
            order: OrderId(row.order_id),
            customer: UserId(row.customer_id),
            amount: Won(row.amount_won),
            status,
            asked: row.asked.unsigned_abs(),
            created_at: row.created_at,
            method: row.method_id.map(MethodId),
            kind: row.method_kind.as_deref().and_then(MethodKind::parse),
        })
    }
}

fn ask_key(order: OrderId) -> String {
    format!("payment:{order}:ask")
}
