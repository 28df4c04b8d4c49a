//! `kill -9` in the middle of the story: what was acknowledged is there, sockets
//! resume, reminders still fire.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::order::{Status, Times};
use server::Service;
use sim::{Heard, system};
use tests::TestApp;
use tests::people::{PATIENCE, People, acked, on_the_way, socket};
use tests::process::Process;

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    // The kitchen comes from inside; then the real binary has the database to itself.
    let mut app = TestApp::start().await;
    let kitchen = People::hire(app.app()).await;
    app.halt().await;
    let server = Process::start(&app).await;
    let people = People::enter(kitchen, &server.gateway()).await;
    let began = system::now() - TimeDelta::seconds(90);
    let order = people.placed().await;
    let mut courier = socket(&people.courier);
    people.assigned(order.id, &mut courier, began).await;
    let line = courier.line();
    people.picked_up(order.id, &line).await;
    let talk = people.customer.converse("delivery", Some(order.id), "어디쯤 오셨나요?").await.unwrap();
    let mut watch = socket(&people.customer);
    for channel in
        [format!("order:{}", order.id), format!("delivery:{}", order.id), format!("chat:{}", talk.id)]
    {
        watch.line().subscribe(channel).await.unwrap();
    }
    for step in 1..=10 {
        line.fix(on_the_way(began, step, 20));
    }
    acked(&mut courier).await;
    let said = people.customer.say(talk.id, system::fresh_id(), "죽기 전의 말").await.unwrap();
    let before = people.customer.get_order(order.id).await.unwrap();

    // Killed while fixes are on their way; the phone keeps what is not acknowledged.
    for step in 11..=15 {
        line.fix(on_the_way(began, step, 20));
    }
    let server = server.restart().await;

    // What was answered is there.
    let after = people.customer.get_order(order.id).await.unwrap();
    assert_eq!((after.version, &after.status), (before.version, &before.status));
    let messages = people.customer.messages(talk.id, 0).await.unwrap();
    assert_eq!(messages.iter().filter(|each| each.text.contains("죽기 전의 말")).count(), 1);
    assert!(messages.iter().any(|each| each.seq == said.seq));

    // The courier's phone sends the rest; every one is acknowledged.
    for step in 16..=20 {
        line.fix(on_the_way(began, step, 20));
    }
    acked(&mut courier).await;

    // The customer's socket resumed by itself: the rest of the story comes over it.
    line.step(order.id, "at_dropoff").await.unwrap();
    line.step(order.id, "delivered").await.unwrap();
    // Two channels, of which either may be first.
    let (mut is_delivered, mut has_ended) = (false, false);
    let both = watch.until(PATIENCE, |heard| {
        match heard {
            Heard::Event(event) if event.kind == "order.delivered" => is_delivered = true,
            Heard::Ended { .. } => has_ended = true,
            _ => {}
        }
        (is_delivered && has_ended).then_some(())
    });
    both.await.expect("the order is delivered, and the delivery's channel ends");

    let courier_id = people.courier.who().await.unwrap().user_id.into();
    drop(server);
    app.restart().await;
    let (from, until) = (began - TimeDelta::hours(1), system::now());
    let kept = store::tracking::track(&app.app().store, courier_id, from, until, 1_000).await.unwrap();
    let once: BTreeSet<_> = kept.iter().map(|fix| fix.at).collect();
    assert_eq!(kept.len(), once.len(), "a fix was kept twice");
    assert_eq!(once.len(), 21, "a fix was lost");
    app.stop().await;
}

#[tokio::test]
async fn a_reminder_that_was_set_before_a_restart_still_fires() {
    let mut app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let order = people.placed().await;
    app.halt().await;
    app.advance(Times::default().accept).await;
    app.restart().await;
    app.run_due_jobs().await;
    let order = services::order::find(app.app(), order.id.into()).await.unwrap();
    assert_eq!(order.status, Status::Rejected);
    app.stop().await;
}
