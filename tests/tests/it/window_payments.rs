//! Paying in the gateway's window, without saving what is paid with: the amount is fixed before, compared
//! after, and taken once.

use std::time::Duration;

use chrono::TimeDelta;
use domain::payment::{Payment, PaymentRequest, PaymentStatus, REQUEST_LIFE};
use domain::{OrderId, PaymentId, Role, Won};
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::toss::cards;
use tests::TestApp;
use tests::people::eventually;
use tests::rest::Answer;
use tests::shop::Guest;

use crate::shopping::Shopping;

fn path(order: &Value, what: &str) -> String {
    format!("/v1/orders/{}/{what}", order["id"].as_str().unwrap())
}

/// An order of 21,000 won that waits for its payment.
async fn unpaid(shopping: &Shopping) -> Value {
    shopping.fill().await;
    shopping.order(&shopping.quote().await).await.expect(201)
}

/// Goes through the window with this card. Returns what the page brings back.
async fn pays(who: &Guest, order: &Value, card: &str) -> Value {
    let request = who.post(&path(order, "payment-requests"), Value::Null).await.expect(201);
    let (id, amount) = (request["id"].as_str().unwrap(), request["amount_won"].as_i64().unwrap());
    let script = request["script_url"].as_str().unwrap();
    let key = sim::window::pay(script, id.parse().unwrap(), amount, card).await.unwrap();
    json!({ "request_id": id, "payment_key": key, "amount_won": amount })
}

async fn confirm(who: &Guest, order: &Value, brought: &Value) -> Answer {
    who.post(&path(order, "payment-confirmations"), brought.clone()).await
}

async fn status(who: &Guest, order: &Value) -> String {
    let seen = who.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    seen["status"].as_str().unwrap().to_owned()
}

/// What the gateway has taken for a request and not given back.
fn taken(app: &TestApp, brought: &Value) -> Option<i64> {
    app.sandbox.toss().balance(brought["request_id"].as_str().unwrap())
}

#[tokio::test]
async fn an_order_is_paid_in_the_window_once_and_nothing_of_the_card_is_saved() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let order = unpaid(&shopping).await;
    let brought = pays(&shopping.customer, &order, cards::GOOD).await;
    assert_eq!((taken(&app, &brought), brought["amount_won"].as_i64()), (None, Some(21_000)), "not yet");
    for _ in 0..2 {
        let paid = confirm(&shopping.customer, &order, &brought).await.expect(200);
        assert_eq!(paid["status"], "placed", "sent again it is the same");
    }
    assert_eq!(taken(&app, &brought), Some(21_000));
    let methods = shopping.customer.get("/v1/payment-methods").await.expect(200);
    assert_eq!(methods["items"], json!([]));
    let payments = shopping.customer.get("/v1/payments").await.expect(200);
    assert_eq!(
        (&payments["items"][0]["id"], payments["items"].as_array().unwrap().len()),
        (&brought["request_id"], 1)
    );

    // It goes back like any other payment.
    shopping.command(&shopping.owner, &order, "reject", json!({ "reason": "other" })).await;
    app.run_due_jobs().await;
    assert_eq!(taken(&app, &brought), Some(0));
    let over = confirm(&shopping.customer, &order, &brought).await;
    over.expect_problem(409, "order.transition_refused");
    app.stop().await;
}

#[tokio::test]
async fn a_payment_says_how_it_was_paid_in_the_window_also_if_the_answer_came_late() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    for (card, kind) in [
        (cards::ACCOUNT, "bank"),
        (cards::EASY_PAY, "easy_pay"),
        (cards::GOOD, "card"),
        (cards::TIMEOUT, "card"),
    ] {
        let order = unpaid(&shopping).await;
        let brought = pays(&shopping.customer, &order, card).await;
        confirm(&shopping.customer, &order, &brought).await;
        // Where the answer was lost, it is asked for.
        app.advance(TimeDelta::seconds(10)).await;
        app.run_due_jobs().await;
        assert_eq!(status(&shopping.customer, &order).await, "placed", "{kind}");
        let payment = format!("/v1/payments/{}", brought["request_id"].as_str().unwrap());
        let payment = shopping.customer.get(&payment).await.expect(200);
        assert_eq!(payment["tenders"][0]["kind"], json!(kind));
    }
    app.stop().await;
}

