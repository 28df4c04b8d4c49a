//! The cart, and quotes for it.

mod channel;
pub mod guest;

use std::sync::Arc;

use actor_kit::Entities;
use actors::cart::{CartEntity, Carts};
use domain::cart::state::QUANTITY_MAX;
use domain::cart::{
    Cart, Checkout, Command, DropOff, Method, NewLine, PricedLine, PromisedWindow, Quote, QuoteRefusal,
    QuotedLine, price, pricing,
};
use domain::menu::{Card, Pick};
use domain::order::Order;
use domain::restaurant::Restaurant;
use domain::{
    AddressId, CouponId, ExpectedVersion, Failure, Fault, LineId, MenuId, Principal, QuoteId, Refused,
    RestaurantId, Timestamp, UserId, Won, fault,
};

use crate::coupon::{Dishes, Preview};
use crate::idempotency::known_id;
use crate::module::Parts;
use crate::{App, StartError, coupon, menu, points, restaurant, start_error, user};

pub(crate) use channel::{CartChannel, heads};
pub(crate) use store::cart::erase;

/// Starts the cart entities.
pub(crate) async fn entities(parts: &Parts<'_>) -> Result<Carts, StartError> {
    let cart = CartEntity::new(parts.store.clone(), Arc::clone(parts.clock));
    let carts = Entities::start(cart, parts.settings.entities, parts.root).await;
    carts.map(Carts::from).map_err(start_error)
}

/// A request to add a dish to the cart: ids and quantities, never a price.
#[derive(Clone, Debug)]
pub struct Addition {
    /// The idempotency key: an addition with the same key is made once.
    pub key: Option<String>,
    /// The restaurant of the dish.
    pub restaurant_id: RestaurantId,
    /// The dish.
    pub menu_id: MenuId,
    /// How many of the dish.
    pub quantity: u32,
    /// The chosen options of each.
    pub picks: Vec<Pick>,
    /// Consent to empty the cart first if it holds dishes of another restaurant.
    pub replace: bool,
}

impl Addition {
    /// Refuses quantities out of range, naming the field.
    fn check(&self) -> Result<(), Refused> {
        let faults = out_of_range("", self.quantity, &self.picks);
        if faults.is_empty() { Ok(()) } else { Err(Refused::invalid(faults)) }
    }
}

/// The quantities out of range of a dish at `path` in the request.
fn out_of_range(path: &str, quantity: u32, picks: &[Pick]) -> Vec<Fault> {
    let picks = picks.iter().enumerate();
    let picks = picks.map(|(at, pick)| (format!("{path}/options/{at}/quantity"), pick.quantity));
    std::iter::once((format!("{path}/quantity"), quantity))
        .chain(picks)
        .filter(|(_, quantity)| !(1..=QUANTITY_MAX).contains(quantity))
        .map(|(pointer, _)| Fault::new(pointer, fault::OUT_OF_RANGE, format!("1 to {QUANTITY_MAX}")))
        .collect()
}

/// A cart at current prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartView {
    /// The version of the cart.
    pub version: u64,
    /// The restaurant of the dishes, and its name.
    pub restaurant: Option<(RestaurantId, String)>,
    /// The lines, oldest first.
    pub lines: Vec<PricedLine>,
    /// The sum of the lines that are available.
    pub subtotal: Won,
    /// The restaurant's minimum order amount; 0 for an empty cart.
    pub minimum: Won,
    /// The amount by which the subtotal is below the minimum.
    pub shortfall: Won,
    /// The chosen coupons.
    pub coupons: Vec<Preview>,
    /// How many points it is to be paid with.
    pub points: Won,
}

/// The user's cart.
pub async fn show(app: &App, who: &Principal) -> Result<CartView, Failure> {
    view(app, store::cart::load(&app.store, who.user).await?).await
}

async fn view(app: &App, cart: Cart) -> Result<CartView, Failure> {
    let Some(id) = cart.restaurant_id else {
        return Ok(CartView {
            version: cart.version,
            restaurant: None,
            lines: Vec::new(),
            subtotal: Won::ZERO,
            minimum: Won::ZERO,
            shortfall: Won::ZERO,
            coupons: Vec::new(),
            points: Won::ZERO,
        });
    };
    let card = menu::card(app, id).await?;
    view_with(app, cart, &card).await
}

