//! Slots: how many orders are scheduled for one, and what becomes of them when the restaurant will be
//! closed then.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::Role;
use domain::menu::Card;
use domain::restaurant::Restaurant;
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::toss::cards;
use tests::TestApp;
use tests::rest::Answer;
use tests::shop::{Guest, card, kitchen, mild, open};

/// A restaurant that takes so many orders for a slot, with its owner and its menu.
async fn story(app: &TestApp, orders_per_slot: u32) -> (Guest, Restaurant, Card) {
    let owner = Guest::new(app, Role::Owner).await;
    let mut kitchen = kitchen(owner.id, "역삼 치킨");
    kitchen.rules.orders_per_slot = Some(orders_per_slot);
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    (owner, kitchen, card)
}

/// A day whose slots can all be chosen, also when a test has passed midnight.
fn day(app: &TestApp) -> NaiveDate {
    domain::week::date_of(app.app().now()) + chrono::Days::new(2)
}

/// The slots of a day that can be chosen.
async fn slots(app: &TestApp, kitchen: &Restaurant, day: NaiveDate) -> Vec<Value> {
    let path = format!("/v1/restaurants/{}/slots?day={day}", kitchen.id);
    app.rest(Service::Gateway).get(&path).await.expect(200)["items"].as_array().unwrap().clone()
}

fn starts_at(slot: &Value) -> DateTime<Utc> {
    slot["starts_at"].as_str().unwrap().parse().unwrap()
}

/// A customer whose cart is quoted for a slot, to be collected.
async fn quoted(app: &TestApp, card: &Card, slot: &Value) -> (Guest, Value) {
    let customer = Guest::new(app, Role::Customer).await;
    let quote = quote(&customer, card, slot).await;
    (customer, quote)
}

async fn quote(customer: &Guest, card: &Card, slot: &Value) -> Value {
    customer.post("/v1/cart/lines", mild(card, 2)).await.expect(201);
    let wish = json!({ "fulfilment": "pickup", "slot": slot["starts_at"] });
    customer.post("/v1/cart/quote", wish).await.expect(201)
}

async fn order(customer: &Guest, quote: &Value) -> Answer {
    customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await
}

async fn pay(customer: &Guest, order: &Value) -> Value {
    let method = customer.pays_with(cards::GOOD).await;
    let path = format!("/v1/orders/{}/payments", order["id"].as_str().unwrap());
    customer.post(&path, method).await.expect(200)
}

/// The order as its customer sees it, whose access token may be too old by now.
async fn show(app: &TestApp, customer: &Guest, order: &Value) -> Value {
    let customer = customer.again(app).await;
    customer.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200)
}

#[tokio::test]
async fn a_slot_takes_as_many_orders_as_the_restaurant_said_and_one_more_when_one_is_cancelled() {
    let app = TestApp::start().await;
    let (_, kitchen, card) = story(&app, 2).await;
    let day = day(&app);
    let free = slots(&app, &kitchen, day).await;
    assert_eq!((free.len(), &free[20]["full"]), (48, &json!(false)), "always open");
    for other in ["1900-01-01", "9999-12-31", "%2B262142-12-31", "-262143-01-01"] {
        let none = format!("/v1/restaurants/{}/slots?day={other}", kitchen.id);
        assert_eq!(app.rest(Service::Gateway).get(&none).await.expect(200)["items"], json!([]), "{other}");
    }
    let slot = &free[20];
    let mut orders = Vec::new();
    for _ in 0..2 {
        let (customer, quote) = quoted(&app, &card, slot).await;
        let order = order(&customer, &quote).await.expect(201);
        assert_eq!(pay(&customer, &order).await["status"], "scheduled");
        orders.push((customer, order));
    }
    let seen = slots(&app, &kitchen, day).await;
    assert_eq!(
        (&seen[19]["full"], &seen[20]["full"], &seen[21]["full"]),
        (&json!(false), &json!(true), &json!(false))
    );
    let (late, refused) = quoted(&app, &card, slot).await;
    assert_eq!(refused["problems"][0]["code"], json!("slot_full"));
    let refused = order(&late, &refused).await.expect_problem(409, "cart.quote_not_orderable");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/slot"), &json!("slot_full"))
    );
    // The last minute of the half-hour belongs to it; the next half-hour does not.
    let at = |minutes| json!({ "starts_at": starts_at(slot) + TimeDelta::minutes(minutes) });
    assert_eq!(quote(&late, &card, &at(29)).await["problems"][0]["code"], json!("slot_full"));
    assert_eq!(quote(&late, &card, &at(30)).await["orderable"], json!(true));

    let (customer, cancelled) = &orders[0];
    let path = format!("/v1/orders/{}/cancel", cancelled["id"].as_str().unwrap());
    customer.post(&path, json!({ "reason": "plans changed" })).await.expect(200);
    assert_eq!(slots(&app, &kitchen, day).await[20]["full"], json!(false));
    let unpaid = order(&late, &quote(&late, &card, slot).await).await.expect(201);
    assert_eq!(slots(&app, &kitchen, day).await[20]["full"], json!(true), "it is held while it is paid");
    // Another order of theirs takes the place of the unpaid one, in the same slot.
    let other = quote(&late, &card, slot).await;
    assert_eq!(other["orderable"], json!(true));
    let other = order(&late, &other).await.expect(201);
    assert_ne!(other["id"], unpaid["id"]);
    app.advance(TimeDelta::minutes(16)).await;
    app.run_due_jobs().await;
    assert_eq!(show(&app, &late, &other).await["status"], "expired");
    assert_eq!(slots(&app, &kitchen, day).await[20]["full"], json!(false), "nobody paid for it");
    app.stop().await;
}

