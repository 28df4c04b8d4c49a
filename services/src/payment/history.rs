//! What was paid and what went back: for the customer who paid, and for operators.

use std::collections::HashMap;

use domain::order::Order;
use domain::payment::{Payment, RefundRecord, RefundStatus};
use domain::{Failure, OrderId, PaymentId, Principal, Role, UserId, Won};
use store::payment::PaymentScope;

use crate::{App, order};

/// A payment with its order and its refunds.
#[derive(Clone, Debug)]
pub struct PaymentView {
    /// The payment.
    pub payment: Payment,
    /// The name of the restaurant; empty if the order is not kept any more.
    pub restaurant_name: String,
    /// What of it went back, or is going to, oldest first.
    pub refunds: Vec<RefundRecord>,
}

impl PaymentView {
    /// What the gateway has given back.
    pub fn refunded(&self) -> Won {
        let done = self.refunds.iter().filter(|record| record.refund.status == RefundStatus::Succeeded);
        Won(done.map(|record| record.refund.amount.0).sum())
    }
}

/// A payment, and all tries to pay the same order.
#[derive(Clone, Debug)]
pub struct PaymentDetail {
    /// The payment.
    pub payment: PaymentView,
    /// All tries, oldest first, this one included.
    pub tries: Vec<Payment>,
}

/// Whose payments are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct PaymentFilter {
    /// Those of one order.
    pub order: Option<OrderId>,
    /// Those of one customer; for operators only, of oneself otherwise.
    pub customer: Option<UserId>,
}

/// Payments newest first: an operator sees everybody's, all others their own.
pub async fn list(
    app: &App,
    who: &Principal,
    wanted: PaymentFilter,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<PaymentView>, Failure> {
    let is_visible = |payment: &Payment| {
        (who.is(Role::Admin) || payment.customer == who.user)
            && wanted.customer.is_none_or(|customer| payment.customer == customer)
    };
    let payments = if let Some(order) = wanted.order {
        let mut all = of_order(app, order).await?;
        all.retain(|payment| is_visible(payment) && before.is_none_or(|before| payment.id < before));
        all.into_iter().rev().take(limit as usize).collect()
    } else {
        let whose = match wanted.customer {
            Some(customer) if who.is(Role::Admin) || customer == who.user => PaymentScope::Customer(customer),
            Some(_) => return Ok(Vec::new()),
            None if who.is(Role::Admin) => PaymentScope::All,
            None => PaymentScope::Customer(who.user),
        };
        store::payment::list(&app.store, whose, before, limit).await?
    };
    with_refunds(app, payments).await
}

/// One payment. Somebody else's does not exist, but for operators.
pub async fn show(app: &App, who: &Principal, id: PaymentId) -> Result<PaymentDetail, Failure> {
    let found = store::payment::load(&app.store, id).await?;
    let found = found.filter(|payment| who.is(Role::Admin) || payment.customer == who.user);
    let payment = found.ok_or_else(|| Failure::not_found("payment"))?;
    let tries = of_order(app, payment.order).await?;
    let mut views = with_refunds(app, vec![payment]).await?;
    let payment = views.pop().ok_or_else(|| Failure::not_found("payment"))?;
    Ok(PaymentDetail { payment, tries })
}

/// All tries to pay an order, oldest first.
async fn of_order(app: &App, order: OrderId) -> Result<Vec<Payment>, Failure> {
    let mut payments = store::payment::of_orders(&app.store, &[order]).await?;
    payments.sort_by_key(|payment| payment.id);
    Ok(payments)
}

async fn with_refunds(app: &App, payments: Vec<Payment>) -> Result<Vec<PaymentView>, Failure> {
    let ids: Vec<OrderId> = payments.iter().map(|payment| payment.order).collect();
    let mut refunds = store::payment::refund::of_orders(&app.store, &ids).await?;
    refunds.sort_by_key(|record| record.refund.id);
    let orders = order::find_many(app, &ids).await?;
    let names: HashMap<OrderId, &Order> = orders.iter().map(|order| (order.id, order)).collect();
    let view = |payment: Payment| PaymentView {
        restaurant_name: names
            .get(&payment.order)
            .map(|order| order.restaurant_name.clone())
            .unwrap_or_default(),
        refunds: refunds.iter().filter(|record| record.refund.payment == payment.id).copied().collect(),
        payment,
    };
    Ok(payments.into_iter().map(view).collect())
}
