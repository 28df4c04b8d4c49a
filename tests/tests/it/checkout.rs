//! From the cart to the order: one cart is ordered once, for the way and the time that
//! was quoted, and no money is taken for what cannot be had.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use domain::menu::{Card, Kind, Menu};
use domain::order::{OrderEventKind, Status};
use domain::restaurant::{Hours, Restaurant};
use domain::tip::TimeSurcharge;
use domain::week::Span;
use domain::{Channel, Clock as _, MenuId, OrderId, Role, Won};
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use server::system::SystemClock;
use services::reaction::Reaction;
use sim::sandbox::toss::cards;
use store::journal;
use tests::TestApp;
use tests::people::eventually;
use tests::shop::{Guest, YEOKSAM, card, kitchen, mild, open};

/// A customer with a full cart, and the kitchen that they order from.
struct Story {
    customer: Guest,
    owner: Guest,
    kitchen: Restaurant,
    card: Card,
    home: String,
}

impl Story {
    async fn begin(app: &TestApp) -> Self {
        let (customer, owner) = (Guest::new(app, Role::Customer).await, Guest::new(app, Role::Owner).await);
        let kitchen = kitchen(owner.id, "역삼 치킨");
        let card = card(&kitchen, "후라이드");
        open(app.app(), &kitchen, &card).await;
        let home = customer.live_at(YEOKSAM).await;
        let story = Self { customer, owner, kitchen, card, home };
        story.fill().await;
        story
    }

    async fn fill(&self) {
        self.customer.post("/v1/cart/lines", mild(&self.card, 2)).await.expect(201);
    }

    /// The kitchen is another one from now on.
    async fn change(&mut self, app: &TestApp, change: impl FnOnce(&mut Restaurant, &mut Card)) {
        change(&mut self.kitchen, &mut self.card);
        open(app.app(), &self.kitchen, &self.card).await;
    }

    async fn quote(&self) -> Value {
        self.quote_of(json!({ "address_id": self.home })).await
    }

    async fn quote_of(&self, wish: Value) -> Value {
        self.customer.post("/v1/cart/quote", wish).await.expect(201)
    }

    /// Quotes and orders; not yet paid.
    async fn order(&self) -> Value {
        let quote = self.quote().await;
        self.customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await.expect(201)
    }

    async fn pay(&self, order: &Value, card: &str) -> tests::rest::Answer {
        let path = format!("/v1/orders/{}/payments", order["id"].as_str().unwrap());
        self.customer.post(&path, self.customer.pays_with(card).await).await
    }

