//! What everybody who looks at a restaurant is told: events on `restaurant:{id}`, and the timers of
//! what ends by itself.

use std::collections::HashMap;

use domain::restaurant::{
    LiveState, Restaurant, RestaurantEvent, RestaurantEventKind, RestaurantFact, RestaurantReminder,
};
use domain::{Channel, EventKind as _, Failure, RestaurantId, Timestamp};
use store::fabric::Notice;
use store::{Tx, jobs, journal};

use super::calendar;
use crate::App;
use crate::module::Module;

/// The worker that follows the calendar.
pub(crate) fn module() -> Module {
    Module::default().worker("calendar", calendar::follow)
}

/// Tells who looks at a restaurant what happened to it, once the transaction is committed.
pub(crate) async fn announce(
    app: &App,
    tx: &mut Tx,
    id: RestaurantId,
    fact: RestaurantFact,
) -> Result<(), Failure> {
    if let Some(restaurant) = store::restaurant::lock(tx, id).await? {
        append(app, tx, &restaurant, fact);
    }
    Ok(())
}

pub(super) fn append(app: &App, tx: &mut Tx, restaurant: &Restaurant, fact: RestaurantFact) {
    let now = app.now();
    let event = RestaurantEvent { now: LiveState::of(restaurant, now, &app.holidays()), fact };
    journal::append_feed(tx, &Channel::Restaurant(restaurant.id), &[event], now);
}

/// The offset of the last event of each restaurant that has one.
pub(crate) async fn offsets(app: &App, ids: &[RestaurantId]) -> Result<HashMap<RestaurantId, u64>, Failure> {
    let channels: Vec<Channel> = ids.iter().copied().map(Channel::Restaurant).collect();
    let heads = journal::heads(&app.store, &channels).await?.into_iter();
    let of_restaurant = |(channel, offset)| match channel {
        Channel::Restaurant(id) => Some((id, offset)),
        _ => None,
    };
    Ok(heads.filter_map(of_restaurant).collect())
}

/// Whether a pause was begun or ended at that moment or later.
pub(super) async fn was_paused_or_resumed_since(
    app: &App,
    id: RestaurantId,
    at: Timestamp,
) -> Result<bool, Failure> {
    /// More than happens to a restaurant before anybody reacts to it.
    const NEWEST: u32 = 100;
    let channel = Channel::Restaurant(id);
    let heads = journal::heads(&app.store, std::slice::from_ref(&channel)).await?;
    let head = heads.first().map_or(0, |(_, offset)| *offset);
    let newest = journal::since(&app.store, &channel, head.saturating_sub(NEWEST.into()), NEWEST).await?;
    let decides =
        [RestaurantEventKind::Paused, RestaurantEventKind::Resumed].map(RestaurantEventKind::as_str);
    Ok(newest.iter().any(|event| event.at >= at && decides.contains(&event.kind.as_str())))
}

/// Sets the timers of what ends by itself, in the place of earlier ones.
pub(super) fn remind_of_ends(tx: &mut Tx, restaurant: &Restaurant, now: Timestamp) {
    let id = restaurant.id;
    let pause = restaurant.paused_until.filter(|until| *until > now);
    timer(tx, &format!("pause-{id}"), pause, |until| RestaurantReminder::PauseOver { restaurant: id, until });
    let busy = restaurant.busy.map(|busy| busy.until).filter(|until| *until > now);
    timer(tx, &format!("busy-{id}"), busy, |until| RestaurantReminder::BusyOver { restaurant: id, until });
}

fn timer(
    tx: &mut Tx,
    key: &str,
    until: Option<Timestamp>,
    reminder: impl FnOnce(Timestamp) -> RestaurantReminder,
) {
    match until {
        Some(until) => jobs::remind(tx, key, until, reminder(until)),
        None => jobs::forget(tx, key),
    }
}

/// Tells that a pause or a busy time is over, unless there is another one by now.
pub(crate) async fn remind(app: &App, reminder: RestaurantReminder) -> Result<(), Failure> {
    let (RestaurantReminder::PauseOver { restaurant, .. } | RestaurantReminder::BusyOver { restaurant, .. }) =
        reminder;
    let mut tx = app.store.begin().await?;
    let Some(restaurant) = store::restaurant::lock(&mut tx, restaurant).await? else { return Ok(()) };
    let fact = match reminder {
        RestaurantReminder::PauseOver { until, .. } => {
            (restaurant.paused_until == Some(until)).then_some(RestaurantFact::Resumed)
        }
        RestaurantReminder::BusyOver { until, .. } => {
            restaurant.busy.is_some_and(|busy| busy.until == until).then_some(RestaurantFact::Calm)
        }
    };
    if let Some(fact) = fact {
        append(app, &mut tx, &restaurant, fact);
        // Its row stays as it is. But each process knows up to which event it has read the restaurant.
        tx.announce(Notice::RestaurantChanged(restaurant.id));
    }
    Ok(tx.commit().await?)
}
