//! Paying for orders. A payment knows its order, an order no payment: what it must know of
//! it is [`OpenPayments`].
//!
//! A try is written down before the gateway is asked, with a reminder to look
//! again, which goes only when the order has heard of the outcome. So whatever
//! dies in between, the money and the order come together. A declined try ends
//! nothing; money that nobody waits for goes back ([`refund`]); what the gateway
//! never said is decided by somebody ([`decision`]).

pub mod decision;
mod gateway;
pub mod refund;

use std::time::Duration;

use async_trait::async_trait;
use domain::order::{By, Command, Order, OrderRefusal, Status};
use domain::payment::{
    GatewayAnswer, Payment, PaymentReminder, PaymentStatus, Refund, RefundStatus, Settlement,
};
use domain::{Failure, Kind, OrderId, PaymentId, Principal, Refused};
use store::payment::Follow;
use store::{Store, StoreError};

use crate::order::OpenPayments;
use crate::{App, menu, order, restaurant};

pub use gateway::{Cancelled, Charge, Gateway};

/// How long a customer waits for the gateway before the outcome counts as unknown.
const GATEWAY_PATIENCE: Duration = Duration::from_secs(5);

/// Pays for an order, if the restaurant still takes it. What is paid is not paid again.
pub async fn pay(app: &App, who: &Principal, id: OrderId, token: &str) -> Result<Order, Failure> {
    let order = order::theirs(app, who, id).await?;
    if order.status != Status::PendingPayment {
        let refusal = OrderRefusal::Transition { status: order.status, command: "pay" };
        return if order.is_dead() { Err(refusal.into()) } else { Ok(order) };
    }
    let now = app.now();
    if order.is_payment_overdue(&app.settings.order, now) {
        return Err(OrderRefusal::PaymentOverdue.into());
    }
    let restaurant = restaurant::find(app, order.restaurant).await?;
    let card = menu::card(app, order.restaurant).await?;
    order.check_available(&restaurant, &card, now)?;
    attempt(app, &order, token).await?;
    order::find(app, id).await
}

/// Tries to pay for `order` with what the customer's `token` stands for.
async fn attempt(app: &App, order: &Order, token: &str) -> Result<(), Failure> {
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
    let charge = Charge { key: payment.id, customer: order.customer, amount: payment.amount, token };
    let answer = match tokio::time::timeout(GATEWAY_PATIENCE, app.third_parties.gateway.charge(&charge)).await
    {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => {
            tracing::warn!(payment = %payment.id, %failure, "the payment gateway failed");
            GatewayAnswer::Unknown
        }
        Err(_) => GatewayAnswer::Unknown,
    };
    settle(app, payment, &answer).await
}

/// A reminder of a payment or a refund is due.
pub(crate) async fn remind(app: &App, reminder: PaymentReminder) -> Result<(), Failure> {
    match reminder {
        PaymentReminder::PaymentUnknown { order } => look_again(app, order).await,
        PaymentReminder::PaymentLate { payment, looks } => look_late(app, payment, looks).await,
        PaymentReminder::RefundDue { refund } => refund::carry_out(app, refund).await,
    }
}

/// Looks again at what became of an order's payment.
async fn look_again(app: &App, order: OrderId) -> Result<(), Failure> {
    let Some(mut payment) = store::payment::latest(&app.store, order).await? else { return Ok(()) };
    if !payment.status.is_open() {
        return conclude(app, &payment).await;
    }
    payment.asked += 1;
    let answer = app.third_parties.gateway.lookup(payment.id).await?;
    settle(app, payment, &answer).await
}

/// Looks whether a charge that was given up came all the same, and has it voided.
async fn look_late(app: &App, id: PaymentId, looks: u32) -> Result<(), Failure> {
    let Some(payment) = store::payment::load(&app.store, id).await? else { return Ok(()) };
    let answer = app.third_parties.gateway.lookup(id).await?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    if let Some(void) = void(app, &payment.settle(&answer, &app.settings.payment, now)) {
        tracing::error!(payment = %id, amount = %void.amount, "a charge came after it was given up; it goes back");
        store::payment::refund::insert(&mut tx, &void, now).await?;
    } else if let Some(wait) = app.settings.payment.late_look(looks + 1) {
        store::payment::late_look(&mut tx, id, looks + 1, now + wait);
    }
    Ok(tx.commit().await?)
}

