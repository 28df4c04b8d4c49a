//! A delivery: permissions, what each audience sees, and how a decision is committed.

use std::sync::Arc;

use domain::order::{Fulfilment, Order};
use domain::personal_data::mask;
use domain::tracking::delivery::{Decision, Pickup};
use domain::tracking::sight::{Precision, position_audience, sees_handover};
use domain::tracking::{Carrier, Delivery, DeliveryStatus, Fix, Handover, eta};
use domain::{Audience, Channel, Failure, OrderId, Party, Principal, Timestamp};
use store::fabric::{Latest, Notice};
use store::journal::{self, Recorded};
use store::{StoreError, Tx, tracking};

use super::view::{self, View};
use crate::conflict::retried;
use crate::{App, gazetteer, order};

/// The most fixes of an exported track: more than two hours at one per second.
const TRACK_MAX: u32 = 10_000;

/// The order's delivery, and the parties as which `who` may see it. For everybody else it does
/// not exist.
///
/// It may be seen by its customer, its courier, the restaurant's owner once it is paid, agents
/// with an open conversation about the order, and operators.
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

/// The same refusal for a delivery that does not exist and one that the user may not see.
pub(super) fn none() -> Failure {
    Failure::not_found("delivery")
}

/// The delivery. Before the restaurant accepts the order there is no row; then this is the
/// delivery as it will be requested, so that its channel can be followed already. The second
/// value is whether the order is placed (paid), and so visible to the restaurant.
pub(super) async fn find(app: &App, id: OrderId) -> Result<(Delivery, bool), Failure> {
    if let Some(delivery) = tracking::delivery(&app.store, id).await? {
        return Ok((delivery, true));
    }
    let order = order::load(app, id).await?.filter(|order| !order.status.is_terminal());
    let order = order.ok_or_else(none)?;
    let delivery = of_order(app, &order).ok_or_else(none)?;
    Ok((delivery, order.placed_at.is_some()))
}

/// The delivery that an order requests; none if the customer collects it.
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
        handover: Handover::of(order),
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

/// The delivery with the courier's latest position, as far as `audience` may see it.
pub(super) async fn view(app: &App, mut delivery: Delivery, audience: Audience) -> Result<View, Failure> {
    // The row was written by an older program.
    if delivery.handover.is_none() && sees_handover(audience, delivery.status.into()) {
        let order = order::load(app, delivery.order).await?;
        delivery.handover = order.as_ref().and_then(Handover::of);
    }
    let seen = newest(app, &delivery).await?;
    let settings = &app.settings.tracking.courier;
    let dong = gazetteer::neighbourhood(app, delivery.drop_off.position);
    Ok(View::new(settings, delivery, dong, seen, audience, app.now()))
}

/// The delivery's events after offset `after`. Once the delivery is over, names are masked in
/// old events too.
pub(super) async fn history(
    app: &App,
    order: OrderId,
    after: u64,
    limit: u32,
) -> Result<Vec<Arc<Recorded>>, Failure> {
    let mut told = journal::since(&app.store, &Channel::Delivery(order), after, limit).await?;
    let names = |event: &Recorded| event.data["name"].as_str().map(mask::name);
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

/// The courier's latest position, as the channel's latest value.
pub(super) async fn latest(app: &App, order: OrderId) -> Result<Option<Arc<Latest>>, Failure> {
    if let Some(latest) = app.fabric().latest(&Channel::Delivery(order)).await {
        return Ok(Some(latest));
    }
    // The fabric lost the value, or the courier has sent no fix since the assignment.
    let Some(delivery) = tracking::delivery(&app.store, order).await? else { return Ok(None) };
    let fix = newest(app, &delivery).await?;
    let courier = delivery.carrier.as_ref().map(|carrier| carrier.courier);
    Ok(courier.zip(fix).map(|(courier, fix)| {
        actors::courier::latest(&app.settings.tracking.courier, courier, &delivery, &fix).into()
    }))
}

/// The courier's latest fix, from the fabric or else from the store.
async fn newest(app: &App, delivery: &Delivery) -> Result<Option<Fix>, Failure> {
    let Some(carrier) = delivery.carrier.as_ref().filter(|_| delivery.status.is_live()) else {
        return Ok(None);
    };
    let latest = app.fabric().latest(&Channel::Delivery(delivery.order)).await;
    // The value may still be of the previous courier.
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

/// The courier's track during this delivery: from the assignment, or from pickup for those who
/// may not see the position before, until its end, or until pickup for the restaurant. Fixes
/// near the door are left out for those who may not see the address.
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

/// Applies `rule` to a delivery and commits; retried after a conflict with another commit.
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

/// Saves a delivery, and appends its new status to its courier's channel.
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

/// Makes the courier's entity, in whichever process, reload its deliveries.
pub(super) fn announce(app: &App, carrier: Option<&Carrier>) {
    if let Some(carrier) = carrier {
        app.fabric().announce(Notice::AssignmentsChanged(carrier.courier));
    }
}
