//! Money: nothing is kept that nobody asked for, nothing is lost on its way back, and
//! what the gateway never says is decided by somebody.

use chrono::TimeDelta;
use domain::payment::{Payment, PaymentStatus, RefundReason, RefundStatus, Times};
use domain::{OrderId, Role, Won};
use serde_json::json;
use server::Service;
use services::Settings;
use sim::sandbox::toss::cards;
use store::scratch;
use tests::TestApp;
use tests::people::{People, eventually};
use tests::shop::Guest;

async fn people(app: &TestApp) -> People {
    People::gather(app.app(), &app.url(Service::Gateway)).await
}

async fn latest(app: &TestApp, order: OrderId) -> Payment {
    store::payment::latest(&app.app().store, order).await.unwrap().unwrap()
}

async fn succeeded(app: &TestApp, order: OrderId) -> Vec<(Won, RefundReason)> {
    let refunds = store::payment::refund::of_order(&app.app().store, order).await.unwrap();
    let done = refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    done.map(|refund| (refund.amount, refund.reason)).collect()
}

#[tokio::test]
async fn a_charge_of_another_amount_goes_back_and_the_order_waits_for_the_right_one() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let order = people.order().await;
    let id: OrderId = order.id.into();
    let short = people.customer.pay(order.id, cards::SHORT).await.unwrap();
    assert_eq!(short.status, "pending_payment");
    let took = Won(order.payable_won - 1);
    app.run_due_jobs().await;
    assert_eq!(succeeded(&app, id).await, [(took, RefundReason::AmountDiffers)]);
    assert_eq!(people.customer.pay(order.id, cards::GOOD).await.unwrap().status, "placed");
    app.stop().await;
}

#[tokio::test]
async fn a_payment_that_its_order_could_not_be_told_of_is_told_later() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let order = people.order().await;
    let run = async |sql: &str| scratch::run_in(app.database(), sql).await.unwrap();
    // Whoever commits a decision on an order finds that another commit came first, each time.
    run("create function public.loses() returns trigger language plpgsql as
         $$ begin raise exception 'lost' using errcode = '40001'; end $$;
         create trigger loses before update on orders.orders for each row execute function public.loses()")
    .await;
    let told = people.customer.pay(order.id, cards::GOOD).await.unwrap_err();
    assert_eq!(told.slug(), Some("conflict"));
    assert_eq!(latest(&app, order.id.into()).await.status, PaymentStatus::Done);
    run("drop trigger loses on orders.orders; drop function public.loses()").await;
    app.advance(TimeDelta::seconds(5)).await;
    app.run_due_jobs().await;
    assert_eq!(people.customer.get_order(order.id).await.unwrap().status, "placed");
    assert_eq!(succeeded(&app, order.id.into()).await, []);
    app.stop().await;
}

#[tokio::test]
async fn a_charge_that_is_on_its_way_is_awaited() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let order = people.order().await;
    assert_eq!(people.customer.pay(order.id, cards::LATE).await.unwrap().status, "pending_payment");
    let id: OrderId = order.id.into();
    // The first look, after five seconds, finds nothing; that is no answer yet.
    app.advance(TimeDelta::seconds(5)).await;
    app.run_due_jobs().await;
    let payment = latest(&app, id).await;
    assert_eq!((payment.asked, payment.status), (1, PaymentStatus::Unknown));
    let again = people.customer.pay(order.id, cards::GOOD).await.unwrap_err();
    assert_eq!(again.slug(), Some("payment.already_paying"));
    app.stop().await;
}

#[tokio::test]
async fn a_charge_that_comes_after_it_was_given_up_goes_back() {
    let short = TimeDelta::seconds(1);
    let payment = Times { not_found: short, late_looks: [short, TimeDelta::seconds(5), TimeDelta::hours(1)] };
    let app = TestApp::start_with(Settings { payment, ..tests::settings() }).await;
    let people = people(&app).await;
    let order = people.order().await;
    let id: OrderId = order.id.into();
    people.customer.pay(order.id, cards::LATE).await.unwrap();
    app.advance(TimeDelta::seconds(5)).await;
    app.run_due_jobs().await;
    assert_eq!(latest(&app, id).await.status, PaymentStatus::Aborted);
    // Another card pays; then the first charge arrives after all.
    assert_eq!(people.customer.pay(order.id, cards::GOOD).await.unwrap().status, "placed");
    app.advance(short).await;
    app.run_due_jobs().await;
    assert_eq!(succeeded(&app, id).await, [], "the gateway has not heard of it yet");
    app.advance(TimeDelta::seconds(5)).await;
    app.run_due_jobs().await;
    assert_eq!(succeeded(&app, id).await, [(Won(order.payable_won), RefundReason::LateApproval)]);
    assert_eq!(latest(&app, id).await.status, PaymentStatus::Done, "the second one is kept");
    app.stop().await;
}

