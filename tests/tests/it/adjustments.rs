//! What operators give back of orders that have arrived: once, to the won, by who is at fault, and never
//! more than was paid.

use std::time::Duration;

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::toss::cards;
use tests::TestApp;
use tests::rest::{Answer, answer};
use tests::shop::Guest;

use crate::shopping::Shopping;

/// An order of two dishes of 9,000 won that its customer has collected, `points` of it paid by points.
async fn collected(app: &TestApp, shopping: &Shopping, points: i64) -> Value {
    shopping.fill().await;
    shopping.customer.put("/v1/cart/points", json!({ "points_won": points })).await.expect(200);
    let order = shopping.ready_to_collect(app).await;
    shopping.collect(&order).await
}

fn path(order: &Value) -> String {
    format!("/v1/orders/{}/adjustments", order["id"].as_str().unwrap())
}

async fn seen(who: &Guest, order: &Value) -> Value {
    who.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200)
}

fn dishes(order: &Value, quantity: u32, fault: &str) -> Value {
    let lines = json!([{ "line_id": order["lines"][0]["line_id"], "quantity": quantity }]);
    json!({ "what": { "by": "parts", "lines": lines }, "reason": "missing", "fault": fault })
}

fn amount(won: i64) -> Value {
    json!({ "what": { "by": "amount", "amount_won": won }, "reason": "late", "fault": "platform" })
}

async fn keyed(who: &Guest, order: &Value, key: &str, body: &Value) -> Answer {
    answer(who.request(Method::POST, &path(order)).header("idempotency-key", key).json(body)).await
}

async fn payment(shopping: &Shopping) -> Value {
    shopping.customer.get("/v1/payments").await.expect(200)["items"][0].clone()
}

#[tokio::test]
async fn a_dish_that_was_missing_goes_back_at_its_restaurants_cost_and_everybody_sees_their_part() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    shopping.give(12_000, 30).await;
    // 18,000 won, and 12,000 of them by points.
    let order = collected(&app, &shopping, 12_000).await;
    let admin = &shopping.admin;
    let before = seen(&shopping.customer, &order).await;
    assert_eq!(before.get("adjustments"), None);

    let wanted = dishes(&order, 1, "restaurant");
    let preview = admin.post(&format!("{}/preview", path(&order)), wanted.clone()).await.expect(200);
    let effect = json!({
        "refund_won": 6_000, "points_back_won": 3_000,
        "borne_by": { "restaurant_won": 9_000, "courier_won": 0, "platform_won": 0, "coupons_won": 0 },
    });
    assert_eq!(preview, effect, "money first");
    assert_eq!(admin.get(&path(&order)).await.expect(200)["items"], json!([]), "nothing happened yet");

    let given = admin.post(&path(&order), wanted).await.expect(201);
    assert_eq!((&given["refund_won"], &given["borne_by"]), (&effect["refund_won"], &effect["borne_by"]));
    app.run_due_jobs().await;
    assert_eq!(shopping.points().await.0, 3_000 + 60, "with 1 % of 6,000 that the order had earned");
    let after = seen(&shopping.customer, &order).await;
    assert_eq!(after["status"], "completed");
    let told = &after["adjustments"][0];
    assert_eq!(
        (&told["refund_won"], &told["points_back_won"], &told["reason"], &told["refund"]["status"]),
        (&json!(6_000), &json!(3_000), &json!("missing"), &json!("done"))
    );
    assert_eq!(told["lines"][0]["quantity"], 1);
    let owners = seen(&shopping.owner, &order).await["adjustments"].clone();
    assert_eq!((&owners[0]["refund_won"], &owners[0]["points_back_won"]), (&json!(9_000), &json!(0)));
    assert_eq!(owners[0].get("refund"), None, "what it bears, and not how it goes back");
    let paid = payment(&shopping).await;
    let detail = format!("/v1/payments/{}", paid["id"].as_str().unwrap());
    let detail = shopping.customer.get(&detail).await.expect(200);
    assert_eq!(
        (&paid["refunded_won"], &detail["refunds"][0]["reason"]),
        (&json!(6_000), &json!("adjusted")),
        "{detail}"
    );

    // Goodwill is no business of the restaurant.
    admin.post(&path(&order), amount(500)).await.expect(201);
    app.run_due_jobs().await;
    let after = seen(&shopping.customer, &order).await;
    assert_eq!(
        (&after["adjustments"][1]["refund_won"], &after["adjustments"][1]["points_back_won"]),
        (&json!(0), &json!(500))
    );
    assert_eq!(seen(&shopping.owner, &order).await["adjustments"].as_array().unwrap().len(), 1);
    let known = admin.get(&path(&order)).await.expect(200);
    assert_eq!(known["items"][1]["borne_by"]["platform_won"], 500);
    assert_eq!(known["items"][1]["operator_id"], json!(admin.id));
    let left = &known["left"];
    assert_eq!(
        (&left["lines"][0]["quantity"], &left["tip_won"], &left["payable_won"], &left["points_won"]),
        (&json!(1), &json!(0), &json!(0), &json!(8_500))
    );

    // In the ledger, the restaurant's commission is that of the dish that it sold.
    let entries = format!("/v1/ledger/entries?order_id={}", order["id"].as_str().unwrap());
    let entries = admin.get(&entries).await.expect(200)["items"].clone();
    let mut adjusted = entries.as_array().unwrap().iter().filter(|entry| entry["kind"] == "order_adjusted");
    let first = adjusted.next_back().unwrap();
    let on = |account: &str| {
        let found = first["postings"].as_array().unwrap().iter().find(|it| it["account"] == account);
        found.map_or(0, |posting| posting["amount_won"].as_i64().unwrap())
    };
    // 7.8 % of 18,000 and of 9,000: 1,404 and 702, with VAT of 140 and 70.
    assert_eq!(["deposits", "restaurant", "commission", "vat"].map(on), [-9_000, 9_000 - 702 - 70, 702, 70]);
    app.stop().await;
}

