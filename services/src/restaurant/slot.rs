//! The slots for which orders can be scheduled.

use chrono::{Duration, NaiveDate};
use domain::restaurant::Restaurant;
use domain::restaurant::slot::{self, SLOT_DAYS, SLOT_MINS, Slot};
use domain::tracking::Vehicle;
use domain::{Failure, LatLon, OrderId, RestaurantId, Timestamp, UserId, week};

use crate::App;

/// The slots of a day in Korea that can be chosen now, for an order to `door` or, without one, to be
/// collected. None on days beyond the next week.
pub async fn slots(
    app: &App,
    id: RestaurantId,
    day: NaiveDate,
    door: Option<LatLon>,
) -> Result<Vec<Slot>, Failure> {
    let restaurant = super::shown(app, id).await?;
    let today = week::date_of(app.now());
    // No calendar has days after the last one.
    if day < today || day.signed_duration_since(today).num_days() > SLOT_DAYS {
        return Ok(Vec::new());
    }
    let travel = door.map(|door| travel(app, restaurant.position, door)).unwrap_or_default();
    let midnight = week::midnight(day);
    let span = (midnight, midnight + Duration::days(1));
    let scheduled = store::restaurant::slot::scheduled(&app.store, id, span, None).await?;
    Ok(restaurant.slots(day, travel, &scheduled, app.now(), &app.holidays()))
}

/// How many orders there are for the slot to which a moment belongs, without an unpaid one of this customer,
/// whose place another one would take.
pub(crate) async fn scheduled_beside(
    app: &App,
    restaurant: &Restaurant,
    at: Timestamp,
    customer: UserId,
) -> Result<u32, Failure> {
    if restaurant.rules.orders_per_slot.is_none() {
        return Ok(0);
    }
    let starts_at = slot::start(at);
    let span = (starts_at, starts_at + Duration::minutes(SLOT_MINS));
    let orders = store::restaurant::slot::scheduled(&app.store, restaurant.id, span, Some(customer)).await?;
    Ok(orders.values().sum())
}

/// The orders that are scheduled at a restaurant from now on.
pub(crate) async fn scheduled(app: &App, id: RestaurantId) -> Result<Vec<OrderId>, Failure> {
    Ok(store::restaurant::slot::orders(&app.store, id, slot::start(app.now())).await?)
}

/// The travel time by motorbike, including the hand-over.
pub(crate) fn travel(app: &App, from: LatLon, to: LatLon) -> Duration {
    let eta = &app.settings.tracking.courier.eta;
    eta.travel(Vehicle::Motorbike, from, to) + eta.hand_over
}
