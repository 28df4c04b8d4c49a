//! What an order does when it is reminded.

use domain::order::{Command, OrderReminder, RejectReason, Status};
use domain::{Failure, OrderId};

use super::{find, system};
use crate::App;

/// A reminder of an order is due.
pub(crate) async fn remind(app: &App, reminder: OrderReminder) -> Result<(), Failure> {
    match reminder {
        OrderReminder::PaymentOverdue { order } => payment_overdue(app, order).await,
        OrderReminder::SlotNear { order } => system(app, order, Command::Release).await,
        OrderReminder::AcceptNudge { order } => nudge(app, order).await,
        OrderReminder::AcceptOverdue { order } => {
            let reject = Command::Reject { reason: RejectReason::NoAnswer, sold_out: Vec::new() };
            system(app, order, reject).await
        }
        OrderReminder::CancelRequestLapsed { order } => system(app, order, Command::LapseCancelRequest).await,
        OrderReminder::CompletionDue { order } => system(app, order, Command::Complete { code: None }).await,
    }
}

/// The order was not paid in time. While money may still come it does not
/// expire; what becomes of the payment then ends it.
async fn payment_overdue(app: &App, id: OrderId) -> Result<(), Failure> {
    if app.open_payments.is_open(id).await? {
        return Ok(());
    }
    system(app, id, Command::Expire).await
}

/// The restaurant has not answered for a while: its board is told so.
async fn nudge(app: &App, id: OrderId) -> Result<(), Failure> {
    let order = find(app, id).await?;
    match order.status {
        Status::Placed => Ok(store::order::nudge(&app.store, &order, app.now()).await?),
        _ => Ok(()),
    }
}
