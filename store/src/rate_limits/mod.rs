//! How often somebody may do something, counted over all processes.
//!
//! The algorithm is that of [`domain::gcra`].

mod redis;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::gcra::Bucket;
use tokio::time::Instant;

pub use redis::Redis;

/// The number of calls after which empty buckets are removed.
const SWEEP_EVERY: u64 = 4_096;

/// A limit on how often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At most this often, at least 1, …
    pub limit: u32,
    /// … in this time, sustained.
    pub per: Duration,
    /// And this often at once, at least 1, after a pause.
    pub burst: u32,
    /// What applies while the shared count cannot be reached.
    pub outage: Outage,
}

/// What a limit does while the shared count cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Each process counts alone: where availability matters more than the limit.
    Open,
    /// Nothing is allowed: where the limit is a protection.
    Closed,
}

/// The result of [`RateLimits::take`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it is allowed.
    pub allowed: bool,
    /// How often it may be done at once after this.
    pub remaining: u32,
    /// How long to wait until the same call would be allowed; zero if it was.
    pub retry_after: Duration,
    /// False if the shared count could not be reached and the rule is [`Outage::Closed`].
    pub counted: bool,
}

impl Rate {
    /// `limit` times in `per`, all of them at once if need be; [`Outage::Open`].
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

/// Whole microseconds, the unit of the script in Redis.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Taken {
    /// The result of putting something into a bucket whose level was `full`.
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

/// Rate limits by key.
#[async_trait]
pub trait RateLimits: Send + Sync + 'static {
    /// Counts `cost` uses, at least 1, if the rate allows them; otherwise counts
    /// nothing. Answers soon; during an outage it follows the rate's [`Outage`] policy.
    async fn take(&self, key: &str, rate: Rate, cost: u32) -> Taken;
}

/// The counts of one process, by a monotonic clock: setting the wall clock makes nobody
/// wait longer.
#[derive(Default)]
pub struct Memory {
    /// When each bucket will be empty.
    empty_at: DashMap<String, Instant>,
    takings: AtomicU64,
}

impl Memory {
    /// [`RateLimits::take`] without waiting.
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
