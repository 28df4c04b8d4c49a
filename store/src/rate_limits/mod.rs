//! How often somebody may do something, counted over all processes.
//!
//! The rule is GCRA, the leaky bucket that remembers one moment only: when the
//! bucket would be empty. Source: ITU-T I.371, annex A.

mod redis;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
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

    /// Microseconds that one of it fills the bucket.
    pub(crate) fn interval_us(&self) -> i64 {
        let interval = self.per.as_micros() / u128::from(self.limit.max(1));
        i64::try_from(interval).unwrap_or(i64::MAX).clamp(1, MAX_US)
    }

    /// Microseconds that the bucket holds.
    pub(crate) fn capacity_us(&self) -> i64 {
        self.interval_us().saturating_mul(i64::from(self.burst.max(1))).min(MAX_US)
    }
}

/// A year. No limit is longer, and sums of such numbers fit a double exactly.
const MAX_US: i64 = 366 * 24 * 3600 * 1_000_000;

impl Taken {
    /// What GCRA says of a bucket that is full for `full_us` more microseconds
    /// before the taking, and for `next_us` after it.
    pub(crate) fn judge(rate: &Rate, full_us: i64, next_us: i64) -> Self {
        let (interval, capacity) = (rate.interval_us(), rate.capacity_us());
        let allowed = next_us <= capacity;
        let free = capacity - if allowed { next_us } else { full_us };
        let wait = if allowed { 0 } else { next_us - capacity };
        Self {
            allowed,
            remaining: u32::try_from(free / interval).unwrap_or(0),
            retry_after: Duration::from_micros(wait.unsigned_abs()),
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
        let full = empty_at.saturating_duration_since(now).as_micros();
        let full = i64::try_from(full).unwrap_or(i64::MAX);
        let next = full.saturating_add(rate.interval_us().saturating_mul(i64::from(cost.max(1))));
        let taken = Taken::judge(rate, full, next);
        if taken.allowed {
            *empty_at = now + Duration::from_micros(next.unsigned_abs());
        }
        taken
    }
}

#[async_trait]
impl RateLimits for Memory {
    async fn take(&self, key: &str, rate: Rate, cost: u32) -> Taken {
        self.take_now(key, &rate, cost)
    }
}
