//! Waiting for what must happen. Time that a test can move is moved
//! ([`TestApp::advance`](crate::TestApp::advance)); this is for the work of others.

use std::time::Duration;

/// How long a test waits for what must happen before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Polls until `done` returns true, with a short pause between two calls.
pub async fn eventually<F: Future<Output = bool>>(mut done: impl FnMut() -> F) {
    until("it comes true", async || done().await.then_some(())).await;
}

/// Looks until `look` finds something; fails with `what` was looked for.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            real_time_passes(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

/// Sleeps. Only for what no test can move: the pace of sockets and of Redis, and other
/// processes. The architecture test lists who may call it.
pub async fn real_time_passes(by: Duration) {
    tokio::time::sleep(by).await;
}
