//! Orders: use cases and permissions.

mod adjustment;
mod cancellation;
mod channels;
mod contact;
mod money_back;
mod reactions;
mod reminders;
mod slots;
mod unmask;
mod view;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::cart::{Method, Quote, QuoteRefusal};
use domain::order::{
    By, Command, Fault, Fulfilment, Order, OrderRefusal, Placement, REPLACED, Status, Wishes,
};
use domain::payment::RefundRecord;
use domain::personal_data::DISPUTE;
use domain::restaurant::Duty;
use domain::tracking::sight::Stage;
use domain::{
    Audience, CourierId, Failure, OrderId, Party, Principal, QuoteId, Refused, RestaurantId, Role, Timestamp,
    UserId,
};
use store::Store;
use store::journal::Recorded;
use store::order::OrderScope;

use actor_kit::Entities;
use actors::order::{OrderEntity, Orders};

use crate::coupon::PastOrders;
use crate::module::Parts;
use crate::{App, StartError, cart, points, restaurant, start_error};

pub(crate) use adjustment::{adjustments, adjustments_of, insert_adjustment};
pub use cancellation::cancel_lines;
pub(crate) use channels::{MerchantChannel, OrderChannel};
pub use contact::answer_contact;
pub(crate) use contact::try_contact;
pub use money_back::{AdjustmentReasonWords, AdjustmentView, BackView, CancellationView, EndingView};
pub use reactions::{accept_automatically, empty_cart, mark_sold_out, pause_restaurant};
pub(crate) use reminders::remind;
pub use slots::look_at_slots;
pub(crate) use store::order::erasure;
pub use unmask::{Unmasked, unmask};
pub use view::{
    ContactView, OrderDiscountView, OrderEventView, OrderLineView, OrderOptionView, OrderView, PlaceView,
    RequestView,
};

/// Forgets why operators ended orders, once that is out of retention.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    Ok(store::order::intervention::empty_reasons(&app.store, DISPUTE.kept_since(app.now())).await?)
}

/// Starts the order entities.
pub(crate) async fn entities(parts: &Parts<'_>) -> Result<Orders, StartError> {
    let order = OrderEntity::new(parts.store.clone(), parts.settings.order);
    let orders = Entities::start(order, parts.settings.entities, parts.root).await;
    orders.map(Orders::from).map_err(start_error)
}

/// A customer's request to place an order.
#[derive(Clone, Debug)]
pub struct Request {
    /// The quote to order from.
    pub quote: QuoteId,
    /// A note to the restaurant.
    pub note: String,
    /// Words to the courier.
    pub courier_note: String,
    /// Leave the food at the door.
    pub contactless: bool,
    /// Disposable cutlery.
    pub cutlery: bool,
    /// Whether the customer collects it. If given, it must agree with the quote.
    pub pickup: Option<bool>,
    /// The time slot of a scheduled order. If given, it must agree with the quote.
    pub slot: Option<Timestamp>,
}

/// What an order needs from its payment. A trait, because the payment module depends on this
/// one. While a payment is open or done, the order is not replaced and does not expire.
#[async_trait]
pub trait OpenPayments: Send + Sync + 'static {
    /// Whether `order` has a payment that is open or done.
    async fn is_open(&self, order: OrderId) -> Result<bool, Failure>;

    /// The refunds of these orders.
    async fn refunds(&self, orders: &[OrderId]) -> Result<Vec<RefundRecord>, Failure>;
}

/// The orders of this store, as coupons and points ask for them.
pub(crate) struct Stored(pub(crate) Store);

#[async_trait]
impl PastOrders for Stored {
    async fn has_ordered(&self, customer: UserId) -> Result<bool, Failure> {
        Ok(store::order::has_ordered(&self.0, customer).await?)
    }
}

#[async_trait]
impl points::InOrders for Stored {
    async fn of_customer(&self, customer: UserId) -> Result<points::OfOrders, Failure> {
        let (held, pending) = store::order::points(&self.0, customer).await?;
        Ok(points::OfOrders { held, pending })
    }
}

/// What an order needs from conversations: which agents may see it. A trait, because the
/// support module depends on this one.
#[async_trait]
pub trait OpenCases: Send + Sync + 'static {
    /// Whether `agent` has an open conversation about `order`.
    async fn is_handled_by(&self, agent: UserId, order: OrderId) -> Result<bool, Failure>;
}

/// How often placing an order is tried when it conflicts with another of the same customer.
const ROUNDS: usize = 4;

