//! Couriers and deliveries, from the accepted order to the door.

mod again;
mod backlog;
mod devices;
mod dispatch;
mod positions;
mod rest;
mod silent;
mod stalled;
mod stopped;
mod stream;
mod way;

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use domain::cart::{DropOff, Method, Quote, QuotedLine};
use domain::order::{By, Command, Order, Placement};
use domain::tracking::{Batch, Offer, RawFix};
use domain::{
    Channel, CourierId, Failure, LatLon, OrderId, Principal, RestaurantId, Role, SessionId, Timestamp,
    UserId, Won,
};
use services::App;
use services::tracking::courier;
use store::journal;
use tests::TestApp;
use tests::wait::until;
use uuid::Uuid;

/// A place so many metres north of the restaurant.
fn north(metres: f64) -> LatLon {
    LatLon::new(37.5 + metres / 111_195.0, 127.03).unwrap()
}

/// A person with a role of their own.
fn person(app: &App, role: Role) -> Principal {
    Principal { user: app.ids.uuid().into(), session: SessionId(app.ids.uuid()), roles: vec![role] }
}

fn fix(seq: i64, at: Timestamp, place: LatLon) -> RawFix {
    RawFix {
        seq,
        at,
        lat: place.lat(),
        lon: place.lon(),
        accuracy_m: Some(5.0),
        speed_mps: Some(6.0),
        heading_deg: Some(0.0),
    }
}

/// A courier on shift, so many metres north of the restaurant.
async fn courier_at(app: &App, metres: f64) -> Principal {
    let who = person(app, Role::Courier);
    courier::shift(app, &who, true).await.unwrap();
    let batch = Batch::new(1, vec![fix(0, app.now(), north(metres))]).unwrap();
    courier::fixes(app, who.user.into(), None, batch).await.unwrap();
    who
}

async fn ask(app: &App, order: OrderId, by: By, command: Command) -> Result<Order, Failure> {
    let now = app.now();
    app.orders.decide(order, by, command, now).await
}

/// An order that its restaurant has accepted; the door is 2 km north of it.
async fn accepted_order(app: &App) -> Order {
    accepted_order_of(app, UserId(app.ids.uuid())).await
}

pub(crate) async fn accepted_order_of(app: &App, customer: UserId) -> Order {
    let now = app.now();
    let payable = Won(21_000);
    let quote = Quote {
        tip_parts: Vec::new(),
        id: app.ids.uuid().into(),
        customer,
        // Each of a customer's orders is of a cart of its own.
        cart_version: now.timestamp_micros().unsigned_abs(),
        menu_version: 1,
        method: Method::Delivery,
        slot: None,
        lead_mins: 40,
        restaurant_id: RestaurantId(app.ids.uuid()),
        restaurant_name: "한 그릇".into(),
        lines: vec![QuotedLine {
            line_id: app.ids.uuid().into(),
            menu_id: app.ids.uuid().into(),
            name: "비빔밥".into(),
            quantity: 2,
            options: Vec::new(),
            unit_price: Won(9_000),
            total: Won(18_000),
            discount: Won::ZERO,
            shares: Vec::new(),
            limited: false,
        }],
        subtotal: Won(18_000),
        tip: Won(3_000),
        discounts: Vec::new(),
        points: Won::ZERO,
        payable,
        points_wanted: Won::ZERO,
        coupons: Vec::new(),
        minimum: Won(0),
        pickup: north(0.0),
        drop_off: Some(DropOff {
            position: north(2_000.0),
            road_address: "테헤란로 1".into(),
            detail: "101호".into(),
            entrance_note: String::new(),
        }),
        problems: Vec::new(),
        made_at: now,
        expires_at: now + TimeDelta::minutes(5),
    };
    let (id, owner) = (OrderId(app.ids.uuid()), By::Owner(quote.restaurant_id));
    let placement = Placement {
        id,
        quote,
        note: String::new(),
        courier_note: String::new(),
        contactless: false,
        cutlery: false,
        pickup_code: String::new(),
        terms: domain::order::Terms::default(),
    };
    app.orders.place(placement, now).await.unwrap();
    ask(app, id, By::Payment, Command::Pay { amount: payable }).await.unwrap();
    ask(app, id, owner, Command::Accept { preparation_mins: 10 }).await.unwrap()
}

/// The offer that the courier is made.
async fn offer_to(app: &App, who: &Principal) -> Offer {
    until("an offer", async || courier::me(app, who).await.unwrap().offers.pop()).await
}

/// The principal of a person who is signed in.
fn principal(of: &tests::rest::Person, role: Role) -> Principal {
    Principal { user: of.id.parse().unwrap(), session: SessionId(Uuid::nil()), roles: vec![role] }
}

/// The names of the events on a channel, in order.
async fn history(app: &App, channel: Channel) -> Vec<String> {
    let events = journal::since(&app.store, &channel, 0, 1_000).await.unwrap();
    events.iter().map(|event| event.kind.clone()).collect()
}

/// Waits until the channel has the event.
async fn told(app: &App, channel: Channel, kind: &str) {
    until(kind, async || history(app, channel.clone()).await.iter().any(|told| told == kind).then_some(()))
        .await;
}

fn own(who: &Principal) -> Channel {
    Channel::Courier(CourierId::from(who.user))
}

fn code(failure: Failure) -> &'static str {
    match failure {
        Failure::Refused(refused) => refused.code,
        Failure::Fault(fault) => panic!("a fault: {fault}"),
    }
}

/// How often each item is in the list.
fn counted<T: std::hash::Hash + Eq>(all: impl IntoIterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts
}
