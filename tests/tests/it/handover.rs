//! The hand-over: the code by which everybody names an order, and what its courier is told of it.

use domain::Role;
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::toss::cards;
use sim::system;
use tests::TestApp;
use tests::people::{People, eventually, hear};
use tests::rest::{Person, Rest};
use tests::shop::Guest;
use tests::socket::Socket;
use uuid::Uuid;

fn at(test: &TestApp, who: &Person) -> Rest {
    test.rest_as(Service::Gateway, who)
}

async fn sign_in(test: &TestApp, who: &str) -> Person {
    test.sign_in(&format!("{who}@test.baedal.example")).await
}

/// What a channel begins with for `who`.
async fn snapshot(test: &TestApp, who: &Person, channel: &str) -> Value {
    let mut socket = Socket::open(test.address(Service::Gateway), &who.access_token).await;
    socket.follow(channel).await["data"].clone()
}

#[tokio::test]
async fn everybody_names_an_order_by_the_same_code() {
    let test = TestApp::start().await;
    let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
    let (customer, owner) = (sign_in(&test, "customer").await, sign_in(&test, "owner").await);
    let (courier, agent) = (sign_in(&test, "courier").await, sign_in(&test, "agent").await);
    let admin = Guest::new(&test, Role::Admin).await;
    let order = people.placed().await.id;
    let path = format!("/v1/orders/{order}");
    let code = at(&test, &customer).get(&path).await.expect(200)["code"].clone();
    assert_eq!(code.as_str().map(str::len), Some(4), "{code}");

    let mut board = tests::people::socket(&people.owner);
    board.line().subscribe(format!("merchant:{}", people.restaurant)).await.unwrap();
    let mut phone = tests::people::socket(&people.courier);
    people.assigned(order, &mut phone, system::now()).await;
    assert_eq!(hear(&mut board, "order.accepted").await.data["card"]["code"], code);

    for who in [&customer, &owner, &courier] {
        assert_eq!(at(&test, who).get(&path).await.expect(200)["code"], code);
        assert_eq!(snapshot(&test, who, &format!("order:{order}")).await["code"], code);
        let delivery = at(&test, who).get(&format!("/v1/deliveries/{order}")).await.expect(200);
        assert_eq!(delivery["code"], code);
        assert_eq!(snapshot(&test, who, &format!("delivery:{order}")).await["code"], code);
    }
    let listed = at(&test, &owner).get(&format!("/v1/orders?restaurant_id={}", people.restaurant)).await;
    assert_eq!(listed.expect(200)["items"][0]["code"], code);
    let board = snapshot(&test, &owner, &format!("merchant:{}", people.restaurant)).await;
    assert_eq!(board["orders"][0]["code"], code);

    // The courier's own channel names it in every event.
    let own = domain::Channel::Courier(courier.id.parse::<domain::UserId>().unwrap().into());
    let heard = store::journal::since(&test.app().store, &own, 0, 100).await.unwrap();
    for kind in ["offer.made", "offer.accepted", "assignment.changed"] {
        let told = heard.iter().find(|event| event.kind == kind).unwrap_or_else(|| panic!("no {kind}"));
        assert_eq!(told.data["code"], code, "{kind}");
    }
    let me = at(&test, &courier).get("/v1/couriers/me").await.expect(200);
    assert_eq!(me["assignments"][0]["code"], code);
    let second = people.placed().await.id;
    people.owner.command(second, "accept", json!({ "preparation_mins": 10 })).await.unwrap();
    let offer = hear(&mut phone, "offer.made").await;
    assert_eq!(offer.data["order_id"], json!(second));
    let offers = at(&test, &courier).get("/v1/couriers/me").await.expect(200)["offers"].clone();
    assert_eq!((&offers[0]["code"], &offers[0]["order_id"]), (&offer.data["code"], &json!(second)));

    people.agent.presence(true, 5).await.unwrap();
    let talk = people.customer.converse("delivery", Some(order), "어디쯤 오셨나요?").await.unwrap();
    let talk = at(&test, &agent).get(&format!("/v1/conversations/{}", talk.id)).await.expect(200);
    assert_eq!(talk["order_code"], code);
    assert_eq!(admin.get(&path).await.expect(200)["code"], code);

    // Who types it finds it, also as a person types it.
    let typed = format!("# {}", code.as_str().unwrap().to_lowercase()).parse().unwrap();
    let found = store::order::by_code(&test.app().store, typed, 10).await.unwrap();
    assert_eq!(found.iter().map(|order| order.id.0).collect::<Vec<_>>(), [order]);
    test.stop().await;
}

