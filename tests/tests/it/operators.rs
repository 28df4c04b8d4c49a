//! What operators search and list, and the last hour of each process.

use std::time::Duration;

use chrono::TimeDelta;
use domain::Role;
use serde_json::Value;
use server::Service;
use services::limits::{Outage, Rate};
use tests::TestApp;
use tests::people::{People, acked, eventually, socket};
use tests::rest::{Person, Rest};
use tests::shop;

use crate::text::{HOSTILE, in_query, without_ids};

/// A city with an order, and an operator.
struct City {
    app: TestApp,
    people: People,
    operator: Person,
}

impl City {
    async fn new() -> Self {
        Self::in_app(TestApp::start().await).await
    }

    async fn in_app(app: TestApp) -> Self {
        let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
        let operator = app.person("operator", &[Role::Admin]).await;
        Self { app, people, operator }
    }

    fn rest(&self) -> Rest {
        self.app.rest_as(Service::Gateway, &self.operator)
    }

    async fn search(&self, text: &str) -> Vec<Value> {
        let found = self.rest().get(&format!("/v1/system/search?q={}", in_query(text))).await.expect(200);
        found["items"].as_array().unwrap().clone()
    }
}

/// The hits of a kind, as ids and by what they were found.
fn hits(found: &[Value], kind: &str) -> Vec<(String, String)> {
    let text = |hit: &Value, name: &str| hit[name].as_str().unwrap().to_owned();
    let of_kind = found.iter().filter(|hit| hit["kind"] == kind);
    of_kind.map(|hit| (text(hit, "id"), text(hit, "found_by"))).collect()
}

#[tokio::test]
async fn operators_find_orders_couriers_and_restaurants() {
    let city = City::new().await;
    let first = city.people.placed().await.id.to_string();
    // What was ordered leaves the cart a moment later.
    eventually(|| async { city.people.customer.cart().await.is_ok_and(|cart| cart.lines.is_empty()) }).await;
    let second = city.people.placed().await.id.to_string();
    let found = |ids: &[&String], by: &str| -> Vec<(String, String)> {
        ids.iter().map(|id| ((*id).clone(), by.to_owned())).collect()
    };
    // An order by its id, as people may paste it.
    assert_eq!(
        hits(&city.search(&format!(" {} ", first.to_uppercase())).await, "order"),
        found(&[&first], "id")
    );
    // By its code, as people say it.
    let seen = city.search(&first).await;
    let code = seen[0]["code"].as_str().unwrap().to_owned();
    for typed in [code.clone(), code.to_lowercase(), format!("#{code}")] {
        assert!(
            hits(&city.search(&typed).await, "order").contains(&(first.clone(), "code".into())),
            "{typed}"
        );
    }
    // By the last digits of the customer's number, or all of it: newest first.
    for digits in ["6789", "5-6789", "010-2345-6789", "+82 10 2345 6789"] {
        let seen = city.search(digits).await;
        assert_eq!(hits(&seen, "order"), found(&[&second, &first], "phone"), "{digits}");
        let order = seen.iter().find(|hit| hit["kind"] == "order").unwrap();
        assert_eq!(
            (&order["status"], &order["line"]),
            (&"placed".into(), &"역삼 치킨 · 후라이드 × 2".into())
        );
        assert!(order["created_at"].is_string() && order["status_at"].is_string(), "{order}");
        let shown = without_ids(order);
        assert!(!shown.contains("손님") && !shown.contains("6789"), "{shown}");
    }
    for other in ["6780", "16789", "010-2345-6780", "82"] {
        assert!(hits(&city.search(other).await, "order").is_empty(), "{other}");
    }
    // By a part of the name, without spaces and case, composed or not.
    let restaurant = city.people.restaurant.to_string();
    for name in ["역삼치", "치킨", "삼 치", "\u{110E}\u{1175}\u{110F}\u{1175}\u{11AB}"] {
        assert_eq!(hits(&city.search(name).await, "restaurant"), found(&[&restaurant], "name"), "{name}");
    }
    assert_eq!(hits(&city.search(&restaurant).await, "restaurant"), found(&[&restaurant], "id"));
    let courier = city.people.courier.who().await.unwrap().user_id.to_string();
    city.people.courier.courier().await.unwrap();
    for name in ["courier", "COUR", "rie"] {
        let seen = city.search(name).await;
        assert_eq!(hits(&seen, "courier"), found(&[&courier], "name"), "{name}");
        assert_eq!(seen[0]["status"], "off_shift");
        assert_eq!(seen[0]["status_at"], Value::Null);
    }
    for nothing in ["치킹", "킨치", "zz", "%%", "__"] {
        assert_eq!(city.search(nothing).await, Vec::<Value>::new(), "{nothing}");
    }
    city.app.stop().await;
}