/// The cart at the prices of `card`, which must be the menu of its restaurant.
async fn view_with(app: &App, cart: Cart, card: &Card) -> Result<CartView, Failure> {
    let (restaurant, lines) = priced(app, &cart, card).await?;
    let subtotal = pricing::subtotal(&lines).map_err(Failure::fault)?;
    let minimum = restaurant.rules.minimum_order;
    let shortfall = minimum.minus(subtotal).map_err(Failure::fault)?.or_zero();
    let (coupons, has_ordered) = coupon::chosen(app, cart.customer, &cart.coupons).await?;
    let dishes = Dishes { restaurant: &restaurant, lines: &available(&lines) };
    let coupons = coupon::preview(app, coupons, dishes, has_ordered);
    Ok(CartView {
        version: cart.version,
        restaurant: Some((restaurant.id, restaurant.name)),
        lines,
        subtotal,
        minimum,
        shortfall,
        coupons,
        points: cart.points,
    })
}

/// The restaurant of a cart, and its lines at the prices of `card`.
async fn priced(app: &App, cart: &Cart, card: &Card) -> Result<(Restaurant, Vec<PricedLine>), Failure> {
    let restaurant = restaurant::find(app, card.restaurant_id).await?;
    let now = app.now();
    let stock = menu::stock_for(app, card, now, cart.customer).await?;
    let lines = price(&cart.lines, card, &stock, now).map_err(Failure::fault)?;
    Ok((restaurant, lines))
}

/// The lines that can be had.
fn available(lines: &[PricedLine]) -> Vec<QuotedLine> {
    lines.iter().filter(|line| line.counts()).map(|line| line.line.clone()).collect()
}

async fn change(
    app: &App,
    customer: UserId,
    command: Command,
    expected: ExpectedVersion,
) -> Result<Cart, Failure> {
    app.carts.change(customer, command, expected).await
}

/// Adds a dish, checked against the current menu.
pub async fn add(app: &App, who: &Principal, addition: &Addition) -> Result<CartView, Failure> {
    addition.check()?;
    let card = menu::card(app, addition.restaurant_id).await?;
    let menu = card.menu(addition.menu_id).ok_or_else(|| Failure::not_found("menu"))?;
    let line = NewLine {
        id: addition_id(app, who, addition.key.as_deref()),
        restaurant_id: addition.restaurant_id,
        menu_id: menu.id,
        name: menu.name.clone(),
        quantity: addition.quantity,
        choice: menu.choose(&addition.picks, app.now())?,
    };
    let command = Command::Add { line, replace: addition.replace };
    let cart = change(app, who.user, command, ExpectedVersion::Any).await?;
    if cart.restaurant_id == Some(card.restaurant_id) {
        view_with(app, cart, &card).await
    } else {
        // The addition is a repeat, and the cart holds another restaurant's dishes by now.
        view(app, cart).await
    }
}

/// Adds the dishes of an earlier order that are still available, all in one command. Returns the
/// cart, and the dishes that were left out with the reason.
pub async fn refill(
    app: &App,
    who: &Principal,
    order: &Order,
    refill: &Refill,
) -> Result<(CartView, Vec<Fault>), Failure> {
    let card = menu::card(app, order.restaurant).await?;
    let (lines, left_out) = order.again(&card, app.now(), || app.ids.uuid().into())?;
    let id = addition_id(app, who, refill.key.as_deref());
    let command = Command::AddAll { id, lines, replace: refill.replace };
    Ok((view(app, change(app, who.user, command, refill.expected.clone()).await?).await?, left_out))
}

/// How an earlier order is added to the cart.
#[derive(Clone, Debug)]
pub struct Refill {
    /// The idempotency key.
    pub key: Option<String>,
    /// Consent to empty the cart first if it holds dishes of another restaurant.
    pub replace: bool,
    /// The expected version of the cart.
    pub expected: ExpectedVersion,
}

/// The id of an addition: the same for the same key, so that the cart recognises a repeat even
/// if the response to the first was never stored.
fn addition_id(app: &App, who: &Principal, key: Option<&str>) -> LineId {
    key.map_or_else(|| app.ids.uuid(), |key| known_id(who.user.0, key)).into()
}

