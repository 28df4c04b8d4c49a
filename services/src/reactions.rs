//! What one noun does because of another's event.
//!
//! Every reaction may run twice and must come out the same: it is told the
//! event by its channel and offset, and asks an entity that knows what it has
//! already done.

use domain::tracking::OrderFact;
use domain::{Channel, Failure};
use store::journal::Recorded;

use crate::{App, order, payment, tracking};

/// Runs what reacts to `event` of `channel`. An error has it run again later, also where
/// nothing here reacts: only an event that somebody reacts to makes a job, so this one
/// waits for a process of the version that made it.
pub async fn react(app: &App, channel: &Channel, event: &Recorded) -> Result<(), Failure> {
    match (channel, event.kind.as_str()) {
        // Jobs of an older version, which emptied the cart before it was paid for.
        (Channel::Order(_), "order.created") => Ok(()),
        (Channel::Order(id), "order.placed" | "order.scheduled") => order::clear_cart(app, *id).await,
        (Channel::Order(id), "order.accepted") => tracking::request(app, *id).await,
        (Channel::Order(id), "order.picked_up") => tracking::follow(app, *id, OrderFact::PickedUp).await,
        (Channel::Order(id), "order.delivered") => tracking::follow(app, *id, OrderFact::Delivered).await,
        (Channel::Order(id), "order.rejected") => {
            order::mark_sold_out(app, *id, event).await?;
            payment::refund::due(app, *id).await
        }
        (Channel::Order(id), "order.cancelled") => {
            tracking::follow(app, *id, OrderFact::Cancelled).await?;
            payment::refund::due(app, *id).await
        }
        (Channel::Order(id), "order.delivery_failed") => {
            tracking::follow(app, *id, OrderFact::Failed).await?;
            payment::refund::due(app, *id).await
        }
        (Channel::Delivery(id), "delivery.assigned" | "delivery.unassigned") => {
            tracking::tell_order(app, *id).await
        }
        (channel, kind) => Err(Failure::fault(format!("nobody here reacts to {kind} of {channel}"))),
    }
}
