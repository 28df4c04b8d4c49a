//! The memory that processes share: who says what on which channel, where
//! couriers are, who is present, and who asked how often.
//!
//! One process that runs all services needs nothing beside itself. Several need
//! Redis: then each of the four is found there, under names that only processes
//! with the same database use.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Ids};

use crate::StoreError;
use crate::fabric::{self, Fabric, Names};
use crate::geo_index::{self, GeoIndex};
use crate::link::{RedisConnection, RedisConnector};
use crate::presence::{self, Presence};
use crate::rate_limits::{self, RateLimits};

/// What the operator chooses of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where Redis is; none keeps everything in this process.
    pub redis: Option<RedisSettings>,
    /// How long a courier who says nothing is found by place.
    pub courier_kept: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { redis: None, courier_kept: Duration::from_secs(600) }
    }
}

/// How to reach Redis 7 or newer.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://user:password@host:port/database`; more than one are nodes of a Redis Cluster.
    pub nodes: Vec<String>,
    /// What all names there begin with; none derives it from the database. Without braces.
    pub prefix: Option<String>,
    /// What using it may cost.
    pub limits: RedisLimits,
}

impl RedisSettings {
    /// At these nodes, and all else by default.
    pub fn at(nodes: Vec<String>) -> Self {
        Self { nodes, prefix: None, limits: RedisLimits::default() }
    }
}

/// What using Redis may cost.
#[derive(Clone, Debug)]
pub struct RedisLimits {
    /// How long a command may take; whoever asked goes on without its answer.
    pub answer_within: Duration,
    /// How long a connection may be silent when it should answer, until it counts as dead.
    pub dead_after: Duration,
    /// The longest pause between two tries to reach it.
    pub longest_pause: Duration,
    /// Signals that go out together at most.
    pub batch: usize,
    /// Events and passing signals that may wait for Redis; the oldest are dropped, and
    /// read from the journal by whoever misses them.
    pub events_waiting: usize,
    /// Channels whose newest value may wait for Redis.
    pub values_waiting: usize,
    /// Notices that may wait for Redis.
    pub notices_waiting: usize,
    /// How long a value that nobody renews or forgets is there for late joiners.
    pub latest_kept: Duration,
    /// How long a subscriber waits until other processes are heard.
    pub watch_within: Duration,
    /// How long a channel that nobody follows is still heard.
    pub watch_lingers: Duration,
    /// How long a process that is not heard of counts as there, and who is with it.
    pub lease: Duration,
    /// A courier who moved less than this …
    pub moved_m: f64,
    /// … in less than this is not written to the geo index again.
    pub moved_within: Duration,
}

impl Default for RedisLimits {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_millis(500),
            dead_after: Duration::from_secs(2),
            longest_pause: Duration::from_secs(1),
            batch: 512,
            events_waiting: 16_384,
            values_waiting: 65_536,
            notices_waiting: 4_096,
            latest_kept: Duration::from_secs(1_800),
            watch_within: Duration::from_secs(1),
            watch_lingers: Duration::from_secs(2),
            lease: Duration::from_secs(15),
            moved_m: 50.0,
            moved_within: Duration::from_secs(5),
        }
    }
}

impl std::fmt::Debug for RedisSettings {
    /// Without the addresses: they hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nodes = self.nodes.len();
        f.debug_struct("RedisSettings").field("nodes", &nodes).field("prefix", &self.prefix).finish()
    }
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    /// Publish and subscribe.
    pub fabric: Arc<dyn Fabric>,
    /// Couriers by place.
    pub geo_index: Arc<dyn GeoIndex>,
    /// Who is connected, wherever.
    pub presence: Arc<dyn Presence>,
    /// How often somebody may do something.
    pub rate_limits: Arc<dyn RateLimits>,
}

impl Shared {
    /// As the settings say. `database` names what the processes have in common.
    pub(crate) fn open(
        settings: &Settings,
        database: &str,
        clock: &Arc<dyn Clock>,
        ids: &dyn Ids,
    ) -> Result<Self, StoreError> {
        let Some(redis) = &settings.redis else { return Ok(Self::memory(settings, clock)) };
        let prefix = redis.prefix.clone().unwrap_or_else(|| format!("baedal-{database}"));
        Self::redis(redis, settings, &prefix, clock, ids)
    }

    /// Joined with all processes that use the same Redis and prefix. Redis need not
    /// answer yet. Call within a tokio runtime.
    pub fn redis(
        redis: &RedisSettings,
        settings: &Settings,
        prefix: &str,
        clock: &Arc<dyn Clock>,
        ids: &dyn Ids,
    ) -> Result<Self, StoreError> {
        if prefix.contains(['{', '}']) {
            return Err(StoreError::Setting("BAEDAL_REDIS_PREFIX may have no braces.".to_owned()));
        }
        let node = ids.random().iter().take(8).fold(0, |node, byte| node << 8 | u64::from(*byte));
        let (connector, names) = (RedisConnector::new(redis)?, Names::new(prefix));
        let connection = RedisConnection::new(connector.clone());
        let (limits, alone) = (&redis.limits, rate_limits::Memory::default());
        let fabric = fabric::Redis::join(&connector, &connection, &names, node, clock, limits);
        let geo = geo_index::Redis::new(&connection, &names, clock, settings.courier_kept, limits);
        let presence = presence::Redis::new(&connection, &names, node, clock, limits.lease);
        let rates = rate_limits::Redis::new(&connection, &names, limits.answer_within, alone);
        Ok(Self {
            fabric: Arc::new(fabric),
            geo_index: Arc::new(geo),
            presence: Arc::new(presence),
            rate_limits: Arc::new(rates),
        })
    }

    /// The memory of one process that runs all services.
    pub fn memory(settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        Self {
            fabric: Arc::new(fabric::Memory::default()),
            geo_index: Arc::new(geo_index::Memory::new(Arc::clone(clock), settings.courier_kept)),
            presence: Arc::new(presence::Memory::new(Arc::clone(clock))),
            rate_limits: Arc::new(rate_limits::Memory::default()),
        }
    }
}
