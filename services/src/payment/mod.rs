//! Paying for orders, and giving the money back.
//!
//! A try is written down before the gateway is asked, with a reminder to look
//! again, which goes only when the order has heard of the outcome. So whatever
//! dies in between, the money and the order come together.

mod gateway;

use std::time::Duration;

use domain::order::{By, Command, Order, Status};
use domain::payment::{GatewayAnswer, Payment, PaymentStatus};
use domain::{Failure, Kind, OrderId, Refused};

use crate::{App, order};

pub use gateway::{Gateway, SandboxGateway};

/// How long a customer waits for the gateway before the outcome counts as unknown.
const GATEWAY_PATIENCE: Duration = Duration::from_secs(5);

/// Tries to pay for `order` with what the customer's `token` stands for.
pub async fn pay(app: &App, order: &Order, token: &str) -> Result<(), Failure> {
    let now = app.now();
    let payment = Payment {
        id: app.ids.uuid().into(),
        order: order.id,
        customer: order.customer,
        amount: order.payable,
        status: PaymentStatus::InProgress,
        asked: 0,
        created_at: now,
    };
    let ask_at = now + Payment::ask_again_after(0).unwrap_or_default();
    store::payment::begin(&app.store, &payment, ask_at).await??;
    let charge = app.gateway.charge(payment.id, payment.amount, token);
    let answer = match tokio::time::timeout(GATEWAY_PATIENCE, charge).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => {
            tracing::warn!(payment = %payment.id, %failure, "the payment gateway failed");
            GatewayAnswer::Unknown
        }
        Err(_) => GatewayAnswer::Unknown,
    };
    settle(app, payment, &answer).await
}

/// Looks again at what became of an order's payment (reminder).
pub async fn look_again(app: &App, order: OrderId) -> Result<(), Failure> {
    let Some(mut payment) = store::payment::live(&app.store, order).await? else {
        // Aborted and not yet told, or nothing ever began.
        return conclude(app, order, PaymentStatus::Aborted).await;
    };
    if !payment.status.is_open() {
        return conclude(app, order, payment.status).await;
    }
    payment.asked += 1;
    let answer = app.gateway.lookup(payment.id).await?;
    settle(app, payment, &answer).await
}

/// Gives back what was paid for `order`, if anything was. May be repeated.
pub async fn refund(app: &App, order: OrderId) -> Result<(), Failure> {
    match store::payment::live(&app.store, order).await? {
        Some(payment) if payment.status == PaymentStatus::Done => {
            app.gateway.cancel(payment.id).await?;
            Ok(store::payment::cancelled(&app.store, payment.id, app.now()).await?)
        }
        // Open ones are refunded when it is known that there is something to refund.
        _ => Ok(()),
    }
}

/// Whether money may still come for `order`.
pub async fn is_open(app: &App, order: OrderId) -> Result<bool, Failure> {
    let live = store::payment::live(&app.store, order).await?;
    Ok(live.is_some_and(|payment| payment.status.is_open() || payment.status == PaymentStatus::Done))
}

async fn settle(app: &App, payment: Payment, answer: &GatewayAnswer) -> Result<(), Failure> {
    let (order, payment) = (payment.order, payment.answered(answer));
    let now = app.now();
    let wait = Payment::ask_again_after(payment.asked);
    if wait.is_none() && payment.status.is_open() {
        tracing::error!(payment = %payment.id, "the gateway does not say what became of a payment");
    }
    // A settled one is looked at again too, until the order has heard of it.
    let wait = if payment.status.is_open() { wait } else { Payment::ask_again_after(0) };
    store::payment::settle(&app.store, &payment, wait.map(|wait| now + wait), now).await?;
    conclude(app, order, payment.status).await
}

/// Tells the order what became of its payment. Money for a dead order goes back.
async fn conclude(app: &App, order: OrderId, status: PaymentStatus) -> Result<(), Failure> {
    let command = match status {
        PaymentStatus::Done => Command::Pay { amount: order::find(app, order).await?.payable },
        PaymentStatus::Aborted => Command::DeclinePayment,
        PaymentStatus::InProgress | PaymentStatus::Unknown | PaymentStatus::Cancelled => return Ok(()),
    };
    match order::decide(app, order, By::Payment, command).await {
        // It has heard of it already, or is over.
        Ok(_) | Err(Failure::Refused(Refused { kind: Kind::Conflict, .. })) => {}
        Err(failure) => return Err(failure),
    }
    let stands = order::find(app, order).await?.status;
    let dead =
        matches!(stands, Status::Expired | Status::PaymentFailed | Status::Cancelled | Status::Rejected);
    if dead && status == PaymentStatus::Done {
        refund(app, order).await?;
    }
    Ok(store::payment::concluded(&app.store, order).await?)
}
