//! What one noun does because of another's event.
//!
//! Every reaction may run twice and must come out the same: it is told the
//! event by its channel and offset, and asks an entity that knows what it has
//! already done.

use domain::{Channel, Failure};
use store::journal::Recorded;

use crate::{App, order, payment};

/// Runs what reacts to `event` of `channel`. An error has it run again later.
pub async fn react(app: &App, channel: &Channel, event: &Recorded) -> Result<(), Failure> {
    match (channel, event.kind.as_str()) {
        (Channel::Order(id), "order.created") => order::clear_cart(app, *id).await,
        (Channel::Order(id), "order.rejected" | "order.cancelled" | "order.delivery_failed") => {
            payment::refund(app, *id).await
        }
        _ => {
            tracing::debug!(%channel, kind = event.kind, "nobody reacts to this");
            Ok(())
        }
    }
}
