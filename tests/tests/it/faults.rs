//! An order that ends early: who may end it when, who bears the cost, and what is refunded.

use chrono::TimeDelta;
use domain::order::{Status, Times};
use domain::payment::{PaymentStatus, RefundStatus};
use domain::{Role, Won};
use serde_json::{Value, json};
use server::Service;
use services::Settings;
use sim::{api::Api, socket::Socket, system};
use tests::TestApp;
use tests::people::{People, hear, socket};
use tests::process::Process;
use tests::rest::Rest;
use tests::shop::Guest;
use uuid::Uuid;

async fn rest(app: &TestApp, api: &Api) -> Rest {
    app.rest(Service::Gateway).with_token(api.token().await.unwrap())
}

async fn people(app: &TestApp) -> (People, Socket) {
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let courier = socket(&people.courier);
    (people, courier)
}

/// An order whose courier stands at the door.
async fn at_door(people: &People, courier: &mut Socket) -> (Uuid, i64) {
    let order = people.placed().await;
    people.assigned(order.id, courier, system::now()).await;
    let line = courier.line();
    people.picked_up(order.id, &line).await;
    line.step(order.id, "at_dropoff").await.unwrap();
    (order.id, order.payable_won)
}

async fn refunds(app: &TestApp, order: Uuid) -> Vec<Won> {
    let refunds = store::payment::refund::of_order(&app.app().store, order.into()).await.unwrap();
    assert!(refunds.iter().all(|refund| refund.status != RefundStatus::Failed));
    refunds.iter().map(|refund| refund.amount).collect()
}

fn failed(reason: &str) -> Value {
    json!({ "step": "failed", "reason": reason })
}

#[tokio::test]
async fn a_courier_waits_at_the_door_and_the_customer_hears_of_it_and_can_answer() {
    // Shorter than what an access token is good for.
    let order = Times { contact: TimeDelta::minutes(5), ..Times::default() };
    let app = TestApp::start_with(Settings { order, ..tests::settings() }).await;
    let (people, mut courier) = people(&app).await;
    let (id, _) = at_door(&people, &mut courier).await;
    let (rider, eater) = (rest(&app, &people.courier).await, rest(&app, &people.customer).await);
    let (orders, steps) = (format!("/v1/orders/{id}"), format!("/v1/deliveries/{id}/steps"));
    let mut watch = socket(&people.customer);
    watch.line().subscribe(format!("order:{id}")).await.unwrap();

    let unreachable = || failed("customer_unreachable");
    rider.post(&steps, unreachable()).await.expect_problem(409, "order.no_contact");
    eater
        .post(&format!("{orders}/contact-answers"), json!({ "text": "?" }))
        .await
        .expect_problem(409, "order.no_contact");
    let attempts = format!("{orders}/contact-attempts");
    eater.post(&attempts, json!({ "way": "call" })).await.expect_problem(403, "forbidden");
    let first = rider.post(&attempts, json!({ "way": "call" })).await.expect(200);
    assert_eq!(first["contact"]["attempts"].as_array().unwrap().len(), 1);
    let told = hear(&mut watch, "order.contact_tried").await;
    assert_eq!((&told.data["way"], &told.data["ends_at"]), (&json!("call"), &first["contact"]["ends_at"]));
    rider.post(&steps, unreachable()).await.expect_problem(409, "order.contact_too_few");
    rider.post(&attempts, json!({ "way": "door" })).await.expect(200);
    rider.post(&steps, unreachable()).await.expect_problem(409, "order.contact_running");

    app.advance(TimeDelta::minutes(1)).await;
    let words = "엘리베이터를 기다리고 있어요";
    let answered =
        eater.post(&format!("{orders}/contact-answers"), json!({ "text": words })).await.expect(200);
    assert_eq!(answered["contact"]["answers"][0]["text"], json!(words));
    assert!(
        answered["contact"]["ends_at"].as_str() > first["contact"]["ends_at"].as_str(),
        "waited for anew"
    );
    assert_eq!(rider.get(&orders).await.expect(200)["contact"]["answers"][0]["text"], json!(words));
    let admin = Guest::new(&app, Role::Admin).await;
    assert_eq!(admin.get(&orders).await.expect(200)["contact"]["answers"][0]["text"], json!(words));
    // The restaurant is not concerned.
    let owner = rest(&app, &people.owner).await;
    assert!(owner.get(&orders).await.expect(200).get("contact").is_none());
    let history = owner.get(&format!("{orders}/history")).await.expect(200).to_string();
    assert!(history.contains("order.picked_up") && !history.contains("contact"), "{history}");

    app.advance(TimeDelta::minutes(4)).await;
    rider.post(&steps, unreachable()).await.expect_problem(409, "order.contact_running");
    app.advance(TimeDelta::minutes(1)).await;
    rider.post(&steps, unreachable()).await.expect(200);
    let over = hear(&mut watch, "order.delivery_failed").await;
    assert_eq!((&over.data["by"], &over.data["refund_won"]), (&json!("customer"), &json!(0)));
    let ending = eater.get(&orders).await.expect(200)["ending"].clone();
    assert_eq!((&ending["code"], &ending["refund_won"]), (&json!("customer_unreachable"), &json!(0)));
    app.run_due_jobs().await;
    assert_eq!(refunds(&app, id).await, [], "the food was cooked and brought");
    app.stop().await;
}