#[tokio::test]
async fn what_operators_give_back_at_once_in_two_processes_is_never_more_than_was_paid() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let order = collected(&app, &shopping, 0).await;
    let second = app.second_server().await;
    let there = shopping.admin.at(second.address(Service::Gateway).unwrap());
    let (one, much) = (dishes(&order, 1, "restaurant"), amount(17_000));
    let (here, same, other, more, most) = tokio::join!(
        keyed(&shopping.admin, &order, "a", &one),
        keyed(&there, &order, "a", &one),
        keyed(&there, &order, "b", &one),
        keyed(&shopping.admin, &order, "c", &one),
        keyed(&there, &order, "d", &much),
    );
    let answers = [here, same, other, more, most];
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 409)), "{answers:?}");
    app.run_due_jobs().await;
    let known = shopping.admin.get(&path(&order)).await.expect(200);
    let items = known["items"].as_array().unwrap();
    let back: i64 = items.iter().map(|item| item["refund_won"].as_i64().unwrap()).sum();
    assert!(back <= 18_000 && !items.is_empty(), "{known}");
    assert_eq!(known["left"]["payable_won"].as_i64().unwrap(), 18_000 - back);
    assert_eq!(payment(&shopping).await["refunded_won"], json!(back));

    // Each dish goes back once, whoever asks however often.
    loop {
        let answer = shopping.admin.post(&path(&order), dishes(&order, 1, "restaurant")).await;
        if answer.status == 409 {
            break;
        }
        answer.expect(201);
    }
    let left = shopping.admin.get(&path(&order)).await.expect(200)["left"]["payable_won"].as_i64().unwrap();
    shopping.admin.post(&path(&order), amount(left + 1)).await.expect_problem(409, "order.more_than_paid");
    if left > 0 {
        shopping.admin.post(&path(&order), amount(left)).await.expect(201);
    }
    app.run_due_jobs().await;
    let paid = payment(&shopping).await;
    assert_eq!((&paid["refunded_won"], &paid["status"]), (&json!(18_000), &json!("cancelled")));
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn only_operators_give_something_back_and_only_of_what_has_arrived() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let order = collected(&app, &shopping, 0).await;
    let stranger = Guest::new(&app, Role::Customer).await;
    for nobody in [&shopping.customer, &shopping.owner, &stranger] {
        nobody.post(&path(&order), amount(1_000)).await.expect_problem(403, "forbidden");
        nobody.get(&path(&order)).await.expect_problem(403, "forbidden");
    }
    let admin = &shopping.admin;
    let nothing = json!({ "id": domain::OrderId(uuid::Uuid::nil()) });
    admin.post(&path(&nothing), amount(1_000)).await.expect_problem(404, "not_found");
    for wrong in [0, -1_000] {
        admin.post(&path(&order), amount(wrong)).await.expect_problem(422, "invalid");
    }
    let unknown = json!({ "by": "amount", "amount_won": 1, "all": true });
    let unknown = json!({ "what": unknown, "reason": "late", "fault": "platform" });
    admin.post(&path(&order), unknown).await.expect_problem(422, "invalid");
    for path in [path(&order), format!("{}/preview", path(&order))] {
        admin.post(&path, amount(i64::MAX)).await.expect_problem(409, "order.more_than_paid");
        admin.post(&path, dishes(&order, 3, "courier")).await.expect_problem(409, "order.not_so_many");
    }
    let tip =
        json!({ "what": { "by": "parts", "lines": [], "tip": true }, "reason": "late", "fault": "courier" });
    admin.post(&path(&order), tip.clone()).await.expect_problem(409, "order.more_than_paid");

    shopping.fill().await;
    let running = shopping.order(&shopping.quote().await).await.expect(201);
    admin.post(&path(&running), amount(1_000)).await.expect_problem(409, "order.transition_refused");
    shopping.pay(&running, cards::GOOD).await;
    app.run_due_jobs().await;
    admin.post(&path(&running), amount(1_000)).await.expect_problem(409, "order.transition_refused");
    // The customer gives it up while it is cooked: the tip goes back, and the food is paid for.
    shopping.command(&shopping.owner, &running, "accept", json!({ "preparation_mins": 10 })).await;
    shopping.command(&shopping.owner, &running, "preparing", Value::Null).await;
    let end = json!({ "fault": "customer", "reason": "단순 변심" });
    let ended = shopping.command(admin, &running, "end", end).await;
    assert_eq!(ended["ending"]["refund_won"], 3_000);
    admin.post(&path(&running), tip).await.expect_problem(409, "order.more_than_paid");
    admin.post(&path(&running), dishes(&running, 2, "customer")).await.expect(201);
    app.run_due_jobs().await;
    let paid = payment(&shopping).await;
    assert_eq!((&paid["refunded_won"], &paid["status"]), (&json!(21_000), &json!("cancelled")));
    app.stop().await;
}
