//! From the restaurant to the door: steps, geofence, who sees what.

use domain::{Audience, Party};
use services::tracking::dispatch;
use services::tracking::{Step, show, step, track};

use super::*;

/// A courier who took the order on, and somebody who watches them ride.
struct Ride<'a> {
    app: &'a App,
    who: Principal,
    seq: i64,
    at: Timestamp,
}

impl<'a> Ride<'a> {
    async fn begin(app: &'a App) -> (Self, Order) {
        let who = courier_at(app, 1_000.0).await;
        let order = accepted_order(app).await;
        let offer = offer_to(app, &who).await;
        dispatch::accept(app, &who, offer.id).await.unwrap();
        (Self { app, who, seq: 0, at: app.now() }, order)
    }

    /// Is there, this very moment: no clock is ahead, and the filter takes
    /// anything shorter than a second for one.
    async fn to(&mut self, metres: f64) {
        self.seq += 1;
        self.at = self.app.now().max(self.at + TimeDelta::milliseconds(1));
        let fix = RawFix { speed_mps: None, accuracy_m: Some(50.0), ..fix(self.seq, self.at, north(metres)) };
        let batch = Batch::new(1, vec![fix]).unwrap();
        courier::fixes(self.app, self.who.user.into(), None, batch).await.unwrap();
    }
}

fn customer(order: &Order) -> Principal {
    Principal { user: order.customer, session: SessionId(Uuid::from_u128(1)), roles: vec![Role::Customer] }
}

#[tokio::test]
async fn the_way_is_told_once_and_the_customer_sees_the_courier_only_with_the_food() {
    let test = TestApp::start().await;
    let app = test.app();
    let (mut ride, order) = Ride::begin(app).await;
    let eater = customer(&order);
    let channel = Channel::Delivery(order.id);

    for metres in [900.0, 800.0, 700.0] {
        ride.to(metres).await;
    }
    assert!(show(app, &eater, order.id).await.unwrap().position.is_none(), "not before pickup");
    let latest = app.fabric().latest(&channel).await.unwrap();
    assert_eq!(latest.audience, Audience::STAFF);
    assert!(show(app, &ride.who, order.id).await.unwrap().position.is_some());
    for metres in [600.0, 500.0, 400.0, 300.0, 200.0, 100.0, 20.0, 10.0, 20.0, 10.0] {
        ride.to(metres).await;
    }
    told(app, channel.clone(), "delivery.at_restaurant").await;

    ask(app, order.id, By::Owner(order.restaurant), Command::MarkReady).await.unwrap();
    step(app, &ride.who, order.id, Step::PickedUp).await.unwrap();
    step(app, &ride.who, order.id, Step::PickedUp).await.unwrap();
    until("the courier's entity to know", async || {
        ride.to(15.0).await;
        let latest = app.fabric().latest(&channel).await?;
        latest.audience.has(Party::Customer).then_some(())
    })
    .await;
    let seen = show(app, &eater, order.id).await.unwrap();
    assert!(seen.position.is_some() && !seen.eta.unwrap().stale);
    assert!(track(app, &eater, order.id).await.unwrap().iter().all(|fix| fix.at >= order.created_at));
    test.stop().await;
}

#[tokio::test]
async fn near_and_arrived_are_committed_once_and_delivered_ends_it() {
    let mut settings = tests::settings();
    // A ride of seconds instead of minutes: a courier as fast as a train.
    settings.tracking.courier.filter.max_speed_mps = 300.0;
    let test = TestApp::start_with(settings).await;
    let app = test.app();
    let (mut ride, order) = Ride::begin(app).await;
    ask(app, order.id, By::Owner(order.restaurant), Command::MarkReady).await.unwrap();
    ride.to(900.0).await;
    step(app, &ride.who, order.id, Step::PickedUp).await.unwrap();
    let channel = Channel::Delivery(order.id);
    until("the courier's entity to know", async || {
        let known = app.couriers.snapshot(ride.who.user.into()).await.unwrap();
        known.live.contains(&order.id).then_some(())
    })
    .await;

    for metres in
        [1_100.0, 1_300.0, 1_500.0, 1_750.0, 1_650.0, 1_800.0, 1_990.0, 1_940.0, 2_000.0, 1_500.0, 2_000.0]
    {
        ride.to(metres).await;
    }
    told(app, channel.clone(), "delivery.at_dropoff").await;
    step(app, &ride.who, order.id, Step::Delivered).await.unwrap();
    step(app, &ride.who, order.id, Step::Delivered).await.unwrap();

    let counts = counted(history(app, channel).await);
    for once in ["picked_up", "near", "at_dropoff", "delivered"] {
        assert_eq!(counts.get(&format!("delivery.{once}")), Some(&1), "{once}");
    }
    let eater = customer(&order);
    let over = show(app, &eater, order.id).await.unwrap();
    assert!(over.position.is_none() && over.eta.is_none(), "nothing more is shown");
    assert!(!track(app, &ride.who, order.id).await.unwrap().is_empty());
    assert!(courier::me(app, &ride.who).await.unwrap().assignments.is_empty());
    test.stop().await;
}

#[tokio::test]
async fn nobody_else_may_look_and_nobody_else_may_report() {
    let test = TestApp::start().await;
    let app = test.app();
    let (ride, order) = Ride::begin(app).await;
    for role in [Role::Customer, Role::Courier] {
        let stranger = person(app, role);
        assert_eq!(code(show(app, &stranger, order.id).await.unwrap_err()), "not_found");
    }
    let other = person(app, Role::Courier);
    assert_eq!(code(step(app, &other, order.id, Step::AtRestaurant).await.unwrap_err()), "not_found");
    assert_eq!(code(step(app, &customer(&order), order.id, Step::Delivered).await.unwrap_err()), "forbidden");
    let agent = person(app, Role::Agent);
    assert_eq!(code(show(app, &agent, order.id).await.unwrap_err()), "not_found", "without its conversation");
    assert!(show(app, &person(app, Role::Admin), order.id).await.is_ok());
    assert!(step(app, &ride.who, order.id, Step::AtRestaurant).await.is_ok());
    test.stop().await;
}
