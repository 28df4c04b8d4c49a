//! Where the couriers on shift are now, for dispatch. It is rebuilt from new fixes after a
//! restart: nothing durable depends on it.

mod redis;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::{Clock, CourierId, LatLon, Timestamp};

pub use redis::Redis;

/// A courier on shift, as found by [`GeoIndex::near`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spotted {
    /// The courier.
    pub courier: CourierId,
    /// Their last position.
    pub position: LatLon,
    /// When it was measured.
    pub at: Timestamp,
    /// The distance from the centre of the query, metres.
    pub distance_m: f64,
}

/// The positions of couriers on shift.
#[async_trait]
pub trait GeoIndex: Send + Sync + 'static {
    /// Stores the courier's position. Never waits, may be lost: the next fix replaces it.
    fn put(&self, courier: CourierId, position: LatLon, at: Timestamp);

    /// Removes a courier who takes no offers any more.
    fn remove(&self, courier: CourierId);

    /// The couriers within `radius_m` of `centre`, nearest first, at most `limit`.
    async fn near(&self, centre: LatLon, radius_m: f64, limit: usize) -> Vec<Spotted>;
}

/// The index of one process that runs all services.
///
/// It is written with every fix and queried with every round of offers, hundreds
/// of times less often. So it is a plain map, and a query scans all couriers.
pub struct Memory {
    couriers: DashMap<CourierId, (LatLon, Timestamp)>,
    clock: Arc<dyn Clock>,
    kept: Duration,
}

impl Memory {
    /// Empty. A courier without a new position for `kept` is removed.
    pub fn new(clock: Arc<dyn Clock>, kept: Duration) -> Self {
        Self { couriers: DashMap::new(), clock, kept }
    }
}

#[async_trait]
impl GeoIndex for Memory {
    fn put(&self, courier: CourierId, position: LatLon, at: Timestamp) {
        self.couriers.insert(courier, (position, at));
    }

    fn remove(&self, courier: CourierId) {
        self.couriers.remove(&courier);
    }

    async fn near(&self, centre: LatLon, radius_m: f64, limit: usize) -> Vec<Spotted> {
        let oldest = self.clock.now() - self.kept;
        self.couriers.retain(|_, (_, at)| *at >= oldest);
        let found = self.couriers.iter().map(|entry| {
            let (position, at) = *entry.value();
            Spotted { courier: *entry.key(), position, at, distance_m: position.distance_m(centre) }
        });
        nearest(found.filter(|spotted| spotted.distance_m <= radius_m).collect(), limit)
    }
}

/// The nearest `limit` couriers, nearest first.
fn nearest(mut found: Vec<Spotted>, limit: usize) -> Vec<Spotted> {
    found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.courier.cmp(&b.courier)));
    found.truncate(limit);
    found
}
