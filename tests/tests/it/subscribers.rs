//! Subscribers to events: each independent of the others, in order, in every version.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use domain::order::{Command, OrderEventKind as Order, OrderReminder};
use domain::{Channel, Failure, OrderId};
use serde_json::json;
use server::Service;
use services::Subscribers;
use services::reaction::Reaction;
use services::reactions::Subscriber;
use store::jobs::{Backlog, Policy, UNKNOWN};
use store::scratch;
use tests::people::{People, eventually};
use tests::wait::real_time_passes;
use tests::{TestApp, settings};
use tokio::sync::Semaphore;

async fn people(app: &TestApp) -> People {
    People::gather(app.app(), &app.url(Service::Gateway)).await
}

async fn run(app: &TestApp, sql: &str) {
    scratch::run_in(app.database(), sql).await.unwrap();
}

/// A test fails that leaves a job failing.
async fn discard_broken(app: &TestApp) {
    run(app, "delete from graphile_worker._private_jobs where payload->>'subscriber' = 'a.broken'").await;
}

/// Counts the events that it receives.
fn counting(name: &'static str, kinds: &'static [Order]) -> (Subscriber, Arc<AtomicUsize>) {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let subscriber = Subscriber::new(name, kinds, move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    });
    (subscriber, heard)
}

async fn backlog(app: &TestApp, subscriber: &str) -> Backlog {
    store::jobs::backlog(&app.app().store).await.unwrap().subscribers[subscriber]
}

#[tokio::test]
async fn a_subscriber_that_always_fails_neither_repeats_nor_delays_another() {
    let (tries, hangs) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (count, gate) = (Arc::clone(&tries), Arc::clone(&hangs));
    let broken = Subscriber::new("a.broken", &[Order::Cancelled], move |_, _| {
        let gate = Arc::clone(&gate);
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            drop(gate.acquire().await);
            Err(Failure::fault("it never works"))
        }
    });
    let (calm, heard) = counting("b.calm", &[Order::Cancelled]);
    let app = TestApp::start_subscribed(Subscribers::default().and(broken).and(calm)).await;
    let people = people(&app).await;
    let order = people.placed().await;
    let id: OrderId = order.id.into();
    let paid = store::payment::live(&app.app().store, id).await.unwrap().unwrap();
    people.customer.command(order.id, "cancel", json!({ "reason": "마음이 바뀌었어요" })).await.unwrap();

    // The money goes back while the broken one hangs in its first try.
    eventually(|| async { store::payment::live(&app.app().store, id).await.unwrap().is_none() }).await;
    eventually(|| async { heard.load(Ordering::SeqCst) == 1 }).await;
    assert!(tries.load(Ordering::SeqCst) <= 1);
    hangs.close();
    eventually(|| async { tries.load(Ordering::SeqCst) == 2 }).await;
    eventually(|| async { backlog(&app, "a.broken").await.failing == 1 }).await;
    assert_eq!(heard.load(Ordering::SeqCst), 1, "its second try is its own");
    assert_eq!(backlog(&app, "payment.refund").await, Backlog::default());
    assert_eq!(app.sandbox.toss().balance(&paid.id.to_string()), Some(0));
    discard_broken(&app).await;
    app.stop().await;
}

