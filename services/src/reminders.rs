//! Durable timers that fire: each becomes a command to the noun that set it.

use domain::{Failure, Reminder};

use crate::{App, support};

/// Does what is due. An error has it run again later.
pub async fn remind(app: &App, reminder: Reminder) -> Result<(), Failure> {
    match reminder {
        Reminder::AgentAway { agent } => support::agent_away(app, agent).await,
        reminder => {
            tracing::debug!(?reminder, "nobody waits for this reminder");
            Ok(())
        }
    }
}
