//! The people of the story, each with a client of the public API: a customer, an
//! owner with an open kitchen, a courier and an agent.

use std::time::Duration;

use chrono::TimeDelta;
use domain::Role;
use services::App;
use services::user::NewUser;
use sim::frame::{Event, Latest, Say};
use sim::outbox::Reading;
use sim::responses::{ChosenOption, Moment, NewAddress, NewLine, Order, Place};
use sim::sandbox::toss::cards;
use sim::socket::ReconnectPolicy;
use sim::{Api, Heard, Line, Socket};
use uuid::Uuid;

use crate::rest::PASSWORD;
use crate::shop;
pub use crate::wait::{PATIENCE, eventually};

/// Where the customer lives: about 800 m from the kitchen.
pub const HOME: Place = Place { lat: 37.5060, lon: 127.0420 };

/// Where the kitchen stands.
pub const KITCHEN: Place = Place { lat: shop::YEOKSAM.0, lon: shop::YEOKSAM.1 };

/// The four clients, and what the customer orders.
pub struct People {
    /// The client that orders.
    pub customer: Api,
    /// The client that runs the restaurant.
    pub owner: Api,
    /// The client that delivers.
    pub courier: Api,
    /// The client that answers support chats.
    pub agent: Api,
    /// The owner's restaurant.
    pub restaurant: Uuid,
    line: NewLine,
    address: Uuid,
}

impl People {
    /// Opens the kitchen and the staff's accounts from inside (no public route
    /// makes an owner), then signs everybody in at `url`. The customer signs up
    /// like anybody.
    pub async fn gather(app: &App, url: &str) -> Self {
        Self::enter(Self::hire(app).await, url).await
    }

    /// The first half of [`gather`](Self::gather). Returns the cart line to order.
    pub async fn hire(app: &App) -> NewLine {
        let owner_id = staff(app, "owner", Role::Owner).await;
        staff(app, "courier", Role::Courier).await;
        staff(app, "agent", Role::Agent).await;
        let kitchen = shop::kitchen(owner_id, "역삼 치킨");
        let card = shop::card(&kitchen, "후라이드");
        shop::open(app, &kitchen, &card).await;
        let dish = card.menus().next().expect("a dish");
        let mild = dish.option_groups[0].options[0].id.0;
        NewLine {
            restaurant_id: kitchen.id.0,
            menu_id: dish.id.0,
            quantity: 2,
            options: vec![ChosenOption { option_id: mild, quantity: 1 }],
            replace: true,
        }
    }

    /// The second half: everybody signs in at `url`.
    pub async fn enter(line: NewLine, url: &str) -> Self {
        let customer = Api::new(url).expect("a client");
        let email = email("customer");
        customer.sign_up(&email, PASSWORD, "손님", "010-2345-6789").await.expect("signed up");
        customer.sign_in(&email, PASSWORD).await.expect("signed in");
        let home = NewAddress {
            label: "집".into(),
            road_address: "서울 강남구 테헤란로 1".into(),
            detail: "101호".into(),
            entrance_note: "공동현관 1234".into(),
            position: HOME,
            is_default: true,
        };
        let address = customer.add_address(&home).await.expect("an address").id;
        let at = |who: &'static str| sign_in(url, who);
        Self {
            owner: at("owner").await,
            courier: at("courier").await,
            agent: at("agent").await,
            customer,
            restaurant: line.restaurant_id,
            line,
            address,
        }
    }

    /// The same, with another customer, who lives at this address of theirs.
    #[must_use]
    pub fn with_customer(self, customer: Api, address: Uuid) -> Self {
        Self { customer, address, ..self }
    }

    /// What the customer orders.
    pub fn line(&self) -> &NewLine {
        &self.line
    }

    /// Fills the cart and asks for the price.
    pub async fn quote(&self) -> Uuid {
        self.customer.add_line(&self.line).await.expect("in the cart");
        self.customer.quote(self.address).await.expect("a quote").quote_id
    }

    /// Fills the cart, asks for the price and orders; not yet paid. Asks again if an earlier order has
    /// left the cart meanwhile.
    pub async fn order(&self) -> Order {
        let mut quote = self.quote().await;
        loop {
            match self.customer.order(quote, "덜 맵게").await {
                Err(refused) if refused.slug() == Some("cart.quote_outdated") => {
                    quote = self.customer.quote(self.address).await.expect("a quote").quote_id;
                }
                ordered => return ordered.expect("an order"),
            }
        }
    }

