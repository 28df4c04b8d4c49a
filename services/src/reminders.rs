//! Durable timers that fire: each is for the noun that set it.

use domain::{Failure, Reminder};

use crate::tracking::dispatch;
use crate::{App, order, payment, support};

/// Has the noun do what is due. An error has it run again later.
pub async fn remind(app: &App, reminder: Reminder) -> Result<(), Failure> {
    match reminder {
        Reminder::Order(reminder) => order::remind(app, reminder).await,
        Reminder::Payment(reminder) => payment::remind(app, reminder).await,
        Reminder::Dispatch(reminder) => dispatch::remind(app, reminder).await,
        Reminder::Support(reminder) => support::remind(app, reminder).await,
    }
}
