//! Fixtures of any size for load tests: couriers with a delivery, customers who follow them,
//! conversations with their agents, and orders in preparation.
//!
//! Creating ten thousand people by sign-up, payment and dispatch would take an hour. Here they
//! are inserted with a few statements, in states that the rules can reach, and each gets an
//! access token signed with the server's key. None has a password. The load itself uses only
//! the public sockets and routes.

use domain::cart::{DropOff, QuotedLine, QuotedOption};
use domain::order::{Fact, Fulfilment, Order, OrderEvent, Status};
use domain::support::{Conversation, Status as Talking, Topic};
use domain::tracking::delivery::{Fact as DeliveryFact, Pickup};
use domain::tracking::{Carrier, Delivery, DeliveryEvent, DeliveryStatus, Handover, Vehicle};
use domain::{
    Channel, CourierId, Failure, LatLon, OrderId, Percentage, Principal, RestaurantId, Role, UserId, Won,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{App, auth, bench_catalogue};

/// The most rows of one statement.
const AT_ONCE: usize = 5_000;

/// Orders per customer of [`Waiting`].
const ORDERS_EACH: usize = 20;

/// How much to create.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Couriers with a live delivery, each with its customer.
    pub rides: usize,
    /// Conversations, each with its customer and its agent.
    pub talks: usize,
    /// Conversations of one agent.
    pub talks_each: usize,
    /// Orders in preparation, without a courier.
    pub orders: usize,
    /// Agents who may all see one queued conversation.
    pub crowd: usize,
    /// Restaurants without a menu, each with its owner.
    pub shops: usize,
    /// Customers who have nothing yet.
    pub customers: usize,
}

/// The created people, with their access tokens.
#[derive(Clone, Debug, Default, Serialize)]
pub struct City {
    /// Couriers with a delivery.
    pub rides: Vec<Ride>,
    /// Open conversations.
    pub talks: Vec<Talk>,
    /// Customers with orders in preparation.
    pub waiting: Vec<Waiting>,
    /// Agents and a queued conversation.
    pub crowd: Option<Crowd>,
    /// Restaurants without a menu.
    pub shops: Vec<Shop>,
    /// The access tokens of customers who have nothing yet.
    pub customers: Vec<String>,
}

/// A courier who has picked up a customer's order.
#[derive(Clone, Debug, Serialize)]
pub struct Ride {
    /// The courier's access token.
    pub courier: String,
    /// The customer's access token.
    pub customer: String,
    /// The id of the order and of its delivery.
    pub order: OrderId,
    /// The courier's position, 3 km from the drop-off.
    pub start: LatLon,
}

/// A conversation between a customer and an agent.
#[derive(Clone, Debug, Serialize)]
pub struct Talk {
    /// The conversation.
    pub conversation: Uuid,
    /// The customer's access token.
    pub customer: String,
    /// The agent's number, from 0.
    pub agent_number: usize,
    /// The agent's access token.
    pub agent: String,
}

/// A customer with many orders in preparation.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    /// The customer's access token.
    pub customer: String,
    /// Their orders.
    pub orders: Vec<OrderId>,
}

/// Agents, and a queued conversation that they may all see.
#[derive(Clone, Debug, Serialize)]
pub struct Crowd {
    /// The conversation.
    pub conversation: Uuid,
    /// The customer's access token.
    pub customer: String,
    /// The agents' access tokens.
    pub agents: Vec<String>,
}

/// A restaurant without a menu.
#[derive(Clone, Debug, Serialize)]
pub struct Shop {
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// Its owner's access token.
    pub owner: String,
}

/// Creates the fixtures; each call creates new ones.
pub async fn make(app: &App, wanted: Wanted) -> Result<City, Failure> {
    let mut city = City::default();
    for first in (0..wanted.rides).step_by(AT_ONCE) {
        city.rides.extend(rides(app, first, AT_ONCE.min(wanted.rides - first)).await?);
    }
    if wanted.talks > 0 {
        city.talks = talks(app, wanted.talks, wanted.talks_each.max(1)).await?;
    }
    for first in (0..wanted.orders).step_by(AT_ONCE) {
        city.waiting.extend(waiting(app, AT_ONCE.min(wanted.orders - first)).await?);
    }
    if wanted.crowd > 0 {
        city.crowd = Some(crowd(app, wanted.crowd).await?);
    }
    city.shops = shops(app, wanted.shops).await?;
    for first in (0..wanted.customers).step_by(AT_ONCE) {
        for customer in people(app, AT_ONCE.min(wanted.customers - first), Role::Customer).await? {
            city.customers.push(token(app, customer, Role::Customer)?);
        }
    }
    Ok(city)
}

