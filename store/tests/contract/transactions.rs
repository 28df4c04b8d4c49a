//! Transactions whose callers go away.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use domain::Clock;
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
        drop(cut_off(store.begin(), polls).await);
        // Whoever has the one connection next.
        store.ping().await.unwrap();
        let left = scratch::texts(&database, LEFT).await.unwrap();
        assert!(left.is_empty(), "polled {polls} times, it left a transaction behind");
    }
    store.close().await;
    scratch::remove(&admin, &name).await.unwrap();
}

/// Polls `future` so many times, each time that it asks for it, and drops it then. `None` if it was not ready.
async fn cut_off<F: Future>(future: F, polls: u32) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| {
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
