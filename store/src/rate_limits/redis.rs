//! Rate limits over Redis: one script that uses Redis's clock, so that processes whose
//! clocks differ count consistently.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Memory, Outage, Rate, RateLimits, Taken, micros};
use crate::fabric::Names;
use crate::link::RedisConnection;

/// `domain::gcra::Bucket::put` by Redis's clock, in microseconds: stores the moment at which
/// the bucket will be empty, and expires then. Returns the level before.
const TAKE: &str = "\
local t = redis.call('TIME') \
local now = t[1] * 1000000 + t[2] \
local full = math.max((tonumber(redis.call('GET', KEYS[1])) or now) - now, 0) \
local after = full + ARGV[1] \
if after <= tonumber(ARGV[2]) then \
redis.call('SET', KEYS[1], string.format('%.0f', now + after), 'PX', math.ceil(after / 1000)) end \
return full";

/// The `retry_after` of a limit that is closed during an outage.
const CLOSED_FOR: Duration = Duration::from_secs(1);

/// See the module.
pub struct Redis {
    connection: Arc<RedisConnection>,
    names: Names,
    answer_within: Duration,
    /// Counts alone during an outage.
    alone: Memory,
}

impl Redis {
    pub(crate) fn new(
        connection: &Arc<RedisConnection>,
        names: &Names,
        answer_within: Duration,
        alone: Memory,
    ) -> Self {
        Self { connection: Arc::clone(connection), names: names.clone(), answer_within, alone }
    }
}

#[async_trait]
impl RateLimits for Redis {
    async fn take(&self, key: &str, rate: Rate, cost: u32) -> Taken {
        let (bucket, cost) = (rate.bucket(), cost.max(1));
        let costs = micros(bucket.each).saturating_mul(cost.into());
        let mut take = redis::cmd("EVAL");
        take.arg(TAKE).arg(1).arg(self.names.named(format_args!("rate:{key}")));
        take.arg(costs).arg(micros(bucket.holds));
        let full: Option<u64> = self.connection.one(self.answer_within, take).await;
        match (full.map(Duration::from_micros), rate.outage) {
            (Some(full), _) => Taken::of(bucket, full, bucket.put(full, cost)),
            (None, Outage::Open) => self.alone.take_now(key, &rate, cost),
            (None, Outage::Closed) => {
                Taken { allowed: false, remaining: 0, retry_after: CLOSED_FOR, counted: false }
            }
        }
    }
}
