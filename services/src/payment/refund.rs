//! Refunds: a row is committed first, then the gateway is called with the row's id as the key,
//! with retries until it answers or the attempts are used up.

use domain::order::OrderEventKind;
use domain::payment::{Payment, PaymentStatus, Refund, RefundReason, RefundStatus};
use domain::{Failure, OrderId, RefundId, Won};
use tokio::time::timeout;

use super::{Cancelled, GATEWAY_PATIENCE};
use crate::reaction::Reaction;
use crate::{App, order};

/// Refunds what an ended order owes its customer (subscriber).
pub async fn order_ended(app: App, ended: Reaction<OrderEventKind>) -> Result<(), Failure> {
    due(&app, ended.id).await
}

/// Refunds what `order` owes its customer after its end, if anything. May be repeated.
pub async fn due(app: &App, order: OrderId) -> Result<(), Failure> {
    match order::find(app, order).await?.refund_due() {
        Some(amount) => part(app, order, amount).await,
        None => Ok(()),
    }
}

/// Refunds up to `amount` of the payment of `order`. May be repeated: an order ends once, so the
/// first amount is final.
async fn part(app: &App, order: OrderId, amount: Won) -> Result<(), Failure> {
    match paid(app, order).await? {
        Some(payment) if amount > Won::ZERO => give_back(app, &payment, amount.min(payment.amount)).await,
        _ => Ok(()),
    }
}

/// The order's successful payment. An open payment is refunded once it has succeeded.
async fn paid(app: &App, order: OrderId) -> Result<Option<Payment>, Failure> {
    let live = store::payment::live(&app.store, order).await?;
    Ok(live.filter(|payment| payment.status == PaymentStatus::Done))
}

async fn give_back(app: &App, payment: &Payment, amount: Won) -> Result<(), Failure> {
    let refund = Refund {
        id: app.ids.uuid().into(),
        payment: payment.id,
        order: payment.order,
        amount,
        reason: RefundReason::OrderEnded,
        status: RefundStatus::Requested,
        attempts: 0,
    };
    let mut tx = app.store.begin().await?;
    store::payment::refund::insert(&mut tx, &refund, app.now()).await?;
    Ok(tx.commit().await?)
}

/// All refunds of these orders.
pub(crate) async fn of_orders(app: &App, orders: &[OrderId]) -> Result<Vec<Refund>, Failure> {
    let records = store::payment::refund::of_orders(&app.store, orders).await?;
    Ok(records.into_iter().map(|record| record.refund).collect())
}

/// Asks the gateway for the refund (reminder), unless it is settled already.
pub async fn carry_out(app: &App, id: RefundId) -> Result<(), Failure> {
    let Some(mut refund) = store::payment::refund::load(&app.store, id).await? else { return Ok(()) };
    if refund.status != RefundStatus::Requested {
        return Ok(());
    }
    let asked =
        timeout(GATEWAY_PATIENCE, app.third_parties.gateway.cancel(refund.payment, id, refund.amount)).await;
    let wait = match asked {
        Ok(Ok(Cancelled::Done)) => {
            refund.status = RefundStatus::Succeeded;
            None
        }
        Ok(Ok(Cancelled::Refused)) => {
            refund.status = RefundStatus::Failed;
            tracing::error!(refund = %id, payment = %refund.payment, "the gateway refused a refund");
            None
        }
        Ok(Err(_)) | Err(_) => {
            let wait = Refund::retry_after(refund.attempts);
            refund.attempts += 1;
            tracing::warn!(refund = %id, attempts = refund.attempts, "the gateway did not take a refund");
            wait
        }
    };
    let now = app.now();
    Ok(store::payment::refund::attempted(&app.store, &refund, wait.map(|wait| now + wait), now).await?)
}
