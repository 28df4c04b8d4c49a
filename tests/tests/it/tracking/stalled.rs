//! A reader who stops reading, and everybody else.

use domain::Audience;
use serde_json::Value;
use server::Service;
use services::tracking::dispatch;
use services::tracking::{Step, step};
use store::fabric::{Latest, Signal};
use tests::socket::Socket;

use super::*;

/// What one stalled socket may keep of the server, the kernel's buffers included.
const HELD_MAX: usize = 64 * 1024;

fn at(frame: &Value) -> Timestamp {
    frame["at"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_reader_who_stalls_sees_the_newest_position_next_and_misses_no_event() {
    const POSITIONS: i32 = 2_000;
    let test = TestApp::start().await;
    let app = test.app();
    let eater = test.person("minji", &[Role::Customer]).await;
    let rider = courier_at(app, 100.0).await;
    let order = accepted_order_of(app, eater.id.parse().unwrap()).await;
    let offer = offer_to(app, &rider).await;
    let (channel, address) = (Channel::Delivery(order.id), test.address(Service::Tracking));
    let mut stalled = Socket::open(address, &eater.access_token).await;
    let start = stalled.follow(&channel.to_string()).await["offset"].as_u64().unwrap();
    let mut healthy = Socket::open(address, &eater.access_token).await;
    healthy.follow(&channel.to_string()).await;

    // From here on one socket reads nothing, and the other reads everything.
    let began = app.now();
    let moment = |number: i32| began + TimeDelta::milliseconds(number.into());
    for number in 1..=POSITIONS {
        let latest = Latest {
            at: moment(number),
            position: north(f64::from(number)),
            heading_deg: Some(0.0),
            speed_mps: Some(6.0),
            forecast: None,
            audience: Audience::EVERYONE,
            courier: rider.user.into(),
            version: u64::MAX,
        };
        app.fabric().publish(&channel, Signal::Latest(latest.into()));
        match number {
            600 => drop(dispatch::accept(app, &rider, offer.id).await.unwrap()),
            1_200 => drop(step(app, &rider, order.id, Step::AtRestaurant).await.unwrap()),
            _ => {}
        }
        while at(&healthy.next("latest").await) != moment(number) {}
    }

    // It wakes: what the kernel holds comes first, and then at once the newest.
    let (mut shown, mut events, mut held) = (Vec::new(), Vec::new(), 0);
    while shown.last() != Some(&moment(POSITIONS)) {
        let frame = stalled.frame().await;
        held += frame.to_string().len();
        match frame["op"].as_str() {
            Some("latest") => shown.push(at(&frame)),
            Some("event") => events.push(frame["offset"].as_u64().unwrap()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(events, [start + 1, start + 2], "no event of the log is lost or repeated");
    assert!(shown.is_sorted_by(|one, next| one < next), "nothing is shown backwards in time");
    assert!(held <= HELD_MAX, "{held} bytes waited for it");
    let last_but_one = shown[shown.len() - 2];
    assert!(last_but_one < moment(POSITIONS / 2), "it is shown what is long over: {last_but_one}");
    test.stop().await;
}
