//! How often somebody may do something.

use std::time::Duration;

use store::rate_limits::{Outage, Rate};
use store::shared::RedisSettings;

use crate::environment::{Environment, fresh};
use crate::servers::Server;

fn key() -> String {
    format!("somebody:{}", fresh())
}

/// So slow that no capacity is regained while a test runs.
fn slow(burst: u32) -> Rate {
    Rate { burst, ..Rate::new(1, Duration::from_secs(1_000)) }
}

pub(crate) async fn a_burst_passes_and_then_the_rate_rules(environment: &Environment) {
    let (one, other) = (environment.process().await, environment.process().await);
    let (key, rate) = (key(), slow(5));
    for left in (0..5).rev() {
        let taken = [&one, &other][left as usize % 2].rate_limits.take(&key, rate, 1).await;
        assert!(taken.allowed && taken.remaining == left && taken.retry_after.is_zero(), "{taken:?}");
    }
    let refused = other.rate_limits.take(&key, rate, 1).await;
    assert!(!refused.allowed && refused.remaining == 0);
    let wait = refused.retry_after.as_secs();
    assert!((990..=1_000).contains(&wait), "{wait} s");
    // A refused call is not counted, and a higher cost waits longer.
    let refused = one.rate_limits.take(&key, rate, 3).await;
    assert!((2_990..=3_000).contains(&refused.retry_after.as_secs()), "{refused:?}");

    let quick = Rate { burst: 1, ..Rate::new(20, Duration::from_secs(1)) };
    let fresh_key = format!("{key}:quick");
    assert!(one.rate_limits.take(&fresh_key, quick, 1).await.allowed);
    let refused = one.rate_limits.take(&fresh_key, quick, 1).await;
    if !refused.allowed {
        tokio::time::sleep(refused.retry_after).await; // real time is tested here
    }
    assert!(other.rate_limits.take(&fresh_key, quick, 1).await.allowed, "after {:?}", refused.retry_after);
}

pub(crate) async fn takers_at_the_same_time_get_exactly_the_burst(environment: &Environment) {
    let (one, other) = (environment.process().await, environment.process().await);
    let (key, rate) = (key(), slow(30));
    let takers = (0..200).map(|number| {
        let (process, key) = (if number % 2 == 0 { &one } else { &other }, &key);
        async move { process.rate_limits.take(key, rate, 1).await }
    });
    let taken = futures::future::join_all(takers).await;
    assert_eq!(taken.iter().filter(|taken| taken.allowed).count(), 30);
}

pub(crate) async fn keys_do_not_share(environment: &Environment) {
    let process = environment.process().await;
    let (one, other) = (key(), key());
    assert!(process.rate_limits.take(&one, slow(1), 1).await.allowed);
    assert!(!process.rate_limits.take(&one, slow(1), 1).await.allowed);
    assert!(process.rate_limits.take(&other, slow(1), 1).await.allowed);
    assert!(!process.rate_limits.take(&other, slow(3), 9).await.allowed, "never more than the burst");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_leaves_open_limits_to_the_process_and_closes_the_others() {
    let mut server = Server::start().await;
    let environment = Environment::at(Some(RedisSettings::at(vec![server.url()])));
    let process = environment.process().await;
    server.kill();
    let (open, closed) = (slow(2), Rate { outage: Outage::Closed, ..slow(2) });
    let key = key();
    let mut allowed = 0;
    for _ in 0..5 {
        allowed += u32::from(process.rate_limits.take(&key, open, 1).await.allowed);
    }
    assert_eq!(allowed, 2, "the process counts for itself");
    let refused = process.rate_limits.take(&key, closed, 1).await;
    assert!(!refused.allowed && !refused.counted && !refused.retry_after.is_zero());
}