#[tokio::test]
async fn the_same_attempt_under_the_same_key_is_recorded_once_over_two_processes() {
    let app = TestApp::start_joined(tests::settings()).await;
    let (people, mut courier) = people(&app).await;
    let second = app.second_server().await;
    let (id, _) = at_door(&people, &mut courier).await;
    let tries = [app.app(), second.app()].into_iter().cycle().take(8);
    let who = domain::Principal {
        user: people.courier.who().await.unwrap().user_id.into(),
        session: domain::SessionId(Uuid::nil()),
        roles: vec![Role::Courier],
    };
    let key = Some("one");
    let tries = tries.map(|system| {
        services::tracking::try_contact(system, &who, id.into(), domain::order::ContactMethod::Call, key)
    });
    for outcome in futures::future::join_all(tries).await {
        outcome.unwrap();
    }
    let order = services::order::find(app.app(), id.into()).await.unwrap();
    assert_eq!(order.contact.unwrap().attempts.len(), 1);
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn what_is_not_the_customers_fault_gives_everything_back() {
    let app = TestApp::start().await;
    let (people, mut courier) = people(&app).await;
    let rider = rest(&app, &people.courier).await;
    for (body, fault) in [
        (failed("food_damaged"), "courier"),
        (failed("restaurant_mistake"), "restaurant"),
        // Older pages send no reason.
        (json!({ "step": "failed" }), "platform"),
    ] {
        let (id, payable) = at_door(&people, &mut courier).await;
        rider.post(&format!("/v1/deliveries/{id}/steps"), body).await.expect(200);
        app.run_due_jobs().await;
        assert_eq!(refunds(&app, id).await, [Won(payable)]);
        let order = services::order::find(app.app(), id.into()).await.unwrap();
        assert_eq!(order.ending.unwrap().fault.as_str(), fault);
    }
    app.stop().await;
}

#[tokio::test]
async fn an_operator_ends_an_order_at_a_stated_cost_once_and_it_is_written_down() {
    let app = TestApp::start().await;
    let (people, _courier) = people(&app).await;
    let admin = Guest::new(&app, Role::Admin).await;
    let order = people.placed().await;
    let path = format!("/v1/orders/{}/end", order.id);
    let tip = admin.get(&format!("/v1/orders/{}", order.id)).await.expect(200)["tip_won"].as_i64().unwrap();
    let body = |fault: &str| json!({ "fault": fault, "reason": "손님이 전화로 취소했어요" });
    admin.post(&path, body("customer")).await.expect_problem(409, "order.transition_refused");
    people.owner.command(order.id, "accept", json!({ "preparation_mins": 10 })).await.unwrap();
    people.owner.command(order.id, "preparing", Value::Null).await.unwrap();
    rest(&app, &people.customer).await.post(&path, body("platform")).await.expect_problem(403, "forbidden");
    admin.post(&path, json!({ "fault": "customer", "reason": " " })).await.expect_problem(422, "invalid");

    for _ in 0..3 {
        let ended = admin.post(&path, body("customer")).await.expect(200);
        assert_eq!((&ended["status"], &ended["ending"]["refund_won"]), (&json!("cancelled"), &json!(tip)));
    }
    admin.post(&path, body("platform")).await.expect_problem(409, "order.transition_refused");
    app.run_due_jobs().await;
    assert_eq!(refunds(&app, order.id).await, [Won(tip)]);
    let written =
        store::order::intervention::of_order(&app.app().store, order.id.into()).await.unwrap().unwrap();
    assert_eq!((written.operator, written.fault.as_str(), written.refund), (admin.id, "customer", Won(tip)));
    app.stop().await;
}

#[tokio::test]
async fn failing_delivering_and_ending_over_two_processes_come_to_one_end_and_one_refund() {
    let app = TestApp::start_joined(tests::settings()).await;
    let (people, mut courier) = people(&app).await;
    let second = app.second_server().await;
    let there = format!("http://{}", second.address(Service::Gateway).unwrap());
    let rider = rest(&app, &people.courier).await;
    let admin = Guest::new(&app, Role::Admin).await;
    for round in 0..4 {
        let (id, payable) = at_door(&people, &mut courier).await;
        let (steps, end) = (format!("/v1/deliveries/{id}/steps"), format!("/v1/orders/{id}/end"));
        let far = rider.at(&there);
        let (fails, delivers, ends) = (
            rider.post(&steps, failed("food_damaged")),
            far.post(&steps, json!({ "step": "delivered" })),
            admin.post(&end, json!({ "fault": "platform", "reason": "사고" })),
        );
        let answers = tokio::join!(fails, delivers, ends);
        let won = [&answers.0, &answers.1, &answers.2].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(won, 1, "round {round}: {answers:?}");
        app.run_due_jobs().await;
        let order = services::order::find(app.app(), id.into()).await.unwrap();
        let back = if order.status == Status::Delivered { vec![] } else { vec![Won(payable)] };
        assert_eq!(refunds(&app, id).await, back, "round {round}");
    }
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn an_order_whose_server_is_killed_as_it_fails_still_gives_the_money_back_once() {
    let mut app = TestApp::start().await;
    let kitchen = People::hire(app.app()).await;
    app.halt().await;
    let server = Process::start(&app).await;
    let people = People::enter(kitchen, &server.gateway()).await;
    let mut courier = socket(&people.courier);
    let (id, payable) = at_door(&people, &mut courier).await;
    let line = courier.line();
    // Failed without a reason is nobody's fault; the answer is there, what follows is not.
    line.step(id, "failed").await.unwrap();
    drop(server);
    app.restart().await;
    app.run_due_jobs().await;
    let payment = store::payment::latest(&app.app().store, id.into()).await.unwrap().unwrap();
    assert_eq!(payment.status, PaymentStatus::Cancelled);
    assert_eq!(refunds(&app, id).await, [Won(payable)]);
    app.stop().await;
}
