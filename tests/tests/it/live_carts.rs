//! Carts that are open on several devices.

use domain::{Channel, Role};
use serde_json::{Value, json};
use server::Service;
use tests::channels::{heads, history};
use tests::rest::Person;
use tests::shop::{Guest, card, kitchen, mild, open};
use tests::socket::Socket;
use tests::{TestApp, settings};

/// Puts one more of a dish into the cart.
async fn add(who: &Guest, dish: &Value) -> Value {
    who.post("/v1/cart/lines", dish.clone()).await.expect(201)
}

/// An open kitchen's dish.
async fn dish(app: &TestApp) -> Value {
    let owner = Guest::new(app, Role::Owner).await;
    let kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    mild(&card, 1)
}

async fn socket(app: &TestApp, service: Service, person: &Person) -> Socket {
    Socket::open(app.address(service), &person.access_token).await
}

#[tokio::test]
async fn what_one_device_puts_into_the_cart_the_others_are_told_in_every_process() {
    let app = TestApp::start_joined(settings()).await;
    let second = app.second_server().await;
    let dish = dish(&app).await;
    let person = app.person("eater", &[Role::Customer]).await;
    let customer = Guest::signed_in(&app, &person);
    let there = customer.at(second.address(Service::Gateway).unwrap());
    let channel = format!("cart:{}", person.id);
    let mut phone = socket(&app, Service::Gateway, &person).await;
    assert_eq!(phone.follow(&channel).await["data"], json!({ "version": 0 }), "there is none yet");
    let mut tablet = Socket::open(second.address(Service::Cart).unwrap(), &person.access_token).await;
    tablet.follow(&channel).await;

    for (version, device) in [(1, &customer), (2, &there)] {
        assert_eq!(add(device, &dish).await["version"], version);
        for device in [&mut phone, &mut tablet] {
            let event = device.event("cart.changed").await;
            assert_eq!((&event["offset"], &event["data"]), (&json!(version), &json!({ "version": version })));
        }
    }
    // What changes nothing is no event.
    customer.delete("/v1/cart").await.expect(204);
    customer.delete("/v1/cart").await.expect(204);
    add(&customer, &dish).await;
    for version in [3, 4] {
        assert_eq!(phone.event("cart.changed").await["data"]["version"], version);
    }
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_phone_that_was_away_is_told_how_far_the_cart_is_and_nobody_elses() {
    let app = TestApp::start().await;
    let dish = dish(&app).await;
    let person = app.person("eater", &[Role::Customer]).await;
    let customer = Guest::signed_in(&app, &person);
    let channel = format!("cart:{}", person.id);
    let mut phone = socket(&app, Service::Gateway, &person).await;
    let epoch = phone.follow(&channel).await["epoch"].clone();
    add(&customer, &dish).await;
    phone.event("cart.changed").await;
    drop(phone);
    add(&customer, &dish).await;
    add(&customer, &dish).await;
    let mut phone = socket(&app, Service::Gateway, &person).await;
    assert!(phone.resume(&channel, &epoch, 1).await, "it goes on where it was");
    for version in [2, 3] {
        assert_eq!(phone.event("cart.changed").await["data"]["version"], version);
    }
    // What was not heard is found by comparing.
    let cart = Channel::Cart(customer.id);
    assert_eq!(heads(app.app(), std::slice::from_ref(&cart)).await.unwrap(), [(cart.clone(), 3)]);
    let offsets: Vec<u64> =
        history(app.app(), cart, 1, 10).await.unwrap().iter().map(|event| event.offset).collect();
    assert_eq!(offsets, [2, 3]);

    for role in [Role::Customer, Role::Admin, Role::Agent] {
        let other = app.person(&format!("{role:?}"), &[role]).await;
        let mut other = socket(&app, Service::Gateway, &other).await;
        let refused = other.ask(json!({ "op": "subscribe", "channel": channel })).await;
        assert_eq!(refused["problem"]["type"], "not_found", "{refused}");
    }
    let mut elsewhere = socket(&app, Service::Order, &person).await;
    let refused = elsewhere.ask(json!({ "op": "subscribe", "channel": channel })).await;
    assert!(refused.get("problem").is_some(), "another port's: {refused}");
    app.stop().await;
}
