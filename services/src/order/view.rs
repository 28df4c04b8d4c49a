//! An order as it is shown, the same by REST and on its channel.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::cart::DropOff;
use domain::coupon::{Discount, Funder, Kind};
use domain::order::{Adjustment, Contact, ContactMethod, Fulfilment, Order, OrderCode, Status};
use domain::payment::RefundRecord;
use domain::tracking::sight::{Precision, sees_courier_note};
use domain::{Audience, Channel, Party};
use domain::{CourierId, LineId, MenuId, OptionId, OrderId, RestaurantId, Role, UserId, Won};
use serde::Serialize;
use store::journal::Recorded;
use utoipa::ToSchema;

use super::money_back::{AdjustmentView, CancellationView, EndingView};
use crate::place::Position;

/// An order, as those who may see it see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    #[schema(value_type = uuid::Uuid)]
    id: OrderId,
    /// The code by which customer, restaurant and courier name it: spoken at the counter and
    /// at the door, and no secret.
    #[schema(value_type = String, example = "K7VX")]
    code: OrderCode,
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
    /// Without what was taken out of it.
    lines: Vec<OrderLineView>,
    /// What was taken out of it. All amounts are without it.
    cancellations: Vec<CancellationView>,
    #[schema(value_type = i64, minimum = 0)]
    subtotal_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    tip_won: Won,
    /// What coupons take off.
    discounts: Vec<OrderDiscountView>,
    /// What is paid by points; for its customer and the platform. For others it is money like the rest.
    #[schema(value_type = i64, minimum = 0)]
    points_won: Won,
    /// What is paid by the means of payment.
    #[schema(value_type = i64, minimum = 0)]
    payable_won: Won,
    /// What its customer gets in points when it is completed; for its customer and the
    /// platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    reward_won: Option<Won>,
    /// Where the food is collected.
    pickup: Position,
    /// Where it goes, for its customer, and for its courier while they bring it: the
    /// door and how to get in only once they have the food.
    #[serde(skip_serializing_if = "Option::is_none")]
    drop_off: Option<PlaceView>,
    /// Put it down at the door.
    contactless: bool,
    /// With disposable cutlery.
    cutlery: bool,
    /// The code to show when the customer collects it; for the customer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pickup_code: Option<String>,
    /// The customer's words to the restaurant.
    note: String,
    /// The customer's words to the courier, for the two of them: for its courier while they
    /// bring it.
    #[serde(skip_serializing_if = "Option::is_none")]
    courier_note: Option<String>,
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
    /// What was given back once it had arrived, because something was wrong with it; for a restaurant or a
    /// courier what they bear of it themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    adjustments: Vec<AdjustmentView>,
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

/// A dish of the order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct OrderLineView {
    /// The line, to name a part of it.
    #[schema(value_type = uuid::Uuid)]
    line_id: LineId,
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
    /// Its part of what coupons take off the food.
    #[schema(value_type = i64, minimum = 0)]
    discount_won: Won,
}

