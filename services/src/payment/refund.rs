//! Refunds: a row is committed first, then the gateway is called with the row's id as the key,
//! with retries until it answers or the attempts are used up.

use domain::order::OrderEventKind;
use domain::payment::{Payment, PaymentStatus, Refund, RefundReason, RefundStatus};
use domain::{Failure, OrderId, RefundId, Won};
use tokio::time::timeout;

use super::{Cancelled, GATEWAY_PATIENCE};
use crate::reaction::Reaction;
use crate::{App, order};

/// Refunds what an order owes its customer that ended, or of which dishes were taken out (subscriber).
pub async fn order_owes(app: App, event: Reaction<OrderEventKind>) -> Result<(), Failure> {
    due(&app, event.id).await
}

/// Refunds what `order` owes its customer: for what was taken out of it, and after its end. May be
/// repeated: each cancellation has one refund, and an order ends once.
pub async fn due(app: &App, order: OrderId) -> Result<(), Failure> {
    let order = order::find(app, order).await?;
    let cancelled =
        order.cancellations.iter().map(|it| (it.id.into(), RefundReason::LinesCancelled, it.back.money));
    let at_its_end =
        order.refund_due().map(|amount| (app.ids.uuid().into(), RefundReason::OrderEnded, amount));
    let owed: Vec<_> = cancelled.chain(at_its_end).filter(|(.., amount)| *amount > Won::ZERO).collect();
    if owed.is_empty() {
        return Ok(());
    }
    let Some(payment) = paid(app, order.id).await? else { return Ok(()) };
    let mut tx = app.store.begin().await?;
    let mut left = payment.amount;
    for (id, reason, amount) in owed {
        // No more than was paid, whatever the order says.
        let amount = amount.min(left);
        left = Won(left.0 - amount.0);
        let (payment, order, status) = (payment.id, order.id, RefundStatus::Requested);
        let refund = Refund { id, payment, order, amount, reason, status, attempts: 0 };
        store::payment::refund::insert(&mut tx, &refund, app.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// The order's successful payment. An open payment is refunded once it has succeeded.
pub(super) async fn paid(app: &App, order: OrderId) -> Result<Option<Payment>, Failure> {
    let live = store::payment::live(&app.store, order).await?;
    Ok(live
        .filter(|payment| matches!(payment.status, PaymentStatus::Done | PaymentStatus::PartiallyCancelled)))
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
