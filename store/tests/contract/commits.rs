//! The number of round trips that a commit makes to PostgreSQL, and the order of its events.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::cart::{DropOff, Method, Quote, QuotedLine};
use domain::order::{By, Command, Fault, Order, OrderEvent, Placement, Times};
use domain::support::{Conversation, Draft, MessageText, Status, Topic};
use domain::tracking::{Carrier, Delivery, DeliveryStatus, Pickup, Vehicle};
use domain::{Channel, Clock, Event, LatLon, OrderId, RestaurantId, Timestamp, UserId, Won};
use serde_json::{Value, json};
use store::jobs::Subscriptions;
use store::scratch::{Asked, PING, watched};
use store::support::Step;
use store::{Database, Store, journal, order, scratch, support, tracking};

use crate::environment::{OsRandom, TestClock, fresh, vault};

/// An order's commit: its row, the journal with the board, jobs with timers, COMMIT.
const ORDER: usize = 4;
/// One that ends it and moves money: the ledger as well.
const LAST: usize = ORDER + 1;
/// The same for a delivery.
const COURIER: usize = 4;
/// Messages have neither journal nor jobs: one statement is its own transaction.
const MESSAGE: usize = 1;

/// Two subscribers with a job for each event.
pub(crate) struct Everybody;

impl Subscriptions for Everybody {
    fn pairs(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    fn subscribers(&self, _: &Channel, _: &str) -> Vec<&'static str> {
        vec!["one", "another"]
    }
}

struct Commits {
    store: Store,
    asked: Asked,
    clock: Arc<dyn Clock>,
}

async fn with_store(name: &str, check: impl AsyncFnOnce(Commits)) {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("commits_{name}_{}", fresh().simple());
    let database = scratch::create(&admin, &name).await.unwrap();
    let (watched, asked) = watched(&database).await.unwrap();
    let database = Database { max_connections: 1, ..watched };
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let settings = store::shared::Settings::default();
    let store = Store::connect(&database, &settings, &clock, &OsRandom, vault(), Everybody).await.unwrap();
    check(Commits { store: store.clone(), asked, clock }).await;
    store.close().await;
    scratch::remove(&admin, &name).await.unwrap();
}

impl Commits {
    /// The queries that `commit` made, without the pool's ping and sqlx's BEGIN, which belong
    /// to acquiring a connection.
    async fn asked(&self, commit: impl Future) -> Vec<String> {
        self.asked.take();
        commit.await;
        self.asked.take().into_iter().filter(|line| line != PING && !line.starts_with("BEGIN")).collect()
    }

    async fn at_most(&self, budget: usize, commit: impl Future) {
        let asked = self.asked(commit).await;
        assert!(!asked.is_empty(), "nothing was asked");
        assert!(asked.len() <= budget, "{} round trips:\n{}", asked.len(), asked.join("\n"));
    }

    async fn decide(&self, before: &Order, by: By, command: Command) -> Order {
        self.decide_within(ORDER, before, by, command).await
    }

    async fn decide_within(&self, budget: usize, before: &Order, by: By, command: Command) -> Order {
        let now = self.clock.now();
        let (after, events) = before.decide(by, &command, now).unwrap();
        let times = Times::default();
        let commit = async {
            order::update(&self.store, before.version, &after, &events, &times, now).await.unwrap();
        };
        self.at_most(budget, commit).await;
        after
    }
}

#[tokio::test]
async fn an_orders_commit_makes_four_round_trips() {
    with_store("order", async |commits| {
        let now = commits.clock.now();
        let (order, events) = placed(now);
        let times = Times::default();
        let place = async { order::insert(&commits.store, &order, &events, &times, now).await.unwrap() };
        commits.at_most(ORDER, place).await;
        let paid = commits.decide(&order, By::Payment, Command::Pay { amount: order.payable }).await;
        let owner = By::Owner(order.restaurant);
        let accepted = commits.decide(&paid, owner, Command::Accept { preparation_mins: 20 }).await;
        commits.decide(&accepted, owner, Command::StartPreparing).await;
    })
    .await;
}

#[tokio::test]
async fn an_operators_ending_of_an_order_makes_five_round_trips_and_is_written_down() {
    with_store("ending", async |commits| {
        let now = commits.clock.now();
        let (order, events) = placed(now);
        order::insert(&commits.store, &order, &events, &Times::default(), now).await.unwrap();
        let paid = commits.decide(&order, By::Payment, Command::Pay { amount: order.payable }).await;
        let accept = Command::Accept { preparation_mins: 20 };
        let accepted = commits.decide(&paid, By::Owner(order.restaurant), accept).await;
        let preparing = commits.decide(&accepted, By::Owner(order.restaurant), Command::StartPreparing).await;
        let operator = UserId(fresh());
        let end = Command::End { fault: Fault::Platform, reason: "가게 정전".to_owned() };
        commits.decide_within(LAST, &preparing, By::Admin(operator), end).await;
        let written = order::intervention::of_order(&commits.store, order.id).await.unwrap().unwrap();
        assert_eq!((written.operator, written.reason.as_str()), (operator, "가게 정전"));
    })
    .await;
}

