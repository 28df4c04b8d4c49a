//! The latest value of a channel.

use std::task::{Context, Poll, Waker};

use super::*;

/// A value that turns stale after 60 s, from a courier that knew this `version` of the delivery.
fn aging(secs: i64, version: u64) -> Latest {
    let position = position(secs);
    let forecast = domain::tracking::Forecast {
        ready_by: None,
        to_pickup: chrono::TimeDelta::zero(),
        to_door: chrono::TimeDelta::minutes(5),
        fresh_until: Some(position.at + chrono::TimeDelta::seconds(60)),
    };
    Latest { forecast: Some(forecast), version, ..position }
}

/// Everything received by now, in order: publishing delivers immediately.
fn heard_by(outbox: &Outbox) -> Vec<String> {
    let mut heard = Vec::new();
    while let Poll::Ready(Next::Frame(frame)) = outbox.poll_next(&mut Context::from_waker(Waker::noop())) {
        heard.push(String::from_utf8_lossy(&frame.text).into_owned());
    }
    heard
}

#[tokio::test]
async fn who_watches_hears_once_that_a_courier_went_silent_and_that_they_are_back() {
    let environment =
        Environment { channel: Channel::Delivery(uuid::Uuid::nil().into()), ..Environment::set() };
    let at = |secs: i64| environment.look_at(secs);
    let (early, _early) = environment.follow(Role::Customer, None).await;
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(aging(0, 1))));
    assert_eq!(heard_by(&early), ["snapshot 0 true", "latest 0"]);
    at(61);
    let (late, _late) = environment.follow(Role::Customer, None).await;
    assert_eq!(heard_by(&early), ["latest 0 stale"]);
    assert_eq!(heard_by(&late), ["snapshot 0 true", "latest 0 stale"]);
    at(200);
    // Published by another process once more.
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(aging(0, 1))));
    environment.hub.age();
    assert!(heard_by(&early).is_empty(), "no second publication");
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(aging(200, 1))));
    assert_eq!(heard_by(&early), ["latest 200"]);
    at(261);
    assert_eq!(heard_by(&early), ["latest 200 stale"]);
}

#[tokio::test]
async fn a_value_found_stale_by_a_late_subscriber_counts_as_delivered_to_the_others() {
    let environment =
        Environment { channel: Channel::Delivery(uuid::Uuid::nil().into()), ..Environment::set() };
    let (early, _early) = environment.follow(Role::Customer, None).await;
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(aging(0, 1))));
    let before = environment.hub.report().deliveries;
    *environment.world.now.lock().unwrap() = position(61).at;
    let (_late, _subscription) = environment.follow(Role::Customer, None).await;
    assert_eq!(heard_by(&early)[1..], ["latest 0 stale"]);
    assert_eq!(environment.hub.report().deliveries, before + 1);
}

#[tokio::test]
async fn nothing_is_told_of_whoever_carried_it_before() {
    let environment =
        Environment { channel: Channel::Delivery(uuid::Uuid::nil().into()), ..Environment::set() };
    let at = |secs: i64| environment.look_at(secs);
    let (early, _early) = environment.follow(Role::Customer, None).await;
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(aging(0, 0))));
    assert_eq!(heard_by(&early), ["snapshot 0 true", "latest 0"]);
    environment.say("moved");
    // Still in flight when the delivery changed its courier.
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(aging(5, 0))));
    assert_eq!(heard_by(&early), ["event 1"]);
    at(70);
    let (late, _late) = environment.follow(Role::Customer, None).await;
    assert!(heard_by(&early).is_empty());
    assert_eq!(heard_by(&late), ["snapshot 1 true"]);
    // Older than the dropped value, but newer than the last one delivered.
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(aging(4, 1))));
    assert_eq!(heard_by(&early), ["latest 4 stale"]);
}

#[tokio::test]
async fn who_subscribes_is_told_the_newest_value_with_it() {
    let environment =
        Environment { channel: Channel::Delivery(uuid::Uuid::nil().into()), ..Environment::set() };
    *environment.world.newest.lock().unwrap() = Some(Arc::new(position(7)));
    let (first, _subscription) = environment.follow(Role::Customer, None).await;
    assert_eq!([hear(&first).await, hear(&first).await], ["snapshot 0 true", "latest 7"]);
    // A late subscriber gets the latest value, and none older.
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(position(9))));
    let (second, _subscription) = environment.follow(Role::Customer, None).await;
    assert_eq!([hear(&second).await, hear(&second).await], ["snapshot 0 true", "latest 9"]);
}

#[tokio::test]
async fn a_value_that_was_missed_is_looked_up_when_the_fabric_is_back() {
    let environment =
        Environment { channel: Channel::Delivery(uuid::Uuid::nil().into()), ..Environment::set() };
    let (outbox, _subscription) = environment.follow(Role::Customer, None).await;
    environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(position(1))));
    assert_eq!([hear(&outbox).await, hear(&outbox).await], ["snapshot 0 true", "latest 1"]);
    // Published while this process did not hear it; the courier stands still since.
    *environment.world.newest.lock().unwrap() = Some(Arc::new(position(4)));
    crate::hub::HubListener(Arc::downgrade(&environment.hub)).on_reconnected();
    assert_eq!(hear(&outbox).await, "latest 4");
}

#[tokio::test]
async fn only_the_newest_value_waits_and_none_goes_backwards() {
    let environment = Environment::set();
    let (outbox, _subscription) = environment.follow(Role::Customer, None).await;
    assert_eq!(hear(&outbox).await, "snapshot 0 true");
    for secs in [1, 2, 5, 3] {
        environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(position(secs))));
    }
    environment.say("b");
    assert_eq!([hear(&outbox).await, hear(&outbox).await], ["event 1", "latest 5"]);
}

#[tokio::test]
async fn who_comes_back_is_shown_nothing_older_than_what_was_seen_elsewhere() {
    let environment =
        Environment { channel: Channel::Delivery(uuid::Uuid::nil().into()), ..Environment::set() };
    *environment.world.newest.lock().unwrap() = Some(Arc::new(position(7)));
    let seen = |epoch: &str| Since { epoch: epoch.into(), offset: 0, latest_at: Some(position(8).at) };
    let (resumed, _resumed) = environment.follow_on(Role::Customer, Some(&seen("e1"))).await;
    let (anew, _anew) = environment.follow_on(Role::Customer, Some(&seen("other"))).await;
    let (other, _other) = environment.follow(Role::Customer, None).await;
    for secs in [7, 8] {
        environment.fabric.publish(&environment.channel, Signal::Latest(Arc::new(position(secs))));
    }
    environment.say("b");
    // `since` resumed without a snapshot.
    assert_eq!([hear(&resumed).await, hear(&resumed).await], ["event 1", "latest 8"]);
    for (outbox, recovered) in [(anew, false), (other, true)] {
        assert_eq!(hear(&outbox).await, format!("snapshot 0 {recovered}"));
        assert_eq!([hear(&outbox).await, hear(&outbox).await], ["event 1", "latest 8"]);
    }
}