/// What a coupon takes off an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderDiscount)]
pub struct OrderDiscountView {
    name: String,
    /// What it takes something off: `item`, `order` or `delivery`.
    #[schema(value_type = String, example = "order")]
    kind: Kind,
    /// Who pays for it: `platform` or `restaurant`.
    #[schema(value_type = String, example = "platform")]
    funder: Funder,
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
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
    /// How many of those cost nothing.
    free_quantity: u32,
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
    /// The channel on which it was published: `order:{id}`, or `delivery:{id}` for an event of
    /// its delivery.
    #[schema(example = "order:01920000-0000-7000-8000-000000000001")]
    channel: String,
    /// Its offset on that channel: with it, the key by which an event that came over the socket
    /// is known again.
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
    /// As `viewer` may see it. The customer's address is visible to the customer, and to the
    /// courier while they have the delivery ([`sight`](domain::tracking::sight)); agents and
    /// operators must give a reason to see it (`unmask`). The pickup code is
    /// visible to the customer only.
    pub(super) fn of(
        order: Order,
        viewer: &domain::Principal,
        adjustments: Vec<Adjustment>,
        refunds: &[RefundRecord],
    ) -> Self {
        let is_customer = order.is_of(viewer.user);
        let (parties, stage) = (parties(&order, viewer), order.status.into());
        let sight = Precision::of(parties, stage);
        let courier_note = sees_courier_note(parties, stage).then(|| order.courier_note.clone());
        // Who is neither the customer nor staff of the platform has no business with how it is paid.
        let sees_points = is_customer || viewer.is(Role::Agent) || viewer.is(Role::Admin);
        let (points, payable) =
            if sees_points { (order.points, order.payable) } else { (Won::ZERO, order.paid_by_all_means()) };
        let ending = EndingView::of(&order, refunds, sees_points);
        let brings = order.courier.is_some() && order.courier == viewer.courier();
        let shown = |it: Adjustment| {
            let burden = order.burden(&it);
            let share = if brings { burden.courier } else { burden.restaurant() };
            match share {
                _ if sees_points => Some(AdjustmentView::of(it, refunds)),
                Won::ZERO => None,
                share => Some(AdjustmentView::borne(it, share)),
            }
        };
        let adjustments = adjustments.into_iter().filter_map(shown).collect();
        let cancellations = order.cancellations.into_iter();
        let cancellations = cancellations.map(|it| CancellationView::of(it, refunds, sees_points));
        let hears_door = is_customer || brings || viewer.is(Role::Agent) || viewer.is(Role::Admin);
        let drop_off = order.drop_off.and_then(|door| PlaceView::of(door, sight));
        let (contactless, pickup_code) = match order.fulfilment {
            Fulfilment::Delivery { contactless } => (contactless, None),
            Fulfilment::Pickup { code } => (false, Some(code)),
        };
        Self {
            id: order.id,
            code: order.id.code(),
            version: order.version,
            status: order.status,
            customer_id: order.customer,
            restaurant_id: order.restaurant,
            restaurant_name: order.restaurant_name,
            courier_id: order.courier,
            cancellations: cancellations.collect(),
            lines: order.lines.into_iter().map(OrderLineView::from).collect(),
            subtotal_won: order.subtotal,
            tip_won: order.tip,
            discounts: order
                .discounts
                .into_iter()
                .filter(|discount| discount.amount > Won::ZERO)
                .map(OrderDiscountView::from)
                .collect(),
            points_won: points,
            payable_won: payable,
            reward_won: sees_points.then_some(order.reward),
            pickup: order.pickup.into(),
            drop_off,
            contactless,
            cutlery: order.cutlery,
            pickup_code: pickup_code.filter(|_| is_customer),
            note: order.note,
            courier_note,
            slot: order.slot,
            created_at: order.created_at,
            placed_at: order.placed_at,
            ready_by: order.ready_by,
            picked_up_at: order.picked_up_at,
            delivered_at: order.delivered_at,
            cancel_request: order.cancel_request.map(|it| RequestView { reason: it.reason, at: it.at }),
            contact: order.contact.filter(|_| hears_door).map(ContactView::from),
            adjustments,
            ending,
        }
    }

    /// The order's id.
    pub fn id(&self) -> OrderId {
        self.id
    }

    /// A number that changes with everything that is shown, for entity tags: the version, and how
    /// far the refunds are, which move without one.
    pub fn edition(&self) -> u64 {
        let of_end = self.ending.iter().map(EndingView::back);
        let cancelled = self.cancellations.iter().map(CancellationView::back);
        let adjusted = self.adjustments.iter().map(AdjustmentView::back);
        let all = of_end.chain(cancelled).chain(adjusted);
        all.fold(self.version, |edition, back| edition.wrapping_mul(3).wrapping_add(back.stage()))
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

/// The parties that `viewer` is, of those that see the address and the notes.
fn parties(order: &Order, viewer: &domain::Principal) -> Audience {
    let mut parties = Audience::NOBODY;
    if order.is_of(viewer.user) {
        parties = parties.and(Party::Customer);
    }
    if order.courier.is_some() && order.courier == viewer.courier() {
        parties = parties.and(Party::Courier);
    }
    parties
}

impl PlaceView {
    /// The parts of the address that `sight` permits; none below [`Precision::Address`].
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
            free_quantity: option.free_quantity,
            price_won: option.price,
        };
        Self {
            line_id: line.line_id,
            menu_id: line.menu_id,
            name: line.name,
            quantity: line.quantity,
            options: line.options.into_iter().map(option).collect(),
            unit_price_won: line.unit_price,
            total_won: line.total,
            discount_won: line.discount,
        }
    }
}

impl From<Discount> for OrderDiscountView {
    fn from(Discount { name, kind, funder, amount, .. }: Discount) -> Self {
        Self { name, kind, funder, amount_won: amount }
    }
}

impl From<(Channel, Arc<Recorded>)> for OrderEventView {
    fn from((channel, recorded): (Channel, Arc<Recorded>)) -> Self {
        Self {
            channel: channel.to_string(),
            version: recorded.offset,
            kind: recorded.kind.clone(),
            at: recorded.at,
            data: recorded.data.clone(),
        }
    }
}
