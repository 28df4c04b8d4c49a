//! Transactions whose callers go away.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use futures::poll;
use store::scratch::watched;
use store::{Database, Store, scratch};

use crate::commits::Everybody;
use crate::environment::{OsRandom, TestClock, fresh, vault};

/// Sessions that are in a transaction and do nothing.
const LEFT: &str = "select pid::text from pg_stat_activity
                    where datname = current_database() and state like 'idle in transaction%'";

/// Whoever uses the connection next would write into a transaction that nobody ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_while_a_transaction_begins_leaves_none_behind() {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("transactions_{}", fresh().simple());
    let database = scratch::create(&admin, &name).await.unwrap();
    // Its answers come from further away, so that each is waited for.
    let (distant, _) = watched(&database).await.unwrap();
    let one = Database { max_connections: 1, ..distant };
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let settings = store::shared::Settings::default();
    let store = Store::connect(&one, &settings, &clock, &OsRandom, vault(), Everybody).await.unwrap();
    for polls in 1..=6 {
        {
            let mut begun = pin!(store.begin());
            for _ in 0..polls {
                if poll!(begun.as_mut()).is_ready() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        // Whoever has the one connection next.
        store.ping().await.unwrap();
        let left = scratch::texts(&database, LEFT).await.unwrap();
        assert!(left.is_empty(), "polled {polls} times, it left a transaction behind");
    }
    store.close().await;
    scratch::remove(&admin, &name).await.unwrap();
}
