//! Orders: who may ask what of them.

mod channels;
mod contact;
mod reminders;
mod unmask;
mod view;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::cart::{Method, Quote, QuoteRefusal};
use domain::order::{
    By, Command, Fault, Fulfilment, Order, OrderEventKind, OrderRefusal, Placement, Status, Wishes,
};
use domain::tracking::sight::Stage;
use domain::{
    Audience, CourierId, Failure, MenuId, OrderId, Party, Principal, QuoteId, Refused, RestaurantId, Role,
    Timestamp, UserId,
};
use store::journal::Recorded;
use store::order::OrderScope;

use actor_kit::Entities;
use actors::order::{OrderEntity, Orders};

use crate::module::Parts;
use crate::reaction::Reaction;
use crate::{App, StartError, cart, menu, restaurant, start_error};

pub(crate) use channels::{MerchantChannel, OrderChannel};
pub use contact::answer_contact;
pub(crate) use contact::try_contact;
pub(crate) use reminders::remind;
pub use unmask::{Unmasked, unmask};
pub use view::{
    ContactView, EndingView, OrderEventView, OrderLineView, OrderOptionView, OrderView, PlaceView,
    RequestView,
};

/// The orders that are in use.
pub(crate) async fn entities(parts: &Parts<'_>) -> Result<Orders, StartError> {
    let order = OrderEntity::new(parts.store.clone(), parts.settings.order);
    let orders = Entities::start(order, parts.settings.entities, parts.root).await;
    orders.map(Orders::from).map_err(start_error)
}

/// What a customer orders.
#[derive(Clone, Debug)]
pub struct Request {
    /// From which quote.
    pub quote: QuoteId,
    /// Words to the restaurant.
    pub note: String,
    /// Leave it at the door.
    pub contactless: bool,
    /// Collect it oneself: where it is said, what the quote is for.
    pub pickup: Option<bool>,
    /// For later: where it is said, what the quote is for.
    pub slot: Option<Timestamp>,
}

/// What an order must know of its payment, which knows the order: while money may still
/// come, it is neither replaced nor does it expire.
#[async_trait]
pub trait OpenPayments: Send + Sync + 'static {
    /// Whether money may still come for `order`.
    async fn is_open(&self, order: OrderId) -> Result<bool, Failure>;
}

/// What an order must know of conversations, which know the order: who may see it for them.
#[async_trait]
pub trait OpenCases: Send + Sync + 'static {
    /// Whether `agent` has an open conversation about `order`.
    async fn is_handled_by(&self, agent: UserId, order: OrderId) -> Result<bool, Failure>;
}

/// How often an order is tried that another one of the same customer came before.
const ROUNDS: usize = 4;

/// Makes an order of a quote. The same cart again, in the same way and with the same
/// words, gives the same order; a newer cart replaces an order that nobody paid for.
pub async fn place(app: &App, who: &Principal, request: Request) -> Result<Order, Failure> {
    let request = Request { note: domain::order::read_note(&request.note)?, ..request };
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
            // Another one came first: it is the answer, or in the way.
            Err(Failure::Refused(refused)) if refused.code == "conflict" => {}
            outcome => return outcome,
        }
    }
    Err(store::StoreError::Conflict.into())
}

/// The order that was made of this quote before, if the same is asked for.
fn repeated(who: &Principal, order: Order, request: &Request) -> Result<Order, Failure> {
    if !order.is_of(who.user) {
        return Err(Failure::not_found("quote"));
    }
    if order.is_dead() {
        return Err(QuoteRefusal::Used.into());
    }
    let asked = Wishes { note: request.note.clone(), ..order.wishes() };
    let contactless = request.contactless && asked.method == Method::Delivery;
    if !request.agrees(asked.method, asked.slot) || (Wishes { contactless, ..asked }) != order.wishes() {
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
        contactless: request.contactless,
        pickup_code: pickup_code(app),
    })
}

impl Request {
    /// Whether what is said of the way and the time is what was quoted.
    fn agrees(&self, method: Method, slot: Option<Timestamp>) -> bool {
        self.pickup.is_none_or(|pickup| pickup == (method == Method::Pickup))
            && (self.slot.is_none() || self.slot == slot)
    }
}

