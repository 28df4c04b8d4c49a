//! Finding a courier: offers to the nearest few, wait for answers, then search further.
//!
//! Everything that changes a delivery's offers holds the lock of the delivery's row, so making,
//! answering and expiring offers is serialised over all processes. Later actions are durable
//! reminders with a key per delivery.

use std::collections::HashMap;

use domain::tracking::dispatch::{Candidate, Choice, choose};
use domain::tracking::offer::{Offer, OfferEvents, OfferRefusal, OfferStatus, Offers};
use domain::tracking::{Carrier, Delivery, DeliveryEvent, DispatchReminder, OrderFact};
use domain::{Channel, CourierId, Failure, OfferId, OrderId, Principal, Timestamp};
use store::{StoreError, Tx, jobs, journal, tracking};

use super::delivery::{announce, tell_courier_and_save, view};
use super::{View, courier};
use crate::conflict::retried;
use crate::{App, gazetteer};

/// The most couriers that one round considers.
const CANDIDATES_MAX: usize = 64;

/// A delivery and its offers, read under the lock of the delivery's row.
struct Held {
    delivery: Delivery,
    offers: Offers,
}

/// The result of a decision under the lock.
struct Outcome {
    delivery: Delivery,
    events: Vec<DeliveryEvent>,
    offers: Offers,
    told: OfferEvents,
    /// When to search again; none ends the search.
    look_again: Option<Timestamp>,
}

fn look_key(order: OrderId) -> String {
    format!("dispatch:{order}")
}

fn alert_key(order: OrderId) -> String {
    format!("no-courier:{order}")
}

/// Sets the reminders of a new delivery: the search, and the alert if no courier takes it in time.
pub(crate) fn start_search(app: &App, tx: &mut Tx, delivery: &Delivery) {
    let order = delivery.order;
    let at = delivery.requested_at + app.settings.tracking.dispatch.alert_after;
    // If the process dies before the first round, the reminder starts it.
    jobs::remind(tx, &look_key(order), delivery.requested_at, DispatchReminder::LookForCourier { order });
    jobs::remind(tx, &alert_key(order), at, DispatchReminder::NoCourierFound { order });
}

/// Deliveries without a courier that were requested before `since`, oldest first, at most `limit`.
pub(crate) async fn unclaimed(
    app: &App,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<(OrderId, Timestamp)>, Failure> {
    Ok(tracking::unclaimed(&app.store, since, limit).await?)
}

/// Handles a due reminder of dispatch.
pub(crate) async fn remind(app: &App, reminder: DispatchReminder) -> Result<(), Failure> {
    match reminder {
        DispatchReminder::LookForCourier { order } => advance(app, order).await,
        DispatchReminder::NoCourierFound { order } => alert(app, order).await,
        DispatchReminder::CourierStopped { courier } => courier::stop(app, courier).await,
    }
}

/// Expires offers that were not answered in time and, if none is pending, makes offers to the
/// next couriers.
pub async fn advance(app: &App, order: OrderId) -> Result<(), Failure> {
    retried(async || Ok(try_advance(app, order).await?)).await
}

async fn try_advance(app: &App, order: OrderId) -> Result<(), StoreError> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let Some(held) = hold(&mut tx, order).await? else { return Ok(()) };
    if !held.delivery.status.is_open() {
        return Ok(());
    }
    let before = held.offers.clone();
    let (offers, told) = held.offers.expire(now);
    let mut outcome = Outcome { delivery: held.delivery, events: Vec::new(), offers, told, look_again: None };
    if !outcome.offers.any_pending() {
        let choices = candidates(app, &mut tx, &outcome, now).await?;
        ask(app, &mut outcome, &choices, now);
    }
    let pending = outcome.offers.0.iter().filter(|offer| offer.status == OfferStatus::Pending);
    let wait = app.settings.tracking.dispatch.answer_within;
    outcome.look_again = Some(pending.map(|offer| offer.expires_at).min().unwrap_or(now + wait));
    settle(&mut tx, &before, &outcome, now).await?;
    tx.commit().await
}

