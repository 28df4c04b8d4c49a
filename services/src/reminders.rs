//! Durable timers that fire: each becomes a command to the noun that set it.

use domain::order::{Command, RejectReason};
use domain::{Failure, Reminder};

use crate::{App, dispatch, order, payment, support};

/// Does what is due. An error has it run again later.
pub async fn remind(app: &App, reminder: Reminder) -> Result<(), Failure> {
    match reminder {
        Reminder::AgentAway { agent } => support::agent_away(app, agent).await,
        Reminder::PaymentOverdue { order } => order::payment_overdue(app, order).await,
        Reminder::PaymentUnknown { order } => payment::look_again(app, order).await,
        Reminder::PaymentLate { payment, looks } => payment::look_late(app, payment, looks).await,
        Reminder::RefundDue { refund } => payment::refund::carry_out(app, refund).await,
        Reminder::SlotNear { order } => order::system(app, order, Command::Release).await,
        Reminder::AcceptNudge { order } => order::nudge(app, order).await,
        Reminder::AcceptOverdue { order } => {
            let reject = Command::Reject { reason: RejectReason::NoAnswer, sold_out: Vec::new() };
            order::system(app, order, reject).await
        }
        Reminder::CancelRequestLapsed { order } => {
            order::system(app, order, Command::LapseCancelRequest).await
        }
        Reminder::LookForCourier { order } => dispatch::advance(app, order).await,
        Reminder::NoCourierFound { order } => dispatch::alert(app, order).await,
        Reminder::CompletionDue { order } => {
            order::system(app, order, Command::Complete { code: None }).await
        }
    }
}
