//! Where the couriers on shift are now, for dispatch. Forgotten with the
//! process and rebuilt by the next fixes: nothing durable rests on it.

mod redis;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::{Clock, CourierId, LatLon, Timestamp};

pub use redis::Redis;

/// A courier on shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spotted {
    /// Who.
    pub courier: CourierId,
    /// Where they were last.
    pub position: LatLon,
    /// When that was.
    pub at: Timestamp,
    /// How far that is from where one asked, metres.
    pub distance_m: f64,
}

/// Couriers by place.
#[async_trait]
pub trait GeoIndex: Send + Sync + 'static {
    /// The courier is here now. Never waits, may be lost: the next fix comes.
    fn put(&self, courier: CourierId, position: LatLon, at: Timestamp);

    /// The courier takes no offers.
    fn remove(&self, courier: CourierId);

    /// The couriers within `radius_m` of `centre`, nearest first, at most `limit`.
    async fn near(&self, centre: LatLon, radius_m: f64, limit: usize) -> Vec<Spotted>;
}

/// The index of one process that runs all services.
///
/// It is written with every fix and asked with every round of offers, hundreds
/// of times less often. So it is a plain map, and asking looks at every courier.
pub struct Memory {
    couriers: DashMap<CourierId, (LatLon, Timestamp)>,
    clock: Arc<dyn Clock>,
    kept: Duration,
}

impl Memory {
    /// Empty. A courier who says nothing for `kept` is forgotten.
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

/// The nearest `limit` of them, the nearest first.
fn nearest(mut found: Vec<Spotted>, limit: usize) -> Vec<Spotted> {
    found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.courier.cmp(&b.courier)));
    found.truncate(limit);
    found
}