    async fn status(&self, order: &Value) -> String {
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        self.customer.get(&path).await.expect(200)["status"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn one_cart_is_ordered_once_whatever_is_raced_over_two_processes() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let second = app.second_server().await;
    let there = story.customer.at(second.address(Service::Gateway).unwrap());
    let mut quotes = Vec::new();
    for _ in 0..8 {
        quotes.push(story.quote().await["quote_id"].clone());
    }
    let tries = quotes.iter().cycle().take(24).enumerate().map(|(number, quote)| {
        let person = if number % 2 == 0 { &story.customer } else { &there };
        person.post("/v1/orders", json!({ "quote_id": quote, "note": "덜 맵게" }))
    });
    let orders: Vec<Value> = join_all(tries).await.into_iter().map(|answer| answer.expect(201)).collect();
    assert!(orders.iter().all(|order| order["id"] == orders[0]["id"]), "one cart, one order");

    // The same cart with other wishes is refused, by the same quote or another one.
    for quote in &quotes[..2] {
        let other = json!({ "quote_id": quote, "contactless": true, "note": "덜 맵게" });
        story.customer.post("/v1/orders", other).await.expect_problem(409, "order.wishes_differ");
        let other = json!({ "quote_id": quote, "cutlery": true, "note": "덜 맵게" });
        story.customer.post("/v1/orders", other).await.expect_problem(409, "order.wishes_differ");
        let other = json!({ "quote_id": quote, "note": "둘째" });
        story.customer.post("/v1/orders", other).await.expect_problem(409, "order.wishes_differ");
        let other = json!({ "quote_id": quote, "pickup": true, "note": "덜 맵게" });
        story.customer.post("/v1/orders", other).await.expect_problem(409, "order.wishes_differ");
    }

    // Paying is raced as well, and charges once.
    let body = story.customer.pays_with(cards::GOOD).await;
    let pays = (0..6).map(|number| {
        let person = if number % 2 == 0 { &story.customer } else { &there };
        let path = format!("/v1/orders/{}/payments", orders[0]["id"].as_str().unwrap());
        let body = body.clone();
        async move { person.post(&path, body).await.status.as_u16() }
    });
    let paid = join_all(pays).await;
    assert!(paid.iter().all(|status| matches!(status, 200 | 409)), "{paid:?}");
    eventually(|| async { story.status(&orders[0]).await == "placed" }).await;
    let payment =
        store::payment::latest(&app.app().store, orders[0]["id"].as_str().unwrap().parse().unwrap());
    let tries = payment.await.unwrap().unwrap();
    assert_eq!(tries.status, domain::payment::PaymentStatus::Done);
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn an_old_quote_orders_nothing_once_the_cart_has_changed() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let old = story.quote().await;
    story.fill().await;
    let order = json!({ "quote_id": old["quote_id"] });
    story.customer.post("/v1/orders", order.clone()).await.expect_problem(409, "cart.quote_outdated");
    story.customer.delete("/v1/cart").await.expect(204);
    story.customer.post("/v1/orders", order).await.expect_problem(409, "cart.quote_outdated");

    // What was paid for empties the cart, and its quote is spent.
    story.fill().await;
    let (quote, spare) = (story.quote().await, story.quote().await);
    let order = story.customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await.expect(201);
    story.pay(&order, cards::GOOD).await.expect(200);
    eventually(|| async { story.customer.get("/v1/cart").await.body["lines"] == json!([]) }).await;
    let again = story.customer.post("/v1/orders", json!({ "quote_id": spare["quote_id"] })).await.expect(201);
    assert_eq!(again["id"], order["id"], "the order of that cart, not a second one");
    app.stop().await;
}

#[tokio::test]
async fn a_newer_cart_replaces_the_unpaid_order_but_not_one_that_is_being_paid() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let first = story.order().await;
    story.fill().await;
    let second = story.order().await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(story.status(&first).await, "cancelled");

    let unknown = story.pay(&second, cards::TIMEOUT).await.expect(200);
    assert_eq!(unknown["status"], "pending_payment");
    story.fill().await;
    let quote = story.quote().await;
    let third = json!({ "quote_id": quote["quote_id"] });
    story.customer.post("/v1/orders", third.clone()).await.expect_problem(409, "order.payment_open");
    app.advance(TimeDelta::seconds(5)).await;
    app.run_due_jobs().await;
    assert_eq!(story.status(&second).await, "placed");
    // What was paid has left the cart: the price of what came later is another one.
    story.customer.post("/v1/orders", third).await.expect_problem(409, "cart.quote_outdated");
    let quote = story.quote().await;
    assert_eq!(quote["lines"][0]["quantity"], 2);
    let third = story.customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await.expect(201);
    assert_ne!(third["id"], second["id"]);

    // The quote of an order that was called off is spent; the cart is not.
    let path = format!("/v1/orders/{}/cancel", third["id"].as_str().unwrap());
    story.customer.post(&path, json!({ "reason": "마음이 바뀌었어요" })).await.expect(200);
    let again = json!({ "quote_id": quote["quote_id"] });
    story.customer.post("/v1/orders", again).await.expect_problem(409, "cart.quote_used");
    assert_eq!(story.order().await["status"], "pending_payment");
    app.stop().await;
}

#[tokio::test]
async fn collecting_needs_no_address_pays_no_tip_and_is_held_to_its_own_price() {
    let app = TestApp::start().await;
    let mut story = Story::begin(&app).await;
    story.change(&app, |kitchen, _| kitchen.rules.zones.clear()).await;
    story
        .customer
        .post("/v1/cart/quote", json!({ "fulfilment": "delivery" }))
        .await
        .expect_problem(422, "invalid");
    let away = story.quote().await;
    assert_eq!(
        (&away["orderable"], &away["problems"][0]["code"]),
        (&json!(false), &json!("not_deliverable"))
    );
    let quote = story.quote_of(json!({ "fulfilment": "pickup" })).await;
    assert_eq!((&quote["orderable"], &quote["tip_won"]), (&json!(true), &json!(0)));
    assert_eq!((&quote["payable_won"], &quote["drop_off"]), (&json!(18_000), &Value::Null));

    // A dearer dish hides behind no tip.
    story
        .change(&app, |_, card| {
            for group in &mut card.groups {
                group.menus[0].price = Won(9_500);
            }
        })
        .await;
    let order = json!({ "quote_id": quote["quote_id"] });
    story.customer.post("/v1/orders", order).await.expect_problem(409, "cart.price_rose");
    let quote = story.quote_of(json!({ "fulfilment": "pickup" })).await;
    let order = json!({ "quote_id": quote["quote_id"], "pickup": true });
    let order = story.customer.post("/v1/orders", order).await.expect(201);
    assert_eq!((&order["payable_won"], &order["tip_won"]), (&json!(19_000), &json!(0)));
    assert!(order["pickup_code"].is_string() && order["drop_off"].is_null());
    app.stop().await;
}

/// Hours that are open today from `from` to `to` minutes around `now`.
fn around(now: chrono::DateTime<Utc>, from: i64, to: i64) -> Hours {
    let minute = |offset: i64| {
        let at = (now + TimeDelta::hours(9) + TimeDelta::minutes(offset)).time();
        u16::try_from(chrono::Timelike::num_seconds_from_midnight(&at) / 60).unwrap()
    };
    let (begin, mut end) = (minute(from), minute(to));
    if end <= begin {
        end += 24 * 60;
    }
    Hours { ranges: Span::daily(begin, end), ..Hours::default() }
}

#[tokio::test]
async fn a_closed_shop_takes_orders_for_when_it_is_open_at_the_price_of_then() {
    let app = TestApp::start().await;
    let mut story = Story::begin(&app).await;
    let now = SystemClock.now();
    // Opens in an hour, for four; from then on the way costs 1,000 won more.
    let later = around(now, 60, 300);
    let spans = later.ranges.clone();
    story
        .change(&app, |kitchen, _| {
            kitchen.rules.hours = later;
            kitchen.rules.tip.times = vec![TimeSurcharge { spans, surcharge: Won(1_000) }];
        })
        .await;
    let closed = story.quote().await;
    assert_eq!((&closed["problems"][0]["code"], &closed["tip_won"]), (&json!("closed"), &json!(3_000)));
    let refused = json!({ "quote_id": closed["quote_id"] });
    let refused =
        story.customer.post("/v1/orders", refused).await.expect_problem(409, "cart.quote_not_orderable");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/slot"), &json!("closed"))
    );

