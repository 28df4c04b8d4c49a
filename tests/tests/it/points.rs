//! Points: given, earned and used once, and back in their lots when an order comes to nothing.

use std::time::Duration;

use chrono::TimeDelta;
use domain::order::Times;
use domain::points::GrantReason;
use domain::{Principal, Role, SessionId, Won};
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use services::Settings;
use services::points::NewGrant;
use sim::sandbox::toss::cards;
use tests::TestApp;
use tests::people::eventually;
use tests::rest::Answer;
use tests::shop::Guest;

use crate::shopping::Shopping;

impl Shopping {
    /// The operator gives the customer points.
    pub(crate) async fn give(&self, amount: i64, days: u32) {
        let gift =
            json!({ "customer_id": self.customer.id, "amount_won": amount, "reason": "prize", "days": days });
        self.admin.post("/v1/points/grants", gift).await.expect(201);
    }

    async fn use_points(&self, amount: i64) -> Answer {
        self.customer.put("/v1/cart/points", json!({ "points_won": amount })).await
    }

    /// A new cart is ordered, and these points pay for it.
    async fn ordered_with(&self, points: i64) -> Value {
        self.fill().await;
        self.use_points(points).await.expect(200);
        self.order(&self.quote().await).await.expect(201)
    }

    /// What can be used, is held and will be earned.
    pub(crate) async fn points(&self) -> (i64, i64, i64) {
        let points = self.customer.get("/v1/points").await.expect(200);
        let of = |name: &str| points[name].as_i64().unwrap();
        (of("available_won"), of("held_won"), of("pending_won"))
    }

    /// What happened, newest first, as kind and change.
    async fn happened(&self) -> Vec<(String, i64)> {
        let history = self.customer.get("/v1/points/history").await.expect(200);
        let one = |it: &Value| (it["kind"].as_str().unwrap().to_owned(), it["change_won"].as_i64().unwrap());
        history["items"].as_array().unwrap().iter().map(one).collect()
    }

    async fn seen_by(&self, who: &Guest, order: &Value) -> Value {
        who.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200)
    }
}

fn events(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(kind, change)| ((*kind).to_owned(), *change)).collect()
}

#[tokio::test]
async fn points_pay_for_a_part_the_card_for_the_rest_and_a_completed_order_earns_some() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    assert_eq!(shopping.points().await, (0, 0, 0));
    shopping.use_points(1_000).await.expect_problem(409, "points.not_enough");
    shopping.give(5_000, 30).await;
    shopping.use_points(1_000).await.expect_problem(409, "cart.empty");
    shopping.fill().await;
    shopping.use_points(5_001).await.expect_problem(409, "points.not_enough");
    shopping.use_points(999).await.expect_problem(409, "points.too_few");
    for wrong in [json!(-1), json!(100_000_001), json!(1.5), json!("1000"), Value::Null] {
        let wrong = shopping.customer.put("/v1/cart/points", json!({ "points_won": wrong })).await;
        wrong.expect_problem(422, "invalid");
    }
    let cart = shopping.use_points(3_000).await.expect(200);
    assert_eq!(cart["points_won"], 3_000);
    let quote = shopping.quote().await;
    assert_eq!((&quote["points_won"], &quote["payable_won"]), (&json!(3_000), &json!(18_000)));
    assert_eq!(quote["reward_won"], 180, "1 % of what is paid for the food, and not by points");
    let order = shopping.order(&quote).await.expect(201);
    assert_eq!((&order["points_won"], &order["payable_won"]), (&json!(3_000), &json!(18_000)));
    assert_eq!(shopping.points().await, (2_000, 3_000, 0));
    shopping.pay(&order, cards::GOOD).await;
    app.run_due_jobs().await;
    assert_eq!(shopping.points().await, (2_000, 0, 180));
    let payments = shopping.customer.get("/v1/payments").await.expect(200);
    assert_eq!(payments["items"][0]["amount_won"], 18_000);
    assert_eq!(shopping.customer.get("/v1/cart").await.expect(200)["points_won"], 0);

    // For the restaurant it is an order of 21,000 won like any other.
    let seen = shopping.seen_by(&shopping.owner, &order).await;
    assert_eq!((&seen["points_won"], &seen["payable_won"]), (&json!(0), &json!(21_000)));
    assert!(seen["reward_won"].is_null());
    let seen = shopping.seen_by(&shopping.admin, &order).await;
    assert_eq!((&seen["points_won"], &seen["payable_won"]), (&json!(3_000), &json!(18_000)));

    shopping.command(&shopping.owner, &order, "accept", json!({ "preparation_mins": 10 })).await;
    assert_eq!(shopping.happened().await, events(&[("used", -3_000), ("given", 5_000)]));
    app.stop().await;
}

