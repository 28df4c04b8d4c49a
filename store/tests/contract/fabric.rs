//! Publish and subscribe between processes.

use std::sync::Arc;

use domain::{Audience, Channel, CourierId, LatLon, SessionId, Timestamp};
use serde_json::json;
use store::fabric::{Ephemeral, Latest, Notice, Signal};
use store::journal::Recorded;

use crate::environment::{Environment, Heard, Signals, eventually, fresh, some_channel};

fn moment(secs: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000 + secs, 0).unwrap()
}

pub(crate) fn event(offset: u64) -> Signal {
    Signal::Log(Arc::new(Recorded {
        offset,
        kind: "order.accepted".into(),
        at: moment(0),
        data: json!({ "offset": offset, "dish": "떡볶이" }),
        audience: Audience::EVERYONE,
    }))
}

pub(crate) fn position(secs: i64) -> Signal {
    Signal::Latest(Arc::new(Latest {
        at: moment(secs),
        position: LatLon::new(37.5, 127.0).unwrap(),
        heading_deg: Some(90.0),
        speed_mps: None,
        forecast: None,
        audience: Audience::STAFF,
        courier: CourierId(uuid::Uuid::nil()),
        version: 1,
    }))
}

fn secs(signal: &Signal) -> i64 {
    let Signal::Latest(latest) = signal else { panic!("not a value: {signal:?}") };
    latest.at.timestamp() - 1_795_000_000
}

pub(crate) fn offset(signal: &Signal) -> u64 {
    let Signal::Log(recorded) = signal else { panic!("not an event: {signal:?}") };
    recorded.offset
}

pub(crate) async fn what_is_said_is_heard_in_order_by_whoever_follows(environment: &Environment) {
    let (speaker, listener) = (environment.process().await, environment.process().await);
    let channels = [some_channel(), some_channel(), Channel::Desk];
    let mut signals = Signals::following(&listener, &channels).await;
    for number in 1..=500 {
        for channel in &channels {
            speaker.fabric.publish(channel, event(number));
        }
    }
    let mut heard = [0; 3];
    for _ in 0..1_500 {
        let (channel, signal) = signals.signal().await;
        let place = channels.iter().position(|each| *each == channel).unwrap();
        heard[place] += 1;
        assert_eq!(offset(&signal), heard[place], "{channel}");
    }
}

pub(crate) async fn a_process_hears_itself_once(environment: &Environment) {
    let process = environment.process().await;
    let channel = some_channel();
    let mut signals = Signals::following(&process, std::slice::from_ref(&channel)).await;
    signals.rest();
    process.fabric.publish(&channel, event(1));
    // Inline, before anything can have come back from Redis.
    assert!(matches!(signals.rest().as_slice(), [Heard::Signal(_, Signal::Log(_))]));
    // Another process's message arrives after anything that could still come back.
    let other = environment.process().await;
    other.fabric.publish(&channel, event(2));
    assert_eq!(offset(&signals.signal().await.1), 2);
}

pub(crate) async fn the_newest_value_wins_and_waits_for_late_joiners(environment: &Environment) {
    let (speaker, listener) = (environment.process().await, environment.process().await);
    let channel = some_channel();
    let mut signals = Signals::following(&listener, std::slice::from_ref(&channel)).await;
    for number in 1..=1_000 {
        speaker.fabric.publish(&channel, position(number));
    }
    let (mut newest, mut count) = (0, 0);
    while newest < 1_000 {
        let number = secs(&signals.signal().await.1);
        assert!(number > newest, "{number} after {newest}");
        (newest, count) = (number, count + 1);
    }
    assert!(count <= 1_000);
    let late = environment.process().await.fabric.latest(&channel).await;
    let Signal::Latest(expected) = position(1_000) else { unreachable!() };
    assert_eq!(late.as_deref(), Some(&*expected));
}

pub(crate) async fn an_older_value_never_replaces_a_newer_one(environment: &Environment) {
    let (awake, asleep, third) =
        (environment.process().await, environment.process().await, environment.process().await);
    let (channel, marker) = (some_channel(), some_channel());
    awake.fabric.publish(&channel, position(10));
    eventually("the value is there", || async { third.fabric.latest(&channel).await.is_some() }).await;
    asleep.fabric.publish(&channel, position(5));
    asleep.fabric.publish(&marker, position(1));
    eventually("the marker is there", || async { third.fabric.latest(&marker).await.is_some() }).await;
    let newest = async || {
        let there = third.fabric.latest(&channel).await;
        there.map(|latest| secs(&Signal::Latest(latest)))
    };
    assert_eq!(newest().await, Some(10));

    // The courier moves to another process, while a moment ago the first one alone published.
    asleep.fabric.publish(&channel, position(12));
    eventually("the newer value is there", || async { newest().await == Some(12) }).await;
    awake.fabric.publish(&channel, position(11));
    awake.fabric.publish(&marker, position(2));
    let marked = || async { third.fabric.latest(&marker).await.is_some_and(|it| it.at == moment(2)) };
    eventually("the marker is there", marked).await;
    eventually("the newer value is there again", || async { newest().await == Some(12) }).await;
}

pub(crate) async fn a_forgotten_value_is_gone_for_all(environment: &Environment) {
    let (speaker, other) = (environment.process().await, environment.process().await);
    let channel = some_channel();
    speaker.fabric.publish(&channel, position(1));
    eventually("the value is there", || async { other.fabric.latest(&channel).await.is_some() }).await;
    speaker.fabric.forget(&channel);
    assert!(speaker.fabric.latest(&some_channel()).await.is_none());
    eventually("the value is gone", || async { other.fabric.latest(&channel).await.is_none() }).await;
    eventually("here too", || async { speaker.fabric.latest(&channel).await.is_none() }).await;

    // Another process may remove the value too.
    speaker.fabric.publish(&channel, position(2));
    eventually("it is there again", || async { other.fabric.latest(&channel).await.is_some() }).await;
    other.fabric.forget(&channel);
    eventually("gone where it was said", || async { speaker.fabric.latest(&channel).await.is_none() }).await;
}

pub(crate) async fn everybody_hears_notices(environment: &Environment) {
    let (speaker, listener) = (environment.process().await, environment.process().await);
    let (mut here, mut there) = (Signals::of(&speaker), Signals::of(&listener));
    let notices = [
        Notice::SessionRevoked(SessionId(fresh())),
        Notice::CourierSuperseded { courier: CourierId(fresh()), epoch: 3 },
        Notice::AssignmentsChanged(CourierId(fresh())),
    ];
    for notice in &notices {
        speaker.fabric.announce(notice.clone());
    }
    for notice in &notices {
        assert_eq!(here.notice().await, *notice);
        assert_eq!(there.notice().await, *notice);
    }
}

pub(crate) async fn passing_signals_arrive_whole(environment: &Environment) {
    let (speaker, listener) = (environment.process().await, environment.process().await);
    let channel = some_channel();
    let mut signals = Signals::following(&listener, std::slice::from_ref(&channel)).await;
    let passing = Ephemeral {
        kind: "chat.typing".into(),
        at: moment(1),
        expires_at: moment(7),
        data: json!({ "typing": true }),
        audience: Audience::EVERYONE,
    };
    speaker.fabric.publish(&channel, Signal::Ephemeral(Arc::new(passing.clone())));
    let (_, Signal::Ephemeral(heard)) = signals.signal().await else { panic!("something else") };
    assert_eq!(*heard, passing);
}
