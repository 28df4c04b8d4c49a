//! A delivery as server-sent events.

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use server::Service;
use services::dispatch;
use services::tracking::{Step, step};

use super::*;

/// The events of a stream as they come.
struct Events {
    response: Response,
    text: String,
}

#[derive(Debug)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Events {
    async fn open(test: &TestApp, who: &tests::rest::Person, order: OrderId, last: Option<&str>) -> Self {
        let rest = test.rest_as(Service::Tracking, who);
        let mut request = rest.request(Method::GET, &format!("/v1/deliveries/{order}/stream"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; none once the stream is over.
    async fn next(&mut self) -> Option<Event> {
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
    let latest = events.next().await.unwrap();
    assert_eq!(latest.name, "latest");
    assert!(latest.data["position"]["lat"].is_f64());
    drop(events);

    // As if the position had been shown by a process that was ahead of all others.
    let id = latest.id.unwrap();
    let (place, at) = id.rsplit_once(':').unwrap();
    assert_eq!(place, picked_up);
    let ahead = format!("{place}:{}", at.parse::<i64>().unwrap() + 1);
    let mut events = Events::open(&test, &eater, order.id, Some(&ahead)).await;
    step(app, &rider, order.id, Step::Delivered).await.unwrap();
    assert_eq!(events.next().await.unwrap().data["type"], "delivery.delivered");
    assert_eq!(events.logged().await.unwrap().name, "ended");
    assert!(events.next().await.is_none(), "the server ends it");
    test.stop().await;
}