/// What the payments of this store say of their orders.
pub(crate) struct Payments(pub(crate) Store);

#[async_trait]
impl OpenPayments for Payments {
    async fn is_open(&self, order: OrderId) -> Result<bool, Failure> {
        let live = store::payment::live(&self.0, order).await?;
        Ok(live.is_some_and(|payment| payment.status.is_open() || payment.status == PaymentStatus::Done))
    }
}

/// Writes down what the gateway said, and what follows. An answer that comes when the
/// try was settled without it still counts if it says that money was taken.
async fn settle(app: &App, payment: Payment, answer: &GatewayAnswer) -> Result<(), Failure> {
    match settle_open(app, payment, answer).await {
        Err(StoreError::Conflict) => {}
        other => return conclude(app, &other?).await,
    }
    let Some(settled) = store::payment::load(&app.store, payment.id).await? else { return Ok(()) };
    let now = app.now();
    if let Some(void) = void(app, &settled.settle(answer, &app.settings.payment, now)) {
        tracing::error!(payment = %settled.id, amount = %void.amount, "an approval came too late; it goes back");
        let mut tx = app.store.begin().await?;
        store::payment::refund::insert(&mut tx, &void, now).await?;
        tx.commit().await?;
    }
    conclude(app, &settled).await
}

async fn settle_open(app: &App, payment: Payment, answer: &GatewayAnswer) -> Result<Payment, StoreError> {
    let now = app.now();
    let times = &app.settings.payment;
    let settlement = payment.settle(answer, times, now);
    let payment = settlement.payment;
    if payment.is_undecided() {
        tracing::error!(payment = %payment.id, "the gateway does not say what became of a payment");
    }
    if let Some((amount, _)) = settlement.void {
        let asked = payment.amount;
        tracing::error!(payment = %payment.id, %asked, took = %amount, "the gateway took another amount");
    }
    // A settled one is looked at again too, until the order has heard of it.
    let looks = if payment.status.is_open() { payment.asked } else { 0 };
    let follow = Follow {
        ask_at: Payment::ask_again_after(looks).map(|wait| now + wait),
        void: void(app, &settlement),
        late_at: times.late_look(0).filter(|_| settlement.may_come_late).map(|wait| now + wait),
    };
    store::payment::settle(&app.store, &payment, &follow, now).await?;
    Ok(payment)
}

/// The refund of money that nobody asked for, where there is some.
fn void(app: &App, settlement: &Settlement) -> Option<Refund> {
    let (amount, reason) = settlement.void?;
    Some(Refund {
        id: app.ids.uuid().into(),
        payment: settlement.payment.id,
        order: settlement.payment.order,
        amount,
        reason,
        status: RefundStatus::Requested,
        attempts: 0,
    })
}

/// Tells the order what became of its payment. Money for a dead order goes back; an
/// order whose time was over while nobody knew expires.
async fn conclude(app: &App, payment: &Payment) -> Result<(), Failure> {
    let id = payment.order;
    let command = match payment.status {
        PaymentStatus::Done => Command::Pay { amount: payment.amount },
        PaymentStatus::Aborted => Command::DeclinePayment { payment: payment.id },
        PaymentStatus::InProgress
        | PaymentStatus::Unknown
        | PaymentStatus::PartiallyCancelled
        | PaymentStatus::Cancelled => return Ok(()),
    };
    match order::decide(app, id, By::Payment, command).await {
        // It has heard of it already, or is over.
        Ok(_) | Err(Failure::Refused(Refused { kind: Kind::Conflict, .. })) => {}
        Err(failure) => return Err(failure),
    }
    let stands = order::find(app, id).await?;
    if payment.status == PaymentStatus::Done {
        refund::due(app, id).await?;
    }
    if payment.status == PaymentStatus::Aborted && stands.is_payment_overdue(&app.settings.order, app.now()) {
        order::system(app, id, Command::Expire).await?;
    }
    Ok(store::payment::concluded(&app.store, id).await?)
}
