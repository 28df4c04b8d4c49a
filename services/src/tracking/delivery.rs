//! A delivery: who may see it, what they see of it, and how a decision on it is committed.

use std::sync::Arc;

use domain::order::{Fulfilment, Order};
use domain::tracking::delivery::{Decision, Pickup};
use domain::tracking::sight::{Precision, masked, position_audience};
use domain::tracking::{Carrier, Delivery, DeliveryStatus, Fix, eta};
use domain::{Audience, Channel, Failure, OrderId, Party, Principal, Timestamp};
use store::fabric::{Latest, Notice};
use store::journal::{self, Recorded};
use store::{StoreError, Tx, tracking};

use super::view::{self, View};
use crate::conflict::retried;
use crate::{App, gazetteer, order};

/// Fixes in one exported track: two hours at one a second, and then some.
const TRACK_MAX: u32 = 10_000;

/// Whether `who` may look at the order's delivery, and as whom. Somebody else's
/// delivery looks like none.
///
/// Its customer, its courier, the restaurant's owner once it is paid, the agent who
/// has its conversation, and operators may.
pub(super) async fn authorise(
    app: &App,
    who: &Principal,
    id: OrderId,
) -> Result<(Delivery, Audience), Failure> {
    let (delivery, placed) = find(app, id).await?;
    let mut parties = order::staff_of(app, who, id, delivery.pickup.restaurant, placed).await?;
    if delivery.customer == who.user {
        parties = parties.and(Party::Customer);
    }
    if who.courier().is_some_and(|courier| delivery.is_carried_by(courier)) {
        parties = parties.and(Party::Courier);
    }
    if parties == Audience::NOBODY { Err(none()) } else { Ok((delivery, parties)) }
}

/// The one answer for what is not theirs and what is not.
pub(super) fn none() -> Failure {
    Failure::not_found("delivery")
}

/// The delivery, or what it will be: a restaurant has not accepted the order
/// yet, so nobody was asked, but its channel can be followed already. With it,
/// whether the restaurant knows of the order.
pub(super) async fn find(app: &App, id: OrderId) -> Result<(Delivery, bool), Failure> {
    if let Some(delivery) = tracking::delivery(&app.store, id).await? {
        return Ok((delivery, true));
    }
    let order = order::load(app, id).await?.filter(|order| !order.status.is_terminal());
    let order = order.ok_or_else(none)?;
    let delivery = of_order(app, &order).ok_or_else(none)?;
    Ok((delivery, order.placed_at.is_some()))
}

/// The delivery that an order asks for; none for what the customer collects.
pub(super) fn of_order(app: &App, order: &Order) -> Option<Delivery> {
    let Fulfilment::Delivery { .. } = order.fulfilment else { return None };
    let drop_off = order.drop_off.clone()?;
    let now = app.now();
    let settings = &app.settings.tracking.courier.eta;
    let ready_by = order.ready_by.unwrap_or(now);
    Some(Delivery {
        order: order.id,
        version: 0,
        status: DeliveryStatus::Requested,
        customer: order.customer,
        pickup: Pickup {
            restaurant: order.restaurant,
            name: order.restaurant_name.clone(),
            position: order.pickup,
        },
        carrier: None,
        requested_at: now,
        ready_by,
        promised_at: eta::promise(settings, order.pickup, drop_off.position, ready_by, now),
        drop_off,
        near_told: false,
        late_told: false,
    })
}

/// Whether nothing more will happen to the delivery.
pub async fn is_over(app: &App, who: &Principal, order: OrderId) -> Result<bool, Failure> {
    Ok(authorise(app, who, order).await?.0.status.is_over())
}

/// The delivery as `who` may see it.
pub async fn show(app: &App, who: &Principal, order: OrderId) -> Result<View, Failure> {
    let (delivery, audience) = authorise(app, who, order).await?;
    view(app, delivery, audience).await
}

/// The delivery with the courier's newest position, as far as `audience` may see it.
pub(super) async fn view(app: &App, delivery: Delivery, audience: Audience) -> Result<View, Failure> {
    let seen = newest(app, &delivery).await?;
    let settings = &app.settings.tracking.courier;
    let dong = gazetteer::neighbourhood(app, delivery.drop_off.position);
    Ok(View::new(settings, delivery, dong, seen, audience, app.now()))
}

/// What happened to the delivery after `after`, as it may be told now: once it is over,
/// names are masked for whoever comes back as well.
pub(super) async fn history(
    app: &App,
    order: OrderId,
    after: u64,
    limit: u32,
) -> Result<Vec<Arc<Recorded>>, Failure> {
    let mut told = journal::since(&app.store, &Channel::Delivery(order), after, limit).await?;
    let names = |event: &Recorded| event.data["name"].as_str().map(masked);
    if told.iter().any(|event| names(event).is_some())
        && tracking::delivery(&app.store, order).await?.is_some_and(|delivery| delivery.status.is_over())
    {
        for event in &mut told {
            if let Some(name) = names(event) {
                Arc::make_mut(event).data["name"] = name.into();
            }
        }
    }
    Ok(told)
}

