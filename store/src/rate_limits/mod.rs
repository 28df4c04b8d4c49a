//! How often somebody may do something, counted over all processes.
//!
//! The rule is that of `domain::gcra`.

mod redis;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::gcra::Bucket;
use tokio::time::Instant;

pub use redis::Redis;

/// Takings after which keys that are back at rest are forgotten.
const SWEEP_EVERY: u64 = 4_096;

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So often, 1 at least, …
    pub limit: u32,
    /// … in this time, sustained.
    pub per: Duration,
    /// And so often at once, 1 at least, after a rest.
    pub burst: u32,
    /// What holds while the shared count cannot be reached.
    pub outage: Outage,
}

/// What a limit does while the shared memory cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Each process counts for itself: where serving matters more than the limit.
    Open,
    /// Nobody may: where the limit is the protection.
    Closed,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it may be done.
    pub allowed: bool,
    /// How often it may be done at once from here on.
    pub remaining: u32,
    /// How long to wait until asking the same would be allowed; zero if it was.
    pub retry_after: Duration,
    /// False where nobody could count, and the rule allows nothing then.
    pub counted: bool,
}

impl Rate {
    /// `limit` times in `per`, all of them at once if need be, open in an outage.
    pub const fn new(limit: u32, per: Duration) -> Self {
        Self { limit, per, burst: limit, outage: Outage::Open }
    }

    /// Its bucket, in whole microseconds.
    pub(crate) fn bucket(&self) -> Bucket {
        let each = (self.per / self.limit.max(1)).clamp(Duration::from_micros(1), LONGEST);
        let each = Duration::from_micros(micros(each));
        let Bucket { each, holds } = Bucket::new(each, self.burst.max(1));
        Bucket { each, holds: holds.min(LONGEST) }
    }
}

/// A year. No limit is longer, and sums of such numbers of microseconds fit a double exactly.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Whole microseconds, as Redis counts.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Taken {
    /// What it means that this came of putting something into a bucket that was `full`.
    pub(crate) fn of(bucket: Bucket, full: Duration, put: Result<Duration, Duration>) -> Self {
        let free = bucket.holds.saturating_sub(put.unwrap_or(full));
        Self {
            allowed: put.is_ok(),
            remaining: u32::try_from(free.as_nanos() / bucket.each.as_nanos()).unwrap_or(u32::MAX),
            retry_after: put.err().unwrap_or_default(),
            counted: true,
        }
    }
}

/// Counts by key.
#[async_trait]
pub trait RateLimits: Send + Sync + 'static {
    /// Does it `cost` times, 1 at least, if the rate allows; otherwise nothing is
    /// counted. Answers soon, also during an outage: then by the rate's policy.
    async fn take(&self, key: &str, rate: Rate, cost: u32) -> Taken;
}

/// The counts of one process, by a clock that never goes back: nobody waits longer
/// because the wall clock was set.
#[derive(Default)]
pub struct Memory {
    /// When each bucket would be empty.
    empty_at: DashMap<String, Instant>,
    takings: AtomicU64,
}

impl Memory {
    /// [`RateLimits::take`], at once.
    pub fn take_now(&self, key: &str, rate: &Rate, cost: u32) -> Taken {
        let now = Instant::now();
        if self.takings.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.empty_at.retain(|_, empty_at| *empty_at > now);
        }
        let mut empty_at = self.empty_at.entry(key.to_owned()).or_insert(now);
        let (bucket, full) = (rate.bucket(), empty_at.saturating_duration_since(now));
        let put = bucket.put(full, cost.max(1));
        if let Ok(next) = put {
            *empty_at = now + next;
        }
        Taken::of(bucket, full, put)
    }
}

#[async_trait]
impl RateLimits for Memory {
    async fn take(&self, key: &str, rate: Rate, cost: u32) -> Taken {
        self.take_now(key, &rate, cost)
    }
}