/// The couriers to make offers to now: near, on shift, with capacity left.
async fn candidates(
    app: &App,
    tx: &mut Tx,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<Vec<Choice>, StoreError> {
    let settings = &app.settings.tracking.dispatch;
    let pickup = outcome.delivery.pickup.position;
    let near = app.geo_index().near(pickup, settings.max_radius_m, CANDIDATES_MAX).await;
    let ids: Vec<CourierId> = near.iter().map(|spotted| spotted.courier).collect();
    let carried = tracking::loads(tx, &ids).await?;
    let asked: HashMap<CourierId, u32> = tracking::asked(tx, &ids).await?;
    let candidates: Vec<Candidate> = near
        .iter()
        .filter_map(|spotted| {
            let load = carried.get(&spotted.courier)? + asked.get(&spotted.courier).copied().unwrap_or(0);
            Some(Candidate { courier: spotted.courier, position: spotted.position, at: spotted.at, load })
        })
        .collect();
    Ok(choose(settings, pickup, &outcome.offers, &candidates, now))
}

/// Makes offers to the chosen couriers.
fn ask(app: &App, outcome: &mut Outcome, choices: &[Choice], now: Timestamp) {
    if choices.is_empty() {
        return;
    }
    let settings = &app.settings.tracking.dispatch;
    let (pickup, drop_off) = (outcome.delivery.pickup.position, outcome.delivery.drop_off.position);
    let round = outcome.offers.rounds();
    for choice in choices {
        let offer = Offer {
            id: app.ids.uuid().into(),
            order: outcome.delivery.order,
            courier: choice.courier,
            status: OfferStatus::Pending,
            round,
            restaurant_name: outcome.delivery.pickup.name.clone(),
            pickup,
            drop_off,
            dong: None,
            distance_m: choice.distance_m,
            fee: settings.fee(pickup, drop_off),
            expires_at: now + settings.answer_within,
        };
        outcome.told.push((choice.courier, domain::tracking::OfferEvent::Made(coarse(app, offer.clone()))));
        outcome.offers.0.push(offer);
    }
    if let Ok((delivery, events)) = outcome.delivery.clone().offer() {
        outcome.delivery = delivery;
        outcome.events = events;
    }
}

/// The offer as its courier may see it: before acceptance, only the neighbourhood of the drop-off.
pub(crate) fn coarse(app: &App, mut offer: Offer) -> Offer {
    let dong = gazetteer::neighbourhood(app, offer.drop_off);
    offer.dong = dong.name;
    offer.drop_off = dong.position;
    offer
}

/// Accepts an offer. Exactly one courier gets the delivery; the other offers are revoked.
pub async fn accept(app: &App, who: &Principal, offer: OfferId) -> Result<View, Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    let order = order_of(app, offer, courier).await?;
    let delivery = retried(async || try_accept(app, order, offer, courier).await).await?;
    view(app, delivery, domain::Party::Courier.into()).await
}

async fn try_accept(
    app: &App,
    order: OrderId,
    offer: OfferId,
    courier: CourierId,
) -> Result<Delivery, Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let held = hold(&mut tx, order).await?.ok_or_else(|| Failure::not_found("offer"))?;
    let before = held.offers.clone();
    let (offers, told) = held.offers.accept(offer, courier, now)?;
    if told.is_empty() {
        return Ok(held.delivery);
    }
    // Locks the courier's row until the commit, so that concurrent acceptances by one courier
    // are counted one after another against the limit.
    let row = tracking::lock_courier(&mut tx, courier).await?.ok_or_else(|| Failure::not_found("courier"))?;
    let carried = tracking::carried(&mut tx, courier).await?;
    app.settings.tracking.dispatch.admit(row.on_shift, carried)?;
    let carrier = Carrier { courier, name: row.name, vehicle: row.vehicle };
    let (delivery, events) = held.delivery.assign(carrier)?;
    let outcome = Outcome { delivery, events, offers, told, look_again: None };
    settle(&mut tx, &before, &outcome, now).await?;
    tx.commit().await?;
    announce(app, outcome.delivery.carrier.as_ref());
    Ok(outcome.delivery)
}