/// Calls off the order of an older cart that nobody paid for; refuses while somebody
/// does. One of this very version came a moment ago: the insert will meet it.
async fn replace_unpaid(app: &App, who: &Principal, cart_version: u64) -> Result<(), Failure> {
    let unpaid = store::order::unpaid(&app.store, who.user).await?;
    let Some(older) = unpaid.filter(|order| order.cart_version != Some(cart_version)) else { return Ok(()) };
    if app.open_payments.is_open(older.id).await? {
        return Err(OrderRefusal::PaymentOpen.into());
    }
    let reason = "replaced by a newer order".to_owned();
    match as_customer(app, who, older.id, Command::Cancel { reason }).await {
        // It was paid, or is over, meanwhile.
        Ok(_) | Err(Failure::Refused(Refused { code: "order.transition_refused", .. })) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// Four digits that nobody can guess.
fn pickup_code(app: &App) -> String {
    let [first, second, ..] = app.ids.random();
    format!("{:04}", u16::from_be_bytes([first, second]) % 10_000)
}

/// The order, if `who` may see it: its customer, its restaurant, its courier,
/// and staff.
pub async fn show(app: &App, who: &Principal, id: OrderId) -> Result<Order, Failure> {
    Ok(authorise(app, who, id).await?.0)
}

/// The order, and as which parties `who` may see it; somebody else's looks like none.
/// Its customer, its restaurant once it is paid, its courier while they bring it, the
/// agent who has its conversation, and operators may.
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

/// What `who` is to an order and its delivery beside customer and courier.
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

/// Orders newest first: the person's own, or those of a restaurant that is theirs.
pub async fn list(
    app: &App,
    who: &Principal,
    of: Option<RestaurantId>,
    status: Option<Status>,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, Failure> {
    let whose = match of {
        Some(id) => OrderScope::Restaurant(restaurant::owned(app, who, id).await?.id),
        None => OrderScope::Customer(who.user),
    };
    Ok(store::order::list(&app.store, whose, status, before, limit).await?)
}

/// Everything that happened to the order, oldest first.
pub async fn history(
    app: &App,
    who: &Principal,
    id: OrderId,
) -> Result<Vec<std::sync::Arc<Recorded>>, Failure> {
    /// Far more than any order has.
    const ALL: u32 = 200;
    let (_, parties) = authorise(app, who, id).await?;
    let mut events = store::journal::since(&app.store, &domain::Channel::Order(id), 0, ALL).await?;
    events.retain(|event| parties.hears(event.audience));
    Ok(events)
}

/// The restaurant's command to an order of its own.
pub async fn as_owner(app: &App, who: &Principal, id: OrderId, command: Command) -> Result<Order, Failure> {
    let order = find(app, id).await?;
    if order.placed_at.is_none() || !restaurant::owns(app, who, order.restaurant).await? {
        return Err(Failure::not_found("order"));
    }
    decide(app, id, By::Owner(order.restaurant), command).await
}

/// The customer's command to an order of their own.
pub async fn as_customer(
    app: &App,
    who: &Principal,
    id: OrderId,
    command: Command,
) -> Result<Order, Failure> {
    decide(app, id, By::Customer(who.user), command).await
}

/// The courier's command to the order that they bring.
pub async fn as_courier(
    app: &App,
    courier: CourierId,
    id: OrderId,
    command: Command,
) -> Result<Order, Failure> {
    decide(app, id, By::Courier(courier), command).await
}

/// Calls the order off, as whoever may: its customer, its restaurant, or an admin.
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

/// Ends the order well: its customer, or its restaurant with the pickup code.
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

/// A courier took the delivery on, or dropped out (reaction). May be repeated.
pub async fn assign_courier(app: &App, id: OrderId, courier: Option<CourierId>) -> Result<(), Failure> {
    system(app, id, Command::AssignCourier { courier }).await
}

/// An operator ends the order at a stated party's cost; what goes back follows from that.
/// May be repeated.
pub async fn end(
    app: &App,
    who: &Principal,
    id: OrderId,
    fault: Fault,
    reason: String,
) -> Result<Order, Failure> {
    if !who.is(Role::Admin) {
        return Err(Failure::forbidden());
    }
    decide(app, id, By::Admin(who.user), Command::End { fault, reason }).await
}

/// Puts what can still be had of an own order in the cart; with the cart, what cannot,
/// and why.
pub async fn reorder(
    app: &App,
    who: &Principal,
    id: OrderId,
    refill: &cart::Refill,
) -> Result<(cart::CartView, Vec<domain::Fault>), Failure> {
    cart::refill(app, who, &theirs(app, who, id).await?, refill).await
}

/// Empties the cart that the order was made from, once it is paid (subscriber).
pub async fn clear_cart(app: App, paid: Reaction<OrderEventKind>) -> Result<(), Failure> {
    let order = find(&app, paid.id).await?;
    match order.cart_version {
        Some(version) => cart::clear_ordered(&app, order.customer, version).await,
        None => Ok(()),
    }
}

/// What a restaurant rejected an order for is sold out (subscriber).
pub async fn mark_sold_out(app: App, rejected: Reaction<OrderEventKind>) -> Result<(), Failure> {
    let ids = rejected.event.data["sold_out_menu_ids"].clone();
    let menus: Vec<MenuId> = serde_json::from_value(ids).map_err(Failure::fault)?;
    menu::mark_sold_out(&app, find(&app, rejected.id).await?.restaurant, &menus).await
}

/// A timer's or a reaction's command. That the order has moved on meanwhile is
/// no error: it was too late, or done before.
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

/// How many orders of since then stand where.
pub(crate) async fn count_by_status(app: &App, since: Timestamp) -> Result<BTreeMap<String, u64>, Failure> {
    Ok(store::order::count_by_status(&app.store, since).await?)
}

/// The order as last committed.
pub async fn find(app: &App, id: OrderId) -> Result<Order, Failure> {
    load(app, id).await?.ok_or_else(|| Failure::not_found("order"))
}

/// The order as last committed, if there is one.
pub(crate) async fn load(app: &App, id: OrderId) -> Result<Option<Order>, Failure> {
    Ok(store::order::load(&app.store, id).await?)
}

/// The order, if it is this customer's: for others there is none.
pub(crate) async fn theirs(app: &App, who: &Principal, id: OrderId) -> Result<Order, Failure> {
    let order = find(app, id).await?;
    if order.is_of(who.user) { Ok(order) } else { Err(Failure::not_found("order")) }
}

pub(crate) async fn decide(app: &App, id: OrderId, by: By, command: Command) -> Result<Order, Failure> {
    app.orders.decide(id, by, command, app.now()).await
}
