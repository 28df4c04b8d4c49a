//! Public tracking apps as couriers' devices.

use reqwest::Client;
use serde_json::json;
use server::Service;

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
    let token = courier::add_device(app, &who, "Traccar").await.unwrap().token;
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
    let token = courier::add_device(app, &who, "OwnTracks").await.unwrap().token;
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