/// Places an order from a quote. Idempotent: the same cart version with the same wishes gives
/// the same order. A newer cart version replaces an unpaid order.
pub async fn place(app: &App, who: &Principal, request: Request) -> Result<Order, Failure> {
    let request = Request {
        note: domain::order::read_note(&request.note)?,
        courier_note: domain::order::read_courier_note(&request.courier_note)?,
        ..request
    };
    for _ in 0..ROUNDS {
        if let Some(order) = store::order::by_quote(&app.store, request.quote).await? {
            return repeated(who, order, &request);
        }
        let quote = cart::find_quote(app, who, request.quote).await?;
        let placement = placement(app, quote.clone(), &request)?;
        if let Some(order) = store::order::live_of_cart(&app.store, who.user, quote.cart_version).await? {
            let same = order.wishes() == placement.wishes();
            return if same { Ok(order) } else { Err(OrderRefusal::WishesDiffer.into()) };
        }
        let quote = cart::honour(app, who, quote).await?;
        replace_unpaid(app, who, quote.cart_version).await?;
        match app.orders.place(Placement { quote, ..placement }, app.now()).await {
            // A concurrent order was placed first: the next round returns or replaces it.
            Err(Failure::Refused(refused)) if refused.code == "conflict" => {}
            outcome => return outcome,
        }
    }
    Err(store::StoreError::Conflict.into())
}

/// The order that was placed from this quote before, if the request is the same.
fn repeated(who: &Principal, order: Order, request: &Request) -> Result<Order, Failure> {
    if !order.is_of(who.user) {
        return Err(Failure::not_found("quote"));
    }
    if order.is_dead() {
        return Err(QuoteRefusal::Used.into());
    }
    let kept = order.wishes();
    let delivered = kept.method == Method::Delivery;
    let asked = Wishes {
        note: request.note.clone(),
        courier_note: if delivered { request.courier_note.clone() } else { String::new() },
        contactless: request.contactless && delivered,
        cutlery: request.cutlery,
        ..kept.clone()
    };
    if !request.agrees(asked.method, asked.slot) || asked != kept {
        return Err(OrderRefusal::WishesDiffer.into());
    }
    Ok(order)
}

fn placement(app: &App, quote: Quote, request: &Request) -> Result<Placement, OrderRefusal> {
    if !request.agrees(quote.method, quote.slot) {
        return Err(OrderRefusal::NotAsQuoted);
    }
    Ok(Placement {
        id: app.ids.uuid().into(),
        quote,
        note: request.note.clone(),
        courier_note: request.courier_note.clone(),
        contactless: request.contactless,
        cutlery: request.cutlery,
        pickup_code: pickup_code(app),
        terms: app.settings.terms,
    })
}

impl Request {
    /// Whether method and slot, where given, are those of the quote.
    fn agrees(&self, method: Method, slot: Option<Timestamp>) -> bool {
        self.pickup.is_none_or(|pickup| pickup == (method == Method::Pickup))
            && (self.slot.is_none() || self.slot == slot)
    }
}