/// What the customer lets the courier know.
const NOTE: &str = "벨은 누르지 말고 문자 주세요";

/// An order with a note to the courier, to be left at the door; paid.
async fn placed_with_note(people: &People, eater: &Rest) -> Uuid {
    let quote = people.quote().await;
    let body = json!({
        "quote_id": quote, "note": "덜 맵게", "courier_note": format!("  {NOTE} "), "contactless": true,
    });
    let order = eater.post("/v1/orders", body).await.expect(201);
    assert_eq!(order["courier_note"], NOTE);
    let id = order["id"].as_str().unwrap().parse().unwrap();
    people.customer.pay(id, cards::GOOD).await.unwrap();
    id
}

#[tokio::test]
async fn the_courier_is_told_of_the_food_while_they_have_it_and_nobody_else() {
    let test = TestApp::start().await;
    let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
    let (customer, owner) = (sign_in(&test, "customer").await, sign_in(&test, "owner").await);
    let (courier, agent) = (sign_in(&test, "courier").await, sign_in(&test, "agent").await);
    let admin = Guest::new(&test, Role::Admin).await;
    let order = placed_with_note(&people, &at(&test, &customer)).await;
    let (path, delivery) = (format!("/v1/orders/{order}"), format!("/v1/deliveries/{order}"));
    people.agent.presence(true, 5).await.unwrap();
    people.customer.converse("delivery", Some(order), "어디쯤 오셨나요?").await.unwrap();
    eventually(|| async { at(&test, &agent).get(&path).await.status == 200 }).await;

    let mut phone = tests::people::socket(&people.courier);
    people.assigned(order, &mut phone, system::now()).await;
    let told = json!({
        "contactless": true,
        "dishes": [{ "name": "후라이드", "quantity": 2, "options": [{ "name": "순한맛", "quantity": 1 }] }],
        "note": NOTE,
    });
    let shown_to_others = async || {
        let mut seen = Vec::new();
        for who in [&owner, &agent] {
            for answer in [at(&test, who).get(&path).await, at(&test, who).get(&delivery).await] {
                seen.push(answer.expect(200));
            }
            seen.push(snapshot(&test, who, &format!("order:{order}")).await);
            seen.push(snapshot(&test, who, &format!("delivery:{order}")).await);
        }
        seen.push(snapshot(&test, &owner, &format!("merchant:{}", people.restaurant)).await);
        seen.push(admin.get(&path).await.expect(200));
        seen.push(admin.get(&delivery).await.expect(200));
        seen
    };
    for step in ["assigned", "ready", "at_restaurant", "picked_up", "at_dropoff"] {
        match step {
            "assigned" => {}
            "ready" => people.owner.command(order, "ready", Value::Null).await.map(drop).unwrap(),
            step => {
                let answer =
                    at(&test, &courier).post(&format!("{delivery}/steps"), json!({ "step": step })).await;
                assert_eq!(answer.expect(200)["handover"], told, "{step}");
            }
        }
        assert_eq!(at(&test, &courier).get(&delivery).await.expect(200)["handover"], told, "{step}");
        assert_eq!(snapshot(&test, &courier, &format!("delivery:{order}")).await["handover"], told, "{step}");
        let own = snapshot(&test, &courier, &format!("courier:{}", courier.id)).await;
        assert_eq!(own["assignments"][0]["handover"], told, "{step}");
        assert_eq!(at(&test, &courier).get(&path).await.expect(200)["courier_note"], NOTE, "{step}");
        // The customer reads it with the order.
        assert_eq!(at(&test, &customer).get(&path).await.expect(200)["courier_note"], NOTE);
        assert!(at(&test, &customer).get(&delivery).await.expect(200)["handover"].is_null());
        for seen in shown_to_others().await {
            assert!(!seen.to_string().contains(NOTE), "{step}: {seen}");
            assert!(seen.get("handover").is_none_or(Value::is_null), "{step}: {seen}");
        }
    }
    // Who says why may read it.
    let why = json!({ "reason": "손님이 길을 물어봄" });
    let unmasked = at(&test, &agent).post(&format!("{path}/unmask"), why).await.expect(200);
    assert_eq!(unmasked["courier_note"], NOTE);

    // Nothing of it is left when it is over, nor in any event.
    let answer = at(&test, &courier).post(&format!("{delivery}/steps"), json!({ "step": "delivered" })).await;
    assert!(answer.expect(200)["handover"].is_null());
    let over = at(&test, &courier).get(&delivery).await.expect(200);
    assert!(over["handover"].is_null() && !over.to_string().contains(NOTE), "{over}");
    for seen in shown_to_others().await {
        assert!(!seen.to_string().contains(NOTE), "{seen}");
    }
    let store = &test.app().store;
    let own = domain::Channel::Courier(courier.id.parse::<domain::UserId>().unwrap().into());
    let board = domain::Channel::Merchant(people.restaurant.into());
    for channel in [own, board, domain::Channel::Order(order.into()), domain::Channel::Delivery(order.into())]
    {
        for event in store::journal::since(store, &channel, 0, 1_000).await.unwrap() {
            assert!(!event.data.to_string().contains(NOTE), "{channel}: {event:?}");
        }
    }
    test.stop().await;
}

