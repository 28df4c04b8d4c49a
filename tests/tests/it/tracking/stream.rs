//! A delivery as server-sent events.

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use server::Service;
use services::tracking::dispatch;
use services::tracking::{Step, step};

use super::*;

/// The events of a stream as they come.
pub(super) struct Events {
    response: Response,
    text: String,
}

#[derive(Debug)]
pub(super) struct Event {
    pub(super) name: String,
    id: Option<String>,
    pub(super) data: Value,
}

/// What a client is answered that saw an event with the id `last`.
async fn answer(test: &TestApp, who: &tests::rest::Person, order: OrderId, last: Option<&str>) -> Response {
    let rest = test.rest_as(Service::Tracking, who);
    let mut request = rest.request(Method::GET, &format!("/v1/deliveries/{order}/stream"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    request.send().await.unwrap()
}

impl Events {
    pub(super) async fn open(
        test: &TestApp,
        who: &tests::rest::Person,
        order: OrderId,
        last: Option<&str>,
    ) -> Self {
        let response = answer(test, who, order, last).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; none once the stream is over.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim_start().to_owned())
                };
                let event = field("event:").map(|name| Event {
                    name,
                    id: field("id:"),
                    data: serde_json::from_str(&field("data:").unwrap()).unwrap(),
                });
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk());
            let chunk = chunk.await.expect("something comes").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event of the log; newest values in between are left out.
    async fn logged(&mut self) -> Option<Event> {
        loop {
            let event = self.next().await?;
            if event.name != "latest" {
                return Some(event);
            }
        }
    }
}

#[tokio::test]
async fn a_delivery_is_followed_by_server_sent_events_and_resumed_without_a_gap() {
    let test = TestApp::start().await;
    let app = test.app();
    let eater = test.person("minji", &[Role::Customer]).await;
    let rider = courier_at(app, 100.0).await;
    let order = accepted_order_of(app, eater.id.parse().unwrap()).await;
    let offer = offer_to(app, &rider).await;

    let stream = format!("/v1/deliveries/{}/stream", order.id);
    let json = test.rest_as(Service::Tracking, &eater).request(Method::GET, &stream);
    tests::rest::answer(json.header("accept", "application/json"))
        .await
        .expect_problem(406, "not_acceptable");
    let mut events = Events::open(&test, &eater, order.id, None).await;
    let snapshot = events.logged().await.unwrap();
    assert_eq!(snapshot.name, "snapshot");
    assert_eq!(snapshot.data["data"]["status"], "offered");
    dispatch::accept(app, &rider, offer.id).await.unwrap();
    let assigned = events.logged().await.unwrap();
    assert_eq!((assigned.name.as_str(), &assigned.data["type"]), ("event", &"delivery.assigned".into()));
    let last = assigned.id.unwrap();
    drop(events);

    step(app, &rider, order.id, Step::AtRestaurant).await.unwrap();
    ask(app, order.id, By::Owner(order.restaurant), Command::MarkReady).await.unwrap();
    step(app, &rider, order.id, Step::PickedUp).await.unwrap();
    let mut events = Events::open(&test, &eater, order.id, Some(&last)).await;
    let missed = [events.logged().await.unwrap(), events.logged().await.unwrap()];
    let picked_up = missed[1].id.clone().unwrap();
    assert_eq!(
        missed.map(|event| event.data["type"].as_str().unwrap().to_owned()),
        ["delivery.at_restaurant", "delivery.picked_up"]
    );
    let batch = Batch::new(1, vec![fix(1, app.now(), north(150.0))]).unwrap();
    courier::fixes(app, rider.user.into(), None, batch).await.unwrap();
    // With the food the customer may be shown where the courier was before, too.
    let mut latest = events.next().await.unwrap();
    while latest.data["position"]["lat"] != north(150.0).lat() {
        assert_eq!(latest.name, "latest");
        latest = events.next().await.unwrap();
    }
    drop(events);

    // As if the position had been shown by a process that was ahead of all others.
    let id = latest.id.unwrap();
    let (place, at) = id.rsplit_once(':').unwrap();
    assert_eq!(place, picked_up);
    let ahead = format!("{place}:{}", at.parse::<i64>().unwrap() + 1);
    let mut events = Events::open(&test, &eater, order.id, Some(&ahead)).await;
    // A made-up event id does not make the stream end early.
    let mut eager = Events::open(&test, &eater, order.id, Some("over")).await;
    assert_eq!(eager.logged().await.unwrap().name, "snapshot");
    step(app, &rider, order.id, Step::Delivered).await.unwrap();
    let delivered = events.next().await.unwrap();
    assert_eq!(delivered.data["type"], "delivery.delivered");
    let mut end = events.logged().await.unwrap();
    assert_eq!(end.name, "ended");
    assert!(events.next().await.is_none(), "the server ends it");

    // Who missed the end, be it alone or with all before it, is told it, and who saw it stays away.
    for last in [delivered.id.as_deref(), Some(last.as_str()), None] {
        let mut events = Events::open(&test, &eater, order.id, last).await;
        loop {
            end = events.logged().await.expect("the end comes");
            if end.name == "ended" {
                break;
            }
        }
        assert!(events.next().await.is_none());
    }
    let stranger = test.person("stranger", &[Role::Customer]).await;
    for (who, status) in [(&eater, StatusCode::NO_CONTENT), (&stranger, StatusCode::NOT_FOUND)] {
        assert_eq!(answer(&test, who, order.id, end.id.as_deref()).await.status(), status);
    }
    test.stop().await;
}
