//! Durable timers that fire: each becomes a command to the noun that set it.

use domain::{Failure, Reminder};

use crate::App;

/// Does what is due. An error has it run again later.
pub async fn remind(_app: &App, reminder: Reminder) -> Result<(), Failure> {
    tracing::debug!(?reminder, "nobody waits for this reminder");
    Ok(())
}
