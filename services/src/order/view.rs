//! What is shown of an order, by REST and on its channel alike.

use chrono::{DateTime, Utc};
use domain::cart::DropOff;
use domain::order::{Contact, ContactMethod, Ending, Fulfilment, Order, Progress, Status};
use domain::order::{FailReason, Fault};
use domain::tracking::sight::Precision;
use domain::{Audience, Party};
use domain::{CourierId, MenuId, OptionId, OrderId, RestaurantId, Role, UserId, Won};
use serde::Serialize;
use store::journal::Recorded;
use utoipa::ToSchema;

use crate::place::Position;

/// An order, as those who may see it see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    #[schema(value_type = uuid::Uuid)]
    id: OrderId,
    /// How many events led here: the offset on `order:{id}`.
    version: u64,
    #[schema(value_type = String, example = "placed")]
    status: Status,
    #[schema(value_type = uuid::Uuid)]
    customer_id: UserId,
    #[schema(value_type = uuid::Uuid)]
    restaurant_id: RestaurantId,
    restaurant_name: String,
    /// Who brings it, once somebody does.
    #[schema(value_type = Option<uuid::Uuid>)]
    courier_id: Option<CourierId>,
    lines: Vec<OrderLineView>,
    #[schema(value_type = i64, minimum = 0)]
    subtotal_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    tip_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    payable_won: Won,
    /// Where the food is collected.
    pickup: Position,
    /// Where it goes, for its customer, and for its courier while they bring it: the
    /// door and how to get in only once they have the food.
    #[serde(skip_serializing_if = "Option::is_none")]
    drop_off: Option<PlaceView>,
    /// Put it down at the door.
    contactless: bool,
    /// The code to show when the customer collects it; for the customer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pickup_code: Option<String>,
    note: String,
    /// When the customer wants it, for scheduled orders.
    slot: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    placed_at: Option<DateTime<Utc>>,
    ready_by: Option<DateTime<Utc>>,
    picked_up_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    /// An open wish of the customer to cancel.
    cancel_request: Option<RequestView>,
    /// The wait at the door, once the courier tried to reach the customer; not for the
    /// restaurant.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactView>,
    /// How it came to an early end, and what goes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    ending: Option<EndingView>,
}

/// The courier stands at the door and waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactView {
    /// Until when is waited.
    ends_at: DateTime<Utc>,
    attempts: Vec<AttemptView>,
    /// What the customer let the courier know.
    answers: Vec<AnswerView>,
}

/// How the courier tried to reach the customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ContactAttempt)]
struct AttemptView {
    #[schema(value_type = String, example = "call")]
    way: ContactMethod,
    at: DateTime<Utc>,
}

/// What the customer answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ContactAnswer)]
struct AnswerView {
    text: String,
    at: DateTime<Utc>,
}

/// An early end.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Ending)]
pub struct EndingView {
    /// At whose cost: `customer`, `restaurant`, `courier` or `platform`.
    #[schema(value_type = String, example = "customer")]
    fault: Fault,
    reason: String,
    /// Why, where the courier could not hand it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "customer_unreachable")]
    code: Option<FailReason>,
    /// What goes back of what was paid.
    #[schema(value_type = i64, minimum = 0)]
    refund_won: Won,
}

/// A dish of the order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct OrderLineView {
    #[schema(value_type = uuid::Uuid)]
    menu_id: MenuId,
    name: String,
    #[schema(minimum = 1)]
    quantity: u32,
    options: Vec<OrderOptionView>,
    #[schema(value_type = i64, minimum = 0)]
    unit_price_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    total_won: Won,
}

/// A choice within a dish.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderOption)]
pub struct OrderOptionView {
    #[schema(value_type = uuid::Uuid)]
    option_id: OptionId,
    name: String,
    #[schema(minimum = 1)]
    quantity: u32,
    #[schema(value_type = i64, minimum = 0)]
    price_won: Won,
}

/// Where an order goes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DropOff)]
pub struct PlaceView {
    position: Position,
    road_address: String,
    detail: String,
    entrance_note: String,
}

/// An open wish to cancel.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CancelRequest)]
pub struct RequestView {
    reason: String,
    at: DateTime<Utc>,
}

