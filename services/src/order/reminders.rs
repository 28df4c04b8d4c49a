//! The durable timers of an order.

use domain::order::{Command, OrderReminder, RejectReason, Status};
use domain::{Failure, OrderId};

use super::{find, slots, system};
use crate::App;

/// Handles a due reminder of an order.
pub(crate) async fn remind(app: &App, reminder: OrderReminder) -> Result<(), Failure> {
    match reminder {
        OrderReminder::PaymentOverdue { order } => payment_overdue(app, order).await,
        OrderReminder::SlotNear { order } => system(app, order, Command::Release).await,
        OrderReminder::SlotClosed { order } => slots::give_up(app, order).await,
        OrderReminder::AcceptNudge { order } => nudge(app, order).await,
        OrderReminder::AcceptOverdue { order } => {
            let reject = Command::Reject { reason: RejectReason::NoAnswer, sold_out: Vec::new() };
            system(app, order, reject).await
        }
        OrderReminder::CancelRequestLapsed { order } => system(app, order, Command::LapseCancelRequest).await,
        OrderReminder::CompletionDue { order } => system(app, order, Command::Complete { code: None }).await,
    }
}

/// Expires an order that was not paid in time. While a payment is open or done the order does
/// not expire here; the outcome of the payment decides.
async fn payment_overdue(app: &App, id: OrderId) -> Result<(), Failure> {
    if app.open_payments.is_open(id).await? {
        return Ok(());
    }
    system(app, id, Command::Expire).await
}

/// Notifies the restaurant's board if the order has still not been answered.
async fn nudge(app: &App, id: OrderId) -> Result<(), Failure> {
    let order = find(app, id).await?;
    match order.status {
        Status::Placed => Ok(store::order::nudge(&app.store, &order, app.now()).await?),
        _ => Ok(()),
    }
}
