//! The main job: one order followed live, from the cart to the door.

use chrono::TimeDelta;
use serde_json::json;
use server::Service;
use sim::sandbox::toss::cards;
use sim::{Heard, system};
use tests::TestApp;
use tests::people::{HOME, People, acked, eventually, hear, on_the_way, position, reading, socket};

use crate::identity::personal_data;

#[tokio::test]
async fn one_order_is_followed_live_from_the_cart_to_the_door() {
    let app = TestApp::start().await;
    let gateway = app.url(Service::Gateway);
    let people = People::gather(app.app(), &gateway).await;
    play(&people, &Doors::at(&gateway)).await;
    personal_data::every_part_of_every_document_is_tagged(&app).await;
    app.stop().await;
}

/// Where the story's sockets are opened: base addresses.
pub(crate) struct Doors {
    /// The owner's board.
    pub(crate) board: String,
    /// The customer's order.
    pub(crate) order: String,
    /// The customer's map.
    pub(crate) map: String,
    /// The courier's phone.
    pub(crate) courier: String,
    /// The customer's chat.
    pub(crate) chat: String,
    /// The agent's desk.
    pub(crate) desk: String,
}

impl Doors {
    /// All of them at one address.
    pub(crate) fn at(url: &str) -> Self {
        let url = || url.to_owned();
        Self { board: url(), order: url(), map: url(), courier: url(), chat: url(), desk: url() }
    }
}

/// The story itself: whoever is in `people` asks where they signed in, and listens
/// at `doors`.
pub(crate) async fn play(people: &People, doors: &Doors) {
    let socket = |api: &sim::Api, door: &str| socket(&api.at(door).unwrap());
    let began = system::now() - TimeDelta::seconds(90);

    // The owner watches the board, the customer their order.
    let mut board = socket(&people.owner, &doors.board);
    board.line().subscribe(format!("merchant:{}", people.restaurant)).await.unwrap();
    let order = people.order().await;
    assert_eq!(order.status, "pending_payment");
    assert_eq!(order.payable_won, 2 * 9_000 + 3_000);
    let mut watch = socket(&people.customer, &doors.order);
    watch.line().subscribe(format!("order:{}", order.id)).await.unwrap();
    people.customer.pay(order.id, cards::GOOD).await.unwrap();
    hear(&mut watch, "order.placed").await;
    let card = hear(&mut board, "order.placed").await;
    assert_eq!(card.data["card"]["lines"][0]["quantity"], 2);
    assert!(!card.data.to_string().contains("테헤란로"), "the board must not learn the address");

    // Accepted, offered, taken.
    let mut courier = socket(&people.courier, &doors.courier);
    people.assigned(order.id, &mut courier, began).await;
    hear(&mut watch, "order.accepted").await;
    let line = courier.line();

    // Before pickup the customer sees what happens, but not where the courier is.
    let mut map = socket(&people.customer, &doors.map);
    map.line().subscribe(format!("delivery:{}", order.id)).await.unwrap();
    line.fix(reading(began + TimeDelta::seconds(5), tests::people::KITCHEN));
    acked(&mut courier).await;
    assert!(people.customer.delivery(order.id).await.unwrap().position.is_none());
    people.picked_up(order.id, &line).await;
    hear(&mut watch, "order.picked_up").await;
    let early = map.until(tests::people::PATIENCE, |heard| match heard {
        Heard::Latest(_) => Some(false),
        Heard::Event(event) if event.kind == "delivery.picked_up" => Some(true),
        _ => None,
    });
    assert_eq!(early.await, Some(true), "a position was shown before pickup");

    // On the way: positions in order, the last one where the courier is.
    for step in 1..=20 {
        line.fix(on_the_way(began + TimeDelta::seconds(10), step, 20));
    }
    acked(&mut courier).await;
    let mut last = began;
    loop {
        let seen = position(&mut map).await;
        assert!(seen.at > last, "positions must not go back in time");
        last = seen.at;
        assert!(seen.eta.is_some(), "an estimate comes with each position");
        let place = seen.position.unwrap();
        if (place.lat - HOME.lat).abs() < 1e-9 && (place.lon - HOME.lon).abs() < 1e-9 {
            break;
        }
    }

    // Meanwhile the customer and an agent talk.
    let agent_id = people.agent.who().await.unwrap().user_id;
    people.agent.presence(true, 5).await.unwrap();
    let talk = people.customer.converse("delivery", Some(order.id), "어디쯤 오셨나요?").await.unwrap();
    eventually(|| async { people.customer.conversation(talk.id).await.unwrap().agent_id == Some(agent_id) })
        .await;
    let mut desk = socket(&people.agent, &doors.desk);
    desk.line().subscribe(format!("chat:{}", talk.id)).await.unwrap();
    let mut chat = socket(&people.customer, &doors.chat);
    chat.line().subscribe(format!("chat:{}", talk.id)).await.unwrap();
    people.agent.say(talk.id, system::fresh_id(), "2분 안에 도착합니다").await.unwrap();
    assert_eq!(hear(&mut chat, "chat.message").await.data["text"], "2분 안에 도착합니다");
    people.customer.say(talk.id, system::fresh_id(), "감사합니다").await.unwrap();
    eventually_heard(&mut desk, "감사합니다").await;

    // Delivered: the customer gets the event, and no further positions.
    line.step(order.id, "at_dropoff").await.unwrap();
    line.step(order.id, "delivered").await.unwrap();
    hear(&mut watch, "order.delivered").await;
    let ended = map.until(tests::people::PATIENCE, |heard| match heard {
        Heard::Ended { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(ended.await.as_deref(), Some("delivered"));
    line.fix(reading(began + TimeDelta::seconds(80), tests::people::KITCHEN));
    acked(&mut courier).await;
    map.line().subscribe(format!("delivery:{}", order.id)).await.unwrap();
    let leaked = map.until(tests::people::PATIENCE, |heard| match heard {
        Heard::Latest(_) => Some(true),
        Heard::Snapshot(snapshot) => Some(!snapshot.data["position"].is_null()),
        _ => None,
    });
    assert_eq!(leaked.await, Some(false), "a position was shown after delivery");

    let done = people.customer.command(order.id, "complete", json!({})).await.unwrap();
    assert_eq!(done.status, "completed");
    let kinds: Vec<String> =
        people.customer.history(order.id).await.unwrap().into_iter().map(|event| event.kind).collect();
    for kind in ["order.created", "order.placed", "order.accepted", "order.picked_up", "order.completed"] {
        assert!(kinds.iter().any(|each| each == kind), "{kind} is missing in {kinds:?}");
    }
}

async fn eventually_heard(socket: &mut sim::Socket, text: &str) {
    let found = socket.until(tests::people::PATIENCE, |heard| match heard {
        Heard::Event(event) if event.data["text"] == text => Some(()),
        _ => None,
    });
    found.await.unwrap_or_else(|| panic!("{text} never came"));
}
