//! The same story in many processes of the real binary, joined by PostgreSQL and
//! Redis alone.

use std::cell::Cell;
use std::collections::BTreeSet;

use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use server::Service;
use sim::{Heard, system};
use tests::TestApp;
use tests::people::{PATIENCE, People, acked, eventually, hear, on_the_way, position, socket};
use tests::process::Split;

use crate::story::{Doors, play};

/// A database with a kitchen, and no server on it.
async fn kitchen() -> (TestApp, sim::responses::NewLine) {
    let mut app = TestApp::start().await;
    let kitchen = People::hire(app.app()).await;
    app.halt().await;
    (app, kitchen)
}

fn redis() -> String {
    std::env::var("REDIS_URL").expect("REDIS_URL names a Redis")
}

/// Ends the processes; nothing must be left failing.
async fn end(mut app: TestApp, split: Split) {
    drop(split);
    app.restart().await;
    app.stop().await;
}

#[tokio::test]
async fn the_story_is_the_same_in_thirteen_processes() {
    let (app, kitchen) = kitchen().await;
    let split = Split::start(&app, &redis(), 1).await;
    let gateway = split.gateway();
    let people = People::enter(kitchen, &gateway).await;
    play(&people, &Doors::at(&gateway)).await;
    end(app, split).await;
}

#[tokio::test]
async fn the_story_is_the_same_whichever_replicas_are_entered() {
    let (app, kitchen) = kitchen().await;
    let split = Split::start(&app, &redis(), 3).await;
    let gateway = split.gateway();
    let seed = system::luck();
    println!("seed {seed}");
    let mut luck = StdRng::seed_from_u64(seed);
    // The phone and the map are never at the same replica.
    let tracking = split.replicas(Service::Tracking);
    let phone = luck.random_range(0..3);
    let map = (phone + luck.random_range(1..3)) % 3;
    let mut any = |service: Service| {
        let replicas = split.replicas(service);
        replicas[luck.random_range(0..replicas.len())].clone()
    };
    let mut people = People::enter(kitchen, &gateway).await;
    people.owner = people.owner.at(&any(Service::Order)).unwrap();
    people.agent = people.agent.at(&any(Service::Support)).unwrap();
    let doors = Doors {
        board: any(Service::Order),
        order: any(Service::Order),
        courier: tracking[phone].clone(),
        map: tracking[map].clone(),
        chat: any(Service::Support),
        desk: format!("{gateway}/customer_support_service"),
    };
    play(&people, &doors).await;
    end(app, split).await;
}

/// The replica whose metrics report a socket; they are sampled every few seconds.
async fn replica_with_a_socket(replicas: &[String]) -> String {
    let home = Cell::new(None);
    eventually(|| async {
        for replica in replicas {
            let metrics = reqwest::get(format!("{replica}/metrics")).await.unwrap().text().await.unwrap();
            if metrics.lines().any(|line| line.starts_with("realtime_sockets ") && !line.ends_with(" 0")) {
                home.set(Some(replica.clone()));
                return true;
            }
        }
        false
    })
    .await;
    home.take().expect("a replica was found")
}

#[tokio::test]
async fn a_replica_that_is_killed_in_the_middle_takes_nothing_with_it() {
    let (mut app, kitchen) = kitchen().await;
    let mut split = Split::start(&app, &redis(), 2).await;
    let gateway = split.gateway();
    let people = People::enter(kitchen, &gateway).await;
    let began = system::now() - TimeDelta::seconds(90);
    let order = people.placed().await;
    let by_name =
        |api: &sim::Api, service: Service| socket(&api.at(&format!("{gateway}/{service}")).unwrap());
    let mut courier = by_name(&people.courier, Service::Tracking);
    people.assigned(order.id, &mut courier, began).await;
    let line = courier.line();
    people.picked_up(order.id, &line).await;
    // Everybody has a socket of each service; the courier's is at one replica of tracking.
    let home = replica_with_a_socket(&split.replicas(Service::Tracking)).await;
    let mut map = by_name(&people.customer, Service::Tracking);
    map.line().subscribe(format!("delivery:{}", order.id)).await.unwrap();
    let mut watch = by_name(&people.customer, Service::Order);
    watch.line().subscribe(format!("order:{}", order.id)).await.unwrap();
    for step in 1..=10 {
        line.fix(on_the_way(began, step, 20));
    }
    acked(&mut courier).await;
    position(&mut map).await;

    // Killed while fixes are on their way; the gateway finds the other one.
    for step in 11..=15 {
        line.fix(on_the_way(began, step, 20));
    }
    split.kill(Service::Tracking, &home);
    for step in 16..=20 {
        line.fix(on_the_way(began, step, 20));
    }
    acked(&mut courier).await;
    // REST requests find it too: repeated ones succeed without an error.
    for _ in 0..20 {
        people.customer.delivery(order.id).await.unwrap();
    }
    let orders = split.replicas(Service::Order);
    split.kill(Service::Order, &orders[0]);
    line.step(order.id, "at_dropoff").await.unwrap();
    line.step(order.id, "delivered").await.unwrap();
    hear(&mut watch, "order.delivered").await;
    let ended = map.until(PATIENCE, |heard| match heard {
        Heard::Ended { reason, .. } => Some(reason.clone()),
        Heard::Anomaly(anomaly) => panic!("the protocol was broken: {anomaly:?}"),
        _ => None,
    });
    assert_eq!(ended.await.as_deref(), Some("delivered"));

    let courier_id = people.courier.who().await.unwrap().user_id.into();
    drop(split);
    app.restart().await;
    let (from, until) = (began - TimeDelta::hours(1), system::now());
    let kept = store::tracking::track(&app.app().store, courier_id, from, until, 1_000).await.unwrap();
    let once: BTreeSet<_> = kept.iter().map(|fix| fix.at).collect();
    assert_eq!((kept.len(), once.len()), (21, 21), "a fix was lost or kept twice");
    app.stop().await;
}