/// Opens accounts with one role.
async fn people(app: &App, count: usize, role: Role) -> Result<Vec<UserId>, Failure> {
    let users: Vec<UserId> = std::iter::repeat_with(|| app.ids.uuid().into()).take(count).collect();
    store::auth::open_accounts(&app.store, &users, role, app.now()).await?;
    store::user::insert_many(&app.store, &users, "벤치", app.now()).await?;
    Ok(users)
}

fn token(app: &App, user: UserId, role: Role) -> Result<String, Failure> {
    auth::hand_out(app, &Principal { user, session: app.ids.uuid().into(), roles: vec![role] })
}

async fn rides(app: &App, first: usize, count: usize) -> Result<Vec<Ride>, Failure> {
    let now = app.now();
    let customers = people(app, count, Role::Customer).await?;
    let couriers = people(app, count, Role::Courier).await?;
    let ids: Vec<CourierId> = couriers.iter().map(|courier| CourierId::from(*courier)).collect();
    store::tracking::register_many(&app.store, &ids, "벤치").await?;
    let (mut rides, mut orders, mut deliveries) = (vec![], vec![], vec![]);
    let (mut order_events, mut delivery_events) = (vec![], vec![]);
    for (place, (customer, courier)) in customers.iter().zip(&couriers).enumerate() {
        let start = somewhere(first + place)?;
        let order = Order {
            status: Status::PickedUp,
            courier: Some((*courier).into()),
            picked_up_at: Some(now),
            ..order(app, *customer, start)?
        };
        let delivery = delivery(app, &order, (*courier).into(), start);
        let (id, status) = (order.id, order.status);
        order_events.push((Channel::Order(id), OrderEvent { order: id, status, fact: Fact::PickedUp }));
        let fact = DeliveryFact::PickedUp;
        let event = DeliveryEvent { order: id, status: delivery.status, fact };
        delivery_events.push((Channel::Delivery(id), event));
        rides.push(Ride {
            courier: token(app, *courier, Role::Courier)?,
            customer: token(app, *customer, Role::Customer)?,
            order: id,
            start,
        });
        orders.push(order);
        deliveries.push(delivery);
    }
    store::order::insert_many(&app.store, &orders).await?;
    store::journal::begin_many(&app.store, &order_events, now).await?;
    store::tracking::insert_many(&app.store, &deliveries).await?;
    store::journal::begin_many(&app.store, &delivery_events, now).await?;
    Ok(rides)
}

/// A point on a grid of 120 m over the city, so that couriers are apart from each other.
fn somewhere(number: usize) -> Result<LatLon, Failure> {
    let (row, column) = ((number / 100 % 100) as f64, (number % 100) as f64);
    LatLon::new(37.45 + row * 0.001_08, 126.90 + column * 0.001_36).map_err(Failure::fault)
}

/// An order of one dish, in preparation.
fn order(app: &App, customer: UserId, pickup: LatLon) -> Result<Order, Failure> {
    let now = app.now();
    let option = |name: &str| QuotedOption {
        option_id: app.ids.uuid().into(),
        name: name.to_owned(),
        quantity: 1,
        free_quantity: 0,
        price: Won(1_000),
    };
    let line = QuotedLine {
        line_id: app.ids.uuid().into(),
        menu_id: app.ids.uuid().into(),
        name: "반반 치킨".to_owned(),
        quantity: 1,
        options: vec![option("순살"), option("치킨무 추가")],
        unit_price: Won(21_000),
        total: Won(21_000),
        discount: Won::ZERO,
        shares: Vec::new(),
        limited: false,
    };
    // 3 km north, so that no courier enters the geofence of the drop-off during the test.
    let door = LatLon::new(pickup.lat() + 0.027, pickup.lon()).map_err(Failure::fault)?;
    Ok(Order {
        id: app.ids.uuid().into(),
        version: 1,
        status: Status::Preparing,
        quote: app.ids.uuid().into(),
        cart_version: None,
        customer,
        restaurant: app.ids.uuid().into(),
        restaurant_name: "벤치 치킨".to_owned(),
        courier: None,
        fulfilment: Fulfilment::Delivery { contactless: true },
        lines: vec![line],
        cancellations: Vec::new(),
        subtotal: Won(21_000),
        tip: Won(3_000),
        discounts: Vec::new(),
        points: Won::ZERO,
        payable: Won(24_000),
        commission: Percentage::ZERO,
        reward: Won::ZERO,
        pickup,
        drop_off: Some(door_of(door)),
        note: String::new(),
        courier_note: String::new(),
        cutlery: false,
        slot: None,
        lead_mins: 45,
        declined: None,
        created_at: now,
        placed_at: Some(now),
        ready_by: Some(now),
        picked_up_at: None,
        delivered_at: None,
        cancel_request: None,
        contact: None,
        ending: None,
        ended_at: None,
    })
}

