//! Contact attempts of a courier who waits at the door, and the customer's answers.

use domain::order::{By, Command, ContactMethod, Order, OrderRefusal, Status};
use domain::{CourierId, Failure, OrderId, Principal};

use super::{as_customer, decide};
use crate::App;
use crate::idempotency::known_id;

/// Records that the order's courier tried to reach the customer. A courier who has the food must
/// be at the door (`is_at_door`). An attempt with the same `key` is recorded once.
pub(crate) async fn try_contact(
    app: &App,
    courier: CourierId,
    order: &Order,
    way: ContactMethod,
    key: Option<&str>,
    is_at_door: bool,
) -> Result<Order, Failure> {
    if order.status == Status::PickedUp && !is_at_door {
        return Err(OrderRefusal::NotAtDoor.into());
    }
    let attempt = key.map_or_else(|| app.ids.uuid(), |key| known_id(order.id.0, key));
    let wait = app.settings.order.contact;
    decide(app, order.id, By::Courier(courier), Command::TryContact { attempt, way, wait }).await
}

/// The customer answers the courier at the door.
pub async fn answer_contact(app: &App, who: &Principal, id: OrderId, text: String) -> Result<Order, Failure> {
    let wait = app.settings.order.contact;
    as_customer(app, who, id, Command::AnswerContact { text, wait }).await
}
