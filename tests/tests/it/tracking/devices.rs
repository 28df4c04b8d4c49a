//! Public tracking apps as couriers' devices.

use domain::tracking::SpeedUnit;
use reqwest::Client;
use serde_json::{Value, json};
use server::Service;
use services::tracking::device;

use super::*;

async fn newest(app: &App, who: &Principal) -> Option<domain::tracking::Fix> {
    let day = TimeDelta::days(1);
    store::tracking::newest(&app.store, who.user.into(), app.now() - day).await.unwrap()
}

#[tokio::test]
async fn traccar_client_moves_a_courier() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = person(app, Role::Courier);
    let (_, token) = device::add(app, &who, "Traccar", SpeedUnit::default()).await.unwrap();
    let url = format!("{}/v1/devices/osmand", test.url(Service::Tracking));
    let now = app.now().timestamp();
    let words = |lat: f64, secs: i64| {
        format!("id={token}&lat={lat}&lon=127.03&timestamp={secs}&speed=10&bearing=90&accuracy=5&batt=71.0")
    };

    let first = Client::new().get(format!("{url}?{}", words(37.5, now - 10))).send().await.unwrap();
    assert_eq!(first.status(), 200);
    let form = Client::new().post(&url).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.body(words(37.5003, now - 5)).send().await.unwrap().status(), 200);

    let fix = newest(app, &who).await.unwrap();
    assert!((fix.position.lat() - 37.5003).abs() < 1e-9);
    assert!((fix.speed_mps.unwrap() - 5.144).abs() < 0.01, "ten knots");
    // What is no place is counted, and the app need not send it again.
    for lat in ["NaN", "95", "1e999"] {
        let answer = Client::new()
            .get(format!("{url}?id={token}&lat={lat}&lon=127.03&timestamp={now}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{lat}");
    }
    // What is optional and cannot be read costs no position; and today's client says JSON.
    let odd = format!("{url}?id={token}&lat=37.5004&lon=127.03&timestamp=yesterday&speed=&batt=80%25");
    assert_eq!(Client::new().get(odd).send().await.unwrap().status(), 200);
    assert!((newest(app, &who).await.unwrap().position.lat() - 37.5004).abs() < 1e-9);
    let at = app.now() + TimeDelta::seconds(2);
    let json = json!({ "location": { "timestamp": at, "coords": { "latitude": 37.5005, "longitude": 127.03,
        "speed": 7.5, "heading": -1, "accuracy": 5.0, "altitude": 30.0 }, "is_moving": true, "event": "motionchange" },
        "device_id": token });
    assert_eq!(Client::new().post(&url).json(&json).send().await.unwrap().status(), 200);
    let fix = newest(app, &who).await.unwrap();
    assert_eq!((fix.speed_mps, fix.heading_deg), (Some(7.5), None), "metres a second, and −1 is unknown");
    for (wrong, status) in [
        (format!("id=bdv_0&lat=37.5&lon=127&timestamp={now}"), 401),
        (format!("id={token}&lat=37.5"), 422),
        (format!("id={token}&lat=x&lon=127&timestamp={now}"), 422),
        (String::new(), 422),
    ] {
        let answer = Client::new().get(format!("{url}?{wrong}")).send().await.unwrap();
        assert_eq!(answer.status(), status, "{wrong}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    test.stop().await;
}

#[tokio::test]
async fn owntracks_moves_a_courier() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = person(app, Role::Courier);
    let (_, token) = device::add(app, &who, "OwnTracks", SpeedUnit::default()).await.unwrap();
    let url = format!("{}/v1/devices/owntracks", test.url(Service::Tracking));
    let send = async |password: &str, body: serde_json::Value| {
        let request = Client::new().post(&url).basic_auth("rider", Some(password)).json(&body);
        request.send().await.unwrap()
    };
    let now = app.now().timestamp();
    let place = json!({"_type": "location", "lat": 37.5, "lon": 127.03, "tst": now, "acc": 8, "vel": 36, "cog": 180,
        "batt": 80, "tid": "r1", "conn": "m"});

    let answer = send(&token, place.clone()).await;

    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "[]");
    let fix = newest(app, &who).await.unwrap();
    assert!((fix.speed_mps.unwrap() - 10.0).abs() < 0.01, "36 km/h");
    assert_eq!(send(&token, json!({"_type": "lwt", "tst": now})).await.status(), 200);
    assert_eq!(send("bdv_0", place.clone()).await.status(), 401);
    assert_eq!(send("bdv_0", json!({"_type": "lwt", "tst": now})).await.status(), 401, "of any kind");
    assert_eq!(Client::new().post(&url).json(&place).send().await.unwrap().status(), 401);
    assert_eq!(send(&token, json!({"_type": "location", "lat": 37.5, "lon": 127.03})).await.status(), 200);
    let odd = json!({"_type": "location", "lat": "37.5", "lon": 127.03, "acc": "?", "vel": -1, "cog": [], "tst": {}});
    assert_eq!(send(&token, odd).await.status(), 200);
    for other in [json!({}), json!({"_type": 7}), json!({"_type": "cmd", "action": "dump"})] {
        assert_eq!(send(&token, other).await.status(), 200);
    }
    assert_eq!(send(&token, json!({"_type": "location", "lat": 37.5})).await.status(), 422);
    assert_eq!(send(&token, json!([1, 2])).await.status(), 422);
    test.stop().await;
}

