//! Durable timers that are due, each passed to the noun that set it.

use domain::{Failure, Reminder};

use crate::tracking::dispatch;
use crate::{App, auth, menu, order, payment, privacy, restaurant, support, user};

/// Passes the reminder to its noun. After an error it is retried later.
pub async fn remind(app: &App, reminder: Reminder) -> Result<(), Failure> {
    match reminder {
        Reminder::Order(reminder) => order::remind(app, reminder).await,
        Reminder::Payment(reminder) => payment::remind(app, reminder).await,
        Reminder::Dispatch(reminder) => dispatch::remind(app, reminder).await,
        Reminder::Support(reminder) => support::remind(app, reminder).await,
        Reminder::User(reminder) => user::remind(app, reminder).await,
        Reminder::Social(reminder) => auth::social::remind(app, reminder).await,
        Reminder::Code(reminder) => auth::remind(app, reminder).await,
        Reminder::Menu(reminder) => menu::remind(app, reminder).await,
        Reminder::Privacy(reminder) => privacy::remind(app, reminder).await,
        Reminder::Restaurant(reminder) => restaurant::remind(app, reminder).await,
    }
}