#[tokio::test]
async fn a_couriers_step_makes_four_round_trips() {
    with_store("courier", async |commits| {
        let (now, courier) = (commits.clock.now(), fresh().into());
        let carrier = Carrier { courier, name: "기사".to_owned(), vehicle: Vehicle::Motorbike };
        let assigned = delivery(now, carrier);
        tracking::insert_many(&commits.store, std::slice::from_ref(&assigned)).await.unwrap();
        let (arrived, events) = assigned.arrive_at_restaurant(courier).unwrap();
        let step = async {
            let mut tx = commits.store.begin().await.unwrap();
            tracking::save(&mut tx, &arrived, &events, now).await.unwrap();
            journal::append_feed(&mut tx, &Channel::Courier(courier), &events, now);
            tx.commit().await.unwrap();
        };
        commits.at_most(COURIER, step).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_makes_one_round_trip() {
    with_store("message", async |commits| {
        let now = commits.clock.now();
        let before = conversation(now);
        support::insert_many(&commits.store, std::slice::from_ref(&before)).await.unwrap();
        let draft = Draft {
            message_id: fresh().into(),
            client_message_id: fresh().into(),
            text: MessageText::new("언제 오나요?", "/text").unwrap(),
            private_note: false,
        };
        let (after, events) = before.clone().send(before.customer_id, draft, now).unwrap();
        let step = Step { before: before.last_seq, after, events, at: now };
        let send = async { support::commit_all(&commits.store, &[step]).await.remove(0).unwrap() };
        commits.at_most(MESSAGE, send).await;
    })
    .await;
}

struct Noted(u64);

impl Event for Noted {
    fn kind(&self) -> &'static str {
        "noted"
    }

    fn data(&self) -> Value {
        json!(self.0)
    }
}

#[tokio::test]
async fn events_of_one_transaction_stand_in_the_order_in_which_they_were_appended() {
    with_store("journal", async |commits| {
        let now = commits.clock.now();
        let own = Channel::Order(OrderId(fresh()));
        let [board, other] = [fresh(), fresh()].map(|id| Channel::Merchant(RestaurantId(id)));
        let mut tx = commits.store.begin().await.unwrap();
        journal::append_feed(&mut tx, &board, &[Noted(1), Noted(2)], now);
        journal::append(&mut tx, &own, 3, &[Noted(4), Noted(5)], now);
        journal::append_feed(&mut tx, &other, &[Noted(1)], now);
        journal::append_feed(&mut tx, &board, &[Noted(3)], now);
        tx.commit().await.unwrap();
        let mut tx = commits.store.begin().await.unwrap();
        journal::append_feed(&mut tx, &board, &[Noted(4)], now);
        tx.commit().await.unwrap();
        for (channel, offsets) in [(board, 1..=4), (own, 4..=5), (other, 1..=1)] {
            let there = journal::since(&commits.store, &channel, 0, 10).await.unwrap();
            let there: Vec<_> = there.iter().map(|event| (event.offset, event.data.clone())).collect();
            let wanted: Vec<_> = offsets.map(|offset| (offset, json!(offset))).collect();
            assert_eq!(there, wanted, "{channel}");
        }
    })
    .await;
}

fn door() -> DropOff {
    DropOff {
        position: LatLon::new(37.5, 127.03).unwrap(),
        road_address: "테헤란로 1".to_owned(),
        detail: String::new(),
        entrance_note: String::new(),
    }
}

pub(crate) fn placed(now: Timestamp) -> (Order, Vec<OrderEvent>) {
    ordered(quote(now), now)
}

/// A quote of 18,000 won of food and a tip of 3,000 won.
pub(crate) fn quote(now: Timestamp) -> Quote {
    let line = QuotedLine {
        line_id: fresh().into(),
        menu_id: fresh().into(),
        name: "후라이드".to_owned(),
        quantity: 2,
        options: Vec::new(),
        unit_price: Won(9_000),
        total: Won(18_000),
        discount: Won::ZERO,
        shares: Vec::new(),
        limited: false,
    };
    Quote {
        tip_parts: Vec::new(),
        id: fresh().into(),
        customer: UserId(fresh()),
        cart_version: 1,
        menu_version: 1,
        method: Method::Delivery,
        slot: None,
        lead_mins: 40,
        restaurant_id: RestaurantId(fresh()),
        restaurant_name: "치킨집".to_owned(),
        lines: vec![line],
        subtotal: Won(18_000),
        tip: Won(3_000),
        discounts: Vec::new(),
        points: Won::ZERO,
        payable: Won(21_000),
        points_wanted: Won::ZERO,
        coupons: Vec::new(),
        minimum: Won(15_000),
        pickup: door().position,
        drop_off: Some(door()),
        problems: Vec::new(),
        made_at: now,
        expires_at: now + TimeDelta::minutes(5),
    }
}

/// An order from a quote.
pub(crate) fn ordered(quote: Quote, now: Timestamp) -> (Order, Vec<OrderEvent>) {
    let placement = Placement {
        id: OrderId(fresh()),
        quote,
        note: String::new(),
        courier_note: String::new(),
        contactless: false,
        cutlery: false,
        pickup_code: "0420".to_owned(),
        terms: domain::order::Terms::default(),
    };
    Order::place(placement, now).unwrap()
}

fn delivery(now: Timestamp, carrier: Carrier) -> Delivery {
    Delivery {
        order: OrderId(fresh()),
        version: 1,
        status: DeliveryStatus::Assigned,
        customer: UserId(fresh()),
        pickup: Pickup {
            restaurant: RestaurantId(fresh()),
            name: "치킨집".to_owned(),
            position: door().position,
        },
        drop_off: door(),
        carrier: Some(carrier),
        requested_at: now,
        ready_by: now,
        promised_at: now + TimeDelta::hours(1),
        handover: None,
        near_told: false,
        late_told: false,
    }
}

fn conversation(now: Timestamp) -> Conversation {
    Conversation {
        id: fresh().into(),
        customer_id: UserId(fresh()),
        topic: Topic::Delivery,
        order_id: None,
        status: Status::Open,
        agent_id: Some(UserId(fresh())),
        last_seq: 0,
        customer_read_seq: 0,
        agent_read_seq: 0,
        created_at: now,
        queued_at: now,
        resolved_at: None,
    }
}
