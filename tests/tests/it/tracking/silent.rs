//! A courier whose phone sends nothing, and the subscribers to their position.

use serde_json::Value;
use server::Service;
use services::tracking::dispatch;
use services::tracking::{Step, show, step};
use tests::socket::Socket;

use super::stream::Events;
use super::*;

/// The age at which the position of a courier is stale.
const STALE_AFTER: TimeDelta = TimeDelta::minutes(1);

async fn start() -> TestApp {
    let mut settings = tests::settings();
    settings.tracking.courier.eta.stale_after = STALE_AFTER;
    // Snapshots are shared for a while of the runtime's clock, which this test cannot move.
    settings.live.snapshot_shared = Duration::ZERO;
    TestApp::start_joined(settings).await
}

/// When the position of a frame was measured, and whether it is stale. Fails the test if the
/// expected arrival is in the past.
fn said(latest: &Value) -> (Timestamp, bool) {
    let moment = |at: &Value| at.as_str().unwrap().parse::<Timestamp>().unwrap();
    let (at, eta) = (moment(&latest["at"]), &latest["eta"]);
    assert!(
        moment(&eta["arrive_at"]) > at + if eta["stale"] == true { STALE_AFTER } else { TimeDelta::zero() }
    );
    (at, eta["stale"].as_bool().unwrap())
}

async fn ride_to(app: &App, who: &Principal, seq: i64, metres: f64) -> Timestamp {
    let at = domain::clock::to_micros(app.now());
    let batch = Batch::new(1, vec![fix(seq, at, north(metres))]).unwrap();
    courier::fixes(app, who.user.into(), None, batch).await.unwrap();
    at
}

#[tokio::test]
async fn who_watches_is_told_once_that_the_courier_fell_silent_in_whichever_process() {
    let test = start().await;
    let (app, other) = (test.app(), test.second_server().await);
    let eater = test.person("minji", &[Role::Customer]).await;
    let rider = courier_at(app, 100.0).await;
    let order = accepted_order_of(app, eater.id.parse().unwrap()).await;
    let offer = offer_to(app, &rider).await;
    dispatch::accept(app, &rider, offer.id).await.unwrap();
    ask(app, order.id, By::Owner(order.restaurant), Command::MarkReady).await.unwrap();
    step(app, &rider, order.id, Step::PickedUp).await.unwrap();

    let channel = Channel::Delivery(order.id).to_string();
    let addresses = [test.address(Service::Tracking), other.address(Service::Tracking).unwrap()];
    let mut sockets = Vec::new();
    for address in addresses {
        let mut socket = Socket::open(address, &eater.access_token).await;
        socket.follow(&channel).await;
        sockets.push(socket);
    }
    let mut events = Events::open(&test, &eater, order.id, None).await;
    let first = ride_to(app, &rider, 1, 150.0).await;

    // The position comes when it is measured, and once more when it becomes stale.
    for expected in [(first, false), (first, true)] {
        if expected.1 {
            test.advance(STALE_AFTER).await;
        }
        for socket in &mut sockets {
            while said(&socket.next("latest").await) != expected {}
        }
    }
    // A new reader gets the current state, over a socket and over REST.
    for address in addresses {
        let mut late = Socket::open(address, &eater.access_token).await;
        assert_eq!(late.follow(&channel).await["data"]["eta"]["stale"], true);
        assert_eq!(said(&late.next("latest").await), (first, true));
        sockets.push(late);
    }
    for app in [app, other.app()] {
        let eta = show(app, &principal(&eater, Role::Customer), order.id).await.unwrap().eta.unwrap();
        assert!(eta.stale && eta.arrive_at > app.now());
    }
    // Nothing more until the courier is back: the next position of every subscriber is that one.
    let second = ride_to(app, &rider, 2, 200.0).await;
    for socket in &mut sockets {
        assert_eq!(said(&socket.next("latest").await), (second, false));
    }
    test.advance(STALE_AFTER).await;
    let mut streamed = Vec::new();
    while streamed.last() != Some(&(second, true)) {
        let event = events.next().await.unwrap();
        if event.name == "latest" {
            streamed.push(said(&event.data));
        }
    }
    streamed.retain(|(at, _)| *at >= first);
    assert_eq!(streamed, [(first, false), (first, true), (second, false), (second, true)]);
    other.stop(Duration::from_secs(5)).await;
    test.stop().await;
}

#[tokio::test]
async fn a_silent_courier_is_not_taken_for_the_one_who_took_over() {
    let test = start().await;
    let app = test.app();
    let operator = test.person("operator", &[Role::Admin]).await;
    let first = courier_at(app, 100.0).await;
    let order = accepted_order(app).await;
    let offer = offer_to(app, &first).await;
    dispatch::accept(app, &first, offer.id).await.unwrap();
    let channel = Channel::Delivery(order.id).to_string();
    let mut watching = Socket::open(test.address(Service::Tracking), &operator.access_token).await;
    watching.follow(&channel).await;
    let second = courier_at(app, 700.0).await;
    ride_to(app, &first, 1, 90.0).await;
    // As far north of the restaurant as `north` puts somebody.
    let metres = |frame: &Value| {
        let lat = frame["position"]["lat"].as_f64().unwrap();
        format!("{:.0}", (lat - 37.5) * 111_195.0)
    };
    while metres(&watching.next("latest").await) != "90" {}

    step(app, &first, order.id, Step::DropOut).await.unwrap();
    let offer = offer_to(app, &second).await;
    dispatch::accept(app, &second, offer.id).await.unwrap();
    // The one who took over was seen before the assignment, and is not heard of since.
    let mut late = Socket::open(test.address(Service::Tracking), &operator.access_token).await;
    let shown = late.follow(&channel).await;
    assert_eq!(metres(&shown["data"]), "700");
    test.advance(STALE_AFTER).await;
    loop {
        let told = late.next("latest").await;
        assert_eq!(metres(&told), "700");
        if said(&told).1 {
            break;
        }
    }
    let shown = show(app, &principal(&operator, Role::Admin), order.id).await.unwrap();
    assert_eq!(shown.position.unwrap().place, north(700.0));
    // Who watched all the time was told no more of the first one, and nothing older.
    ride_to(app, &second, 1, 690.0).await;
    for socket in [&mut watching, &mut late] {
        assert_eq!(metres(&socket.next("latest").await), "690");
    }
    test.stop().await;
}