fn door_of(position: LatLon) -> DropOff {
    DropOff {
        position,
        road_address: "테헤란로 1".to_owned(),
        detail: "101호".to_owned(),
        entrance_note: String::new(),
    }
}

fn delivery(app: &App, order: &Order, courier: CourierId, at: LatLon) -> Delivery {
    let now = app.now();
    Delivery {
        order: order.id,
        version: 1,
        status: DeliveryStatus::PickedUp,
        customer: order.customer,
        pickup: Pickup { restaurant: order.restaurant, name: order.restaurant_name.clone(), position: at },
        drop_off: order.drop_off.clone().unwrap_or_else(|| door_of(at)),
        carrier: Some(Carrier { courier, name: "벤치".to_owned(), vehicle: Vehicle::Motorbike }),
        requested_at: now,
        ready_by: now,
        // Never late.
        promised_at: now + chrono::TimeDelta::days(1),
        handover: Handover::of(order),
        near_told: false,
        late_told: false,
    }
}

async fn talks(app: &App, count: usize, each: usize) -> Result<Vec<Talk>, Failure> {
    let customers = people(app, count, Role::Customer).await?;
    let agents = people(app, count.div_ceil(each), Role::Agent).await?;
    let agent_tokens =
        agents.iter().map(|agent| token(app, *agent, Role::Agent)).collect::<Result<Vec<_>, _>>()?;
    let (mut talks, mut conversations) = (vec![], vec![]);
    for (number, customer) in customers.iter().enumerate() {
        let agent_number = number / each;
        let conversation = conversation(app, *customer, agents.get(agent_number).copied());
        talks.push(Talk {
            conversation: conversation.id.0,
            customer: token(app, *customer, Role::Customer)?,
            agent_number,
            agent: agent_tokens.get(agent_number).cloned().unwrap_or_default(),
        });
        conversations.push(conversation);
    }
    store::support::insert_many(&app.store, &conversations).await?;
    Ok(talks)
}

/// A conversation that is open with `agent`, or queued without one.
fn conversation(app: &App, customer: UserId, agent: Option<UserId>) -> Conversation {
    let now = app.now();
    Conversation {
        id: app.ids.uuid().into(),
        customer_id: customer,
        topic: Topic::Delivery,
        order_id: None,
        status: if agent.is_some() { Talking::Open } else { Talking::Queued },
        agent_id: agent,
        last_seq: 0,
        customer_read_seq: 0,
        agent_read_seq: 0,
        created_at: now,
        queued_at: now,
        resolved_at: None,
    }
}

async fn crowd(app: &App, count: usize) -> Result<Crowd, Failure> {
    let agents = people(app, count, Role::Agent).await?;
    let customer = people(app, 1, Role::Customer).await?;
    let customer = *customer.first().ok_or_else(|| Failure::fault("nobody was made"))?;
    let conversation = conversation(app, customer, None);
    store::support::insert_many(&app.store, std::slice::from_ref(&conversation)).await?;
    Ok(Crowd {
        conversation: conversation.id.0,
        customer: token(app, customer, Role::Customer)?,
        agents: agents.iter().map(|agent| token(app, *agent, Role::Agent)).collect::<Result<_, _>>()?,
    })
}

async fn shops(app: &App, count: usize) -> Result<Vec<Shop>, Failure> {
    let owners = people(app, count, Role::Owner).await?;
    let mut shops = vec![];
    let mut tx = app.store.begin().await?;
    for (number, owner) in owners.into_iter().enumerate() {
        let restaurant = bench_catalogue::restaurant_of(app, owner, number)?;
        store::restaurant::save(&mut tx, &restaurant).await?;
        shops.push(Shop { restaurant: restaurant.id, owner: token(app, owner, Role::Owner)? });
    }
    tx.commit().await?;
    Ok(shops)
}

async fn waiting(app: &App, count: usize) -> Result<Vec<Waiting>, Failure> {
    let customers = people(app, count.div_ceil(ORDERS_EACH), Role::Customer).await?;
    let (mut all, mut orders) = (vec![], vec![]);
    for (number, customer) in customers.iter().enumerate() {
        let share = ORDERS_EACH.min(count - number * ORDERS_EACH);
        let theirs = std::iter::repeat_with(|| order(app, *customer, somewhere(number)?)).take(share);
        let theirs = theirs.collect::<Result<Vec<_>, Failure>>()?;
        let ids = theirs.iter().map(|order| order.id).collect();
        all.push(Waiting { customer: token(app, *customer, Role::Customer)?, orders: ids });
        orders.extend(theirs);
    }
    store::order::insert_many(&app.store, &orders).await?;
    Ok(all)
}