/// Sets the quantity of a line; 0 removes it. The cart must be at an
/// `expected` version.
pub async fn set_quantity(
    app: &App,
    who: &Principal,
    line_id: LineId,
    quantity: u32,
    expected: ExpectedVersion,
) -> Result<CartView, Failure> {
    if quantity > QUANTITY_MAX {
        return Err(Refused::field("/quantity", fault::OUT_OF_RANGE, format!("0 to {QUANTITY_MAX}")).into());
    }
    view(app, change(app, who.user, Command::SetQuantity { line_id, quantity }, expected).await?).await
}

/// Removes a line; `expected` as with [`set_quantity`].
pub async fn remove(
    app: &App,
    who: &Principal,
    line_id: LineId,
    expected: ExpectedVersion,
) -> Result<CartView, Failure> {
    view(app, change(app, who.user, Command::Remove { line_id }, expected).await?).await
}

/// Removes all lines; `expected` as with [`set_quantity`].
pub async fn clear(app: &App, who: &Principal, expected: ExpectedVersion) -> Result<(), Failure> {
    change(app, who.user, Command::Clear, expected).await.map(drop)
}

/// Chooses a coupon in place of another one of its kind; `expected` as with [`set_quantity`].
pub async fn choose_coupon(
    app: &App,
    who: &Principal,
    id: CouponId,
    expected: ExpectedVersion,
) -> Result<CartView, Failure> {
    let coupon = coupon::choose(app, who.user, id).await?;
    view(app, change(app, who.user, Command::Choose { coupon }, expected).await?).await
}

/// Chooses a coupon no more; `expected` as with [`set_quantity`].
pub async fn unchoose_coupon(
    app: &App,
    who: &Principal,
    coupon: CouponId,
    expected: ExpectedVersion,
) -> Result<CartView, Failure> {
    view(app, change(app, who.user, Command::Unchoose { coupon }, expected).await?).await
}

/// Pays the cart with so many points; `expected` as with [`set_quantity`].
pub async fn use_points(
    app: &App,
    who: &Principal,
    points: Won,
    expected: ExpectedVersion,
) -> Result<CartView, Failure> {
    points::check(app, who.user, points).await?;
    view(app, change(app, who.user, Command::UsePoints { points }, expected).await?).await
}

/// What each of the user's unused coupons would take off the cart. None for an empty cart.
pub async fn coupons(app: &App, who: &Principal) -> Result<Vec<Preview>, Failure> {
    let cart = store::cart::load(&app.store, who.user).await?;
    let Some(id) = cart.restaurant_id else { return Ok(Vec::new()) };
    let (restaurant, lines) = priced(app, &cart, &*menu::card(app, id).await?).await?;
    let dishes = Dishes { restaurant: &restaurant, lines: &available(&lines) };
    coupon::previews(app, who.user, &cart.coupons, dishes).await
}

/// Takes out of the customer's cart what was ordered from it. May be repeated.
pub async fn take_ordered(app: &App, order: &Order) -> Result<(), Failure> {
    let lines = order.ordered_lines().map(|line| (line.line_id, line.quantity)).collect();
    let coupons = order.discounts.iter().map(|discount| discount.coupon).collect();
    let command = Command::TakeOrdered { order: order.id, lines, coupons };
    change(app, order.customer, command, ExpectedVersion::Any).await.map(drop)
}

/// How, where and when the customer wants the food in the cart.
#[derive(Clone, Copy, Debug)]
pub struct QuoteWish {
    /// Delivery or pickup.
    pub method: Method,
    /// The customer's address to deliver to.
    pub address: Option<AddressId>,
    /// The time slot; as soon as possible if none.
    pub slot: Option<Timestamp>,
}

/// Quotes a price for the cart, for one method and one time.
pub async fn quote(app: &App, who: &Principal, wish: QuoteWish) -> Result<Quote, Failure> {
    let drop_off = match (wish.method, wish.address) {
        (Method::Pickup, _) => None,
        (Method::Delivery, Some(address)) => Some(drop_off(app, who, address).await?),
        (Method::Delivery, None) => {
            let detail = "A delivery needs an address.";
            return Err(Refused::field("/address_id", fault::REQUIRED, detail).into());
        }
    };
    quote_to(app, who, drop_off, wish.slot).await
}

/// What the customer would get in points for an order from this quote.
pub fn reward(app: &App, quote: &Quote) -> Won {
    domain::points::reward(app.settings.terms.reward, quote)
}