/// Where its courier was last, as its channel tells it.
pub(super) async fn latest(app: &App, order: OrderId) -> Result<Option<Arc<Latest>>, Failure> {
    if let Some(latest) = app.fabric().latest(&Channel::Delivery(order)).await {
        return Ok(Some(latest));
    }
    // The shared memory was lost, or the courier has not moved since the assignment.
    let Some(delivery) = tracking::delivery(&app.store, order).await? else { return Ok(None) };
    let fix = newest(app, &delivery).await?;
    let courier = delivery.carrier.as_ref().map(|carrier| carrier.courier);
    Ok(courier.zip(fix).map(|(courier, fix)| {
        actors::courier::latest(&app.settings.tracking.courier, courier, &delivery, &fix).into()
    }))
}

/// Where its courier was last: as the fabric knows it, or as the store does.
async fn newest(app: &App, delivery: &Delivery) -> Result<Option<Fix>, Failure> {
    let Some(carrier) = delivery.carrier.as_ref().filter(|_| delivery.status.is_live()) else {
        return Ok(None);
    };
    let latest = app.fabric().latest(&Channel::Delivery(delivery.order)).await;
    // Whoever carried it before may not have let go of it yet.
    if let Some(latest) = latest.filter(|latest| latest.courier == carrier.courier) {
        return Ok(Some(Fix {
            seq: 0,
            at: latest.at,
            position: latest.position,
            accuracy_m: None,
            speed_mps: latest.speed_mps.map(f64::from),
            heading_deg: latest.heading_deg.map(f64::from),
        }));
    }
    let oldest = app.now() - app.settings.tracking.courier.filter.max_age;
    Ok(tracking::newest(&app.store, carrier.courier, oldest).await?)
}

/// Where the courier went with this delivery: from the assignment, for the customer
/// from pickup on, until it was over, for the restaurant until pickup. Who may not know
/// the address does not see the last steps to it.
pub async fn track(app: &App, who: &Principal, order: OrderId) -> Result<Vec<Fix>, Failure> {
    let (delivery, audience) = authorise(app, who, order).await?;
    let Some(carrier) = &delivery.carrier else { return Ok(Vec::new()) };
    let history = journal::since(&app.store, &Channel::Delivery(order), 0, 1_000).await?;
    let at = |kind: &str| history.iter().rev().find(|event| event.kind == kind).map(|event| event.at);
    let shown_from_assignment = app.settings.tracking.courier.shown_from_assignment;
    let sees = |status| audience.hears(position_audience(status, shown_from_assignment));
    let begins = if sees(DeliveryStatus::Assigned) { "delivery.assigned" } else { "delivery.picked_up" };
    let Some(from) = at(begins) else { return Ok(Vec::new()) };
    let over = ["delivery.delivered", "delivery.cancelled", "delivery.undeliverable"];
    let picked_up = at("delivery.picked_up").filter(|_| !sees(DeliveryStatus::PickedUp));
    let until = picked_up.or_else(|| over.into_iter().find_map(at)).unwrap_or_else(|| app.now());
    let mut fixes = tracking::track(&app.store, carrier.courier, from, until, TRACK_MAX).await?;
    let (sight, door) = (Precision::of(audience, delivery.status.into()), delivery.drop_off.position);
    fixes.retain(|fix| sight.shows(fix.position, door));
    Ok(fixes)
}

/// Decides on a delivery and commits, anew where another commit came first.
pub(super) async fn decide(
    app: &App,
    order: OrderId,
    rule: impl Fn(Delivery) -> Decision,
) -> Result<Delivery, Failure> {
    retried(async || {
        let now = app.now();
        let delivery = tracking::delivery(&app.store, order).await?.ok_or_else(none)?;
        let before = delivery.carrier.clone();
        let (delivery, events) = rule(delivery)?;
        if events.is_empty() {
            return Ok(delivery);
        }
        let mut tx = app.store.begin().await?;
        tell_courier_and_save(&mut tx, before.as_ref(), &delivery, &events, now).await?;
        tx.commit().await?;
        announce(app, before.as_ref());
        Ok(delivery)
    })
    .await
}

/// Saves a delivery, and tells its courier's channel where it stands.
pub(super) async fn tell_courier_and_save(
    tx: &mut Tx,
    carrier: Option<&Carrier>,
    delivery: &Delivery,
    events: &[domain::tracking::DeliveryEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    tracking::save(tx, delivery, events, now).await?;
    if let Some(carrier) = carrier.filter(|_| !events.is_empty()) {
        let changed = [view::AssignmentChanged { order: delivery.order, status: delivery.status }];
        journal::append_feed(tx, &Channel::Courier(carrier.courier), &changed, now);
    }
    Ok(())
}

/// The courier's entity, wherever it lives, reads its deliveries again.
pub(super) fn announce(app: &App, carrier: Option<&Carrier>) {
    if let Some(carrier) = carrier {
        app.fabric().announce(Notice::AssignmentsChanged(carrier.courier));
    }
}