/// A customer who collects their order: it is completed at once.
#[tokio::test]
async fn what_an_order_earns_can_be_used_for_the_next_one() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    for (points, earned) in [(0, 180), (1_000, 170)] {
        shopping.fill().await;
        shopping.use_points(points).await.expect(200);
        let order = shopping.ready_to_collect(&app).await;
        assert_eq!(shopping.points().await.2, earned);
        shopping.collect(&order).await;
        app.run_due_jobs().await;
        if points == 0 {
            assert_eq!(shopping.points().await, (180, 0, 0));
            shopping.give(820, 1).await;
        }
    }
    // What expires first was used first: the gift of a day, and then what was earned.
    assert_eq!(shopping.points().await, (170, 0, 0));
    let expected = [("earned", 170), ("used", -1_000), ("given", 820), ("earned", 180)];
    assert_eq!(shopping.happened().await, events(&expected));
    app.stop().await;
}

#[tokio::test]
async fn money_comes_back_before_points_and_points_to_where_they_came_from() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    shopping.give(15_000, 3).await;
    shopping.give(15_000, 300).await;
    let reason = || json!({ "reason": "마음이 바뀌었어요" });

    // The customer ends it before it is paid, and before it is cooked.
    let order = shopping.ordered_with(20_000).await;
    assert_eq!((&order["payable_won"], shopping.points().await), (&json!(1_000), (10_000, 20_000, 0)));
    shopping.command(&shopping.customer, &order, "cancel", reason()).await;
    assert_eq!(shopping.points().await, (30_000, 0, 0));
    let order = shopping.ordered_with(20_000).await;
    shopping.pay(&order, cards::GOOD).await;
    app.run_due_jobs().await;
    let ended = shopping.command(&shopping.customer, &order, "cancel", reason()).await;
    assert_eq!(
        (&ended["ending"]["refund_won"], &ended["ending"]["points_back_won"]),
        (&json!(1_000), &json!(20_000))
    );
    assert_eq!(shopping.points().await, (30_000, 0, 0));
    app.run_due_jobs().await;

    // It is being cooked when it ends by the customer's fault: the tip of 3,000 won comes back, first the
    // 1,000 won that the card paid.
    let order = shopping.ordered_with(20_000).await;
    shopping.pay(&order, cards::GOOD).await;
    app.run_due_jobs().await;
    shopping.command(&shopping.owner, &order, "accept", json!({ "preparation_mins": 10 })).await;
    shopping.command(&shopping.owner, &order, "preparing", Value::Null).await;
    let fault = json!({ "fault": "customer", "reason": "고객이 마음을 바꿈" });
    let ended = shopping.command(&shopping.admin, &order, "end", fault).await;
    assert_eq!(
        (&ended["ending"]["refund_won"], &ended["ending"]["points_back_won"]),
        (&json!(1_000), &json!(2_000))
    );
    assert_eq!(shopping.points().await, (12_000, 0, 0));
    let seen = shopping.seen_by(&shopping.owner, &order).await;
    assert_eq!(
        (&seen["ending"]["refund_won"], &seen["ending"]["points_back_won"]),
        (&json!(3_000), &json!(0)),
        "for the restaurant it is money"
    );
    let told = shopping
        .owner
        .get(&format!("/v1/orders/{}/history", order["id"].as_str().unwrap()))
        .await
        .expect(200);
    let told =
        told["items"].as_array().unwrap().iter().find(|event| event["type"] == "order.cancelled").cloned();
    assert_eq!(told.expect("the event")["data"]["refund_won"], 3_000, "and so it is on its channel");
    app.run_due_jobs().await;
    let payments = shopping.customer.get("/v1/payments").await.expect(200);
    assert_eq!(payments["items"][0]["refunded_won"], 1_000);

    // They are in the lot again that expires last.
    app.clock.set_forward(TimeDelta::days(4));
    let customer = shopping.customer.again(&app).await;
    let points = customer.get("/v1/points").await.expect(200);
    assert_eq!(points["available_won"], 12_000);
    app.stop().await;
}

