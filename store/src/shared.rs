//! The state that the processes share: the fabric, couriers' positions, presence, and
//! rate limits.
//!
//! One process that runs all services keeps it in memory. Several need Redis: then
//! each of the four is kept there, under names that only processes with the same
//! database use.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Ids};

use crate::StoreError;
use crate::fabric::{self, Fabric, Names};
use crate::geo_index::{self, GeoIndex};
use crate::link::{RedisConnection, RedisConnector};
use crate::presence::{self, Presence};
use crate::rate_limits::{self, RateLimits};

/// The operator's settings for the shared state.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to reach Redis; `None` keeps everything in this process.
    pub redis: Option<RedisSettings>,
    /// How long a courier without new positions stays in the geo index.
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
    /// The prefix of all names in Redis, without braces; `None` derives it from the database.
    pub prefix: Option<String>,
    /// Timeouts and bounds.
    pub limits: RedisLimits,
}

impl RedisSettings {
    /// With these nodes, and defaults for all else.
    pub fn at(nodes: Vec<String>) -> Self {
        Self { nodes, prefix: None, limits: RedisLimits::default() }
    }
}

/// Timeouts and bounds for using Redis.
#[derive(Clone, Debug)]
pub struct RedisLimits {
    /// How long a command may take; its caller then continues without the answer.
    pub answer_within: Duration,
    /// How long a reply may take until the connection counts as dead.
    pub dead_after: Duration,
    /// The longest pause between two connection attempts.
    pub longest_pause: Duration,
    /// Maximum signals sent in one batch.
    pub batch: usize,
    /// Maximum queued events and ephemeral signals; the oldest are dropped, and hubs that
    /// miss events read them from the journal.
    pub events_waiting: usize,
    /// Maximum channels with a queued newest value.
    pub values_waiting: usize,
    /// Maximum queued notices.
    pub notices_waiting: usize,
    /// How long a value that is neither renewed nor removed is kept for late joiners.
    pub latest_kept: Duration,
    /// How long a subscriber waits for the subscription to its channel.
    pub watch_within: Duration,
    /// How long a channel without followers stays subscribed to.
    pub watch_lingers: Duration,
    /// How long the presence lease of a process lasts without renewal.
    pub lease: Duration,
    /// A courier who moved less than this, in metres …
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
    /// Without the addresses, which hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nodes = self.nodes.len();
        f.debug_struct("RedisSettings").field("nodes", &nodes).field("prefix", &self.prefix).finish()
    }
}

/// The four parts of the shared state; see the module. Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    /// Publish and subscribe.
    pub fabric: Arc<dyn Fabric>,
    /// The positions of couriers on shift.
    pub geo_index: Arc<dyn GeoIndex>,
    /// Who is connected, to any process.
    pub presence: Arc<dyn Presence>,
    /// How often somebody may do something.
    pub rate_limits: Arc<dyn RateLimits>,
}

impl Shared {
    /// As the settings say. `database` identifies the database that the processes share.
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

    /// Shared with all processes that use the same Redis and prefix. Redis need not
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

    /// In the memory of one process that runs all services.
    pub fn memory(settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        Self {
            fabric: Arc::new(fabric::Memory::default()),
            geo_index: Arc::new(geo_index::Memory::new(Arc::clone(clock), settings.courier_kept)),
            presence: Arc::new(presence::Memory::new(Arc::clone(clock))),
            rate_limits: Arc::new(rate_limits::Memory::default()),
        }
    }
}
