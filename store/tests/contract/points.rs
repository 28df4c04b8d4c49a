//! Points under concurrency, and the ledger's account of them.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::cart::Quote;
use domain::ledger::Account;
use domain::order::Times;
use domain::points::{Grant, GrantReason};
use domain::{Clock, LotId, UserId, Won};
use futures::future::join_all;
use store::{Store, ledger, order, points, scratch};

use crate::commits::{Everybody, ordered, quote};
use crate::environment::{OsRandom, TestClock, fresh, vault};

#[tokio::test]
async fn of_orders_at_once_as_many_are_paid_as_there_are_points() {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("points_{}", fresh().simple());
    let database = scratch::create(&admin, &name).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let settings = store::shared::Settings::default();
    let store = Store::connect(&database, &settings, &clock, &OsRandom, vault(), Everybody).await.unwrap();
    let (now, customer) = (clock.now(), UserId(fresh()));

    // Seven lots, enough for three orders of 21,000 won.
    for days in 1..=7 {
        let given = Grant {
            id: LotId(fresh()),
            customer,
            amount: Won(10_000),
            reason: GrantReason::Prize,
            given_at: now,
            expires_at: now + TimeDelta::days(days),
        };
        points::give(&store, &given, UserId(fresh()), None).await.unwrap();
    }
    let orders = (1..=8).map(|cart_version| {
        let (points, payable) = (Won(21_000), Won::ZERO);
        ordered(Quote { customer, cart_version, points, payable, ..quote(now) }, now)
    });
    let orders: Vec<_> = orders.collect();
    let times = Times::default();
    let placed =
        join_all(orders.iter().map(|(one, events)| order::insert(&store, one, events, &times, now))).await;
    assert_eq!(placed.iter().filter(|placed| placed.is_ok()).count(), 3, "{placed:?}");
    let balance = points::balance(&store, customer, now, now).await.unwrap();
    assert_eq!(balance.available, Won(7_000));
    let written = ledger::of_account(&store, Account::Points(customer), None, 100).await.unwrap();
    let owed: i64 = written.iter().map(|written| written.entry.on(Account::Points(customer)).0).sum();
    assert_eq!((written.len(), owed), (10, -7_000));

    // The sweep takes what is left, once, and does so beside another one.
    let later = now + TimeDelta::days(8);
    let sweeps =
        join_all([points::expire(&store, &OsRandom, later), points::expire(&store, &OsRandom, later)]);
    assert!(sweeps.await.into_iter().all(|swept| !swept.unwrap()));
    let written = ledger::of_account(&store, Account::Points(customer), None, 100).await.unwrap();
    let owed: i64 = written.iter().map(|written| written.entry.on(Account::Points(customer)).0).sum();
    assert_eq!((written.len(), owed), (11, 0));
    store.close().await;
    scratch::remove(&admin, &name).await.unwrap();
}