/// Something that happened to an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderEvent)]
pub struct OrderEventView {
    /// Its offset on `order:{id}`.
    version: u64,
    #[serde(rename = "type")]
    #[schema(example = "order.accepted")]
    kind: String,
    at: DateTime<Utc>,
    /// `order_id`, `status` and what the type adds.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

impl OrderView {
    /// As `viewer` may see it: the customer's address is for the customer, and for the
    /// courier while they bring it ([`sight`](domain::tracking::sight)); agents and operators
    /// have to say why they want it ([`unmask`](super::unmask)); the pickup code is for the
    /// customer alone.
    pub fn of(order: Order, viewer: &domain::Principal) -> Self {
        let is_customer = order.is_of(viewer.user);
        let sight = sight(&order, viewer);
        let ending = EndingView::of(&order);
        let brings = order.courier.is_some() && order.courier == viewer.courier();
        let hears_door = is_customer || brings || viewer.is(Role::Agent) || viewer.is(Role::Admin);
        let drop_off = order.drop_off.and_then(|door| PlaceView::of(door, sight));
        let (contactless, code) = match order.fulfilment {
            Fulfilment::Delivery { contactless } => (contactless, None),
            Fulfilment::Pickup { code } => (false, Some(code)),
        };
        Self {
            id: order.id,
            version: order.version,
            status: order.status,
            customer_id: order.customer,
            restaurant_id: order.restaurant,
            restaurant_name: order.restaurant_name,
            courier_id: order.courier,
            lines: order.lines.into_iter().map(OrderLineView::from).collect(),
            subtotal_won: order.subtotal,
            tip_won: order.tip,
            payable_won: order.payable,
            pickup: order.pickup.into(),
            drop_off,
            contactless,
            pickup_code: code.filter(|_| is_customer),
            note: order.note,
            slot: order.slot,
            created_at: order.created_at,
            placed_at: order.placed_at,
            ready_by: order.ready_by,
            picked_up_at: order.picked_up_at,
            delivered_at: order.delivered_at,
            cancel_request: order.cancel_request.map(|it| RequestView { reason: it.reason, at: it.at }),
            contact: order.contact.filter(|_| hears_door).map(ContactView::from),
            ending,
        }
    }

    /// Its version, for entity tags.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl EndingView {
    fn of(order: &Order) -> Option<Self> {
        let Ending { fault, reason, code, reached, .. } = order.ending.clone()?;
        let refund = order.refund_due().filter(|_| reached != Some(Progress::Unpaid));
        Some(Self { fault, reason, code, refund_won: refund.unwrap_or_default() })
    }
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
        let attempt = |it: domain::order::Attempt| AttemptView { way: it.way, at: it.at };
        let answer = |it: domain::order::Answer| AnswerView { text: it.text, at: it.at };
        Self {
            ends_at: contact.ends_at,
            attempts: contact.attempts.into_iter().map(attempt).collect(),
            answers: contact.answers.into_iter().map(answer).collect(),
        }
    }
}

/// How much of its address `viewer` sees, as the order's customer or courier.
fn sight(order: &Order, viewer: &domain::Principal) -> Precision {
    let mut parties = Audience::NOBODY;
    if order.is_of(viewer.user) {
        parties = parties.and(Party::Customer);
    }
    if order.courier.is_some() && order.courier == viewer.courier() {
        parties = parties.and(Party::Courier);
    }
    Precision::of(parties, order.status.into())
}

impl PlaceView {
    /// As much of it as may be seen.
    pub(crate) fn of(place: DropOff, sight: Precision) -> Option<Self> {
        let is_shown = sight >= Precision::Door;
        (sight >= Precision::Address).then(|| Self {
            position: place.position.into(),
            road_address: place.road_address,
            detail: if is_shown { place.detail } else { String::new() },
            entrance_note: if is_shown { place.entrance_note } else { String::new() },
        })
    }
}

impl From<domain::cart::QuotedLine> for OrderLineView {
    fn from(line: domain::cart::QuotedLine) -> Self {
        let option = |option: domain::cart::QuotedOption| OrderOptionView {
            option_id: option.option_id,
            name: option.name,
            quantity: option.quantity,
            price_won: option.price,
        };
        Self {
            menu_id: line.menu_id,
            name: line.name,
            quantity: line.quantity,
            options: line.options.into_iter().map(option).collect(),
            unit_price_won: line.unit_price,
            total_won: line.total,
        }
    }
}

impl From<&Recorded> for OrderEventView {
    fn from(recorded: &Recorded) -> Self {
        Self {
            version: recorded.offset,
            kind: recorded.kind.clone(),
            at: recorded.at,
            data: recorded.data.clone(),
        }
    }
}
