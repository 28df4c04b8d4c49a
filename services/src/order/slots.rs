//! Scheduled orders whose restaurant changes its mind about the time.
//!
//! A restaurant that will be closed at a slot, because its hours changed, it pauses or was given up, has a
//! while to take that back. If it does not, the order is refused with all its money, long before anybody
//! waits for it.

use chrono::TimeDelta;
use domain::order::{Command, Order, RejectReason, Status};
use domain::restaurant::RestaurantEventKind;
use domain::{Failure, OrderId};

use super::{find, system};
use crate::reaction::Reaction;
use crate::{App, restaurant};

/// How long a restaurant has to open again for a slot. Whoever makes a mistake in their hours sees it by
/// then.
const SECOND_THOUGHTS: TimeDelta = TimeDelta::minutes(10);

/// Looks again later at the scheduled orders for whose slots the restaurant is closed now (subscriber).
pub async fn look_at_slots(app: App, changed: Reaction<RestaurantEventKind>) -> Result<(), Failure> {
    for id in restaurant::scheduled(&app, changed.id).await? {
        let order = find(&app, id).await?;
        if is_closed(&app, &order).await? {
            let at = changed.event.at + SECOND_THOUGHTS;
            store::order::look_at_slot(&app.store, id, at).await?;
        }
    }
    Ok(())
}

/// Refuses an order if its restaurant is still closed for its slot.
pub(super) async fn give_up(app: &App, id: OrderId) -> Result<(), Failure> {
    if !is_closed(app, &find(app, id).await?).await? {
        return Ok(());
    }
    system(app, id, Command::Reject { reason: RejectReason::SlotClosed, sold_out: Vec::new() }).await
}

/// Whether an order waits for a slot for which its restaurant is closed.
async fn is_closed(app: &App, order: &Order) -> Result<bool, Failure> {
    if order.status != Status::Scheduled {
        return Ok(false);
    }
    let restaurant = restaurant::find(app, order.restaurant).await?;
    Ok(!order.opening(&restaurant, app.now(), &app.holidays()).is_open())
}