#[tokio::test]
async fn a_search_that_means_nothing_is_refused() {
    let city = City::new().await;
    let rest = city.rest();
    // No query holds a NUL.
    let hostile = HOSTILE.into_iter().filter(|text| !text.contains('\0'));
    for text in hostile.chain(["", " ", "김", "7", &"가".repeat(101)]) {
        let told = rest.get(&format!("/v1/system/search?q={}", in_query(text))).await;
        let told = told.expect_problem(422, "invalid");
        assert_eq!(told["errors"][0]["pointer"], "/q", "{text:?}");
    }
    rest.get("/v1/system/search").await.expect_problem(422, "invalid");
    city.app.stop().await;
}

#[tokio::test]
async fn of_very_many_the_twenty_newest_are_found() {
    let city = City::new().await;
    let owner = city.app.person("chain", &[Role::Owner]).await;
    let mut made = Vec::new();
    for number in 0..25 {
        let kitchen = shop::kitchen(owner.id.parse().unwrap(), &format!("{number}번 국수집"));
        shop::open(city.app.app(), &kitchen, &shop::card(&kitchen, "국수")).await;
        made.push(kitchen.id.to_string());
    }
    made.sort();
    let newest: Vec<String> = made.into_iter().rev().take(20).collect();
    let found = hits(&city.search("국수").await, "restaurant");
    assert_eq!(found.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), newest);
    city.app.stop().await;
}

#[tokio::test]
async fn a_search_by_telephone_number_is_recorded_without_the_digits() {
    let city = City::new().await;
    city.people.placed().await;
    // Newest first: who searched, from where, and how many were found.
    let recorded = async || {
        let path = format!("/v1/admin/access-log?actor={}", city.operator.id);
        let log = city.rest().get(&path).await.expect(200);
        let searches = log["items"].as_array().unwrap().iter().filter(|line| line["look"] == "search");
        searches.cloned().collect::<Vec<Value>>()
    };
    city.search("치킨").await;
    assert_eq!(recorded().await, Vec::<Value>::new(), "a name is no look at personal data");
    city.search("0000").await;
    city.search("010-2345-6789").await;
    let searches = recorded().await;
    // The customer and the staff have the same number here.
    assert_eq!(searches.iter().map(|line| &line["found"]).collect::<Vec<_>>(), [4, 0]);
    assert!(searches.iter().all(|line| line["address"] == "127.0.0.1"), "{searches:?}");
    let columns = store::scratch::columns_with(city.app.database(), "23456789").await.unwrap();
    assert_eq!(columns, ["users.profiles.phone"]);
    // Who may not search leaves no record and finds nothing.
    let agent = city.app.sign_in("agent@test.baedal.example").await;
    let told = city.app.rest_as(Service::Gateway, &agent).get("/v1/system/search?q=6789").await;
    told.expect_problem(403, "forbidden");
    assert_eq!(recorded().await.len(), 2);
    city.app.stop().await;
}

#[tokio::test]
async fn an_operator_who_tries_numbers_is_stopped_and_another_one_is_not() {
    let mut settings = tests::settings();
    settings.limits.search =
        Rate { limit: 1, per: Duration::from_secs(3_600), burst: 3, outage: Outage::Open };
    let city = City::in_app(TestApp::start_with(settings).await).await;
    for digits in ["1111", "2222", "3333"] {
        city.search(digits).await;
    }
    // By every way that leads there, and whatever is searched for.
    let alert = city.app.rest_as(Service::Alert, &city.operator);
    for (rest, path) in [
        (&city.rest(), "/v1/system/search?q=4444"),
        (&city.rest(), "/system_alert_service/v1/system/search?q=%EC%B9%98%ED%82%A8"),
        (&alert, "/v1/system/search?q=4444"),
    ] {
        let told = rest.get(path).await;
        assert!(told.headers.contains_key("retry-after"));
        told.expect_problem(429, "limited");
    }
    city.rest().get("/v1/system/city").await.expect(200);
    let other = city.app.person("another", &[Role::Admin]).await;
    city.app.rest_as(Service::Gateway, &other).get("/v1/system/search?q=4444").await.expect(200);
    city.app.stop().await;
}

