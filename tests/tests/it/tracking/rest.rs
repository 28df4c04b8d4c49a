//! The courier's and the customer's side over REST, and what is refused there.

use reqwest::{Method, header};
use serde_json::{Value, json};
use server::Service;

use super::*;

fn moved(seq: i64, at: Timestamp, metres: f64) -> Value {
    let place = north(metres);
    json!({ "seq": seq, "at": at, "lat": place.lat(), "lon": place.lon(), "accuracy_m": 5.0, "speed_mps": 6.0 })
}

#[tokio::test]
async fn a_courier_takes_an_order_to_the_door_over_rest() {
    let test = TestApp::start().await;
    let app = test.app();
    let courier = test.person("courier", &[Role::Courier]).await;
    let eater = test.person("minji", &[Role::Customer]).await;
    let rest = test.rest_as(Service::Tracking, &courier);
    let watch = test.rest_as(Service::Tracking, &eater);

    let me = rest.put("/v1/couriers/me/shift", json!({ "on": true })).await.expect(200);
    assert_eq!((&me["name"], &me["on_shift"]), (&json!("courier"), &json!(true)));
    let me =
        rest.put("/v1/couriers/me", json!({ "name": "박라이더", "vehicle": "bicycle" })).await.expect(200);
    assert_eq!(me["vehicle"], "bicycle");
    let fixes = json!({ "track": 1, "fixes": [moved(0, app.now(), 100.0)] });
    let ack = rest.post("/v1/couriers/me/fixes", fixes).await.expect(200);
    assert_eq!(ack, json!({ "track": 1, "seq": 0, "rejected": {} }));

    let order = accepted_order_of(app, eater.id.parse().unwrap()).await;
    let offer = offer_to(app, &principal(&courier, Role::Courier)).await;
    let me = rest.get("/v1/couriers/me").await.expect(200);
    assert_eq!(me["offers"][0]["id"], json!(offer.id));
    assert_eq!(me["offers"][0]["fee_won"], 3_000 + 3 * 700, "a little over two kilometres");
    let taken = rest.post(&format!("/v1/offers/{}/accept", offer.id), json!({})).await.expect(200);
    assert_eq!((&taken["status"], &taken["courier"]["name"]), (&json!("assigned"), &json!("박라이더")));
    assert_eq!(rest.get("/v1/couriers/me").await.expect(200)["assignments"][0]["order_id"], json!(order.id));
    told(app, Channel::Order(order.id), "order.courier_assigned").await;

    let path = format!("/v1/deliveries/{}", order.id);
    let steps = format!("{path}/steps");
    rest.post(&steps, json!({ "step": "delivered" })).await.expect_problem(409, "order.transition_refused");
    rest.post(&steps, json!({ "step": "at_restaurant" })).await.expect(200);
    ask(app, order.id, By::Owner(order.restaurant), Command::MarkReady).await.unwrap();
    assert_eq!(rest.post(&steps, json!({ "step": "picked_up" })).await.expect(200)["status"], "picked_up");
    rest.post("/v1/couriers/me/fixes", json!({ "track": 1, "fixes": [moved(1, app.now(), 110.0)] }))
        .await
        .expect(200);
    until("a position for the customer", async || {
        watch.get(&path).await.expect(200)["position"].is_object().then_some(())
    })
    .await;
    assert_eq!(rest.post(&steps, json!({ "step": "delivered" })).await.expect(200)["status"], "delivered");
    let over = watch.get(&path).await.expect(200);
    assert_eq!(
        (&over["status"], &over["position"], &over["eta"]),
        (&json!("delivered"), &Value::Null, &Value::Null)
    );

    let export = async |accept: &str| {
        let request = rest.request(Method::GET, &format!("{path}/track")).header(header::ACCEPT, accept);
        request.send().await.unwrap()
    };
    let gpx = export("application/gpx+xml").await;
    assert_eq!(gpx.headers()["content-type"], "application/gpx+xml");
    assert!(gpx.text().await.unwrap().contains("<trkpt lat=\"37."));
    let heavier = export("application/geo+json;q=0.1, Application/GPX+xml;Q=0.9").await;
    assert_eq!(heavier.headers()["content-type"], "application/gpx+xml");
    let two_lines = rest.request(Method::GET, &format!("{path}/track")).header(header::ACCEPT, "image/png");
    let two_lines = two_lines.header(header::ACCEPT, "text/xml").send().await.unwrap();
    assert_eq!(two_lines.headers()["content-type"], "application/gpx+xml");
    assert_eq!(two_lines.headers()["vary"], "accept");
    for none in ["image/png", "*/*;q=0"] {
        let none = tests::rest::answer(
            rest.request(Method::GET, &format!("{path}/track")).header(header::ACCEPT, none),
        )
        .await;
        assert_eq!(none.headers["vary"], "accept");
        none.expect_problem(406, "not_acceptable");
    }
    assert_eq!(export("*/*").await.json::<Value>().await.unwrap()["type"], "Feature");
    test.stop().await;
}

