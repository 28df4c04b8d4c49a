//! Paying in the gateway's window, without saving what is paid with. The payment begins when the customer's
//! page brings the gateway's key back: it is written down first, like any other, and then confirmed. Repeated
//! with the same key it goes on where it stopped.

use chrono::TimeDelta;
use domain::order::{Order, Status};
use domain::payment::{GatewayAnswer, PaymentRequest};
use domain::{Failure, OrderId, PaymentId, Principal, Won};
use store::payment::request as rows;

use super::{Confirmation, Window, begin, check_payable, heard, settle};
use crate::{App, order};

/// How long requests are kept of which nothing came.
const KEPT: TimeDelta = TimeDelta::days(1);

/// Fixes the amount, and tells what the customer's page needs to open the window.
pub async fn request(app: &App, who: &Principal, id: OrderId) -> Result<(PaymentRequest, Window), Failure> {
    let order = order::theirs(app, who, id).await?;
    check_payable(app, &order).await?;
    let request = PaymentRequest {
        id: PaymentId(app.ids.uuid()),
        order: order.id,
        customer: who.user,
        amount: order.payable,
        created_at: app.now(),
    };
    rows::insert(&app.store, &request).await?;
    Ok((request, app.third_parties.gateway.window()))
}

/// Takes the money of what the customer agreed to in the window, if it is still what the order costs. An
/// order that is paid already is returned unchanged.
pub async fn confirm(
    app: &App,
    who: &Principal,
    order: OrderId,
    id: PaymentId,
    gateway_key: &str,
    amount: Won,
) -> Result<Order, Failure> {
    let order = order::theirs(app, who, order).await?;
    let request = rows::load(&app.store, id).await?.filter(|request| request.order == order.id);
    let request = request.ok_or_else(|| Failure::not_found("payment_request"))?;
    if order.status != Status::PendingPayment && !order.is_dead() {
        return Ok(order);
    }
    check_payable(app, &order).await?;
    request.check(amount, order.payable, app.now())?;
    let (payment, is_first) = match begin(app, &order, id, None).await? {
        Ok(begun) => (begun, true),
        // Confirmed before: whoever did may not have heard the answer, nor the gateway the question.
        Err(refusal) => match store::payment::load(&app.store, id).await? {
            Some(known) if known.status.is_open() => (known, false),
            Some(_) => return Ok(order),
            None => return Err(refusal.into()),
        },
    };
    let confirmation = Confirmation { gateway_key, key: id, amount: payment.amount };
    let answer = heard(id, app.third_parties.gateway.confirm(&confirmation)).await;
    // What declines this try says nothing of the one before, which may have taken the money.
    let is_known = is_first || matches!(answer, GatewayAnswer::Approved { .. });
    settle(app, payment, if is_known { &answer } else { &GatewayAnswer::Unknown }).await?;
    order::find(app, order.id).await
}

/// Forgets requests of which nothing came.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    Ok(rows::drop_before(&app.store, app.now() - KEPT).await?)
}