    let slot = |minutes| json!({ "address_id": story.home, "slot": now + TimeDelta::minutes(minutes) });
    let quote = story.quote_of(slot(180)).await;
    assert_eq!((&quote["orderable"], &quote["tip_won"]), (&json!(true), &json!(4_000)));
    let parts = json!([
        { "kind": "subtotal", "amount_won": 3_000 },
        { "kind": "time", "amount_won": 1_000 },
    ]);
    assert_eq!(quote["tip_parts"], parts, "the surcharge of the hour at which it is brought");
    for (minutes, code) in [(5, "slot_out_of_range"), (70, "closed"), (320, "closed")] {
        let quote = story.quote_of(slot(minutes)).await;
        let codes: Vec<_> =
            quote["problems"].as_array().unwrap().iter().map(|problem| problem["code"].clone()).collect();
        assert!(codes.contains(&json!(code)), "in {minutes} minutes: {codes:?}");
    }
    // The order takes its time from the quote, and is not for another one.
    let other = json!({ "quote_id": quote["quote_id"], "slot": now + TimeDelta::minutes(200) });
    story.customer.post("/v1/orders", other).await.expect_problem(409, "order.wishes_differ");
    let order = story.customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await.expect(201);
    let paid = story.pay(&order, cards::GOOD).await.expect(200);
    assert_eq!(paid["status"], "scheduled");
    let path = format!("/v1/orders/{}/history", order["id"].as_str().unwrap());
    let history = story.customer.get(&path).await.expect(200);
    let release_at = history["items"].as_array().unwrap().last().unwrap()["data"]["release_at"].clone();
    let release_at = release_at.as_str().unwrap().parse::<chrono::DateTime<Utc>>().unwrap();
    let lead = now + TimeDelta::minutes(180) - release_at;
    assert!(
        (20..40).contains(&lead.num_minutes()),
        "preparation of 20 minutes and the way, not a constant: {lead}"
    );
    let id = order["id"].as_str().unwrap().parse().unwrap();
    let status = async || {
        app.run_due_jobs().await;
        services::order::find(app.app(), id).await.unwrap().status
    };
    app.advance(release_at - app.app().now() - TimeDelta::minutes(1)).await;
    assert_eq!(status().await, Status::Scheduled);
    app.advance(TimeDelta::minutes(1)).await;
    assert_eq!(status().await, Status::Placed);
    app.stop().await;
}