#[tokio::test]
async fn points_pay_for_all_of_an_order_which_is_placed_at_once() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    shopping.give(30_000, 30).await;
    let order = shopping.ordered_with(30_000).await;
    assert_eq!((&order["payable_won"], &order["points_won"]), (&json!(0), &json!(21_000)));
    assert_eq!((&order["status"], shopping.points().await), (&json!("placed"), (9_000, 0, 0)));
    app.run_due_jobs().await;
    assert_eq!(shopping.customer.get("/v1/payments").await.expect(200)["items"], json!([]));
    shopping.command(&shopping.owner, &order, "reject", json!({ "reason": "other" })).await;
    app.run_due_jobs().await;
    assert_eq!(shopping.points().await, (30_000, 0, 0));
    let expected = [("returned", 21_000), ("used", -21_000), ("given", 30_000)];
    assert_eq!(shopping.happened().await, events(&expected));
    app.stop().await;
}

#[tokio::test]
async fn an_unpaid_order_holds_points_until_it_expires_or_another_takes_its_place() {
    let times = Times { payment: TimeDelta::minutes(5), ..tests::settings().order };
    let settings = Settings { order: times, ..tests::settings() };
    let app = TestApp::start_with(settings).await;
    let shopping = Shopping::begin(&app).await;
    shopping.give(5_000, 30).await;
    let order = shopping.ordered_with(5_000).await;
    assert_eq!(shopping.points().await, (0, 5_000, 0));
    // Another cart can be paid with the same points: its order takes the place of this one.
    shopping.customer.post("/v1/cart/lines", shopping.dish.clone()).await.expect(201);
    let quote = shopping.quote().await;
    assert_eq!((&quote["points_won"], &quote["payable_won"]), (&json!(5_000), &json!(34_000)));
    let newer = shopping.order(&quote).await.expect(201);
    assert_eq!(shopping.points().await, (0, 5_000, 0));
    assert_eq!(shopping.seen_by(&shopping.customer, &order).await["status"], "cancelled");
    shopping.pay(&newer, cards::DECLINED).await;
    assert_eq!(shopping.points().await, (0, 5_000, 0), "it may still be paid");
    app.advance(times.payment).await;
    app.run_due_jobs().await;
    assert_eq!(shopping.points().await, (5_000, 0, 0));
    assert_eq!(shopping.happened().await, events(&[("given", 5_000)]), "nothing was used");
    app.stop().await;
}

