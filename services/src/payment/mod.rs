//! Payment of orders. A payment refers to its order; an order does not refer to payments and
//! needs only [`OpenPayments`].
//!
//! A payment attempt is committed before the gateway is called, together with a reminder to
//! look it up again. The reminder is removed only after the order has taken over the outcome,
//! so a crash at any point leaves payment and order consistent in the end. A declined attempt
//! does not end the order. Money that no order is waiting for is refunded ([`refund`]). An
//! outcome that the gateway never reports is decided by an operator ([`decision`]).

pub mod adjustment;
pub mod decision;
mod gateway;
pub mod history;
pub mod method;
pub mod refund;
pub mod request;
pub mod webhook;

use std::time::Duration;

use async_trait::async_trait;
use domain::order::{By, Command, Order, OrderRefusal, Status};
use domain::payment::{
    GatewayAnswer, MethodKind, Payment, PaymentRefusal, PaymentReminder, PaymentStatus, Refund, RefundRecord,
    RefundStatus, Settlement,
};
use domain::{Failure, Kind, MethodId, OrderId, PaymentId, Principal, Refused};
use store::payment::Follow;
use store::{Store, StoreError};

use crate::order::OpenPayments;
use crate::{App, menu, order, restaurant};

pub use gateway::{Cancelled, Charge, Confirmation, Gateway, Issued, Window};

/// The timeout of a gateway call; after it the outcome counts as unknown.
const GATEWAY_PATIENCE: Duration = Duration::from_secs(5);

/// Pays for an order by a saved method, if the restaurant can still take it. An order that is paid already
/// is returned unchanged.
pub async fn pay(app: &App, who: &Principal, id: OrderId, method: MethodId) -> Result<Order, Failure> {
    let order = order::theirs(app, who, id).await?;
    if order.status != Status::PendingPayment && !order.is_dead() {
        return Ok(order);
    }
    check_payable(app, &order).await?;
    let (kind, billing_key) = method::billing_key(app, who, method).await?;
    let payment = begin(app, &order, app.ids.uuid().into(), Some((method, kind))).await??;
    let (key, customer, amount) = (payment.id, order.customer, payment.amount);
    let charge = Charge { key, customer, amount, billing_key: &billing_key };
    let answer = heard(key, app.third_parties.gateway.charge(&charge)).await;
    settle(app, payment, &answer).await?;
    order::find(app, id).await
}

/// Whether an order waits for its payment, and its restaurant can still take it.
async fn check_payable(app: &App, order: &Order) -> Result<(), Failure> {
    if order.status != Status::PendingPayment {
        return Err(OrderRefusal::Transition { status: order.status, command: "pay" }.into());
    }
    let now = app.now();
    if order.is_payment_overdue(&app.settings.order, now) {
        return Err(OrderRefusal::PaymentOverdue.into());
    }
    let restaurant = restaurant::find(app, order.restaurant).await?;
    let card = menu::card(app, order.restaurant).await?;
    Ok(order.check_available(&restaurant, &card, now, &app.holidays())?)
}

/// Writes down that a payment of `order` is about to be tried.
async fn begin(
    app: &App,
    order: &Order,
    id: PaymentId,
    method: Option<(MethodId, MethodKind)>,
) -> Result<Result<Payment, PaymentRefusal>, Failure> {
    let now = app.now();
    let payment = Payment {
        id,
        order: order.id,
        customer: order.customer,
        amount: order.payable,
        status: PaymentStatus::InProgress,
        asked: 0,
        created_at: now,
        method: method.map(|(id, _)| id),
        kind: method.map(|(_, kind)| kind),
    };
    let ask_at = now + Payment::ask_again_after(0).unwrap_or_default();
    Ok(store::payment::begin(&app.store, &payment, ask_at).await?.map(|()| payment))
}

/// What the gateway says of a payment; nothing in time is no answer.
async fn heard(
    payment: PaymentId,
    asked: impl Future<Output = Result<GatewayAnswer, Failure>>,
) -> GatewayAnswer {
    match tokio::time::timeout(GATEWAY_PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => {
            tracing::warn!(%payment, %failure, "the payment gateway failed");
            GatewayAnswer::Unknown
        }
        Err(_) => GatewayAnswer::Unknown,
    }
}

/// All payments of these orders.
pub(crate) async fn of_orders(app: &App, orders: &[OrderId]) -> Result<Vec<Payment>, Failure> {
    Ok(store::payment::of_orders(&app.store, orders).await?)
}

