//! Who sees what of an order: its address, its door, its courier, and for how long.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::toss::cards;
use sim::system;
use tests::TestApp;
use tests::people::{People, eventually};
use tests::rest::{Answer, Person, Rest};
use tests::socket::Socket;

const ROAD: &str = "테헤란로";
const DOOR: &str = "101호";
const ENTRANCE: &str = "공동현관 1234";

/// The people of the story, asked over REST.
struct SignedIn {
    people: People,
    customer: Person,
    owner: Person,
    courier: Person,
    agent: Person,
}

impl SignedIn {
    async fn gather(test: &TestApp) -> Self {
        let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
        let sign_in = |who: &str| {
            let email = format!("{who}@test.baedal.example");
            async move { test.sign_in(&email).await }
        };
        let (customer, owner) = (sign_in("customer").await, sign_in("owner").await);
        let (courier, agent) = (sign_in("courier").await, sign_in("agent").await);
        Self { people, customer, owner, courier, agent }
    }
}

fn at(test: &TestApp, who: &Person) -> Rest {
    test.rest_as(Service::Gateway, who)
}

async fn socket(test: &TestApp, who: &Person) -> Socket {
    Socket::open(test.address(Service::Gateway), &who.access_token).await
}

/// The delivery as somebody reads it, by REST and in the snapshot of its channel alike.
async fn delivery(test: &TestApp, who: &Person, order: &str) -> Value {
    let read = at(test, who).get(&format!("/v1/deliveries/{order}")).await.expect(200);
    let snapshot = socket(test, who).await.follow(&format!("delivery:{order}")).await;
    assert_eq!(snapshot["data"]["drop_off"], read["drop_off"], "two ways, one answer");
    read
}

/// Road-name address, door, and how to get in: which of them can be read.
fn seen(delivery: &Value) -> [bool; 3] {
    let text = delivery.to_string();
    [ROAD, DOOR, ENTRANCE].map(|secret| text.contains(secret))
}

/// A problem without what differs between any two requests.
fn answer_alone(answer: Answer) -> (u16, Value) {
    let mut body = answer.body;
    for own in ["instance", "request_id"] {
        body.as_object_mut().unwrap().remove(own);
    }
    (answer.status.as_u16(), body)
}