#[tokio::test]
async fn an_operator_looks_at_a_courier_and_at_those_of_a_count() {
    let city = City::new().await;
    let rest = city.rest();
    let id = city.people.courier.who().await.unwrap().user_id.to_string();
    let path = format!("/v1/system/couriers/{id}");
    rest.get(&path).await.expect_problem(404, "not_found");
    let state = async |state: &str| -> Vec<Value> {
        let listed = rest.get(&format!("/v1/system/couriers?state={state}")).await.expect(200);
        listed["items"].as_array().unwrap().iter().map(|courier| courier["id"].clone()).collect()
    };

    let order = city.people.placed().await.id;
    let mut courier = socket(&city.people.courier);
    let began = sim::system::now() - TimeDelta::seconds(60);
    city.people.assigned(order, &mut courier, began).await;
    acked(&mut courier).await;
    eventually(|| async { rest.get(&path).await.expect(200)["assignments"][0].is_object() }).await;
    let seen = rest.get(&path).await.expect(200);
    assert_eq!(
        (&seen["name"], &seen["vehicle"], &seen["on_shift"]),
        (&"courier".into(), &"motorbike".into(), &true.into())
    );
    assert_eq!(seen["assignments"][0]["order_id"], order.to_string());
    assert_eq!(seen["assignments"][0]["code"].as_str().unwrap().len(), 4);
    assert_eq!(seen["assignments"][0]["restaurant_name"], "역삼 치킨");
    let age = seen["position"]["age_secs"].as_i64().unwrap();
    assert!((55..=90).contains(&age), "{age}");
    assert!((seen["position"]["lat"].as_f64().unwrap() - tests::people::KITCHEN.lat).abs() < 0.001);
    // Nothing of the customer.
    assert!(!seen.to_string().contains("테헤란로") && !seen.to_string().contains("손님"), "{seen}");
    assert_eq!(state("on_shift").await, vec![id.clone()]);
    assert_eq!(state("on_delivery").await, vec![id.clone()]);
    assert_eq!(state("free").await, Vec::<Value>::new());
    let hit = city.search("courier").await;
    assert_eq!(hit[0]["status"], "on_delivery");
    assert!(hit[0]["status_at"].is_string());

    // Off shift and without a delivery, nobody is told where the courier is.
    rest.post(
        &format!("/v1/orders/{order}/end"),
        serde_json::json!({ "fault": "platform", "reason": "시험" }),
    )
    .await
    .expect(200);
    city.app.run_due_jobs().await;
    let line = courier.line();
    line.ask(sim::frame::Say::Shift { on: false }).await.unwrap();
    let seen = rest.get(&path).await.expect(200);
    assert_eq!((&seen["on_shift"], &seen["position"]), (&false.into(), &Value::Null));
    assert_eq!(seen["assignments"], serde_json::json!([]));
    for all in ["on_shift", "on_delivery", "free"] {
        assert_eq!(state(all).await, Vec::<Value>::new(), "{all}");
    }
    rest.get("/v1/system/couriers?state=asleep").await.expect_problem(422, "invalid");
    city.app.stop().await;
}

