//! Who is connected, to any process.
//!
//! A process that crashes cannot report that its connections ended. So presence is a
//! lease, which the process renews for as long as it lives.

mod redis;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::{Clock, Timestamp};

pub use redis::Redis;

/// Leases by name (`agent:…`).
#[async_trait]
pub trait Presence: Send + Sync + 'static {
    /// One more connection of `who` to this process. Never waits.
    fn enter(&self, who: &str);

    /// One connection fewer. True if that was the last one here: this process's
    /// lease ends, and so does the lease made by [`vouch`](Self::vouch).
    fn leave(&self, who: &str) -> bool;

    /// Counts `who` as present for `term`, without a connection.
    fn vouch(&self, who: &str, term: Duration);

    /// Those of `who` who are present nowhere; `None` if Redis does not answer.
    async fn absent(&self, who: &[String]) -> Option<Vec<String>>;
}

/// The presence of one process that runs all services.
pub struct Memory {
    here: DashMap<String, Here>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Here {
    connections: u32,
    until: Option<Timestamp>,
}

impl Memory {
    /// Empty.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { here: DashMap::new(), clock }
    }
}

#[async_trait]
impl Presence for Memory {
    fn enter(&self, who: &str) {
        self.here.entry(who.to_owned()).or_default().connections += 1;
    }

    fn leave(&self, who: &str) -> bool {
        if let Some(mut here) = self.here.get_mut(who)
            && here.connections > 1
        {
            here.connections -= 1;
            return false;
        }
        self.here.remove(who);
        true
    }

    fn vouch(&self, who: &str, term: Duration) {
        self.here.entry(who.to_owned()).or_default().until = Some(self.clock.now() + term);
    }

    async fn absent(&self, who: &[String]) -> Option<Vec<String>> {
        let now = self.clock.now();
        let is_here = |who: &String| {
            self.here
                .get(who)
                .is_some_and(|here| here.connections > 0 || here.until.is_some_and(|until| until > now))
        };
        Some(who.iter().filter(|who| !is_here(who)).cloned().collect())
    }
}