/// Declines an offer. If no other offer is pending, the next couriers get offers.
pub async fn decline(app: &App, who: &Principal, offer: OfferId) -> Result<(), Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    let order = order_of(app, offer, courier).await?;
    let mut tx = app.store.begin().await?;
    let held = hold(&mut tx, order).await?.ok_or_else(|| Failure::not_found("offer"))?;
    let before = held.offers.clone();
    let offers = held.offers.decline(offer, courier)?;
    tracking::save_offers(&mut tx, &before, &offers).await?;
    tx.commit().await?;
    advance(app, order).await
}

/// Unassigns a courier before pickup, and starts a new search.
pub(crate) async fn unassign(app: &App, order: OrderId, courier: CourierId) -> Result<Delivery, Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let held = hold(&mut tx, order).await?.ok_or_else(|| Failure::not_found("delivery"))?;
    let before = held.offers.clone();
    let carrier = held.delivery.carrier.clone();
    let (delivery, events) = held.delivery.drop_out(courier)?;
    let offers = held.offers.drop_out(courier);
    tracking::save_offers(&mut tx, &before, &offers).await?;
    tell_courier_and_save(&mut tx, carrier.as_ref(), &delivery, &events, now).await?;
    let alert_at = now + app.settings.tracking.dispatch.alert_after;
    jobs::remind(&mut tx, &look_key(order), now, DispatchReminder::LookForCourier { order });
    jobs::remind(&mut tx, &alert_key(order), alert_at, DispatchReminder::NoCourierFound { order });
    tx.commit().await?;
    announce(app, carrier.as_ref());
    app.fabric().forget(&Channel::Delivery(order));
    Ok(delivery)
}

/// Cancels the delivery of a cancelled order: revokes its offers and frees its courier.
pub(crate) async fn cancel(app: &App, order: OrderId) -> Result<Delivery, Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let held = hold(&mut tx, order).await?.ok_or_else(|| Failure::not_found("delivery"))?;
    let before = held.offers.clone();
    let (delivery, events) = held.delivery.follow(OrderFact::Cancelled)?;
    let (offers, told) = held.offers.revoke();
    let outcome = Outcome { delivery, events, offers, told, look_again: None };
    settle(&mut tx, &before, &outcome, now).await?;
    tx.commit().await?;
    announce(app, outcome.delivery.carrier.as_ref());
    Ok(outcome.delivery)
}

/// Logs that no courier took the delivery in time; the search continues.
async fn alert(app: &App, order: OrderId) -> Result<(), Failure> {
    let Some(delivery) = tracking::delivery(&app.store, order).await? else { return Ok(()) };
    if delivery.status.is_open() {
        metrics::counter!("dispatch_no_courier_total").increment(1);
        tracing::error!(%order, requested_at = %delivery.requested_at, "no courier takes this delivery");
    }
    Ok(())
}

async fn order_of(app: &App, offer: OfferId, courier: CourierId) -> Result<OrderId, Failure> {
    let order = tracking::offer_order(&app.store, offer, courier).await?;
    order.ok_or_else(|| OfferRefusal::NotYours.into())
}

async fn hold(tx: &mut Tx, order: OrderId) -> Result<Option<Held>, StoreError> {
    let Some(delivery) = tracking::lock(tx, order).await? else { return Ok(None) };
    let offers = tracking::offers(tx, order).await?;
    Ok(Some(Held { delivery, offers }))
}

/// Saves the outcome, appends its events to the channels of the couriers concerned, and sets or
/// cancels the reminders.
async fn settle(tx: &mut Tx, before: &Offers, outcome: &Outcome, now: Timestamp) -> Result<(), StoreError> {
    let Outcome { delivery, events, offers, told, look_again } = outcome;
    tracking::save_offers(tx, before, offers).await?;
    for (courier, event) in told {
        journal::append_feed(tx, &Channel::Courier(*courier), std::slice::from_ref(event), now);
    }
    tell_courier_and_save(tx, delivery.carrier.as_ref(), delivery, events, now).await?;
    let order = delivery.order;
    match look_again {
        Some(at) => jobs::remind(tx, &look_key(order), *at, DispatchReminder::LookForCourier { order }),
        None => {
            jobs::forget(tx, &look_key(order));
            jobs::forget(tx, &alert_key(order));
        }
    }
    Ok(())
}
