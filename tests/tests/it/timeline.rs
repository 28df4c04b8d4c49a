//! The history of an order: what its sockets told, and its delivery's too, for whoever may see it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use server::Service;
use sim::system;
use tests::TestApp;
use tests::people::People;
use tests::rest::{Person, Rest};
use tests::socket::Socket;

fn at(test: &TestApp, who: &Person) -> Rest {
    test.rest_as(Service::Gateway, who)
}

async fn sign_in(test: &TestApp, who: &str) -> Person {
    test.sign_in(&format!("{who}@test.baedal.example")).await
}

/// Channel and offset.
type Key = (String, u64);

/// The events of an order's history by their keys, in their order.
async fn history(rest: &Rest, order: &str) -> Vec<(Key, Value)> {
    let items = rest.get(&format!("/v1/orders/{order}/history")).await.expect(200)["items"].clone();
    let key =
        |item: &Value| (item["channel"].as_str().unwrap().to_owned(), item["version"].as_u64().unwrap());
    items.as_array().unwrap().iter().map(|item| (key(item), item.clone())).collect()
}

fn kinds(events: &[(Key, Value)]) -> Vec<&str> {
    events.iter().map(|(_, event)| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_history_has_all_that_was_told_live_under_the_same_keys() {
    let test = TestApp::start().await;
    let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
    let (customer, owner) = (sign_in(&test, "customer").await, sign_in(&test, "owner").await);
    let courier = sign_in(&test, "courier").await;
    let id = people.placed().await.id;
    let order = id.to_string();
    let channels = [format!("order:{order}"), format!("delivery:{order}")];
    let mut live = Socket::open(test.address(Service::Gateway), &customer.access_token).await;
    for channel in &channels {
        live.follow(channel).await;
    }

    let mut phone = tests::people::socket(&people.courier);
    people.assigned(id, &mut phone, system::now()).await;
    let line = phone.line();
    people.picked_up(id, &line).await;
    line.step(id, "at_dropoff").await.unwrap();
    let attempts = format!("/v1/orders/{order}/contact-attempts");
    at(&test, &courier).post(&attempts, json!({ "way": "door" })).await.expect(200);
    // Names are readable while the courier brings it.
    let before = history(&at(&test, &customer), &order).await;
    let named = before.iter().find(|(_, event)| event["type"] == "delivery.assigned").unwrap();
    assert_eq!(named.1["data"]["name"], "courier");
    assert_eq!(history(&at(&test, &courier), &order).await, before, "its courier sees as much");
    line.step(id, "delivered").await.unwrap();
    at(&test, &customer).post(&format!("/v1/orders/{order}/complete"), json!({})).await.expect(200);

    let mut told = BTreeMap::new();
    let mut ended = 0;
    while ended < 2 {
        let frame = live.frame().await;
        match frame["op"].as_str().unwrap() {
            "event" => {
                let key = (frame["channel"].as_str().unwrap().to_owned(), frame["offset"].as_u64().unwrap());
                told.insert(key, frame);
            }
            "ended" => ended += 1,
            _ => {}
        }
    }
    let seen = history(&at(&test, &customer), &order).await;
    for (key, frame) in &told {
        let (_, item) = seen.iter().find(|(known, _)| known == key).unwrap_or_else(|| panic!("no {key:?}"));
        assert_eq!((&item["type"], &item["at"]), (&frame["type"], &frame["at"]), "{key:?}");
        // Once it is over the name is masked, here as in what the channel replays.
        let mut data = frame["data"].clone();
        if frame["type"] == "delivery.assigned" {
            assert_eq!(data["name"], "courier");
            data["name"] = json!("c*");
        }
        assert_eq!(item["data"], data, "{key:?}");
    }
    // Nothing but what came before the socket is new to the page; nothing is told twice.
    let new: Vec<_> = seen.iter().filter(|(key, _)| !told.contains_key(key)).cloned().collect();
    assert_eq!(kinds(&new), ["order.created", "order.placed"]);
    assert_eq!(told.len() + new.len(), seen.len());
    for kind in ["requested", "assigned", "at_restaurant", "picked_up", "at_dropoff", "delivered"] {
        assert!(kinds(&seen).contains(&&*format!("delivery.{kind}")), "{kind}: {:?}", kinds(&seen));
    }
    // Each channel in the order of its offsets, without a hole.
    for channel in &channels {
        let offsets: Vec<u64> =
            seen.iter().filter(|(key, _)| key.0 == *channel).map(|(key, _)| key.1).collect();
        assert_eq!(offsets, (1..).take(offsets.len()).collect::<Vec<_>>(), "{channel}");
    }

    // The restaurant sees what is for it, masked too; the courier's business is over.
    let board = history(&at(&test, &owner), &order).await;
    assert!(!kinds(&board).contains(&"order.contact_tried"), "{:?}", kinds(&board));
    assert!(kinds(&board).contains(&"delivery.at_restaurant"));
    assert!(!board.iter().any(|(_, event)| event["data"]["name"] == "courier"));
    let path = format!("/v1/orders/{order}/history");
    at(&test, &courier).get(&path).await.expect_problem(404, "not_found");
    let stranger = test.person("stranger", &[domain::Role::Customer]).await;
    at(&test, &stranger).get(&path).await.expect_problem(404, "not_found");
    test.stop().await;
}

#[tokio::test]
async fn an_order_without_a_delivery_has_its_own_history() {
    let test = TestApp::start().await;
    let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
    let (customer, owner) = (sign_in(&test, "customer").await, sign_in(&test, "owner").await);
    let order = people.placed().await.id.to_string();
    at(&test, &owner)
        .post(&format!("/v1/orders/{order}/reject"), json!({ "reason": "too_busy" }))
        .await
        .expect(200);
    let seen = history(&at(&test, &customer), &order).await;
    assert_eq!(kinds(&seen), ["order.created", "order.placed", "order.rejected"]);
    test.stop().await;
}
