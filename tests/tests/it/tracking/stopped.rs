//! Couriers who may not be couriers any more.

use serde_json::json;
use server::Service;
use services::tracking::{Step, dispatch, step};
use store::tracking;
use tests::rest::Person;

use super::*;

/// A courier with an account, on shift, so many metres north of the restaurant.
async fn hired_at(test: &TestApp, name: &str, metres: f64) -> (Person, Principal) {
    let hired = test.person(name, &[Role::Courier]).await;
    let who = principal(&hired, Role::Courier);
    courier::shift(test.app(), &who, true).await.unwrap();
    let batch = Batch::new(1, vec![fix(0, test.app().now(), north(metres))]).unwrap();
    courier::fixes(test.app(), who.user.into(), None, batch).await.unwrap();
    (hired, who)
}

async fn taken(app: &App, who: &Principal) -> Order {
    let order = accepted_order(app).await;
    let offer = offer_to(app, who).await;
    dispatch::accept(app, who, offer.id).await.unwrap();
    told(app, Channel::Order(order.id), "order.courier_assigned").await;
    order
}

#[tokio::test]
async fn a_banned_courier_is_off_shift_and_keeps_only_what_they_carry_already() {
    let mut settings = tests::settings();
    settings.tracking.dispatch.per_round = 1;
    let test = TestApp::start_with(settings).await;
    let app = test.app();
    let boss = test.person("boss", &[Role::Admin]).await;
    let (hired, who) = hired_at(&test, "rider", 50.0).await;
    let carried = taken(app, &who).await;
    ask(app, carried.id, By::Owner(carried.restaurant), Command::MarkReady).await.unwrap();
    step(app, &who, carried.id, Step::AtRestaurant).await.unwrap();
    step(app, &who, carried.id, Step::PickedUp).await.unwrap();
    let waiting = taken(app, &who).await;
    let phone = json!({ "name": "거치대" });
    let phone = test.rest_as(Service::Tracking, &hired).post("/v1/couriers/me/devices", phone).await;
    let phone = phone.expect(201)["device_token"].as_str().unwrap().to_owned();
    services::tracking::device::known(app, &phone).await.unwrap();
    let (_, other) = hired_at(&test, "other", 60.0).await;

    let ban = format!("/v1/admin/accounts/{}/ban", hired.id);
    let admin = test.rest_as(Service::Auth, &boss);
    admin.post(&ban, json!({ "reason": "음식을 먹었다는 신고" })).await.expect(200);
    let id = CourierId::from(who.user);
    until("the end of the shift", async || {
        let courier = tracking::courier(&app.store, id).await.unwrap().unwrap();
        (!courier.on_shift).then_some(())
    })
    .await;
    assert!(services::tracking::device::known(app, &phone).await.is_err(), "their phone is forgotten");
    // What waits at the restaurant is brought by somebody else.
    let offer = offer_to(app, &other).await;
    assert_eq!(offer.order, waiting.id);
    let live = tracking::live(&app.store, id).await.unwrap();
    assert_eq!(live.iter().map(|delivery| delivery.order).collect::<Vec<_>>(), [carried.id]);
    test.stop().await;
}
