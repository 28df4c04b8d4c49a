//! What one noun does because of another's event.
//!
//! Every reaction may run twice and must come out the same: it is told the
//! event by its channel and offset, and asks an entity that knows what it has
//! already done.

use domain::{Channel, Failure};
use store::journal::Recorded;

use crate::App;

/// Runs what reacts to `event` of `channel`. An error has it run again later.
pub async fn react(_app: &App, channel: &Channel, event: &Recorded) -> Result<(), Failure> {
    // Each noun has its arm here: `(Channel::Order(id), "order.accepted") => tracking::request(app, *id).await`.
    tracing::debug!(%channel, kind = event.kind, "nobody reacts to this");
    Ok(())
}