#[tokio::test]
async fn what_is_confirmed_late_with_another_amount_or_by_another_key_takes_nothing() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let customer = &shopping.customer;
    let order = unpaid(&shopping).await;
    let brought = pays(customer, &order, cards::GOOD).await;
    let with = |field: &str, value: Value| {
        let mut other = brought.clone();
        other[field] = value;
        other
    };
    for amount in [0, -21_000, 20_999, 21_001, i64::MAX] {
        let refused = confirm(customer, &order, &with("amount_won", json!(amount))).await;
        let refused = refused.expect_problem(409, "payment.amount_differs");
        assert_eq!(refused["params"]["amount_won"], 21_000);
    }
    for (field, value) in [
        ("payment_key", json!("")),
        ("payment_key", json!("열쇠")),
        ("payment_key", json!("k".repeat(201))),
        ("amount_won", json!(21_000.5)),
    ] {
        confirm(customer, &order, &with(field, value)).await.expect_problem(422, "invalid");
    }
    let unknown = with("request_id", json!(domain::OrderId(uuid::Uuid::nil())));
    confirm(customer, &order, &unknown).await.expect_problem(404, "not_found");

    // Neither a stranger nor another order makes anything of it.
    let stranger = Guest::new(&app, Role::Customer).await;
    confirm(&stranger, &order, &brought).await.expect_problem(404, "not_found");
    stranger.post(&path(&order, "payment-requests"), Value::Null).await.expect_problem(404, "not_found");
    assert_eq!(taken(&app, &brought), None);

    // A made-up key is no payment, and the order waits for another try.
    let forged = confirm(customer, &order, &with("payment_key", json!("pay_made-up"))).await.expect(200);
    assert_eq!((&forged["status"], taken(&app, &brought)), (&json!("pending_payment"), None));
    let again = confirm(customer, &order, &brought).await.expect(200);
    assert_eq!(again["status"], "pending_payment", "that request is over");

    let id = PaymentId(uuid::Uuid::from_u128(9));
    let begun = PaymentRequest {
        id,
        order: order["id"].as_str().unwrap().parse().unwrap(),
        customer: customer.id,
        amount: Won(21_000),
        created_at: app.app().now() - REQUEST_LIFE,
    };
    store::payment::request::insert(&app.app().store, &begun).await.unwrap();
    let late = with("request_id", json!(id));
    confirm(customer, &order, &late).await.expect_problem(409, "payment.request_expired");
    assert_eq!(taken(&app, &late), None);

    // What replaced the order is paid by its own request alone.
    let before = pays(customer, &order, cards::GOOD).await;
    let other = unpaid(&shopping).await;
    assert_ne!(other["id"], order["id"]);
    confirm(customer, &other, &before).await.expect_problem(404, "not_found");
    confirm(customer, &order, &before).await.expect_problem(409, "order.transition_refused");
    assert_eq!(taken(&app, &before), None);
    let declined = pays(customer, &other, cards::DECLINED).await;
    assert_eq!(confirm(customer, &other, &declined).await.expect(200)["status"], "pending_payment");
    let good = pays(customer, &other, cards::GOOD).await;
    assert_eq!(confirm(customer, &other, &good).await.expect(200)["status"], "placed");
    app.stop().await;
}