#[tokio::test]
async fn two_subscribers_that_hang_leave_workers_to_reminders_and_other_subscribers() {
    let gate = Arc::new(Semaphore::new(0));
    let begun = Arc::new(AtomicUsize::new(0));
    let hanging = |name| {
        let (gate, begun) = (Arc::clone(&gate), Arc::clone(&begun));
        Subscriber::new(name, &[Order::Placed], move |_, _| {
            let gate = Arc::clone(&gate);
            begun.fetch_add(1, Ordering::SeqCst);
            async move {
                drop(gate.acquire().await);
                Ok(())
            }
        })
    };
    let subscribers = Subscribers::default().and(hanging("a.hangs")).and(hanging("b.hangs"));
    let app = TestApp::start_subscribed(subscribers).await;
    let people = people(&app).await;
    for _ in 0..16 {
        people.placed().await;
    }
    // Each of them has as many jobs in hand as it may have.
    let may = 2 * usize::from(Policy::default().concurrency);
    eventually(|| async { begun.load(Ordering::SeqCst) >= may }).await;

    let order = people.placed().await;
    eventually(|| async { people.customer.cart().await.unwrap().lines.is_empty() }).await;
    let store = &app.app().store;
    let mut tx = store.begin().await.unwrap();
    let nudge = OrderReminder::AcceptNudge { order: order.id.into() };
    store::jobs::remind(&mut tx, "nudge at once", app.app().now(), nudge);
    tx.commit().await.unwrap();
    let board = Channel::Merchant(people.restaurant.into());
    eventually(|| async {
        let events = store::journal::since(store, &board, 0, 100).await.unwrap();
        events.iter().any(|event| event.kind == "order.waiting")
    })
    .await;
    assert_eq!(begun.load(Ordering::SeqCst), may, "and they have no more in hand");
    gate.close();
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn a_subscriber_says_how_often_its_jobs_are_tried_and_whether_they_stay() {
    let failing = |name| {
        let tries = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&tries);
        let subscriber = Subscriber::new(name, &[Order::Placed], move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            async { Err(Failure::fault("it never works")) }
        });
        (subscriber, tries)
    };
    let ((parked, of_parked), (dropped, of_dropped)) = (failing("a.parked"), failing("b.dropped"));
    let subscribers = Subscribers::default().and(parked.attempts(2)).and(dropped.attempts(3).dropped());
    let app = TestApp::start_subscribed(subscribers).await;
    people(&app).await.placed().await;
    for _ in 0..5 {
        app.run_due_jobs().await;
        app.advance(TimeDelta::minutes(1)).await;
    }
    app.run_due_jobs().await;
    let tries = [of_parked, of_dropped].map(|tries| tries.load(Ordering::SeqCst));
    assert_eq!(tries, [2, 3]);
    assert_eq!(backlog(&app, "a.parked").await, Backlog { parked: 1, ..Backlog::default() });
    assert_eq!(backlog(&app, "b.dropped").await, Backlog::default());
    run(&app, "delete from graphile_worker._private_jobs where payload->>'subscriber' = 'a.parked'").await;
    app.stop().await;
}

#[tokio::test]
async fn a_job_for_an_unknown_subscriber_waits_untried_for_a_process_that_knows_it() {
    let mut app = TestApp::start().await;
    let people = people(&app).await;
    let order = people.placed().await;
    // As a newer version, which runs beside this one, has written them: for a subscriber
    // that this one has not, and for an event that its own does not hear.
    for (subscriber, offset) in [("newer", 2), ("cart.empty", 1)] {
        let kind = if offset == 1 { "order.created" } else { "order.placed" };
        let payload =
            json!({ "subscriber": subscriber, "channel": format!("order:{}", order.id), "offset": offset });
        let job = format!(
            "select graphile_worker.add_job('subscriber', '{payload}', queue_name := '{subscriber}-0',
                 max_attempts := 10, flags := array['{subscriber} {kind}'])"
        );
        run(&app, &job).await;
    }
    // What this version knows goes on beside them.
    let another = people.placed().await;
    eventually(|| async { people.customer.cart().await.unwrap().lines.is_empty() }).await;
    assert_ne!(order.id, another.id);
    let waits = Backlog { due: 1, ..Backlog::default() };
    for name in [UNKNOWN, "cart.empty"] {
        eventually(|| async { Backlog { oldest_due_secs: 0.0, ..backlog(&app, name).await } == waits }).await;
    }

    let (newer, heard) = counting("newer", &[Order::Placed]);
    let (created, emptied) = counting("cart.empty", &[Order::Created, Order::Placed]);
    app.subscribers = Subscribers::of([newer, created]);
    app.restart().await;
    eventually(|| async { (heard.load(Ordering::SeqCst), emptied.load(Ordering::SeqCst)) == (1, 1) }).await;
    eventually(|| async { backlog(&app, "newer").await == Backlog::default() }).await;
    app.stop().await;
}