/// Handles a due reminder of a payment or a refund.
pub(crate) async fn remind(app: &App, reminder: PaymentReminder) -> Result<(), Failure> {
    match reminder {
        PaymentReminder::PaymentUnknown { order } => look_again(app, order).await,
        PaymentReminder::PaymentTold { payment } => webhook::look(app, payment).await,
        PaymentReminder::PaymentLate { payment, looks } => look_late(app, payment, looks).await,
        PaymentReminder::RefundDue { refund } => refund::carry_out(app, refund).await,
        PaymentReminder::MethodAgreed { registration } => method::look_after(app, registration).await,
        PaymentReminder::MethodDeleted { method } => method::revoke(app, method).await,
    }
}

/// Looks up the outcome of an order's payment at the gateway.
async fn look_again(app: &App, order: OrderId) -> Result<(), Failure> {
    let Some(mut payment) = store::payment::latest(&app.store, order).await? else { return Ok(()) };
    if !payment.status.is_open() {
        return conclude(app, &payment).await;
    }
    payment.asked += 1;
    let answer = app.third_parties.gateway.lookup(payment.id).await?;
    settle(app, payment, &answer).await
}

/// Looks up whether an abandoned charge was made after all, and again later if it was not.
async fn look_late(app: &App, id: PaymentId, looks: u32) -> Result<(), Failure> {
    let came = came_late(app, id).await?;
    let wait = app.settings.payment.late_look(looks + 1).filter(|_| !came);
    let Some(wait) = wait else { return Ok(()) };
    let mut tx = app.store.begin().await?;
    store::payment::late_look(&mut tx, id, looks + 1, app.now() + wait);
    Ok(tx.commit().await?)
}

/// Whether a charge was made that was given up; then it is refunded.
async fn came_late(app: &App, id: PaymentId) -> Result<bool, Failure> {
    let Some(payment) = store::payment::load(&app.store, id).await? else { return Ok(false) };
    let answer = app.third_parties.gateway.lookup(id).await?;
    let now = app.now();
    let void = void(app, &payment.settle(&answer, &app.settings.payment, now));
    let Some(void) = void else { return Ok(false) };
    if store::payment::taken_in_vain(&app.store, &payment, &void, now).await? {
        tracing::error!(payment = %id, amount = %void.amount, "a charge came after it was given up; it goes back");
    }
    Ok(true)
}

/// [`OpenPayments`] of this store.
pub(crate) struct Payments(pub(crate) Store);

#[async_trait]
impl OpenPayments for Payments {
    async fn is_open(&self, order: OrderId) -> Result<bool, Failure> {
        let live = store::payment::live(&self.0, order).await?;
        Ok(live.is_some_and(|payment| payment.status.is_open() || payment.status == PaymentStatus::Done))
    }

    async fn refunds(&self, orders: &[OrderId]) -> Result<Vec<RefundRecord>, Failure> {
        Ok(store::payment::refund::of_orders(&self.0, orders).await?)
    }
}

/// Saves the gateway's answer and its consequences. If the attempt was already settled without
/// this answer, only an approval still counts: money that no order waits for is refunded.
async fn settle(app: &App, payment: Payment, answer: &GatewayAnswer) -> Result<(), Failure> {
    match settle_open(app, payment, answer).await {
        Err(StoreError::Conflict) => {}
        other => return conclude(app, &other?).await,
    }
    let Some(settled) = store::payment::load(&app.store, payment.id).await? else { return Ok(()) };
    let now = app.now();
    if let Some(void) = void(app, &settled.settle(answer, &app.settings.payment, now))
        && store::payment::taken_in_vain(&app.store, &settled, &void, now).await?
    {
        tracing::error!(payment = %settled.id, amount = %void.amount, "an approval came too late; it goes back");
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
    // A settled payment keeps its reminder too, until the order has taken over the outcome.
    let looks = if payment.status.is_open() { payment.asked } else { 0 };
    let follow = Follow {
        ask_at: Payment::ask_again_after(looks).map(|wait| now + wait),
        taken: settlement.taken,
        void: void(app, &settlement),
        late_at: times.late_look(0).filter(|_| settlement.may_come_late).map(|wait| now + wait),
    };
    store::payment::settle(&app.store, &payment, &follow, now).await?;
    Ok(payment)
}

/// The refund of money that was taken unexpectedly, if any.
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

/// Passes the outcome of the payment to the order. If the order is dead, the money is refunded;
/// if the payment failed after the order's deadline, the order expires.
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
        Ok(_) => {}
        // The order has taken over the outcome already, or has ended. Not so if other commits came
        // first each time: then nothing was decided.
        Err(Failure::Refused(Refused { kind: Kind::Conflict, code, .. })) if code != "conflict" => {}
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
