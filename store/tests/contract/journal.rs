//! The journal: each offset is used once, and old months are dropped.

use std::sync::Arc;

use chrono::{Days, TimeDelta};
use domain::order::{By, Command, OrderEvent, Times};
use domain::{Channel, Clock, CourierId, Event, OrderId};
use futures::future::join_all;
use serde_json::{Value, json};
use store::{Database, Store, StoreError, journal, order, scratch};

use crate::commits::{Everybody, placed};
use crate::environment::{OsRandom, TestClock, fresh, vault};

/// Two processes on one database of the test's own.
async fn with_two_stores(name: &str, check: impl AsyncFnOnce([Store; 2], &Database)) {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("journal_{name}_{}", fresh().simple());
    let database = scratch::create(&admin, &name).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let settings = store::shared::Settings::default();
    let connect = || async {
        Store::connect(&database, &settings, &clock, &OsRandom, vault(), Everybody).await.unwrap()
    };
    let stores = [connect().await, connect().await];
    check(stores.clone(), &database).await;
    for store in stores {
        store.close().await;
    }
    scratch::remove(&admin, &name).await.unwrap();
}

struct Noted;

impl Event for Noted {
    fn kind(&self) -> &'static str {
        "noted"
    }

    fn data(&self) -> Value {
        json!({})
    }
}

async fn offsets(store: &Store, channel: &Channel) -> Vec<u64> {
    let events = journal::since(store, channel, 0, 1_000).await.unwrap();
    events.iter().map(|event| event.offset).collect()
}

async fn head(store: &Store, channel: &Channel) -> Option<u64> {
    let heads = journal::heads(store, std::slice::from_ref(channel)).await.unwrap();
    heads.first().map(|(_, head)| *head)
}

/// An event's key includes its time, so the key alone would not prevent a duplicate offset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offset_is_given_once_however_many_race_for_it() {
    const ROUNDS: u64 = 10;
    const RACERS: i64 = 8;
    with_two_stores("race", async |stores, _| {
        let [here, _] = &stores;
        let (now, times) = (TestClock::default().now(), Times::default());
        let (order, events) = placed(now);
        order::insert(here, &order, &events, &times, now).await.unwrap();
        let (paid, events) = order.decide(By::Payment, &Command::Pay { amount: order.payable }, now).unwrap();
        order::update(here, order.version, &paid, &events, &times, now).await.unwrap();
        let accept = Command::Accept { preparation_mins: 20 };
        let (accepted, events) = paid.decide(By::Owner(order.restaurant), &accept, now).unwrap();
        order::update(here, paid.version, &accepted, &events, &times, now).await.unwrap();
        for _ in 0..ROUNDS {
            let before = order::load(here, order.id).await.unwrap().unwrap();
            let race = (0..RACERS).map(|racer| {
                let store = &stores[usize::from(racer % 2 == 0)];
                let at = now + TimeDelta::milliseconds(racer);
                let assign = Command::AssignCourier { courier: Some(CourierId(fresh())) };
                let (after, events): (_, Vec<OrderEvent>) = before.decide(By::System, &assign, at).unwrap();
                let (version, times) = (before.version, &times);
                async move { order::update(store, version, &after, &events, times, at).await }
            });
            let outcomes = join_all(race).await;
            let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!(won, 1, "{outcomes:?}");
            let lost =
                |outcome: &Result<(), StoreError>| matches!(outcome, Ok(()) | Err(StoreError::Conflict));
            assert!(outcomes.iter().all(lost), "{outcomes:?}");
        }
        let version = order::load(here, order.id).await.unwrap().unwrap().version;
        assert_eq!(version, accepted.version + ROUNDS);
        let own = Channel::Order(order.id);
        assert_eq!(offsets(here, &own).await, (1..=version).collect::<Vec<_>>());
        assert_eq!(head(here, &own).await, Some(version));

        let desk = (0..RACERS).map(|racer| {
            let store = &stores[usize::from(racer % 2 == 0)];
            async move {
                for _ in 0..ROUNDS {
                    let mut tx = store.begin().await.unwrap();
                    journal::append_feed(
                        &mut tx,
                        &Channel::Desk,
                        &[Noted],
                        now + TimeDelta::milliseconds(racer),
                    );
                    tx.commit().await.unwrap();
                }
            }
        });
        join_all(desk).await;
        let all = RACERS.unsigned_abs() * ROUNDS;
        assert_eq!(offsets(here, &Channel::Desk).await, (1..=all).collect::<Vec<_>>());
        assert_eq!(head(here, &Channel::Desk).await, Some(all));
    })
    .await;
}

#[tokio::test]
async fn old_months_are_dropped_save_of_orders_and_deliveries_and_heads_stay() {
    with_two_stores("months", async |[store, _], database| {
        let now = TestClock::default().now();
        let long_ago = now - Days::new(200);
        let (courier, idle) = (Channel::Courier(CourierId(fresh())), Channel::Courier(CourierId(fresh())));
        let (order, delivery) = (Channel::Order(OrderId(fresh())), Channel::Delivery(OrderId(fresh())));
        let over = Channel::Order(OrderId(fresh()));
        let mut tx = store.begin().await.unwrap();
        for at in [long_ago, now] {
            journal::append_feed(&mut tx, &courier, &[Noted, Noted], at);
        }
        journal::append_feed(&mut tx, &idle, &[Noted], long_ago);
        journal::append(&mut tx, &over, 0, &[Noted], long_ago);
        for own in [&order, &delivery] {
            journal::append(&mut tx, own, 0, &[Noted], long_ago);
            journal::append(&mut tx, own, 1, &[Noted], now);
        }
        tx.commit().await.unwrap();
        // That month had no partition; its creation moves the events there.
        journal::ensure_partitions(&store, long_ago).await.unwrap();
        let month = format!(
            "do $$ begin assert (select count(*) from journal.events_courier_{}) = 3; end $$",
            long_ago.format("%Y%m")
        );
        scratch::run_in(database, &month).await.unwrap();
        assert_eq!(offsets(&store, &courier).await, [1, 2, 3, 4]);

        assert!(journal::drop_partitions(&store, now - Days::new(90)).await.unwrap() >= 4);
        assert_eq!(offsets(&store, &courier).await, [3, 4]);
        assert!(offsets(&store, &idle).await.is_empty());
        for (channel, offset) in [(&courier, 4), (&idle, 1), (&order, 2), (&delivery, 2), (&over, 1)] {
            assert_eq!(head(&store, channel).await, Some(offset), "{channel}");
        }
        for own in [&order, &delivery] {
            assert_eq!(offsets(&store, own).await, [1, 2]);
        }
        let mut tx = store.begin().await.unwrap();
        journal::append_feed(&mut tx, &idle, &[Noted], now);
        tx.commit().await.unwrap();
        assert_eq!(offsets(&store, &idle).await, [2], "a channel goes on where it was");
        assert_eq!(head(&store, &Channel::Courier(CourierId(fresh()))).await, None);

        // Old events of the default partition are dropped too.
        let mut tx = store.begin().await.unwrap();
        journal::append_feed(&mut tx, &courier, &[Noted], long_ago - Days::new(400));
        tx.commit().await.unwrap();
        journal::drop_partitions(&store, now - Days::new(90)).await.unwrap();
        assert_eq!(offsets(&store, &courier).await, [3, 4]);
    })
    .await;
}