#[tokio::test]
async fn a_subscriber_hears_each_channel_in_order_however_many_processes_there_are() {
    const KINDS: &[Order] = &[Order::Created, Order::Placed, Order::Accepted, Order::Preparing, Order::Ready];
    type Heard = BTreeMap<(&'static str, OrderId), Vec<u64>>;
    let heard = Arc::new(Mutex::new(Heard::new()));
    let slow = |name: &'static str, pause: u64| {
        let heard = Arc::clone(&heard);
        Subscriber::new(name, KINDS, move |_, said: Reaction<Order>| {
            let heard = Arc::clone(&heard);
            async move {
                // Later events take less time, so that a subscriber that does not keep the order shows it.
                real_time_passes(Duration::from_millis(pause / said.event.offset)).await;
                heard.lock().unwrap().entry((name, said.id)).or_default().push(said.event.offset);
                Ok(())
            }
        })
    };
    let subscribers = Subscribers::default().and(slow("slow", 150)).and(slow("quick", 20));
    let app = TestApp::start_subscribed(subscribers).await;
    let second = app.second_server().await;
    let people = people(&app).await;
    let there = format!("http://{}", second.address(Service::Gateway).unwrap());
    let elsewhere = people.owner.at(&there).unwrap();
    let mut orders = Vec::new();
    for number in 0..8 {
        let order = people.placed().await.id;
        let owner = if number % 2 == 0 { &people.owner } else { &elsewhere };
        for (command, body) in
            [("accept", json!({ "preparation_mins": 10 })), ("preparing", json!({})), ("ready", json!({}))]
        {
            owner.command(order, command, body).await.unwrap();
        }
        orders.push(OrderId::from(order));
    }
    let all = 2 * orders.len() * KINDS.len();
    eventually(|| async { heard.lock().unwrap().values().map(Vec::len).sum::<usize>() >= all }).await;
    for ((name, order), offsets) in heard.lock().unwrap().iter() {
        assert_eq!(offsets, &[1, 2, 3, 4, 5], "{name} of {order}");
    }
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn jobs_of_the_version_that_had_one_for_each_event_are_finished() {
    // Nobody acts yet, so all is left to the jobs that are written below.
    let mut app = TestApp::start_subscribed(Subscribers::of([])).await;
    let line = People::hire(app.app()).await;
    let people = People::enter(line, &app.url(Service::Gateway)).await;
    let order = people.placed().await;
    let id: OrderId = order.id.into();
    people.owner.command(order.id, "accept", json!({ "preparation_mins": 10 })).await.unwrap();
    people.owner.command(order.id, "cancel", json!({ "reason": "재료가 떨어졌습니다" })).await.unwrap();
    assert!(!people.customer.cart().await.unwrap().lines.is_empty());
    assert!(store::payment::live(&app.app().store, id).await.unwrap().is_some());
    let events = store::journal::since(&app.app().store, &Channel::Order(id), 0, 100).await.unwrap();
    app.halt().await;
    for event in events {
        run(
            &app,
            &format!(
                "select graphile_worker.add_job('reaction', '{{\"channel\": \"order:{id}\", \"offset\": {}}}',
                     queue_name := 'reaction-' || (hashtext('order:{id}') & 255), max_attempts := 10)",
                event.offset
            ),
        )
        .await;
    }
    app.subscribers = Subscribers::default();
    app.restart().await;
    let store = &app.app().store;
    eventually(|| async { store::payment::live(store, id).await.unwrap().is_none() }).await;
    let customer = people.customer.at(&app.url(Service::Gateway)).unwrap();
    eventually(|| async { customer.cart().await.unwrap().lines.is_empty() }).await;
    eventually(|| async {
        let all = store::jobs::backlog(store).await.unwrap().all;
        (all.due, all.running, all.failing, all.parked) == (0, 0, 0, 0)
    })
    .await;
    let delivery = store::tracking::delivery(store, id).await.unwrap();
    assert!(delivery.is_none(), "no courier is looked for, the order has ended");
    app.stop().await;
}

#[tokio::test]
async fn a_job_in_hand_at_shutdown_finds_the_actors_that_it_asks() {
    let (begun, ended) = (Arc::new(Semaphore::new(0)), Arc::new(Mutex::new(None)));
    let (at_work, outcome) = (Arc::clone(&begun), Arc::clone(&ended));
    let slow = Subscriber::new("a.slow", &[Order::Placed], move |app, placed: Reaction<Order>| {
        let (at_work, outcome) = (Arc::clone(&at_work), Arc::clone(&outcome));
        async move {
            at_work.add_permits(1);
            // The shutdown begins meanwhile.
            real_time_passes(Duration::from_millis(300)).await;
            let done = services::order::system(&app, placed.id, Command::LapseCancelRequest).await;
            *outcome.lock().unwrap() = Some(done.is_ok());
            done
        }
    });
    let mut app = TestApp::start_subscribed(Subscribers::default().and(slow)).await;
    people(&app).await.placed().await;
    begun.acquire().await.unwrap().forget();
    app.halt().await;
    assert_eq!(*ended.lock().unwrap(), Some(true));
    app.restart().await;
    app.stop().await;
}

#[tokio::test]
async fn operators_see_what_waits_for_each_subscriber() {
    let mut usual = settings();
    usual.system.sample_every = Duration::from_millis(50);
    let broken = Subscriber::new("a.broken", &[Order::Placed], |_, _| async { Err(Failure::fault("no")) });
    let app = TestApp::start_with_subscribers(usual, Subscribers::default().and(broken)).await;
    let people = people(&app).await;
    people.placed().await;
    let admin = app.person("root", &[domain::Role::Admin]).await;
    let rest = app.rest_as(Service::Gateway, &admin);
    let failing = |system: &serde_json::Value, name: &str| {
        let all = system["jobs"]["subscribers"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == name).unwrap()["failing"].as_u64().unwrap()
    };
    eventually(|| async {
        let system = rest.get("/v1/system/actors").await.expect(200);
        failing(&system, "a.broken") == 1 && failing(&system, "payment.refund") == 0
    })
    .await;
    discard_broken(&app).await;
    app.stop().await;
}