const DEVICES: &str = "/v1/couriers/me/devices";

#[tokio::test]
async fn a_device_says_its_speed_in_the_unit_that_it_is_set_to() {
    let test = TestApp::start().await;
    let app = test.app();
    let account = test.person("jiho", &[Role::Courier]).await;
    let (who, rest) = (principal(&account, Role::Courier), test.rest_as(Service::Tracking, &account));
    let added = rest.post(DEVICES, json!({ "name": "OsmAnd", "speed_unit": "kmh" })).await.expect(201);
    let token = added["device_token"].as_str().unwrap();
    let url = test.url(Service::Tracking);
    let mut seconds_ago = 20;
    let send = async |request: reqwest::RequestBuilder| {
        assert_eq!(request.send().await.unwrap().status(), 200);
        newest(app, &who).await.unwrap().speed_mps.unwrap()
    };
    let mut at = || {
        seconds_ago -= 2;
        app.now() - TimeDelta::seconds(seconds_ago)
    };
    let mut osmand = || {
        let words = format!("id={token}&lat=37.5&lon=127.03&timestamp={}&speed=36", at().timestamp());
        Client::new().get(format!("{url}/v1/devices/osmand?{words}"))
    };
    assert!((send(osmand()).await - 10.0).abs() < 0.01, "36 km/h");
    let path = format!("{DEVICES}/{}", added["device_id"].as_str().unwrap());
    for (unit, mps) in [("ms", 36.0), ("kn", 18.52)] {
        let changed = rest.patch(&path, json!({ "speed_unit": unit })).await.expect(200);
        assert_eq!((&changed["speed_unit"], &changed["name"]), (&json!(unit), &json!("OsmAnd")));
        assert!((send(osmand()).await - mps).abs() < 0.01, "{unit}");
    }
    // Protocols that say their unit mean it.
    let coords = json!({ "latitude": 37.5, "longitude": 127.03, "speed": 9.0 });
    let said = json!({ "location": { "timestamp": at(), "coords": coords }, "device_id": token });
    assert!(
        (send(Client::new().post(format!("{url}/v1/devices/osmand")).json(&said)).await - 9.0).abs() < 0.01
    );
    let said = json!({"_type": "location", "lat": 37.5, "lon": 127.03, "tst": at().timestamp(), "vel": 18});
    let owntracks = Client::new().post(format!("{url}/v1/devices/owntracks")).basic_auth("x", Some(token));
    assert!((send(owntracks.json(&said)).await - 5.0).abs() < 0.01);
    for unit in [json!("mph"), json!(7)] {
        rest.patch(&path, json!({ "speed_unit": unit })).await.expect(422);
    }
    test.stop().await;
}

#[tokio::test]
async fn devices_are_listed_renamed_and_revoked_by_their_courier_alone() {
    let test = TestApp::start().await;
    let (jiho, other) =
        (test.person("jiho", &[Role::Courier]).await, test.person("yuna", &[Role::Courier]).await);
    let (rest, other) = (test.rest_as(Service::Tracking, &jiho), test.rest_as(Service::Tracking, &other));
    let mut added = Vec::new();
    for name in ["one", "two", "three"] {
        added.push(rest.post(DEVICES, json!({ "name": name })).await.expect(201));
    }
    let names = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let page = rest.get(&format!("{DEVICES}?limit=2")).await.expect(200);
    assert_eq!(names(&page), ["one", "two"]);
    assert_eq!(page["items"][0]["speed_unit"], "kn");
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest_of_it = rest.get(&format!("{DEVICES}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((names(&rest_of_it), &rest_of_it["next_cursor"]), (vec!["three".to_owned()], &Value::Null));
    for device in &added {
        let secret = device["device_token"].as_str().unwrap();
        assert!(!page.to_string().contains(secret) && !rest_of_it.to_string().contains(secret));
    }
    assert!(names(&other.get(DEVICES).await.expect(200)).is_empty());

    let path = format!("{DEVICES}/{}", added[1]["device_id"].as_str().unwrap());
    let renamed = rest.patch(&path, json!({ "name": " 두 번째 " })).await.expect(200);
    assert_eq!(renamed["name"], "두 번째");
    rest.patch(&path, json!({ "name": "" })).await.expect(422);
    other.patch(&path, json!({ "name": "mine" })).await.expect(404);
    other.delete(&path).await.expect(404);

    // One connection throughout: a revoked token must be refused on an open connection too.
    let client = Client::builder().pool_max_idle_per_host(1).build().unwrap();
    let token = added[1]["device_token"].as_str().unwrap();
    let url = test.url(Service::Tracking);
    let osmand = || client.get(format!("{url}/v1/devices/osmand?id={token}&lat=37.5&lon=127.03")).send();
    assert_eq!(osmand().await.unwrap().status(), 200);
    rest.delete(&path).await.expect(204);
    assert_eq!(osmand().await.unwrap().status(), 401);
    let lwt = client
        .post(format!("{url}/v1/devices/owntracks"))
        .basic_auth("x", Some(token))
        .json(&json!({"_type": "lwt"}));
    assert_eq!(lwt.send().await.unwrap().status(), 401);
    rest.delete(&path).await.expect(404);
    rest.patch(&path, json!({ "name": "two" })).await.expect(404);
    assert_eq!(names(&rest.get(DEVICES).await.expect(200)), ["one", "three"]);
    test.stop().await;
}