#[tokio::test]
async fn malformed_fixes_get_their_own_problem() {
    let test = TestApp::start().await;
    let courier = test.person("courier", &[Role::Courier]).await;
    let rest = test.rest_as(Service::Tracking, &courier);
    let at = test.app().now();
    let path = "/v1/couriers/me/fixes";
    let text = |body: String| {
        tests::rest::answer(
            rest.request(Method::POST, path).header("content-type", "application/json").body(body),
        )
    };
    let one =
        |lat: &str| format!(r#"{{"track":1,"fixes":[{{"seq":0,"at":"{at:?}","lat":{lat},"lon":127}}]}}"#);

    for nan in ["NaN", "1e999", "-1e999", "Infinity"] {
        text(one(nan)).await.expect_problem(400, "body_not_json");
    }
    assert_eq!(text(one("91")).await.expect(200)["rejected"], json!({ "invalid_coordinates": 1 }));
    assert_eq!(text(one("1e300")).await.expect(200)["rejected"], json!({ "invalid_coordinates": 1 }));
    text(one("\"37\"")).await.expect_problem(422, "invalid");
    text(one("null")).await.expect_problem(422, "invalid");
    let batch = |fixes: Vec<Value>| json!({ "track": 1, "fixes": fixes });
    let many = (0..501).map(|seq| moved(seq, at, 0.0)).collect();
    rest.post(path, batch(many)).await.expect_problem(422, "tracking.batch_too_large");
    rest.post(path, batch(vec![])).await.expect_problem(422, "tracking.batch_empty");
    rest.post(path, batch(vec![moved(-1, at, 0.0)])).await.expect_problem(422, "tracking.negative_number");
    let twice = vec![moved(2, at, 0.0), moved(2, at, 1.0)];
    rest.post(path, batch(twice)).await.expect_problem(422, "tracking.seq_not_rising");
    rest.post(path, json!({ "track": -1, "fixes": [moved(0, at, 0.0)] }))
        .await
        .expect_problem(422, "tracking.negative_number");
    rest.post(path, json!({ "track": 1e30, "fixes": [moved(0, at, 0.0)] }))
        .await
        .expect_problem(422, "invalid");
    rest.post(path, json!({ "track": 1 })).await.expect_problem(422, "invalid");
    rest.post(path, json!([])).await.expect_problem(422, "invalid");
    test.stop().await;
}

#[tokio::test]
async fn only_couriers_have_a_couriers_side_and_ids_of_others_do_not_exist() {
    let test = TestApp::start().await;
    let eater = test.person("minji", &[Role::Customer]).await;
    let courier = test.person("courier", &[Role::Courier]).await;
    let as_eater = test.rest_as(Service::Tracking, &eater);
    let as_courier = test.rest_as(Service::Tracking, &courier);
    let nothing = Uuid::nil();

    test.rest(Service::Tracking).get("/v1/couriers/me").await.expect_problem(401, "unauthenticated");
    as_eater.get("/v1/couriers/me").await.expect_problem(403, "forbidden");
    as_eater.put("/v1/couriers/me/shift", json!({ "on": true })).await.expect_problem(403, "forbidden");
    as_courier
        .post(&format!("/v1/offers/{nothing}/accept"), json!({}))
        .await
        .expect_problem(404, "not_found");
    as_courier
        .post(&format!("/v1/offers/{nothing}/decline"), json!({}))
        .await
        .expect_problem(404, "not_found");
    let step = format!("/v1/deliveries/{nothing}/steps");
    as_courier.post(&step, json!({ "step": "picked_up" })).await.expect_problem(404, "not_found");
    as_courier.post(&step, json!({ "step": "flown" })).await.expect_problem(422, "invalid");
    let order = accepted_order(test.app()).await;
    for path in ["", "/track", "/stream"] {
        as_eater.get(&format!("/v1/deliveries/{}{path}", order.id)).await.expect_problem(404, "not_found");
        assert_eq!(as_eater.get(&format!("/v1/deliveries/1{path}")).await.status, 404);
    }
    let vehicle = json!({ "name": "박라이더", "vehicle": "rocket" });
    as_courier.put("/v1/couriers/me", vehicle).await.expect_problem(422, "invalid");
    as_courier.post("/v1/couriers/me/devices", json!({ "name": "" })).await.expect_problem(422, "invalid");
    test.stop().await;
}