    /// An order that is paid for.
    pub async fn placed(&self) -> Order {
        let order = self.order().await;
        let paid = self.customer.pay(order.id, cards::GOOD).await.expect("paid");
        assert_eq!(paid.status, "placed");
        paid
    }

    /// The courier goes on shift, stands at the kitchen, and takes the offer of
    /// `order`, which the restaurant accepts.
    pub async fn assigned(&self, order: Uuid, courier: &mut Socket, since: Moment) {
        let id = self.courier.who().await.expect("signed in").user_id;
        let line = courier.line();
        line.subscribe(format!("courier:{id}")).await.expect("its own channel");
        line.ask(Say::Shift { on: true }).await.expect("on shift");
        line.fix(reading(since, KITCHEN));
        acked(courier).await;
        self.owner
            .command(order, "accept", serde_json::json!({ "preparation_mins": 10 }))
            .await
            .expect("accepted");
        let offer = hear(courier, "offer.made").await;
        let offer_id = offer.data["id"].as_str().or(offer.data["offer_id"].as_str()).expect("an offer");
        let offer_id = offer_id.parse().expect("an id");
        line.ask(Say::OfferAnswer { offer_id, accept: true }).await.expect("taken");
        eventually(|| async { self.customer.get_order(order).await.is_ok_and(|it| it.courier_id.is_some()) })
            .await;
    }

    /// The food is cooked and handed to the courier.
    pub async fn picked_up(&self, order: Uuid, line: &Line) {
        self.owner.command(order, "ready", serde_json::Value::Null).await.expect("ready");
        line.step(order, "at_restaurant").await.expect("at the restaurant");
        line.step(order, "picked_up").await.expect("picked up");
    }
}

async fn staff(app: &App, who: &str, role: Role) -> domain::UserId {
    let new = NewUser {
        email: email(who),
        password: PASSWORD.into(),
        name: who.into(),
        phone: "010-2345-6789".into(),
    };
    services::user::register_with_roles(app, &new, &[role]).await.expect("an account").id
}

async fn sign_in(url: &str, who: &str) -> Api {
    let api = Api::new(url).expect("a client");
    api.sign_in(&email(who), PASSWORD).await.expect("signed in");
    api
}

fn email(who: &str) -> String {
    format!("{who}@test.baedal.example")
}

/// A socket that reconnects quickly: a test has too few clients to need a long back-off.
pub fn socket(api: &Api) -> Socket {
    let (first, most) = (Duration::from_millis(50), Duration::from_millis(500));
    Socket::open(api, ReconnectPolicy { first, most, seed: 7, ..ReconnectPolicy::default() })
}

/// A good reading.
pub fn reading(at: Moment, place: Place) -> Reading {
    Reading { at, place, accuracy_m: 5.0, speed_mps: 8.0, heading_deg: Some(45.0) }
}

/// The `step`th of `steps` readings from the kitchen to the customer, 3 seconds apart.
pub fn on_the_way(since: Moment, step: u32, steps: u32) -> Reading {
    let share = f64::from(step) / f64::from(steps);
    let between = |from: f64, to: f64| from + (to - from) * share;
    let place = Place { lat: between(KITCHEN.lat, HOME.lat), lon: between(KITCHEN.lon, HOME.lon) };
    reading(since + TimeDelta::seconds(i64::from(step) * 3), place)
}

/// Listens until an event of this kind comes.
pub async fn hear(socket: &mut Socket, kind: &str) -> Event {
    let found = socket.until(PATIENCE, |heard| match heard {
        Heard::Event(event) if event.kind == kind => Some(event.clone()),
        Heard::Anomaly(anomaly) => panic!("the protocol was broken: {anomaly:?}"),
        _ => None,
    });
    found.await.unwrap_or_else(|| panic!("{kind} never came"))
}

/// Listens until a channel's position comes.
pub async fn position(socket: &mut Socket) -> Latest {
    let found = socket.until(PATIENCE, |heard| match heard {
        Heard::Latest(latest) => Some(latest.clone()),
        Heard::Anomaly(anomaly) => panic!("the protocol was broken: {anomaly:?}"),
        _ => None,
    });
    found.await.expect("a position comes")
}

/// Listens until every fix handed over is acknowledged.
pub async fn acked(courier: &mut Socket) {
    let line = courier.line();
    while line.unacknowledged() > 0 {
        let ack = courier.until(PATIENCE, |heard| matches!(heard, Heard::Acked(_)).then_some(()));
        ack.await.expect("an acknowledgement comes");
    }
}
