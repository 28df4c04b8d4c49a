//! Dishes that are taken out of paid orders: what was paid for them goes back, once, and to the won.

use std::time::Duration;

use domain::Role;
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::toss::cards;
use tests::TestApp;
use tests::rest::Answer;
use tests::shop::Guest;

use crate::shopping::Shopping;

/// Takes so many out of the order's only line.
async fn take_out(who: &Guest, order: &Value, quantity: u32, sold_out: bool) -> Answer {
    let lines = json!([{ "line_id": order["lines"][0]["line_id"], "quantity": quantity }]);
    let path = format!("/v1/orders/{}/cancel-lines", order["id"].as_str().unwrap());
    who.post(&path, json!({ "lines": lines, "sold_out": sold_out })).await
}

async fn accepted(app: &TestApp, shopping: &Shopping, points: i64) -> Value {
    shopping.fill().await;
    shopping.customer.put("/v1/cart/points", json!({ "points_won": points })).await.expect(200);
    let order = shopping.order(&shopping.quote().await).await.expect(201);
    shopping.pay(&order, cards::GOOD).await;
    app.run_due_jobs().await;
    shopping.command(&shopping.owner, &order, "accept", json!({ "preparation_mins": 10 })).await
}

async fn seen(who: &Guest, order: &Value) -> Value {
    who.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200)
}

#[tokio::test]
async fn what_was_paid_for_a_dish_that_is_taken_out_goes_back_by_card_and_points_to_the_won() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    shopping.give(15_000, 30).await;
    // Two dishes of 9,000 won and 3,000 to bring them; 15,000 by points.
    let order = accepted(&app, &shopping, 15_000).await;
    assert_eq!(seen(&shopping.customer, &order).await["payable_won"], 6_000);
    let after = take_out(&shopping.owner, &order, 1, true).await.expect(200);
    assert_eq!((&after["lines"][0]["quantity"], &after["payable_won"]), (&json!(1), &json!(12_000)));
    let taken = &after["cancellations"][0];
    assert_eq!(
        (&taken["refund_won"], &taken["points_back_won"]),
        (&json!(9_000), &json!(0)),
        "all is money here"
    );
    app.run_due_jobs().await;
    let after = seen(&shopping.customer, &order).await;
    assert_eq!(
        (&after["payable_won"], &after["points_won"], &after["status"]),
        (&json!(0), &json!(12_000), &json!("accepted"))
    );
    let taken = &after["cancellations"][0];
    assert_eq!(
        (&taken["refund_won"], &taken["points_back_won"]),
        (&json!(6_000), &json!(3_000)),
        "money first"
    );
    assert_eq!((&taken["lines"][0]["quantity"], &taken["refund"]["status"]), (&json!(1), &json!("done")));
    assert_eq!(shopping.points().await.0, 3_000);
    let payment = shopping.customer.get("/v1/payments").await.expect(200)["items"][0].clone();
    assert_eq!((&payment["refunded_won"], &payment["status"]), (&json!(6_000), &json!("cancelled")));

    // What was not there is sold out, and the rest of the order goes its way.
    let again = shopping.customer.post("/v1/cart/lines", shopping.dish.clone()).await;
    again.expect_problem(409, "menu.sold_out");
    shopping.command(&shopping.owner, &order, "ready", Value::Null).await;
    let end = json!({ "fault": "platform", "reason": "라이더를 찾지 못함" });
    let ended = shopping.command(&shopping.admin, &order, "end", end).await;
    assert_eq!(
        (&ended["ending"]["refund_won"], &ended["ending"]["points_back_won"]),
        (&json!(0), &json!(12_000))
    );
    app.run_due_jobs().await;
    assert_eq!(shopping.points().await.0, 15_000, "all of them are back");
    app.stop().await;
}