#[tokio::test]
async fn a_point_pays_once_whatever_is_raced_over_two_processes() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let second = app.second_server().await;
    let there = shopping.customer.at(second.address(Service::Gateway).unwrap());
    // Enough for one order, and not for two.
    shopping.give(21_000 + 5_000, 30).await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        shopping.fill().await;
        let wanted = shopping.points().await.0;
        shopping.use_points(wanted).await.expect(200);
        let (one, other) = (shopping.quote().await, shopping.quote().await);
        let (first, changed, again) = tokio::join!(
            shopping.order(&one),
            there.post("/v1/cart/lines", shopping.dish.clone()),
            there.post("/v1/orders", json!({ "quote_id": other["quote_id"] })),
        );
        changed.expect(201);
        for answer in [first, again] {
            if answer.status == 201 && answer.body["payable_won"] == 0 {
                placed.push(answer.body["id"].clone());
            }
        }
        app.run_due_jobs().await;
    }
    placed.sort_by_key(ToString::to_string);
    placed.dedup();
    assert_eq!(placed.len(), 1, "{placed:?}");
    let (available, held, _) = shopping.points().await;
    assert_eq!(available + held, 5_000);
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn points_that_are_not_used_in_time_expire_and_are_told_before() {
    let mut settings = tests::settings();
    settings.retention.every = Duration::from_millis(20);
    let app = TestApp::start_with(settings).await;
    let shopping = Shopping::begin(&app).await;
    shopping.give(1_000, 10).await;
    shopping.give(2_000, 60).await;
    let points = shopping.customer.get("/v1/points").await.expect(200);
    assert_eq!((&points["available_won"], &points["expiring_soon_won"]), (&json!(3_000), &json!(1_000)));
    app.clock.set_forward(TimeDelta::days(10));
    let customer = shopping.customer.again(&app).await;
    let points = customer.get("/v1/points").await.expect(200);
    assert_eq!(points["available_won"], 2_000, "to the moment");
    let history = async || customer.get("/v1/points/history").await.expect(200);
    eventually(|| async { history().await["items"][0]["kind"] == "expired" }).await;
    let history = history().await;
    assert_eq!(history["items"][0]["change_won"], -1_000);
    assert_eq!(history["items"].as_array().unwrap().len(), 3, "once");
    assert_eq!(history["items"][1]["reason"], "prize");
    app.stop().await;
}

#[tokio::test]
async fn an_operator_gives_points_once_however_often_it_is_sent_and_it_is_written_down_who_did() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let second = app.second_server().await;
    let apps = [app.app(), second.app()];
    let session = SessionId(uuid::Uuid::from_u128(1));
    let operator = Principal { user: shopping.admin.id, session, roles: vec![Role::Admin] };
    let gift = NewGrant {
        customer: shopping.customer.id,
        amount: Won(700),
        reason: GrantReason::Apology,
        days: 365,
    };
    let tries = (0..6).map(|n| services::points::give(apps[n % 2], &operator, gift, Some("the same")));
    let given: Vec<_> = join_all(tries).await.into_iter().map(|given| given.unwrap().id).collect();
    assert!(given.iter().all(|id| *id == given[0]), "{given:?}");
    assert_eq!(shopping.points().await.0, 700);
    let grants = shopping.admin.get("/v1/points/grants").await.expect(200);
    assert_eq!(
        (grants["items"].as_array().unwrap().len(), &grants["items"][0]["given_by"]),
        (1, &json!(shopping.admin.id))
    );
    let nobody = json!({ "customer_id": uuid::Uuid::nil(), "amount_won": 1, "reason": "prize", "days": 1 });
    shopping.admin.post("/v1/points/grants", nobody.clone()).await.expect_problem(404, "not_found");
    let mut wrong = nobody;
    wrong["customer_id"] = json!(shopping.customer.id);
    for (field, value) in [
        ("amount_won", json!(0)),
        ("amount_won", json!(1_000_001)),
        ("days", json!(366)),
        ("reason", json!("whim")),
    ] {
        let mut wrong = wrong.clone();
        wrong[field] = value;
        shopping.admin.post("/v1/points/grants", wrong).await.expect_problem(422, "invalid");
    }
    let stranger = Guest::new(&app, Role::Customer).await;
    assert_eq!(stranger.get("/v1/points/history").await.expect(200)["items"], json!([]));
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}