#[tokio::test]
async fn what_the_gateway_never_says_is_shown_to_operators_who_decide() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let admin = Guest::new(&app, Role::Admin).await;
    let order = people.order().await;
    let id: OrderId = order.id.into();
    people.customer.pay(order.id, cards::LATE).await.unwrap();
    let mut payment = latest(&app, id).await;
    payment.asked = domain::payment::LOOKS;
    let follow = store::payment::Follow::default();
    store::payment::settle(&app.app().store, &payment, &follow, app.app().now()).await.unwrap();

    let waiting = admin.get("/v1/payments/undecided").await.expect(200);
    assert_eq!(waiting["payments"][0]["order_id"], json!(order.id));
    eventually(|| async {
        let system = admin.get("/v1/system/actors").await.expect(200);
        system["troubles"].as_array().unwrap().iter().any(|trouble| trouble["code"] == "money_undecided")
    })
    .await;
    let path = format!("/v1/payments/{}/decision", payment.id);
    let customer = Guest::new(&app, Role::Customer).await;
    customer.post(&path, json!({ "taken": true })).await.expect_problem(403, "forbidden");
    admin.post(&path, json!({ "taken": true })).await.expect(200);
    eventually(|| async { people.customer.get_order(order.id).await.unwrap().status == "placed" }).await;
    admin.post(&path, json!({ "taken": false })).await.expect_problem(409, "payment.decided");
    assert_eq!(admin.get("/v1/payments/undecided").await.expect(200)["payments"], json!([]));
    app.stop().await;
}

#[tokio::test]
async fn a_refund_that_the_gateway_refuses_waits_for_somebody() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let admin = Guest::new(&app, Role::Admin).await;
    let order = people.placed().await;
    let id: OrderId = order.id.into();
    // Somebody gave a part of it back in the gateway's own books already.
    let payment = latest(&app, id).await;
    assert!(app.sandbox.toss().cancel_elsewhere(&payment.id.to_string(), 1_000));
    people.customer.command(order.id, "cancel", json!({ "reason": "늦어서요" })).await.unwrap();
    let waiting = || async { admin.get("/v1/payments/undecided").await.expect(200)["refunds"].clone() };
    eventually(|| async { waiting().await[0]["status"] == "failed" }).await;
    let refund = waiting().await[0].clone();
    assert_eq!((&refund["order_id"], &refund["amount_won"]), (&json!(order.id), &json!(order.payable_won)));
    let path = format!("/v1/refunds/{}/retry", refund["id"].as_str().unwrap());
    assert_eq!(admin.post(&path, json!({})).await.expect(200)["status"], "requested");
    eventually(|| async { waiting().await[0]["status"] == "failed" }).await;
    app.stop().await;
}

#[tokio::test]
async fn a_refund_is_done_once_however_often_and_wherever_it_is_tried() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let second = app.second_server().await;
    let order = people.placed().await;
    let id: OrderId = order.id.into();
    people.customer.command(order.id, "cancel", json!({ "reason": "늦어서요" })).await.unwrap();
    for system in [app.app(), second.app()].into_iter().cycle().take(6) {
        services::payment::refund::due(system, id).await.unwrap();
    }
    let refunds = store::payment::refund::of_order(&app.app().store, id).await.unwrap();
    assert_eq!(refunds.len(), 1, "one row, whoever asks");
    let tries = [app.app(), second.app()].into_iter().cycle().take(6);
    let tries = tries.map(|system| services::payment::refund::carry_out(system, refunds[0].id));
    for outcome in futures::future::join_all(tries).await {
        outcome.unwrap();
    }
    assert_eq!(succeeded(&app, id).await, [(Won(order.payable_won), RefundReason::OrderEnded)]);
    assert_eq!(latest(&app, id).await.status, PaymentStatus::Cancelled);
    // The payment gateway records one refund of the whole amount: its balance is zero.
    let payment = latest(&app, id).await.id.to_string();
    assert_eq!(app.sandbox.toss().balance(&payment), Some(0));
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn what_the_gateway_tells_makes_us_ask_and_is_not_believed() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let nobody = app.rest(Service::Gateway);
    let tell = async |order_id: serde_json::Value, status: &str| {
        let data = json!({ "orderId": order_id, "status": status, "totalAmount": 1 });
        let body = json!({ "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-11-27T00:00:00.000000", "data": data });
        nobody.post("/v1/payments/webhooks/toss", body).await.expect(204);
    };
    let order = people.order().await;
    let id: OrderId = order.id.into();
    people.customer.pay(order.id, cards::LATE).await.unwrap();
    let before = latest(&app, id).await;
    // Forged, repeated, and of nobody's: the gateway knows of no such charge yet, so nothing changes.
    for _ in 0..10 {
        tell(json!(before.id), "DONE").await;
        app.run_due_jobs().await;
    }
    for foreign in [json!(uuid::Uuid::from_u128(1)), json!("order-1"), json!(7.to_string()), json!(null)] {
        tell(foreign, "DONE").await;
    }
    nobody.post("/v1/payments/webhooks/toss", json!({ "eventType": "payout.changed" })).await.expect(204);
    app.run_due_jobs().await;
    assert_eq!(latest(&app, id).await, before, "neither believed nor counted as a look");
    // Our own look comes too early, and the next one half a minute later.
    app.advance(TimeDelta::seconds(5)).await;
    app.run_due_jobs().await;
    assert_eq!((latest(&app, id).await.asked, latest(&app, id).await.status), (1, PaymentStatus::Unknown));
    app.advance(TimeDelta::seconds(4)).await;
    tell(json!(before.id), "ABORTED").await;
    app.run_due_jobs().await;
    eventually(|| async { people.customer.get_order(order.id).await.unwrap().status == "placed" }).await;
    assert_eq!(latest(&app, id).await.status, PaymentStatus::Done);
    app.stop().await;
}