#[tokio::test]
async fn each_cancellation_is_refunded_once_and_together_no_more_than_was_paid_goes_back() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let second = app.second_server().await;
    let dish = shopping.dish.as_object().unwrap().clone();
    let mut three = Value::Object(dish);
    three["quantity"] = json!(3);
    shopping.customer.post("/v1/cart/lines", three).await.expect(201);
    let order = shopping.order(&shopping.quote().await).await.expect(201);
    shopping.pay(&order, cards::GOOD).await;
    let path = format!("/v1/orders/{}/cancel-lines", order["id"].as_str().unwrap());
    let body = json!({ "lines": [{ "line_id": order["lines"][0]["line_id"], "quantity": 1 }] });
    let keyed = |who: &Guest, key: &str| {
        tests::rest::answer(
            who.request(reqwest::Method::POST, &path).header("idempotency-key", key).json(&body),
        )
    };
    let there = shopping.owner.at(second.address(Service::Gateway).unwrap());
    let (one, same, other) =
        tokio::join!(keyed(&shopping.owner, "first"), keyed(&there, "first"), keyed(&there, "second"));
    let done = [one, same, other].iter().filter(|answer| answer.status == 200).count();
    assert!(done >= 2, "the same request at once may be told to wait for the other");
    app.run_due_jobs().await;
    let after = seen(&shopping.customer, &order).await;
    assert_eq!(
        (after["cancellations"].as_array().unwrap().len(), &after["payable_won"]),
        (2, &json!(12_000))
    );
    for _ in 0..2 {
        services::payment::refund::due(app.app(), order["id"].as_str().unwrap().parse().unwrap())
            .await
            .unwrap();
    }
    app.run_due_jobs().await;
    let payment = async || shopping.customer.get("/v1/payments").await.expect(200)["items"][0].clone();
    assert_eq!(
        (&payment().await["refunded_won"], &payment().await["status"]),
        (&json!(18_000), &json!("partially_cancelled"))
    );
    // The kitchen gives up the rest.
    shopping.command(&shopping.owner, &order, "reject", json!({ "reason": "other" })).await;
    app.run_due_jobs().await;
    assert_eq!(
        (&payment().await["refunded_won"], &payment().await["status"]),
        (&json!(30_000), &json!("cancelled"))
    );
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn only_its_restaurant_and_operators_take_dishes_out_and_never_the_last_one() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let order = accepted(&app, &shopping, 0).await;
    let stranger = Guest::new(&app, Role::Owner).await;
    for nobody in [&shopping.customer, &stranger] {
        take_out(nobody, &order, 1, false).await.expect_problem(404, "not_found");
    }
    take_out(&shopping.owner, &order, 2, false).await.expect_problem(409, "order.nothing_left");
    let refused = take_out(&shopping.owner, &order, 3, false).await.expect_problem(409, "order.not_so_many");
    assert_eq!(refused["errors"][0]["pointer"], "/lines/0");
    let path = format!("/v1/orders/{}/cancel-lines", order["id"].as_str().unwrap());
    for wrong in [json!({}), json!({ "lines": [] }), json!({ "lines": [{ "line_id": 1, "quantity": 1 }] })] {
        shopping.owner.post(&path, wrong).await.expect_problem(422, "invalid");
    }
    let after = take_out(&shopping.admin, &order, 1, false).await.expect(200);
    assert_eq!(after["cancellations"][0]["refund_won"], 9_000);
    app.run_due_jobs().await;
    // A customer's copy of their data does not say who of the staff did what.
    shopping.give(1_000, 1).await;
    let copy = store::privacy::everything(&app.app().store, shopping.customer.id).await.unwrap();
    assert!(!json!(copy).to_string().contains(&shopping.admin.id.to_string()));
    assert_eq!((copy["points.lots"].len(), copy["orders.orders"].len()), (1, 1));
    shopping.command(&shopping.customer, &order, "cancel-request", json!({ "reason": "늦어요" })).await;
    shopping.command(&shopping.owner, &order, "cancel", json!({ "reason": "재료 소진" })).await;
    take_out(&shopping.owner, &order, 1, false).await.expect_problem(409, "order.transition_refused");
    app.stop().await;
}