#[tokio::test]
async fn of_many_who_want_the_last_places_of_a_slot_at_once_as_many_get_one_as_there_are() {
    let app = TestApp::start().await;
    let (_, kitchen, card) = story(&app, 3).await;
    let day = day(&app);
    let slot = &slots(&app, &kitchen, day).await[20];
    let second = app.second_server().await;
    let there = second.address(Service::Gateway).unwrap();
    let mut all = Vec::new();
    for _ in 0..10 {
        all.push(quoted(&app, &card, slot).await);
    }
    assert!(all.iter().all(|(_, quote)| quote["orderable"] == json!(true)));
    let orders = all.iter().enumerate().map(|(at, (customer, quote))| async move {
        let customer = if at % 2 == 0 { customer } else { &customer.at(there) };
        order(customer, quote).await
    });
    let (placed, refused): (Vec<_>, Vec<_>) =
        join_all(orders).await.into_iter().partition(|answer| answer.status.as_u16() == 201);
    assert_eq!(placed.len(), 3);
    for answer in refused {
        answer.expect_problem(409, "cart.quote_not_orderable");
    }
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn who_scheduled_for_a_time_at_which_the_restaurant_will_be_closed_is_refused_unless_that_is_taken_back()
 {
    let app = TestApp::start().await;
    let (owner, kitchen, card) = story(&app, 5).await;
    let day = day(&app);
    let free = slots(&app, &kitchen, day).await;
    let (customer, quote) = quoted(&app, &card, &free[20]).await;
    let scheduled = order(&customer, &quote).await.expect(201);
    pay(&customer, &scheduled).await;
    let path = format!("/v1/restaurants/{}/pause", kitchen.id);
    let pause = async |until: Option<DateTime<Utc>>| {
        let owner = owner.again(&app).await;
        match until {
            Some(until) => owner.put(&path, json!({ "until": until })).await.expect(200),
            None => owner.delete(&path).await.expect(200),
        };
        app.run_due_jobs().await;
    };
    let wait = async |minutes| {
        app.advance(TimeDelta::minutes(minutes)).await;
        app.run_due_jobs().await;
    };
    // A pause that is over by then matters to nobody, and one that is taken back neither.
    pause(Some(starts_at(&free[20]) - TimeDelta::hours(1))).await;
    wait(11).await;
    pause(Some(starts_at(&free[20]) + TimeDelta::hours(1))).await;
    wait(9).await;
    pause(None).await;
    wait(11).await;
    assert_eq!(show(&app, &customer, &scheduled).await["status"], "scheduled");

    pause(Some(starts_at(&free[20]) + TimeDelta::hours(1))).await;
    wait(9).await;
    assert_eq!(show(&app, &customer, &scheduled).await["status"], "scheduled");
    wait(2).await;
    let refused = show(&app, &customer, &scheduled).await;
    assert_eq!((&refused["status"], &refused["ending"]["code"]), (&json!("rejected"), &json!("slot_closed")));
    assert_eq!(refused["ending"]["refund_won"], refused["payable_won"]);
    wait(1).await;
    let payments = customer.again(&app).await.get("/v1/payments").await.expect(200);
    assert_eq!(payments["items"][0]["refunded_won"], payments["items"][0]["amount_won"], "all of it");
    // The restaurant was not made to take no orders for it: it pauses by its own will alone.
    pause(None).await;
    let shown = app.rest(Service::Gateway).get(&format!("/v1/restaurants/{}", kitchen.id)).await.expect(200);
    assert_eq!(shown["open_now"], json!(true));
    app.stop().await;
}
