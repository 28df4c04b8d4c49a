//! Dishes with a daily limit: reserved with the order, given back by every way of not happening, never
//! oversold and never leaked.

use std::time::Duration;

use chrono::TimeDelta;
use domain::order::{By, Command, RejectReason, Status, Times};
use domain::{Clock as _, OrderId, Role};
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::toss::cards;
use tests::TestApp;
use tests::process::{self, Process};
use tests::rest::Answer;
use tests::shop::{Guest, YEOKSAM, mild};

use super::Shop;

/// How many are left today, as everybody is told.
async fn left(app: &TestApp, shop: &Shop) -> u64 {
    let stock = app.rest(Service::Menu).get(&shop.path("menu-stock")).await.expect(200);
    assert_eq!(stock["items"][0]["menu_id"], json!(shop.card.menus().next().unwrap().id));
    stock["items"][0]["left"].as_u64().unwrap()
}

async fn limit(shop: &Shop, limit: u32) {
    let draft = json!({ "name": "후라이드", "price_won": 9_000, "daily_limit": limit });
    shop.owner.put(&shop.dish(), draft).await.expect(200);
}

/// Somebody with an address.
struct Buyer {
    guest: Guest,
    home: String,
}

impl Buyer {
    async fn new(app: &TestApp) -> Self {
        let guest = Guest::new(app, Role::Customer).await;
        let home = guest.live_at(YEOKSAM).await;
        Self { guest, home }
    }

    async fn quote(&self, shop: &Shop, quantity: u32) -> Value {
        self.guest.delete("/v1/cart").await.expect(204);
        self.guest.post("/v1/cart/lines", mild(&shop.card, quantity)).await.expect(201);
        self.guest.post("/v1/cart/quote", json!({ "address_id": self.home })).await.expect(201)
    }

    async fn order(&self, quote: &Value) -> Answer {
        self.guest.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await
    }

    async fn ordered(&self, shop: &Shop, quantity: u32) -> OrderId {
        let order = self.order(&self.quote(shop, quantity).await).await.expect(201);
        order["id"].as_str().unwrap().parse().unwrap()
    }

    async fn pay(&self, order: OrderId, card: &str) -> Answer {
        let body = self.guest.pays_with(card).await;
        self.guest.post(&format!("/v1/orders/{order}/payments"), body).await
    }
}

fn codes(problems: &Value) -> Vec<(&str, Option<u64>)> {
    let problems = problems.as_array().unwrap().iter();
    problems.map(|it| (it["code"].as_str().unwrap(), it["left"].as_u64())).collect()
}

#[tokio::test]
async fn of_many_buyers_in_two_processes_exactly_as_many_get_a_portion_as_there_are() {
    const PORTIONS: u32 = 20;
    const BUYERS: usize = 48;
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    limit(&shop, PORTIONS).await;
    let second = app.second_server().await;
    let mut buyers = Vec::new();
    for number in 0..BUYERS {
        let mut buyer = Buyer::new(&app).await;
        if number % 2 == 1 {
            buyer.guest = buyer.guest.at(second.address(Service::Gateway).unwrap());
        }
        buyers.push(buyer);
    }
    let quotes = join_all(buyers.iter().map(|buyer| buyer.quote(&shop, 2))).await;
    assert!(quotes.iter().all(|quote| codes(&quote["problems"]) == [("only_left", Some(20))]));
    let tries = buyers.iter().zip(&quotes).map(|(buyer, quote)| buyer.order(quote));
    let answers = join_all(tries).await;
    let bought = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(bought, PORTIONS as usize / 2);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        let refused = answer.expect_problem(409, "cart.quote_not_orderable");
        assert_eq!(refused["errors"][0]["code"], "sold_out");
    }
    assert_eq!(left(&app, &shop).await, 0);
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

/// Somebody who decides of an order that is placed.
type Decide = (By, Command);

#[tokio::test]
async fn every_way_of_not_happening_gives_the_portions_back_once() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    limit(&shop, 10).await;
    let buyer = Buyer::new(&app).await;
    let owner = By::Owner(shop.card.restaurant_id);
    let reason = || "마음이 바뀌었어요".to_owned();
    let reject = || Command::Reject { reason: RejectReason::Other, sold_out: Vec::new() };
    let accept = || (owner, Command::Accept { preparation_mins: 10 });
    let ways: [(bool, Vec<Decide>, Status); 5] = [
        (
            false,
            vec![(By::Customer(buyer.guest.id), Command::Cancel { reason: reason() })],
            Status::Cancelled,
        ),
        (true, vec![(By::Customer(buyer.guest.id), Command::Cancel { reason: reason() })], Status::Cancelled),
        (true, vec![(owner, reject())], Status::Rejected),
        (true, vec![accept(), (owner, Command::Cancel { reason: reason() })], Status::Cancelled),
        (
            true,
            vec![accept(), (owner, Command::StartPreparing), (owner, Command::Cancel { reason: reason() })],
            Status::Cancelled,
        ),
    ];
    for (paid, commands, status) in ways {
        let id = buyer.ordered(&shop, 3).await;
        assert_eq!(left(&app, &shop).await, 7);
        if paid {
            buyer.pay(id, cards::GOOD).await.expect(200);
        }
        for (by, command) in commands {
            app.app().orders.decide(id, by, command, app.clock.now()).await.unwrap();
        }
        app.run_due_jobs().await;
        assert_eq!(services::order::find(app.app(), id).await.unwrap().status, status);
        assert_eq!(left(&app, &shop).await, 10, "{status:?}");
    }

    // Declined, and then not paid in time; and the restaurant that never answers.
    let id = buyer.ordered(&shop, 4).await;
    buyer.pay(id, cards::DECLINED).await.expect(200);
    assert_eq!(left(&app, &shop).await, 6, "it may still be paid");
    app.advance(Times::default().payment).await;
    app.run_due_jobs().await;
    assert_eq!(services::order::find(app.app(), id).await.unwrap().status, Status::Expired);
    assert_eq!(left(&app, &shop).await, 10);
    let buyer = Buyer::new(&app).await;
    let id = buyer.ordered(&shop, 4).await;
    buyer.pay(id, cards::GOOD).await.expect(200);
    app.advance(Times::default().accept).await;
    app.run_due_jobs().await;
    assert_eq!(services::order::find(app.app(), id).await.unwrap().status, Status::Rejected);
    assert_eq!(left(&app, &shop).await, 10);

    // Another order in the place of one that is not paid: only one of them holds portions.
    let buyer = Buyer::new(&app).await;
    let first = buyer.quote(&shop, 6).await;
    buyer.order(&first).await.expect(201);
    let second = buyer.quote(&shop, 8).await;
    assert_eq!(codes(&second["problems"]), [("only_left", Some(10))]);
    let second = buyer.order(&second).await.expect(201)["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(left(&app, &shop).await, 2);
    buyer.pay(second, cards::GOOD).await.expect(200);
    let third = buyer.quote(&shop, 3).await;
    assert_eq!(codes(&third["problems"]), [("only_left", Some(2)), ("below_minimum", None)]);
    app.stop().await;
}