/// Cancels the unpaid order of another cart version; refuses while its payment is open. An order
/// of this same version was placed concurrently, so the insert conflicts with it.
async fn replace_unpaid(app: &App, who: &Principal, cart_version: u64) -> Result<(), Failure> {
    let unpaid = store::order::unpaid(&app.store, who.user).await?;
    let Some(older) = unpaid.filter(|order| order.cart_version != Some(cart_version)) else { return Ok(()) };
    if app.open_payments.is_open(older.id).await? {
        return Err(OrderRefusal::PaymentOpen.into());
    }
    let reason = REPLACED.to_owned();
    match as_customer(app, who, older.id, Command::Cancel { reason }).await {
        // It was paid or ended in the meantime.
        Ok(_) | Err(Failure::Refused(Refused { code: "order.transition_refused", .. })) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// Four random digits.
fn pickup_code(app: &App) -> String {
    let [first, second, ..] = app.ids.random();
    format!("{:04}", u16::from_be_bytes([first, second]) % 10_000)
}

/// The order, if `who` may see it (see [`authorise`]).
pub async fn show(app: &App, who: &Principal, id: OrderId) -> Result<Order, Failure> {
    Ok(authorise(app, who, id).await?.0)
}

/// The order, and the parties as which `who` may see it. It may be seen by its customer, its
/// restaurant once it is paid, its courier while they have the delivery, an agent with an open
/// conversation about it, and operators. For everybody else it does not exist.
pub async fn authorise(app: &App, who: &Principal, id: OrderId) -> Result<(Order, Audience), Failure> {
    let order = find(app, id).await?;
    let parties = parties(app, who, &order).await?;
    if parties == Audience::NOBODY { Err(Failure::not_found("order")) } else { Ok((order, parties)) }
}

async fn parties(app: &App, who: &Principal, order: &Order) -> Result<Audience, Failure> {
    let placed = order.placed_at.is_some();
    let mut parties = staff_of(app, who, order.id, order.restaurant, placed).await?;
    if order.is_of(who.user) {
        parties = parties.and(Party::Customer);
    }
    let brings = order.courier.is_some() && order.courier == who.courier();
    if brings && Stage::from(order.status).is_with_courier() {
        parties = parties.and(Party::Courier);
    }
    Ok(parties)
}

/// The parties of `who` to an order and its delivery, other than customer and courier.
pub(crate) async fn staff_of(
    app: &App,
    who: &Principal,
    order: OrderId,
    restaurant: RestaurantId,
    placed: bool,
) -> Result<Audience, Failure> {
    let mut parties = Audience::NOBODY;
    if who.is(Role::Admin) {
        parties = parties.and(Party::Operator);
    }
    if who.is(Role::Agent) && app.open_cases.is_handled_by(who.user, order).await? {
        parties = parties.and(Party::Support);
    }
    if placed && restaurant::owns(app, who, restaurant).await? {
        parties = parties.and(Party::Restaurant);
    }
    Ok(parties)
}

/// The order as `who` sees it.
pub async fn view(app: &App, who: &Principal, order: Order) -> Result<OrderView, Failure> {
    let views = views(app, who, vec![order]).await?;
    views.into_iter().next().ok_or_else(|| Failure::not_found("order"))
}

/// The orders as `who` sees them. Those of which nothing can have gone back cost no query.
pub async fn views(app: &App, who: &Principal, orders: Vec<Order>) -> Result<Vec<OrderView>, Failure> {
    let ids = |is_one: &dyn Fn(&Order) -> bool| -> Vec<OrderId> {
        orders.iter().filter(|order| is_one(order)).map(|order| order.id).collect()
    };
    let mut adjustments = adjustments_of(app, &ids(&Order::has_arrived)).await?;
    let is_refunded = |order: &Order| {
        order.early_end().is_some() || !order.cancellations.is_empty() || adjustments.contains_key(&order.id)
    };
    let refunded = ids(&is_refunded);
    let refunds = if refunded.is_empty() { Vec::new() } else { app.open_payments.refunds(&refunded).await? };
    let mut view = |order: Order| {
        let adjustments = adjustments.remove(&order.id).unwrap_or_default();
        OrderView::of(order, who, adjustments, &refunds)
    };
    Ok(orders.into_iter().map(&mut view).collect())
}

/// Orders, newest first: the user's own, or those of a restaurant that they own.
pub async fn list(
    app: &App,
    who: &Principal,
    of: Option<RestaurantId>,
    status: Option<Status>,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, Failure> {
    let whose = match of {
        Some(id) => OrderScope::Restaurant(restaurant::for_duty(app, who, id, Duty::Kitchen).await?.id),
        None => OrderScope::Customer(who.user),
    };
    Ok(store::order::list(&app.store, whose, status, before, limit).await?)
}

/// The events of the order that `who` may see, oldest first.
pub async fn history(
    app: &App,
    who: &Principal,
    id: OrderId,
) -> Result<Vec<std::sync::Arc<Recorded>>, Failure> {
    /// Far more events than any order has.
    const ALL: u32 = 200;
    let (_, parties) = authorise(app, who, id).await?;
    let mut events = store::journal::since(&app.store, &domain::Channel::Order(id), 0, ALL).await?;
    events.retain(|event| parties.hears(event.audience));
    Ok(events)
}

/// A command of the restaurant to one of its own orders.
pub async fn as_owner(app: &App, who: &Principal, id: OrderId, command: Command) -> Result<Order, Failure> {
    let order = find(app, id).await?;
    if !is_cooked_by(app, who, &order).await? {
        return Err(Failure::not_found("order"));
    }
    decide(app, id, By::Owner(order.restaurant), command).await
}

/// Whether it was placed at a restaurant of `who`.
async fn is_cooked_by(app: &App, who: &Principal, order: &Order) -> Result<bool, Failure> {
    Ok(order.placed_at.is_some() && restaurant::owns(app, who, order.restaurant).await?)
}

/// A command of the customer to one of their own orders.
pub async fn as_customer(
    app: &App,
    who: &Principal,
    id: OrderId,
    command: Command,
) -> Result<Order, Failure> {
    decide(app, id, By::Customer(who.user), command).await
}

/// A command of the courier to the order that they deliver.
pub async fn as_courier(
    app: &App,
    courier: CourierId,
    id: OrderId,
    command: Command,
) -> Result<Order, Failure> {
    decide(app, id, By::Courier(courier), command).await
}

/// Cancels the order on behalf of its customer, its restaurant or an admin.
pub async fn cancel(app: &App, who: &Principal, id: OrderId, reason: String) -> Result<Order, Failure> {
    let command = Command::Cancel { reason };
    let order = show(app, who, id).await?;
    if order.is_of(who.user) {
        as_customer(app, who, id, command).await
    } else if who.is(Role::Admin) {
        decide(app, id, By::Admin(who.user), command).await
    } else {
        as_owner(app, who, id, command).await
    }
}

/// Completes the order on behalf of its customer, or of its restaurant with the pickup code.
pub async fn complete(
    app: &App,
    who: &Principal,
    id: OrderId,
    code: Option<String>,
) -> Result<Order, Failure> {
    let order = find(app, id).await?;
    let awaits_code = order.status == Status::Ready && matches!(order.fulfilment, Fulfilment::Pickup { .. });
    let command = Command::Complete { code };
    if order.is_of(who.user) {
        return as_customer(app, who, id, command).await;
    }
    if awaits_code && restaurant::owns(app, who, order.restaurant).await? {
        let begun = store::code_tries::begin(&app.store, &format!("pickup:{id}")).await?;
        begun.map_err(OrderRefusal::from)?;
    }
    as_owner(app, who, id, command).await
}

/// Assigns or unassigns the courier of the delivery (reaction). Idempotent.
pub async fn assign_courier(app: &App, id: OrderId, courier: Option<CourierId>) -> Result<(), Failure> {
    system(app, id, Command::AssignCourier { courier }).await
}

/// Ends the order on behalf of an operator, at the stated party's cost, which determines the
/// refund. May be repeated.
pub async fn end(
    app: &App,
    who: &Principal,
    id: OrderId,
    fault: Fault,
    reason: String,
) -> Result<Order, Failure> {
    who.require(Role::Admin)?;
    decide(app, id, By::Admin(who.user), Command::End { fault, reason }).await
}

/// Adds the dishes of an earlier own order that are still available to the cart. Returns the
/// cart, and the dishes that were left out with the reason.
pub async fn reorder(
    app: &App,
    who: &Principal,
    id: OrderId,
    refill: &cart::Refill,
) -> Result<(cart::CartView, Vec<domain::Fault>), Failure> {
    cart::refill(app, who, &theirs(app, who, id).await?, refill).await
}

/// A command of a timer or a reaction. A refused transition is no error: the command came too
/// late, or was carried out before.
pub async fn system(app: &App, id: OrderId, command: Command) -> Result<(), Failure> {
    match decide(app, id, By::System, command).await {
        Err(Failure::Refused(refused))
            if matches!(refused.code, "order.transition_refused" | "order.no_cancel_request") =>
        {
            Ok(())
        }
        other => other.map(drop),
    }
}

/// How many orders of a restaurant are not done.
pub(crate) async fn open_at(app: &App, id: RestaurantId) -> Result<usize, Failure> {
    Ok(store::order::open(&app.store, id).await?.len())
}

/// The orders with this hand-over code, newest first.
pub(crate) async fn by_code(
    app: &App,
    code: domain::order::OrderCode,
    limit: u32,
) -> Result<Vec<Order>, Failure> {
    Ok(store::order::by_code(&app.store, code, limit).await?)
}

/// The orders of these customers, newest first.
pub(crate) async fn of_customers(app: &App, customers: &[UserId], limit: u32) -> Result<Vec<Order>, Failure> {
    Ok(store::order::of_customers(&app.store, customers, limit).await?)
}

/// The orders of one status that were made since `since`, newest first.
pub(crate) async fn of_status(
    app: &App,
    status: Status,
    since: Timestamp,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, Failure> {
    Ok(store::order::of_status(&app.store, status, since, before, limit).await?)
}

/// The number of orders since `since`, by status.
pub(crate) async fn count_by_status(app: &App, since: Timestamp) -> Result<BTreeMap<String, u64>, Failure> {
    Ok(store::order::count_by_status(&app.store, since).await?)
}

/// The order as last committed.
pub async fn find(app: &App, id: OrderId) -> Result<Order, Failure> {
    load(app, id).await?.ok_or_else(|| Failure::not_found("order"))
}

/// These orders as last committed, in no order, without those that there are not.
pub(crate) async fn find_many(app: &App, ids: &[OrderId]) -> Result<Vec<Order>, Failure> {
    Ok(store::order::load_many(&app.store, ids).await?)
}

/// The order as last committed, if there is one.
pub(crate) async fn load(app: &App, id: OrderId) -> Result<Option<Order>, Failure> {
    Ok(store::order::load(&app.store, id).await?)
}

/// The order, if it is this customer's; for others it does not exist.
pub(crate) async fn theirs(app: &App, who: &Principal, id: OrderId) -> Result<Order, Failure> {
    let order = find(app, id).await?;
    if order.is_of(who.user) { Ok(order) } else { Err(Failure::not_found("order")) }
}

pub(crate) async fn decide(app: &App, id: OrderId, by: By, command: Command) -> Result<Order, Failure> {
    app.orders.decide(id, by, command, app.now()).await
}
