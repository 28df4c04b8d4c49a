//! Giving money back: a row first, then the gateway under the row's own key, again and
//! again until it has said.

use domain::order::OrderEventKind;
use domain::payment::{Payment, PaymentStatus, Refund, RefundReason, RefundStatus};
use domain::{Failure, OrderId, RefundId, Won};
use tokio::time::timeout;

use super::{Cancelled, GATEWAY_PATIENCE};
use crate::reaction::Reaction;
use crate::{App, order};

/// Gives back what an order that ended owes its customer (subscriber).
pub async fn order_ended(app: App, ended: Reaction<OrderEventKind>) -> Result<(), Failure> {
    due(&app, ended.id).await
}

/// Gives back what `order` owes its customer now that it is over, if it does. May be
/// repeated.
pub async fn due(app: &App, order: OrderId) -> Result<(), Failure> {
    match order::find(app, order).await?.refund_due() {
        Some(amount) => part(app, order, amount).await,
        None => Ok(()),
    }
}

/// Gives back a part of what was paid for `order`, at most all of it. May be repeated:
/// an order ends once, so the first amount stands.
async fn part(app: &App, order: OrderId, amount: Won) -> Result<(), Failure> {
    match paid(app, order).await? {
        Some(payment) if amount > Won::ZERO => give_back(app, &payment, amount.min(payment.amount)).await,
        _ => Ok(()),
    }
}

/// The payment that has succeeded. Open ones are refunded when it is known that there
/// is something to refund.
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

/// Asks the gateway to do it (reminder). One that is done is left alone.
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