/// When the food of this quote is there.
pub fn promised_window(app: &App, quote: &Quote) -> PromisedWindow {
    quote.promised_window(app.settings.tracking.courier.eta.promise_margin)
}

async fn drop_off(app: &App, who: &Principal, address: AddressId) -> Result<DropOff, Failure> {
    let place = user::address(app, who.user, address).await?.place;
    Ok(DropOff {
        position: place.position,
        road_address: place.road_address,
        detail: place.detail,
        entrance_note: place.entrance_note,
    })
}

/// Quotes a price for the cart, delivered to `drop_off` or, without one, collected. Stores the
/// quote.
pub async fn quote_to(
    app: &App,
    who: &Principal,
    drop_off: Option<DropOff>,
    slot: Option<Timestamp>,
) -> Result<Quote, Failure> {
    let cart = store::cart::load(&app.store, who.user).await?;
    let made_at = app.now();
    let quote = build(app, &cart, Promise { id: app.ids.uuid().into(), drop_off, slot, made_at }).await?;
    let mut tx = app.store.begin().await?;
    store::cart::insert_quote(&mut tx, &quote, quote.made_at).await?;
    tx.commit().await?;
    Ok(quote)
}

/// The inputs of a quote beside the cart.
struct Promise {
    id: QuoteId,
    drop_off: Option<DropOff>,
    slot: Option<Timestamp>,
    made_at: Timestamp,
}

async fn build(app: &App, cart: &Cart, promise: Promise) -> Result<Quote, Failure> {
    let empty = Failure::Refused(domain::cart::CartRefusal::Empty.into());
    let restaurant_id = cart.restaurant_id.ok_or(empty)?;
    let restaurant = restaurant::find(app, restaurant_id).await?;
    let card = menu::card(app, restaurant_id).await?;
    let Promise { id, drop_off, slot, made_at } = promise;
    let door = drop_off.as_ref().map(|drop_off| drop_off.position);
    let dong = door.and_then(|door| app.gazetteer.locate(door)).map(|place| place.code);
    let travel = door.map(|door| restaurant::travel(app, restaurant.position, door)).unwrap_or_default();
    let stock = menu::stock_for(app, &card, slot.unwrap_or(app.now()), cart.customer).await?;
    let scheduled = match slot {
        Some(slot) => restaurant::scheduled_beside(app, &restaurant, slot, cart.customer).await?,
        None => 0,
    };
    let (restaurant, card, stock, holidays) = (&restaurant, card.as_ref(), &stock, &*app.holidays());
    let (coupons, has_ordered) = coupon::chosen(app, cart.customer, &cart.coupons).await?;
    let points =
        if cart.points == Won::ZERO { Won::ZERO } else { points::available(app, cart.customer).await? };
    let checkout = Checkout {
        restaurant,
        card,
        stock,
        holidays,
        slot,
        scheduled,
        drop_off,
        dong,
        travel,
        coupons: &coupons,
        has_ordered,
        points,
    };
    Ok(checkout.quote_again(cart, id, made_at, app.now())?)
}

/// The user's quote with that id.
pub async fn find_quote(app: &App, who: &Principal, id: QuoteId) -> Result<Quote, Failure> {
    let quote = store::cart::quote(&app.store, who.user, id).await?;
    Ok(quote.ok_or_else(|| Refused::not_found("quote"))?)
}

/// The quote to place an order from, compared with the current menu. Refused if it has expired,
/// if the cart has changed, if it cannot be ordered, or if it would cost more now; the lower
/// price applies if it would cost less.
pub async fn honour(app: &App, who: &Principal, quote: Quote) -> Result<Quote, Failure> {
    let now = app.now();
    if !quote.is_alive(now) || !quote.orderable() {
        // Refuses without computing the current price.
        let current = quote.clone();
        return Ok(quote.honour(current, now)?);
    }
    if store::cart::load(&app.store, who.user).await?.version != quote.cart_version {
        return Err(QuoteRefusal::Outdated.into());
    }
    let (id, drop_off, slot, made_at) = (quote.id, quote.drop_off.clone(), quote.slot, quote.made_at);
    let current = build(app, &quote.cart(), Promise { id, drop_off, slot, made_at }).await?;
    Ok(quote.honour(current, now)?)
}