#[tokio::test]
async fn a_cart_tells_how_many_are_left_and_the_day_rolls_over_at_midnight_in_seoul() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    limit(&shop, 5).await;
    let (one, other) = (Buyer::new(&app).await, Buyer::new(&app).await);
    let quote = other.quote(&shop, 3).await;
    one.pay(one.ordered(&shop, 3).await, cards::GOOD).await.expect(200);
    let cart = other.guest.get("/v1/cart").await.expect(200);
    let line = &cart["lines"][0];
    assert_eq!((&line["left"], &line["problem"]["code"]), (&json!(2), &json!("only_left")));
    assert_eq!((&line["problem"]["blocks"], &cart["subtotal_won"]), (&json!(true), &json!(0)));
    let refused = other.order(&quote).await.expect_problem(409, "cart.quote_not_orderable");
    assert_eq!(refused["errors"][0]["code"], "only_left");
    let quote = other.quote(&shop, 2).await;
    assert_eq!(
        (&quote["orderable"], codes(&quote["problems"])),
        (&json!(true), vec![("only_left", Some(2))])
    );
    let dish = other.guest.get(&shop.dish()).await.expect(200);
    assert_eq!((&dish["daily_limit"], &dish["left"]), (&json!(5), &json!(2)));

    // An order for tomorrow takes tomorrow's.
    let now = app.clock.now();
    let tomorrow = now + TimeDelta::days(1);
    let wish = json!({ "address_id": other.home, "slot": tomorrow });
    let later = other.guest.post("/v1/cart/quote", wish).await.expect(201);
    assert_eq!(codes(&later["problems"]), [("only_left", Some(5))]);
    let scheduled = other.order(&later).await.expect(201)["id"].as_str().unwrap().parse().unwrap();
    other.pay(scheduled, cards::GOOD).await.expect(200);
    assert_eq!(left(&app, &shop).await, 2);
    // The clock alone is moved, so nothing is done that is due.
    let midnight = domain::week::midnight(domain::week::date_of(tomorrow));
    app.clock.set_forward(midnight - now - TimeDelta::seconds(60));
    assert_eq!(left(&app, &shop).await, 2);
    app.clock.set_forward(TimeDelta::seconds(60));
    assert_eq!(left(&app, &shop).await, 3);
    app.stop().await;
}

#[tokio::test]
async fn a_process_that_is_killed_while_orders_are_placed_leaks_and_oversells_nothing() {
    // It may have to be built, which takes longer than a quote holds.
    process::binary();
    let mut app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    limit(&shop, 30).await;
    let mut buyers = Vec::new();
    for _ in 0..12 {
        buyers.push(Buyer::new(&app).await);
    }
    let quotes = join_all(buyers.iter().map(|buyer| buyer.quote(&shop, 2))).await;
    app.halt().await;
    let server = Process::start(&app).await;
    let address = server.gateway().trim_start_matches("http://").parse().unwrap();
    let tries = buyers.iter().zip(&quotes).map(|(buyer, quote)| {
        let guest = buyer.guest.at(address);
        let body = json!({ "quote_id": quote["quote_id"] });
        let request = guest.request(reqwest::Method::POST, "/v1/orders").json(&body);
        async move { request.send().await.is_ok_and(|answer| answer.status() == 201) }
    });
    // The first answers come while others are under way; then it is killed.
    let mut tries: futures::stream::FuturesUnordered<_> = tries.collect();
    let mut answered = 0;
    while answered < 3 {
        answered += usize::from(futures::StreamExt::next(&mut tries).await.unwrap());
    }
    let server = server.restart().await;
    let others: Vec<bool> = futures::StreamExt::collect(tries).await;
    answered += others.into_iter().filter(|placed| *placed).count();
    drop(server);
    app.restart().await;
    // What is counted is what orders hold, neither more nor less.
    let mut held = 0;
    for buyer in &buyers {
        held += store::order::unpaid(&app.app().store, buyer.guest.id).await.unwrap().map_or(0, |_| 2);
    }
    assert!(held >= 2 * answered, "{held}, {answered}");
    assert_eq!(left(&app, &shop).await, 30 - held as u64);
    app.advance(Times::default().payment).await;
    app.run_due_jobs().await;
    assert_eq!(left(&app, &shop).await, 30);
    app.stop().await;
}
