//! The clock of a test: what waits for a moment happens then, and not before. And the end of
//! a test, which tells what went wrong meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::TimeDelta;
use domain::order::{By, Command, OrderReminder, Status, Times};
use domain::{OrderId, Timestamp};
use server::Service;
use store::{jobs, scratch};
use tests::TestApp;
use tests::people::{People, eventually};

#[tokio::test]
async fn a_reminder_fires_when_its_time_has_come_and_not_before() {
    let app = TestApp::start().await;
    // One that is set after the clock was moved is as far away as any other.
    app.advance(TimeDelta::days(30)).await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let order = people.placed().await;
    let status = async || {
        app.run_due_jobs().await;
        services::order::find(app.app(), order.id.into()).await.unwrap().status
    };
    let accept = Times::default().accept;
    app.advance(accept - TimeDelta::minutes(1)).await;
    assert_eq!(status().await, Status::Placed);
    app.advance(TimeDelta::minutes(1)).await;
    assert_eq!(status().await, Status::Rejected);
    app.stop().await;
}

/// The message with which the end of a test fails it.
fn end(app: TestApp) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(app))).unwrap_err();
    *panic.downcast().unwrap()
}

#[tokio::test]
async fn a_test_that_leaves_a_job_failing_fails_and_leaves_no_database() {
    let app = TestApp::start().await;
    let nobody = OrderId(app.app().ids.uuid());
    let mut tx = app.app().store.begin().await.unwrap();
    let fails = OrderReminder::SlotNear { order: nobody };
    jobs::remind(&mut tx, "fails", app.app().now(), fails);
    tx.commit().await.unwrap();
    app.run_due_jobs().await;
    let database = app.database().clone();
    scratch::run_in(&database, "select 1").await.unwrap();
    let message = end(app);
    assert!(message.starts_with("jobs were left failing"), "{message}");
    scratch::run_in(&database, "select 1").await.unwrap_err();
}

#[tokio::test]
async fn a_test_whose_entity_crashes_fails_in_whichever_server_it_was() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let order: OrderId = people.placed().await.id.into();
    let (owner, accept) = (By::Owner(people.restaurant.into()), Command::Accept { preparation_mins: 10 });
    // The order adds ten minutes to the last moment there is.
    second.app().orders.decide(order, owner, accept, Timestamp::MAX_UTC).await.unwrap_err();
    eventually(|| async { second.app().orders.report().crashes == 1 }).await;
    second.stop(std::time::Duration::from_secs(5)).await;
    assert_eq!(end(app), "entities crashed: 1");
}

#[tokio::test]
async fn a_test_that_panics_leaves_no_database() {
    let app = TestApp::start().await;
    let database = app.database().clone();
    let panics = tokio::spawn(async move {
        let _app = app;
        panic!("on purpose");
    });
    assert!(panics.await.unwrap_err().is_panic());
    scratch::run_in(&database, "select 1").await.unwrap_err();
}