#[tokio::test]
async fn nothing_is_charged_for_what_cannot_be_had_any_more() {
    let app = TestApp::start().await;
    let mut story = Story::begin(&app).await;
    let order = story.order().await;
    let until = SystemClock.now() + TimeDelta::hours(1);
    story.change(&app, |kitchen, _| kitchen.paused_until = Some(until)).await;
    story.pay(&order, cards::GOOD).await.expect_problem(409, "order.restaurant_closed");
    story
        .change(&app, |kitchen, card| {
            kitchen.paused_until = None;
            card.groups[0].menus[0].sold_out = domain::menu::SoldOut::ForGood;
        })
        .await;
    let refused = story.pay(&order, cards::GOOD).await.expect_problem(409, "order.sold_out");
    assert_eq!(refused["errors"][0]["pointer"], "/lines/0");
    let id = order["id"].as_str().unwrap().parse().unwrap();
    assert!(
        store::payment::latest(&app.app().store, id).await.unwrap().is_none(),
        "the gateway was not asked"
    );
    story.change(&app, |_, card| card.groups[0].menus[0].sold_out = domain::menu::SoldOut::No).await;
    assert_eq!(story.pay(&order, cards::GOOD).await.expect(200)["status"], "placed");
    app.stop().await;
}

#[tokio::test]
async fn what_an_order_is_rejected_for_is_sold_out_and_only_what_was_ordered_can_be() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let order = story.order().await;
    story.pay(&order, cards::GOOD).await.expect(200);
    let path = format!("/v1/orders/{}/reject", order["id"].as_str().unwrap());
    let dish = story.card.groups[0].menus[0].id;
    let reject = |ids: Value| json!({ "reason": "sold_out", "sold_out_menu_ids": ids });
    let foreign = story.owner.post(&path, reject(json!([dish, order["id"]]))).await;
    let foreign = foreign.expect_problem(422, "invalid");
    assert_eq!(foreign["errors"][0]["pointer"], "/sold_out_menu_ids/1");
    story.owner.post(&path, reject(json!(vec![dish; 51]))).await.expect_problem(422, "invalid");
    story.owner.post(&path, reject(json!([dish]))).await.expect(200);
    eventually(|| async {
        let shown = story.customer.get(&format!("/v1/menus/{dish}")).await.expect(200);
        shown["sold_out"] == true
    })
    .await;
    // The day ends at midnight, since the kitchen never closes.
    let shown = story.customer.get(&format!("/v1/menus/{dish}")).await.expect(200);
    let midnight = domain::week::midnight(domain::week::date_of(app.clock.now()) + chrono::Days::new(1));
    assert_eq!(shown["sold_out_until"], json!(midnight));
    app.stop().await;
}