#[tokio::test]
async fn the_couriers_of_a_count_come_page_by_page() {
    let city = City::new().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let courier = city.app.person(&format!("courier-{number}"), &[Role::Courier]).await;
        let rest = city.app.rest_as(Service::Gateway, &courier);
        rest.put("/v1/couriers/me/shift", serde_json::json!({ "on": true })).await.expect(200);
        ids.push(courier.id);
    }
    ids.sort();
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            city.rest().get(&format!("/v1/system/couriers?state=free&limit=2{cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!((1..=2).contains(&items.len()));
        listed.extend(items.iter().map(|courier| courier["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(listed, ids);
    city.app.stop().await;
}

#[tokio::test]
async fn the_orders_of_a_count_are_those_that_the_city_counts() {
    let city = City::new().await;
    let rest = city.rest();
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(city.people.placed().await.id.to_string());
    }
    placed.reverse();
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = rest.get(&format!("/v1/system/orders?status=placed&limit=2{cursor}")).await.expect(200);
        for order in page["items"].as_array().unwrap() {
            assert_eq!(order["status"], "placed");
            assert!(order["drop_off"].is_null(), "the address is shown by unmasking alone: {order}");
            listed.push(order["id"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(listed, placed);
    eventually(|| async { rest.get("/v1/system/city").await.expect(200)["orders"]["placed"] == 3 }).await;
    let cooked = rest.get("/v1/system/orders?status=preparing").await.expect(200);
    assert_eq!(cooked["items"], serde_json::json!([]));
    for wrong in ["", "?status=eaten", "?status=placed&limit=0"] {
        rest.get(&format!("/v1/system/orders{wrong}")).await.expect_problem(422, "invalid");
    }
    // A day later they are counted no more.
    city.app.advance(TimeDelta::hours(25)).await;
    let operator = city.app.sign_in(&city.operator.email).await;
    let rest = city.app.rest_as(Service::Gateway, &operator);
    for status in ["placed", "rejected"] {
        let left = rest.get(&format!("/v1/system/orders?status={status}")).await.expect(200);
        assert_eq!(left["items"], serde_json::json!([]), "{status}");
    }
    city.app.stop().await;
}

/// The last elements of a figure's array.
fn newest(history: &Value, figure: &str, count: usize) -> Vec<Value> {
    let all = history[figure].as_array().unwrap();
    assert_eq!(all.len(), 60, "{figure}");
    all[60 - count..].to_vec()
}

#[tokio::test]
async fn each_process_remembers_its_last_hour_and_a_gap_is_null() {
    let mut settings = tests::settings();
    settings.system.sample_every = Duration::from_millis(20);
    // The token outlives the hours that pass.
    settings.auth.access_life = TimeDelta::hours(9);
    let city = City::in_app(TestApp::start_with(settings).await).await;
    let rest = city.app.rest_as(Service::Order, &city.operator);
    let history = async || rest.get("/v1/system/history").await.expect(200);
    let sampled = || async { newest(&history().await, "sockets", 1)[0].is_u64() };
    eventually(sampled).await;
    let began = history().await;
    assert_eq!(newest(&began, "sockets", 3)[..2], [Value::Null, Value::Null], "before the process began");
    assert_eq!(newest(&began, "deliveries_per_sec", 1), [Value::Null], "no rate without a sample before");
    assert!(newest(&began, "resident_bytes", 1)[0].as_u64().unwrap() > 1_000_000);
    assert_eq!(began["services"].as_array().unwrap().len(), 13);
    assert_eq!(newest(&began, "at", 1)[0].as_str().unwrap().len(), "2026-11-26T17:00:00Z".len());

    let order = city.people.placed().await;
    let watch = socket(&city.people.customer);
    watch.line().subscribe(format!("order:{}", order.id)).await.unwrap();
    city.app.advance(TimeDelta::seconds(60)).await;
    eventually(sampled).await;
    let second = history().await;
    assert_eq!(newest(&second, "orders_placed", 1), [1]);
    assert!(newest(&second, "commands_per_sec", 1)[0].as_f64().unwrap() > 0.0);
    assert_eq!(newest(&second, "sockets", 2), [0, 1]);
    assert!(newest(&second, "jobs_due", 1)[0].is_u64());

    // Three minutes without a sample: the process was stopped, or its clock set forward.
    city.app.advance(TimeDelta::minutes(4)).await;
    eventually(sampled).await;
    let later = history().await;
    assert_eq!(newest(&later, "sockets", 5)[1..4], [Value::Null, Value::Null, Value::Null]);
    assert_eq!(newest(&later, "orders_placed", 1), [Value::Null], "no rate spans a gap");

    // Another process remembers its own.
    let second = city.app.second_server().await;
    let url = format!("http://{}", second.address(Service::Order).unwrap());
    let other = rest.at(url).get("/v1/system/history").await.expect(200);
    assert_ne!(other["node"], later["node"]);
    assert_eq!(newest(&other, "sockets", 2)[0], Value::Null);
    second.stop(Duration::from_secs(5)).await;

    city.app.advance(TimeDelta::hours(2)).await;
    eventually(sampled).await;
    assert_eq!(newest(&history().await, "sockets", 60)[..59], vec![Value::Null; 59]);
    drop(watch);
    city.app.stop().await;
}
