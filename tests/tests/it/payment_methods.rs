//! Saved means of payment: a customer agrees in the gateway's window, and is charged by nobody's card
//! but their own.

use chrono::TimeDelta;
use domain::order::Status;
use domain::payment::METHODS_MAX;
use domain::{Principal, RegistrationId, Role, SessionId};
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use services::payment::method;
use sim::sandbox::toss::cards;
use sim::window;
use store::scratch;
use tests::TestApp;
use tests::people::People;
use tests::rest::{PASSWORD, Rest};
use tests::shop::Guest;

const REGISTRATIONS: &str = "/v1/payment-methods/registrations";

async fn methods(who: &Rest) -> Vec<Value> {
    who.get("/v1/payment-methods").await.expect(200)["items"].as_array().unwrap().clone()
}

/// A registration that was begun, and the key from the window.
async fn agreed(who: &Rest) -> (String, String) {
    let begun = who.post(REGISTRATIONS, json!({})).await.expect(201);
    let customer = begun["customer_key"].as_str().unwrap().parse().unwrap();
    let key = window::agree(begun["script_url"].as_str().unwrap(), customer, cards::GOOD).await.unwrap();
    (begun["id"].as_str().unwrap().to_owned(), key)
}

fn completion(registration: &str) -> String {
    format!("{REGISTRATIONS}/{registration}/completion")
}

fn principal(guest: &Guest) -> Principal {
    let session = SessionId(uuid::Uuid::from_u128(1));
    Principal { user: guest.id, session, roles: vec![Role::Customer] }
}