#[tokio::test]
async fn a_cart_with_more_alcohol_than_food_is_not_ordered() {
    let app = TestApp::start().await;
    let mut story = Story::begin(&app).await;
    let id: MenuId = domain::Ids::uuid(&server::system::OsRandom).into();
    let beer = Menu { kind: Kind::Alcohol, ..Menu::new(id, "병맥주", Won(6_000)) };
    let change = |_: &mut Restaurant, card: &mut Card| {
        card.version += 1;
        card.groups[0].menus.push(beer);
    };
    story.change(&app, change).await;
    let add = async |quantity: u32| {
        let line = json!({ "restaurant_id": story.kitchen.id, "menu_id": id, "quantity": quantity });
        story.customer.post("/v1/cart/lines", line).await.expect(201);
        story.quote().await
    };
    let quote = add(2).await;
    assert_eq!((&quote["orderable"], &quote["subtotal_won"]), (&json!(true), &json!(30_000)));
    // What is left of an order has to be one that could be ordered, too.
    let order = story.order().await;
    story.pay(&order, cards::GOOD).await.expect(200);
    let take_out = async |parts: &[(usize, u32)]| {
        let line = |(at, quantity): &(usize, u32)| json!({ "line_id": order["lines"][at]["line_id"], "quantity": quantity });
        let lines: Vec<Value> = parts.iter().map(line).collect();
        let path = format!("/v1/orders/{}/cancel-lines", order["id"].as_str().unwrap());
        story.owner.post(&path, json!({ "lines": lines })).await
    };
    take_out(&[(0, 1)]).await.expect_problem(409, "order.too_much_alcohol");
    let left = take_out(&[(0, 1), (1, 2)]).await.expect(200);
    assert_eq!((&left["subtotal_won"], &left["lines"][0]["quantity"]), (&json!(9_000), &json!(1)));
    app.run_due_jobs().await;
    story.fill().await;
    add(2).await;
    // 18,000 won of each.
    let quote = add(1).await;
    let problem = &quote["problems"][0];
    assert_eq!((&quote["orderable"], &problem["code"]), (&json!(false), &json!("too_much_alcohol")));
    assert_eq!((&problem["blocks"], &problem["shortfall_won"]), (&json!(true), &json!(1)));
    let order = story.customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await;
    let refused = order.expect_problem(409, "cart.quote_not_orderable");
    assert_eq!(refused["errors"][0]["code"], "too_much_alcohol");
    app.stop().await;
}

#[tokio::test]
async fn a_restaurant_takes_no_orders_for_as_long_as_it_rejected_one_for_until_one_tap_undoes_it() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let restaurant = format!("/v1/restaurants/{}", story.kitchen.id);
    for (reason, pause) in [
        ("too_busy", Some(TimeDelta::minutes(15))),
        ("closing", Some(TimeDelta::hours(12))),
        ("unreachable", None),
        ("other", None),
    ] {
        story.fill().await;
        let order = story.order().await;
        story.pay(&order, cards::GOOD).await.expect(200);
        let before = app.clock.now();
        let path = format!("/v1/orders/{}/reject", order["id"].as_str().unwrap());
        story.owner.post(&path, json!({ "reason": reason })).await.expect(200);
        app.run_due_jobs().await;
        let shown = story.customer.get(&restaurant).await.expect(200);
        let Some(pause) = pause else {
            assert_eq!(shown["open_now"], true, "{reason}");
            continue;
        };
        assert_eq!(
            (&shown["open_now"], &shown["closed_reason"]),
            (&json!(false), &json!("paused")),
            "{reason}"
        );
        let until: chrono::DateTime<Utc> = shown["next_open_at"].as_str().unwrap().parse().unwrap();
        assert!((before + pause..=app.clock.now() + pause).contains(&until), "{reason}: {until}");
        story.owner.delete(&format!("{restaurant}/pause")).await.expect(200);
        // The reaction runs again, as it may: what the owner has decided since stays.
        let rejected = rejection(&app, &order).await;
        services::order::pause_restaurant(app.app().clone(), rejected).await.unwrap();
        assert_eq!(story.customer.get(&restaurant).await.expect(200)["open_now"], true, "{reason}");
    }
    app.stop().await;
}

/// The event by which an order was rejected.
async fn rejection(app: &TestApp, order: &Value) -> Reaction<OrderEventKind> {
    let id: OrderId = order["id"].as_str().unwrap().parse().unwrap();
    let log = journal::since(&app.app().store, &Channel::Order(id), 0, 100).await.unwrap();
    let event = log.into_iter().find(|event| event.kind == "order.rejected").unwrap();
    Reaction { id, kind: OrderEventKind::Rejected, event }
}

#[tokio::test]
async fn cutlery_comes_with_the_food_if_somebody_asks_for_it() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let seen = async |who: &Guest, order: &Value| {
        who.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200)["cutlery"].clone()
    };
    for (wish, expected) in [(json!({}), false), (json!({ "cutlery": true }), true)] {
        story.fill().await;
        let mut wish = wish;
        wish["quote_id"] = story.quote().await["quote_id"].clone();
        let order = story.customer.post("/v1/orders", wish).await.expect(201);
        assert_eq!(order["cutlery"], expected);
        story.pay(&order, cards::GOOD).await;
        app.run_due_jobs().await;
        for who in [&story.customer, &story.owner] {
            assert_eq!(seen(who, &order).await, expected);
        }
    }
    app.stop().await;
}