#[tokio::test]
async fn what_is_not_yours_and_what_is_not_there_get_one_answer() {
    let test = TestApp::start().await;
    let signed_in = SignedIn::gather(&test).await;
    let order = signed_in.people.order().await.id.to_string();
    let nothing = system::fresh_id().to_string();
    let stranger = test.person("stranger", &[domain::Role::Customer]).await;

    // The restaurant has no business with an order that is not paid either.
    for who in [&stranger, &signed_in.owner, &signed_in.courier, &signed_in.agent] {
        for path in
            ["deliveries/ID", "deliveries/ID/track", "deliveries/ID/stream", "orders/ID", "orders/ID/history"]
        {
            let get = async |id: &str| {
                answer_alone(at(&test, who).get(&format!("/v1/{}", path.replace("ID", id))).await)
            };
            let (theirs, none) = (get(&order).await, get(&nothing).await);
            assert_eq!(theirs, none, "{path}");
            assert_eq!(theirs.0, 404, "{path}");
        }
    }
    for (path, body) in [
        ("deliveries/ID/steps", json!({ "step": "at_restaurant" })),
        ("orders/ID/cancel", json!({ "reason": "변심" })),
        ("orders/ID/cancel-request", json!({ "reason": "변심" })),
        ("orders/ID/complete", json!({ "code": "1234" })),
        ("orders/ID/payments", json!({ "payment_method_id": uuid::Uuid::nil() })),
        ("orders/ID/accept", json!({ "preparation_mins": 10 })),
        ("orders/ID/unmask", json!({ "reason": "궁금해서" })),
    ] {
        let post = async |id: &str| {
            answer_alone(
                at(&test, &signed_in.courier)
                    .post(&format!("/v1/{}", path.replace("ID", id)), body.clone())
                    .await,
            )
        };
        let (theirs, none) = (post(&order).await, post(&nothing).await);
        assert_eq!(theirs, none, "{path}");
        assert_eq!(theirs.0, 404, "{path}");
    }
    let mut listener = socket(&test, &stranger).await;
    for kind in ["delivery", "order"] {
        let mut subscribe = async |id: &str| {
            listener.ask(json!({ "op": "subscribe", "channel": format!("{kind}:{id}") })).await["problem"]
                .clone()
        };
        assert_eq!(subscribe(&order).await, subscribe(&nothing).await);
    }
    test.stop().await;
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it() {
    let mut settings = tests::settings();
    settings.auth.access_life = TimeDelta::seconds(3);
    let test = TestApp::start_with(settings).await;
    let signed_in = SignedIn::gather(&test).await;
    let order = signed_in.people.order().await.id;
    let fresh = test.sign_in(&signed_in.customer.email).await;
    let path = format!("/v1/deliveries/{order}/stream");
    let mut stream = at(&test, &fresh).request(Method::GET, &path).send().await.unwrap();
    assert_eq!(stream.status().as_u16(), 200);
    let to_the_end = async { while stream.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(Duration::from_secs(20), to_the_end).await.expect("it ends");
    test.stop().await;
}

#[tokio::test]
async fn the_address_is_shown_to_whom_it_concerns_and_no_longer_than_that() {
    let test = TestApp::start().await;
    let signed_in = SignedIn::gather(&test).await;
    let SignedIn { people, customer, owner, courier, agent } = &signed_in;
    let order = people.placed().await.id;
    let id = order.to_string();
    let began = system::now() - TimeDelta::seconds(90);
    let (nothing, address, door) = ([false; 3], [true, false, false], [true; 3]);

    assert_eq!(seen(&delivery(&test, owner, &id).await), nothing);
    assert_eq!(delivery(&test, owner, &id).await["drop_off"]["dong"], "역삼동");
    let mut phone = tests::people::socket(&people.courier);
    people.assigned(order, &mut phone, began).await;
    let own = domain::Channel::Courier(courier.id.parse::<domain::UserId>().unwrap().into());
    let offers = store::journal::since(&test.app().store, &own, 0, 100).await.unwrap();
    for told in offers.iter().filter(|event| event.kind == "offer.made") {
        assert_eq!(told.data["dong"], "역삼동");
        assert_ne!(told.data["drop_off"]["lat"], json!(tests::people::HOME.lat), "an offer names no house");
    }
    assert_eq!(seen(&delivery(&test, courier, &id).await), address);
    assert_eq!(seen(&at(&test, courier).get(&format!("/v1/orders/{id}")).await.expect(200)), address);
    people.picked_up(order, &phone.line()).await;
    assert_eq!(seen(&delivery(&test, courier, &id).await), door);
    assert_eq!(seen(&delivery(&test, owner, &id).await), nothing);
    assert!(delivery(&test, owner, &id).await["position"].is_null(), "it leads to the door");
    assert_eq!(seen(&delivery(&test, customer, &id).await), door);

    phone.line().step(order, "at_dropoff").await.unwrap();
    phone.line().step(order, "delivered").await.unwrap();
    for who in [owner, courier] {
        let over = at(&test, who).get(&format!("/v1/deliveries/{id}")).await.expect(200);
        assert_eq!(seen(&over), nothing);
        assert_eq!(over["courier"]["name"], "c*");
    }
    // A client that resumes from the start does not get the name either.
    let mut late = socket(&test, customer).await;
    assert!(late.resume(&format!("delivery:{id}"), &json!(test.app().store.epoch()), 0).await);
    assert_eq!(late.event("delivery.assigned").await["data"]["name"], "c*");
    at(&test, courier).get(&format!("/v1/orders/{id}")).await.expect_problem(404, "not_found");
    at(&test, agent).get(&format!("/v1/deliveries/{id}")).await.expect_problem(404, "not_found");
    test.stop().await;
}

#[tokio::test]
async fn an_agent_sees_an_order_with_its_conversation_and_unmasks_it_with_a_reason() {
    let test = TestApp::start().await;
    let signed_in = SignedIn::gather(&test).await;
    let SignedIn { people, agent, .. } = &signed_in;
    let order = people.placed().await.id;
    let (path, channel) = (format!("/v1/orders/{order}"), format!("order:{order}"));
    let desk = at(&test, agent);
    desk.get(&path).await.expect_problem(404, "not_found");

    people.agent.presence(true, 5).await.unwrap();
    let talk = people.customer.converse("delivery", Some(order), "어디쯤 오셨나요?").await.unwrap();
    eventually(|| async { desk.get(&path).await.status == 200 }).await;
    assert_eq!(seen(&desk.get(&path).await.expect(200)), [false; 3]);
    let mut listener = socket(&test, agent).await;
    listener.follow(&channel).await;
    listener.follow(&format!("delivery:{order}")).await;

    let unmask = format!("{path}/unmask");
    desk.post(&unmask, json!({ "reason": " " })).await.expect_problem(422, "invalid");
    let shown = desk.post(&unmask, json!({ "reason": "문 앞에서 길을 잃음" })).await.expect(200);
    assert_eq!((seen(&shown), &shown["customer_name"]), ([true; 3], &json!("손님")));
    let actor = agent.id.parse().unwrap();
    let by_agent = store::user::AccessFilter { actor: Some(actor), ..Default::default() };
    let looks = store::user::accesses(&test.app().store, &by_agent, None, 10).await.unwrap();
    let [look] = looks.as_slice() else { panic!("{looks:?}") };
    assert_eq!((look.look, look.order), (domain::user::Look::OrderUnmasked, Some(order.into())));
    assert_eq!(look.reason.as_deref(), Some("문 앞에서 길을 잃음"));
    at(&test, &signed_in.owner)
        .post(&unmask, json!({ "reason": "궁금해서" }))
        .await
        .expect_problem(403, "forbidden");

    // With the conversation their business with the order ends, on both channels.
    people.agent.resolve(talk.id).await.unwrap();
    let ended = [listener.next("ended").await, listener.next("ended").await];
    assert!(ended.iter().all(|ended| ended["reason"] == "not_allowed"), "{ended:?}");
    desk.get(&path).await.expect_problem(404, "not_found");
    test.stop().await;
}

#[tokio::test]
async fn a_courier_who_dropped_out_hears_no_more_of_the_order() {
    let test = TestApp::start().await;
    let signed_in = SignedIn::gather(&test).await;
    let SignedIn { people, courier, .. } = &signed_in;
    let order = people.placed().await.id;
    let mut phone = tests::people::socket(&people.courier);
    people.assigned(order, &mut phone, system::now() - TimeDelta::seconds(90)).await;
    let mut listener = socket(&test, courier).await;
    listener.follow(&format!("order:{order}")).await;
    listener.follow(&format!("delivery:{order}")).await;

    phone.line().step(order, "drop_out").await.unwrap();
    let ended = [listener.next("ended").await, listener.next("ended").await];
    assert!(ended.iter().all(|ended| ended["reason"] == "not_allowed"), "{ended:?}");
    at(&test, courier).get(&format!("/v1/orders/{order}")).await.expect_problem(404, "not_found");
    at(&test, courier).get(&format!("/v1/deliveries/{order}")).await.expect_problem(404, "not_found");
    for kind in ["order", "delivery"] {
        let channel = format!("{kind}:{order}");
        let refused = listener.ask(json!({ "op": "subscribe", "channel": channel })).await;
        assert_eq!(refused["problem"]["type"], "not_found");
    }
    test.stop().await;
}

#[tokio::test]
async fn a_pickup_code_is_locked_after_five_tries_whichever_process_is_asked() {
    let test = TestApp::start().await;
    let signed_in = SignedIn::gather(&test).await;
    let second = test.second_server().await;
    let SignedIn { people, customer, owner, .. } = &signed_in;
    let eater = at(&test, customer);
    people.customer.add_line(people.line()).await.unwrap();
    let quote = eater.post("/v1/cart/quote", json!({ "fulfilment": "pickup" })).await.expect(201);
    let order = eater
        .post("/v1/orders", json!({ "quote_id": quote["quote_id"], "pickup": true, "note": "" }))
        .await
        .expect(201);
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    let code = order["pickup_code"].as_str().unwrap().to_owned();
    eater.post(&format!("{path}/payments"), eater.pays_with(cards::GOOD).await).await.expect(200);
    let here = at(&test, owner);
    let there = here.at(format!("http://{}", second.address(Service::Gateway).unwrap()));
    here.post(&format!("{path}/accept"), json!({ "preparation_mins": 10 })).await.expect(200);
    // A try before the food is ready does not check the code, and does not count as a try.
    let complete = format!("{path}/complete");
    here.post(&complete, json!({ "code": code })).await.expect_problem(409, "order.transition_refused");
    here.post(&format!("{path}/ready"), json!({})).await.expect(200);

    let wrong = if code == "0000" { "0001" } else { "0000" };
    let tries = (0..40).map(|n| {
        let rest = if n % 2 == 0 { &here } else { &there };
        let complete = &complete;
        async move {
            rest.post(complete, json!({ "code": wrong })).await.body["type"].as_str().unwrap().to_owned()
        }
    });
    let answers = futures::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|code| *code == "order.wrong_code").count();
    let locked = answers.iter().filter(|code| *code == "order.code_locked").count();
    assert_eq!((looked_at, locked), (5, 35), "{answers:?}");
    for rest in [&here, &there] {
        assert_eq!(rest.post(&complete, json!({ "code": code })).await.body["type"], "order.code_locked");
    }
    second.stop(Duration::from_secs(5)).await;
    test.stop().await;
}
