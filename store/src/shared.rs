//! The memory that processes share: who says what on which channel, where
//! couriers are, who is present, and who asked how often.
//!
//! One process that runs all services needs nothing beside itself. Several need
//! Redis: then each of the four is found there, under names that only processes
//! with the same database use.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Ids};
use sqlx::PgPool;

use crate::StoreError;
use crate::fabric::{self, Fabric};
use crate::geo_index::{self, GeoIndex};
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
    /// What all names there begin with; none derives it from the database.
    pub prefix: Option<String>,
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
    /// As the settings say. Redis need not answer yet.
    pub(crate) async fn open(
        settings: &Settings,
        _pool: &PgPool,
        clock: &Arc<dyn Clock>,
        _ids: &dyn Ids,
    ) -> Result<Self, StoreError> {
        if settings.redis.is_some() {
            tracing::warn!("the fabric over Redis is not there yet: each process hears itself alone");
        }
        Ok(Self::memory(settings, clock))
    }

    /// The memory of one process that runs all services.
    pub fn memory(settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        Self {
            fabric: Arc::new(fabric::Memory::default()),
            geo_index: Arc::new(geo_index::Memory::new(Arc::clone(clock), settings.courier_kept)),
            presence: Arc::new(presence::Memory::new(Arc::clone(clock))),
            rate_limits: Arc::new(rate_limits::Memory::new(Arc::clone(clock))),
        }
    }
}
