//! The operators' map: who rides where, live.

use chrono::TimeDelta;
use domain::{Cell, LatLon, Role};
use serde_json::{Value, json};
use server::Service;
use sim::frame::Say;
use sim::system;
use tests::TestApp;
use tests::people::{KITCHEN, PATIENCE, People, acked, eventually, reading, socket};
use tests::socket::Socket;

fn cell(lat: f64, lon: f64) -> Cell {
    Cell::district(LatLon::new(lat, lon).unwrap())
}

/// Reads frames of a cell's channel until `wanted` holds of its couriers.
async fn until(socket: &mut Socket, cell: Cell, wanted: impl Fn(&[Value]) -> bool) -> Value {
    tokio::time::timeout(PATIENCE, heard(socket, cell, wanted)).await.expect("it is told in time")
}

async fn heard(socket: &mut Socket, cell: Cell, wanted: impl Fn(&[Value]) -> bool) -> Value {
    loop {
        let frame = socket.frame().await;
        if frame["channel"] != format!("map:{cell}") || frame["op"] == "reply" {
            continue;
        }
        let told = if frame["op"] == "snapshot" { &frame["data"] } else { &frame };
        let couriers = told["couriers"].as_array().unwrap();
        assert_eq!(told["total"], couriers.len());
        if wanted(couriers) {
            return couriers.first().cloned().unwrap_or_default();
        }
    }
}

#[tokio::test]
async fn operators_see_couriers_ride_from_cell_to_cell() {
    let mut settings = tests::settings();
    settings.map.every = std::time::Duration::from_millis(50);
    let app = TestApp::start_with(settings).await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let operator = app.person("operator", &[Role::Admin]).await;
    let rest = app.rest_as(Service::Alert, &operator);
    let began = system::now() - TimeDelta::seconds(60);
    let far = sim::responses::Place { lat: KITCHEN.lat + 0.08, lon: KITCHEN.lon };
    let (here, there) = (cell(KITCHEN.lat, KITCHEN.lon), cell(far.lat, far.lon));
    assert_ne!(here, there);

    let city = rest.get("/v1/system/city").await.expect(200);
    let covered: Vec<&str> = city["cells"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(covered.contains(&here.to_string().as_str()) && covered.contains(&there.to_string().as_str()));
    assert_eq!(city["couriers"], json!({ "on_shift": 0, "on_delivery": 0, "free": 0 }));

    let mut map = Socket::open(app.address(Service::Alert), &operator.access_token).await;
    for cell in [here, there] {
        map.say(json!({ "op": "subscribe", "channel": format!("map:{cell}") })).await;
        until(&mut map, cell, <[Value]>::is_empty).await;
    }
    let mut courier = socket(&people.courier);
    let line = courier.line();
    line.ask(Say::Shift { on: true }).await.unwrap();
    line.fix(reading(began, KITCHEN));
    acked(&mut courier).await;
    let seen = until(&mut map, here, |couriers| couriers.len() == 1).await;
    let id = people.courier.who().await.unwrap().user_id;
    assert_eq!((&seen["courier_id"], &seen["on_delivery"]), (&json!(id), &json!(false)));
    assert!((seen["lat"].as_f64().unwrap() - KITCHEN.lat).abs() < 1e-9, "{seen}");

    let order = people.placed().await;
    people.assigned(order.id, &mut courier, began + TimeDelta::seconds(1)).await;
    until(&mut map, here, |couriers| couriers.first().is_some_and(|one| one["on_delivery"] == true)).await;
    let counts = || async { rest.get("/v1/system/city").await.expect(200) };
    eventually(|| async {
        counts().await["couriers"] == json!({ "on_shift": 1, "on_delivery": 1, "free": 0 })
    })
    .await;
    assert_eq!(counts().await["orders"], json!({ "accepted": 1 }));

    // North, at a rider's pace: one cell loses the courier, the other has them.
    line.fix(reading(
        began + TimeDelta::seconds(3),
        sim::responses::Place { lat: KITCHEN.lat + 0.0003, ..KITCHEN },
    ));
    until(&mut map, here, |couriers| couriers.first().is_some_and(|one| one["heading_deg"] == 0)).await;
    app.app().geo_index().put(id.into(), LatLon::new(far.lat, far.lon).unwrap(), system::now());
    until(&mut map, there, |couriers| couriers.len() == 1).await;
    until(&mut map, here, <[Value]>::is_empty).await;
    app.stop().await;
}

#[tokio::test]
async fn nobody_else_sees_the_map_and_what_is_no_cell_is_no_channel() {
    let app = TestApp::start().await;
    let operator = app.person("operator", &[Role::Admin]).await;
    let others = app.person("others", &[Role::Customer, Role::Courier, Role::Owner, Role::Agent]).await;
    let channel = format!("map:{}", cell(KITCHEN.lat, KITCHEN.lon));
    let refusals = [
        (&others, channel.as_str(), "not_found"),
        (&operator, "map:8630e0347", "channel_unknown"),
        (&operator, "map:8430e03ffffffff", "channel_unknown"),
    ];
    for (who, channel, code) in refusals {
        let mut socket = Socket::open(app.address(Service::Gateway), &who.access_token).await;
        socket.say(json!({ "op": "subscribe", "ref": "1", "channel": channel })).await;
        assert_eq!(socket.next("reply").await["problem"]["type"], code, "{channel}");
    }
    app.rest_as(Service::Gateway, &others).get("/v1/system/city").await.expect_problem(403, "forbidden");
    app.stop().await;
}