#[tokio::test]
async fn a_card_is_saved_once_and_its_number_is_nowhere_in_full() {
    let app = TestApp::start().await;
    let customer = Guest::new(&app, Role::Customer).await;
    let second = app.second_server().await;
    let there = customer.at(second.address(Service::Gateway).unwrap());
    let (registration, key) = agreed(&customer).await;
    let path = completion(&registration);
    let tries = (0..8).map(|number| {
        let who = if number % 2 == 0 { &customer } else { &there };
        who.post(&path, json!({ "auth_key": key }))
    });
    let saved: Vec<Value> = join_all(tries).await.into_iter().map(|answer| answer.expect(200)).collect();
    assert!(saved.iter().all(|method| *method == saved[0]), "{saved:?}");
    assert_eq!(methods(&customer).await, saved[..1]);
    assert_eq!(saved[0]["number"], "94200001****000*");
    assert_eq!((&saved[0]["kind"], &saved[0]["is_default"]), (&json!("card"), &json!(true)));
    let customer_key = customer.id.to_string();
    assert_eq!(app.sandbox.toss().billings_of(&customer_key), 1);
    let rows = scratch::texts(app.database(), "select methods::text from payment.methods").await.unwrap();
    assert!(!rows[0].contains(cards::GOOD) && !rows[0].contains("bk_"), "{rows:?}");

    // Somebody else's registration does not exist.
    let stranger = Guest::new(&app, Role::Customer).await;
    let (other, key) = agreed(&stranger).await;
    customer.post(&completion(&other), json!({ "auth_key": key })).await.expect_problem(404, "not_found");
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn what_was_agreed_to_is_saved_although_nobody_came_back() {
    let app = TestApp::start().await;
    let customer = Guest::new(&app, Role::Customer).await;
    let (registration, key) = agreed(&customer).await;
    // The process dies when the gateway has given the billing key, before it is written down.
    let id: RegistrationId = registration.parse().unwrap();
    let soon = app.app().now() + TimeDelta::minutes(1);
    store::payment::method::agreed(&app.app().store, id, &key, soon).await.unwrap();
    app.app().third_parties.gateway.issue(&key, customer.id).await.unwrap();
    app.run_due_jobs().await;
    assert_eq!(methods(&customer).await, [Value::Null; 0]);
    app.advance(TimeDelta::minutes(1)).await;
    app.run_due_jobs().await;
    let saved = methods(&customer).await;
    assert_eq!((saved.len(), app.sandbox.toss().billings_of(&customer.id.to_string())), (1, 1));
    let again = customer.post(&completion(&registration), json!({ "auth_key": key })).await.expect(200);
    assert_eq!(again, saved[0]);
    app.stop().await;
}

#[tokio::test]
async fn what_nobody_agreed_to_or_too_late_is_not_saved() {
    let app = TestApp::start().await;
    let customer = Guest::new(&app, Role::Customer).await;
    let (registration, key) = agreed(&customer).await;
    let made_up = json!({ "auth_key": "auth_made_up" });
    customer.post(&completion(&registration), made_up).await.expect_problem(409, "payment.method_not_agreed");
    for wrong in ["", "a b", &"k".repeat(301)] {
        let body = json!({ "auth_key": wrong });
        customer.post(&completion(&registration), body).await.expect_problem(422, "invalid");
    }
    // The right one may still come.
    customer.post(&completion(&registration), json!({ "auth_key": key })).await.expect(200);
    let (registration, key) = agreed(&customer).await;
    app.advance(TimeDelta::minutes(6)).await;
    customer.post(REGISTRATIONS, json!({})).await.expect_problem(403, "auth.step_up_required");
    app.advance(TimeDelta::minutes(24)).await;
    let late = method::complete(app.app(), &principal(&customer), registration.parse().unwrap(), &key).await;
    assert!(matches!(late, Err(domain::Failure::Refused(it)) if it.code == "payment.registration_expired"));
    app.stop().await;
}

#[tokio::test]
async fn a_deleted_method_pays_nothing_and_is_forgotten_by_the_gateway() {
    let app = TestApp::start().await;
    let customer = Guest::new(&app, Role::Customer).await;
    let mut ids = Vec::new();
    for card in [cards::GOOD, cards::DECLINED, cards::SHORT] {
        ids.push(customer.save_card(card).await["id"].as_str().unwrap().to_owned());
    }
    let default = async || {
        let all = methods(&customer).await;
        let chosen: Vec<_> = all.iter().filter(|method| method["is_default"] == true).cloned().collect();
        assert_eq!(chosen.len(), 1, "{all:?}");
        chosen[0]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(default().await, ids[0]);
    customer.put(&format!("/v1/payment-methods/{}/default", ids[1]), Value::Null).await.expect(204);
    assert_eq!(default().await, ids[1]);
    customer.delete(&format!("/v1/payment-methods/{}", ids[1])).await.expect(204);
    assert_eq!(default().await, ids[2], "the newest of the others");
    let gone = format!("/v1/payment-methods/{}", ids[1]);
    customer.delete(&gone).await.expect_problem(404, "not_found");
    customer.put(&format!("{gone}/default"), Value::Null).await.expect_problem(404, "not_found");
    let stranger = Guest::new(&app, Role::Customer).await;
    stranger.delete(&format!("/v1/payment-methods/{}", ids[0])).await.expect_problem(404, "not_found");
    app.run_due_jobs().await;
    assert_eq!(app.sandbox.toss().billings_of(&customer.id.to_string()), 2);
    assert_eq!(
        scratch::texts(app.database(), "select count(*)::text from payment.methods").await.unwrap(),
        ["2"]
    );
    app.stop().await;
}

#[tokio::test]
async fn nobody_pays_with_the_card_of_another() {
    let app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let stranger = Guest::new(&app, Role::Customer).await;
    let theirs = stranger.pays_with(cards::GOOD).await;
    let order = people.order().await;
    let customer = app.sign_in("customer@test.baedal.example").await;
    let customer = app.rest_as(Service::Gateway, &customer);
    let path = format!("/v1/orders/{}/payments", order.id);
    customer.post(&path, theirs).await.expect_problem(404, "not_found");
    customer.post(&path, json!({ "payment_token": "tok_success" })).await.expect_problem(422, "invalid");
    let mine = customer.pays_with(cards::GOOD).await;
    customer
        .delete(&format!("/v1/payment-methods/{}", mine["payment_method_id"].as_str().unwrap()))
        .await
        .expect(204);
    customer.post(&path, mine).await.expect_problem(404, "not_found");
    let order = services::order::find(app.app(), order.id.into()).await.unwrap();
    assert_eq!(order.status, Status::PendingPayment);
    app.stop().await;
}

#[tokio::test]
async fn there_are_ten_methods_at_most_also_at_once_and_what_is_too_much_is_not_kept_at_the_gateway() {
    let app = TestApp::start().await;
    let customer = Guest::new(&app, Role::Customer).await;
    for _ in 0..METHODS_MAX - 1 {
        customer.save_card(cards::GOOD).await;
    }
    let mut begun = Vec::new();
    for _ in 0..4 {
        begun.push(agreed(&customer).await);
    }
    let tries = begun.iter().map(|(id, key)| {
        let (path, body) = (completion(id), json!({ "auth_key": key }));
        let customer = &customer;
        async move { customer.post(&path, body).await.status.as_u16() }
    });
    let mut statuses = join_all(tries).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(methods(&customer).await.len(), METHODS_MAX);
    assert_eq!(app.sandbox.toss().billings_of(&customer.id.to_string()), METHODS_MAX);
    customer.post(REGISTRATIONS, json!({})).await.expect_problem(409, "payment.too_many_methods");
    app.stop().await;
}

#[tokio::test]
async fn who_leaves_is_charged_by_nobody() {
    let app = TestApp::start().await;
    let customer = Guest::new(&app, Role::Customer).await;
    customer.save_card(cards::GOOD).await;
    agreed(&customer).await;
    services::privacy::withdraw(
        app.app(),
        &principal(&customer),
        Some(PASSWORD),
        "127.0.0.1".parse().unwrap(),
    )
    .await
    .unwrap();
    app.run_due_jobs().await;
    assert_eq!(app.sandbox.toss().billings_of(&customer.id.to_string()), 0);
    for table in ["methods", "registrations"] {
        let left = format!("select count(*)::text from payment.{table}");
        assert_eq!(scratch::texts(app.database(), &left).await.unwrap(), ["0"], "{table}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_card_that_is_saved_while_its_customer_leaves_stays_nowhere() {
    let app = TestApp::start().await;
    let customer = Guest::new(&app, Role::Customer).await;
    let (registration, key) = agreed(&customer).await;
    let id: RegistrationId = registration.parse().unwrap();
    let later = app.app().now() + TimeDelta::hours(1);
    store::payment::method::agreed(&app.app().store, id, &key, later).await.unwrap();
    // They leave in the moment in which the gateway has given the billing key.
    let saving = async { method::complete(app.app(), &principal(&customer), id, &key).await.map(drop) };
    let leaving = async {
        while app.sandbox.toss().billings_of(&customer.id.to_string()) == 0 {
            tokio::task::yield_now().await;
        }
        store::payment::method::erase(&app.app().store, customer.id, app.app().now()).await.unwrap();
    };
    // Whoever is first: in the end there is no card, neither here nor there.
    let _ = tokio::join!(saving, leaving);
    app.run_due_jobs().await;
    assert_eq!(app.sandbox.toss().billings_of(&customer.id.to_string()), 0);
    assert_eq!(methods(&customer).await, [Value::Null; 0]);
    app.stop().await;
}
