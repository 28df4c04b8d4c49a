//! The courier at the door and the customer who does not come.

use domain::order::{By, Command, Order, OrderRefusal, Status, Way};
use domain::tracking::DeliveryStatus;
use domain::{Failure, OrderId, Principal};

use super::{as_customer, decide, find};
use crate::App;
use crate::idempotency::known_id;

/// The order's courier, who stands at the door, tried to reach the customer. The same
/// attempt under the same `key` is recorded once.
pub async fn try_contact(
    app: &App,
    who: &Principal,
    id: OrderId,
    way: Way,
    key: Option<&str>,
) -> Result<Order, Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    let order = find(app, id).await?;
    if order.courier != Some(courier) {
        return Err(Failure::not_found("order"));
    }
    let delivery = store::tracking::delivery(&app.store, id).await?;
    let is_at_door = delivery.is_some_and(|delivery| delivery.status == DeliveryStatus::AtDropoff);
    if order.status == Status::PickedUp && !is_at_door {
        return Err(OrderRefusal::NotAtDoor.into());
    }
    let attempt = key.map_or_else(|| app.ids.uuid(), |key| known_id(id.0, key));
    let wait = app.settings.order.contact;
    decide(app, id, By::Courier(courier), Command::TryContact { attempt, way, wait }).await
}

/// The customer answers the courier at the door.
pub async fn answer_contact(app: &App, who: &Principal, id: OrderId, text: String) -> Result<Order, Failure> {
    let wait = app.settings.order.contact;
    as_customer(app, who, id, Command::AnswerContact { text, wait }).await
}