#[tokio::test]
async fn who_drops_out_is_told_no_more_of_the_food_and_who_follows_is() {
    let test = TestApp::start().await;
    let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
    let (customer, courier) = (sign_in(&test, "customer").await, sign_in(&test, "courier").await);
    let order = placed_with_note(&people, &at(&test, &customer)).await;
    let delivery = format!("/v1/deliveries/{order}");
    let mut phone = tests::people::socket(&people.courier);
    people.assigned(order, &mut phone, system::now()).await;

    // A program of before left a row without it: it is read from the order.
    let sql = format!("update tracking.deliveries set handover = null where order_id = '{order}'");
    store::scratch::run_in(test.database(), &sql).await.unwrap();
    assert_eq!(at(&test, &courier).get(&delivery).await.expect(200)["handover"]["note"], NOTE);

    let answer = at(&test, &courier).post(&format!("{delivery}/steps"), json!({ "step": "drop_out" })).await;
    assert!(answer.expect(200)["handover"].is_null());
    at(&test, &courier).get(&delivery).await.expect_problem(404, "not_found");
    test.stop().await;
}

#[tokio::test]
async fn a_note_to_the_courier_is_a_wish_of_its_own_and_read_like_the_other_one() {
    let test = TestApp::start().await;
    let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
    let eater = at(&test, &sign_in(&test, "customer").await);
    let quote = people.quote().await;
    let order = |note: &str| {
        let body = json!({ "quote_id": quote, "courier_note": note });
        let eater = &eater;
        async move { eater.post("/v1/orders", body).await }
    };
    // Twice the limit, and invisible.
    order(&"가".repeat(201)).await.expect_problem(422, "order.text_too_long");
    let refused = order("문 앞에\u{202e}").await.expect_problem(422, "order.text_refused");
    assert_eq!(refused["errors"][0]["pointer"], "/courier_note");

    // Decomposed and composed are the same note.
    let first = order("\u{1106}\u{116e}\u{11ab} 앞에").await.expect(201);
    assert_eq!(first["courier_note"], "문 앞에");
    assert_eq!(order("문 앞에").await.expect(201)["id"], first["id"]);
    order("경비실에").await.expect_problem(409, "order.wishes_differ");
    test.stop().await;
}
