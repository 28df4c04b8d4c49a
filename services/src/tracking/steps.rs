//! The courier's steps, and how a delivery and its order follow each other.

use domain::order::{Command, ContactMethod, FailReason, Order, OrderEventKind};
use domain::tracking::{Delivery, DeliveryEventKind, DeliveryStatus, OrderFact};
use domain::{CourierId, EventKind, Failure, OrderId, Party, Principal};
use serde::{Deserialize, Serialize};
use store::{StoreError, tracking};
use utoipa::ToSchema;

use super::delivery::{authorise, decide, none, of_order, view};
use super::dispatch;
use super::view::View;
use crate::reaction::Reaction;
use crate::{App, order};

/// What a courier may report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Waits for the food.
    AtRestaurant,
    /// Has the food.
    PickedUp,
    /// Stands at the door.
    AtDropoff,
    /// Handed it over.
    Delivered,
    /// Could not hand it over.
    Failed,
    /// Will not bring it after all; until pickup.
    DropOut,
}

/// Reports a step of the courier. Steps that change the order's status are decided by the order
/// first.
pub async fn step(app: &App, who: &Principal, order: OrderId, step: Step) -> Result<View, Failure> {
    step_because(app, who, order, step, None).await
}

/// Like [`step`], with the reason of a [`Failed`](Step::Failed) step. A failure without a reason
/// is not at the customer's cost.
pub async fn step_because(
    app: &App,
    who: &Principal,
    order: OrderId,
    step: Step,
    reason: Option<FailReason>,
) -> Result<View, Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    let (delivery, _) = authorise(app, who, order).await?;
    if !delivery.is_carried_by(courier) {
        return Err(none());
    }
    let decided = match step {
        Step::AtRestaurant => decide(app, order, |delivery| delivery.arrive_at_restaurant(courier)).await?,
        Step::AtDropoff => decide(app, order, |delivery| delivery.arrive_at_dropoff(courier)).await?,
        Step::DropOut => dispatch::unassign(app, order, courier).await?,
        Step::PickedUp => ask_order(app, &delivery, courier, Command::PickUp, OrderFact::PickedUp).await?,
        Step::Delivered => ask_order(app, &delivery, courier, Command::Deliver, OrderFact::Delivered).await?,
        Step::Failed => {
            let command = Command::FailDelivery { reason: reason.unwrap_or(FailReason::Other) };
            ask_order(app, &delivery, courier, command, OrderFact::Failed).await?
        }
    };
    view(app, decided, Party::Courier.into()).await
}

/// Records that the courier at the door tried to reach the customer. An attempt with the same
/// `key` is recorded once.
pub async fn try_contact(
    app: &App,
    who: &Principal,
    id: OrderId,
    way: ContactMethod,
    key: Option<&str>,
) -> Result<Order, Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    let order = order::find(app, id).await?;
    if order.courier != Some(courier) {
        return Err(Failure::not_found("order"));
    }
    let delivery = tracking::delivery(&app.store, id).await?;
    let is_at_door = delivery.is_some_and(|delivery| delivery.status == DeliveryStatus::AtDropoff);
    order::try_contact(app, courier, &order, way, key, is_at_door).await
}

/// Sends the command to the order, then applies the result to the delivery at once. The reaction
/// to the order's event would do the same a moment later, and then has no effect.
async fn ask_order(
    app: &App,
    delivery: &Delivery,
    courier: CourierId,
    command: Command,
    fact: OrderFact,
) -> Result<Delivery, Failure> {
    // A repeated report: the delivery already reflects it.
    if let Ok((known, events)) = delivery.clone().follow(fact)
        && events.is_empty()
    {
        return Ok(known);
    }
    // The order gets its courier by a reaction, which may not have run yet when the courier
    // reports the pickup.
    if fact == OrderFact::PickedUp {
        order::assign_courier(app, delivery.order, Some(courier)).await?;
    }
    order::as_courier(app, courier, delivery.order, command).await?;
    take_over(app, delivery.order, fact).await
}

async fn take_over(app: &App, order: OrderId, fact: OrderFact) -> Result<Delivery, Failure> {
    match fact {
        OrderFact::Cancelled => dispatch::cancel(app, order).await,
        fact => decide(app, order, |delivery| delivery.follow(fact)).await,
    }
}

/// Applies an event of the order to its delivery (subscriber).
pub(crate) async fn follow_order(app: App, happened: Reaction<OrderEventKind>) -> Result<(), Failure> {
    let fact = match happened.kind {
        OrderEventKind::Accepted => return request(&app, happened.id).await,
        OrderEventKind::PickedUp => OrderFact::PickedUp,
        OrderEventKind::Delivered => OrderFact::Delivered,
        OrderEventKind::Cancelled => OrderFact::Cancelled,
        OrderEventKind::DeliveryFailed => OrderFact::Failed,
        other => return Err(Failure::fault(format!("no delivery follows {}", other.as_str()))),
    };
    follow(&app, happened.id, fact).await
}

/// Applies `fact` to the delivery, if there is one. An order that ends before it was accepted, or
/// that its customer collects, has none.
async fn follow(app: &App, order: OrderId, fact: OrderFact) -> Result<(), Failure> {
    if tracking::delivery(&app.store, order).await?.is_some() {
        take_over(app, order, fact).await?;
    }
    Ok(())
}

/// Requests a courier after the restaurant accepted. A repeat continues the search. Does nothing
/// if the order has ended: this may be a late retry, after the event of its end was handled.
async fn request(app: &App, id: OrderId) -> Result<(), Failure> {
    let order = order::find(app, id).await?;
    if order.status.is_terminal() {
        return Ok(());
    }
    let Some(delivery) = of_order(app, &order) else { return Ok(()) };
    let (delivery, events) = delivery.request();
    let mut tx = app.store.begin().await?;
    match tracking::save(&mut tx, &delivery, &events, app.now()).await {
        Ok(()) => {
            dispatch::start_search(app, &mut tx, &delivery);
            tx.commit().await?;
        }
        // The delivery was requested before.
        Err(StoreError::Conflict) => drop(tx),
        Err(error) => return Err(error.into()),
    }
    dispatch::advance(app, order.id).await
}

/// Applies the assignment of a delivery's courier to its order (subscriber).
pub(crate) async fn tell_order(app: App, changed: Reaction<DeliveryEventKind>) -> Result<(), Failure> {
    let (app, id) = (&app, changed.id);
    let Some(delivery) = tracking::delivery(&app.store, id).await? else { return Ok(()) };
    if !delivery.status.is_open() && !delivery.status.is_before_pickup() {
        // The order decided this status, so it has its courier already.
        return Ok(());
    }
    let courier = delivery.carrier.map(|carrier| carrier.courier);
    // If the order was cancelled meanwhile it ignores this, and the delivery follows its event.
    order::assign_courier(app, id, courier).await
}
