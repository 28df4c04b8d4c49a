//! Durable timers that fire: each has a function in the noun that set it, and a line here.

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
        Reminder::SlotNear { order } => order::slot_near(app, order).await,
        Reminder::AcceptNudge { order } => order::nudge(app, order).await,
        Reminder::AcceptOverdue { order } => order::accept_overdue(app, order).await,
        Reminder::CancelRequestLapsed { order } => order::cancel_request_lapsed(app, order).await,
        Reminder::LookForCourier { order } => dispatch::advance(app, order).await,
        Reminder::NoCourierFound { order } => dispatch::alert(app, order).await,
        Reminder::CompletionDue { order } => order::completion_due(app, order).await,
    }
}