#[tokio::test]
async fn of_windows_and_saved_cards_at_once_over_two_processes_one_pays() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let second = app.second_server().await;
    let there = shopping.customer.at(second.address(Service::Gateway).unwrap());
    let order = unpaid(&shopping).await;
    let windows =
        [pays(&shopping.customer, &order, cards::GOOD).await, pays(&there, &order, cards::GOOD).await];
    let saved = shopping.customer.pays_with(cards::GOOD).await;
    let tries = (0..24).map(|number| {
        let who = if number % 2 == 0 { &shopping.customer } else { &there };
        let (order, windows, saved) = (&order, &windows, &saved);
        async move {
            match number % 3 {
                2 => who.post(&path(order, "payments"), saved.clone()).await,
                window => confirm(who, order, &windows[window]).await,
            }
            .status
            .as_u16()
        }
    });
    let answers = join_all(tries).await;
    assert!(answers.iter().all(|status| matches!(status, 200 | 409)), "{answers:?}");
    eventually(|| async { status(&shopping.customer, &order).await == "placed" }).await;
    app.run_due_jobs().await;
    let payments = shopping.customer.get("/v1/payments").await.expect(200);
    let kept: Vec<i64> = payments["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|payment| app.sandbox.toss().balance(payment["id"].as_str().unwrap()))
        .filter(|won| *won > 0)
        .collect();
    assert_eq!(kept, [21_000], "{payments}");
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_confirmation_whose_process_died_or_whose_answer_was_lost_is_carried_on() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let order = unpaid(&shopping).await;
    // Written down, and then nobody asked the gateway.
    let brought = pays(&shopping.customer, &order, cards::GOOD).await;
    let id: PaymentId = brought["request_id"].as_str().unwrap().parse().unwrap();
    let of: OrderId = order["id"].as_str().unwrap().parse().unwrap();
    let now = app.app().now();
    let payment = Payment {
        id,
        order: of,
        customer: shopping.customer.id,
        amount: Won(21_000),
        status: PaymentStatus::InProgress,
        asked: 0,
        created_at: now,
        method: None,
        kind: None,
    };
    let at = now + TimeDelta::seconds(5);
    store::payment::begin(&app.app().store, &payment, at).await.unwrap().unwrap();
    assert_eq!(confirm(&shopping.customer, &order, &brought).await.expect(200)["status"], "placed");
    assert_eq!(taken(&app, &brought), Some(21_000));

    // The gateway takes the money, and its answer never comes.
    let order = unpaid(&shopping).await;
    let brought = pays(&shopping.customer, &order, cards::TIMEOUT).await;
    let asked = confirm(&shopping.customer, &order, &brought).await.expect(200);
    assert_eq!(asked["status"], "pending_payment");
    // Another try that is declined says nothing of the one that took it.
    let mut forged = brought.clone();
    forged["payment_key"] = json!("pay_made-up");
    assert_eq!(confirm(&shopping.customer, &order, &forged).await.expect(200)["status"], "pending_payment");
    app.advance(TimeDelta::seconds(5)).await;
    app.run_due_jobs().await;
    assert_eq!(status(&shopping.customer, &order).await, "placed");
    assert_eq!(taken(&app, &brought), Some(21_000));
    app.stop().await;
}

#[tokio::test]
async fn another_amount_than_was_asked_for_goes_back_once_however_often_it_is_found_out() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    let order = unpaid(&shopping).await;
    let brought = pays(&shopping.customer, &order, cards::SHORT).await;
    join_all((0..3).map(|_| confirm(&shopping.customer, &order, &brought))).await;
    // The gateway tells it once more, before the refund and after it.
    let told = json!({
        "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-01-01T00:00:00.000000",
        "data": { "orderId": brought["request_id"], "status": "DONE" },
    });
    let nobody = app.rest(Service::Gateway);
    for _ in 0..2 {
        nobody.post("/v1/payments/webhooks/toss", told.clone()).await.expect(204);
        app.run_due_jobs().await;
    }
    let payment = format!("/v1/payments/{}", brought["request_id"].as_str().unwrap());
    let payment = shopping.customer.get(&payment).await.expect(200);
    assert_eq!(payment["status"], "aborted");
    let refunds = payment["refunds"].as_array().unwrap();
    assert_eq!((refunds.len(), &refunds[0]["status"]), (1, &json!("succeeded")), "{payment}");
    assert_eq!(taken(&app, &brought), Some(0));
    app.stop().await;
}
