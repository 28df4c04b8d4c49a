//! Orders are found by their hand-over code.

use std::sync::Arc;

use domain::order::Order;
use domain::{Clock, OrderId};
use store::{Store, order, scratch};
use uuid::Uuid;

use crate::commits::{Everybody, placed};
use crate::environment::{OsRandom, TestClock, fresh, vault};

/// An id of this millisecond whose last 32 bits are `tail`.
fn id(millis: u128, tail: u32) -> OrderId {
    let middle = 0x7000_8000_0000_0000_0000_u128 & !0xffff_ffff;
    OrderId(Uuid::from_u128((0x0190_0000_0000 + millis) << 80 | middle | u128::from(tail)))
}

#[tokio::test]
async fn orders_are_found_by_their_code_the_newest_first() {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("codes_{}", fresh().simple());
    let database = scratch::create(&admin, &name).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let settings = store::shared::Settings::default();
    let store = Store::connect(&database, &settings, &clock, &OsRandom, vault(), Everybody).await.unwrap();

    let order = |id| Order { id, quote: fresh().into(), ..placed(clock.now()).0 };
    // The database comes to the same number, whatever the bits.
    let tails = [0, 1, 390_624, 390_625, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, u32::MAX];
    let each: Vec<Order> = (10..).zip(tails).map(|(millis, tail)| order(id(millis, tail))).collect();
    order::insert_many(&store, &each).await.unwrap();
    for made in &each {
        let found = order::by_code(&store, made.id.code(), 10).await.unwrap();
        assert!(found.iter().any(|found| found.id == made.id), "{} is not found", made.id);
        assert!(found.iter().all(|found| found.id.code() == made.id.code()));
    }

    // Older and newer ones with the same code.
    let same: Vec<Order> = [3, 1, 4, 2].map(|millis| order(id(millis, 12_345))).into();
    order::insert_many(&store, &same).await.unwrap();
    let found = order::by_code(&store, id(0, 12_345).code(), 3).await.unwrap();
    assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), [4, 3, 2].map(|at| id(at, 12_345)));
    assert_eq!(order::by_code(&store, id(0, 54_321).code(), 3).await.unwrap(), []);
    store.close().await;
    scratch::remove(&admin, &name).await.unwrap();
}
