//! The index over Redis: geo sets, each with a sorted set of when its couriers were seen.
//!
//! Couriers are spread over several keys by their id, not by where they are: otherwise
//! a city's centre would make one key hot, and a courier who crosses a border would be
//! in two keys. A query reads all keys; queries are hundreds of times rarer than
//! writes. Writes are throttled and sent in batches; positions not yet written are
//! added to the results of this process's queries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::{Clock, CourierId, LatLon, Timestamp};
use redis::Cmd;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{GeoIndex, Memory, Spotted, nearest};
use crate::fabric::Names;
use crate::link::{RedisConnection, Tasks};
use crate::shared::RedisLimits;

/// The number of keys that couriers are spread over.
const SHARDS: u128 = 16;

/// Maximum couriers per batch.
const BATCH: usize = 512;

/// How long to wait before a batch that failed is tried again.
const PAUSE: Duration = Duration::from_millis(100);

const PUT: &str = "\
local seen = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[3])) \
if seen and seen > tonumber(ARGV[4]) then return end \
redis.call('GEOADD', KEYS[1], ARGV[1], ARGV[2], ARGV[3]) \
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3]) \
redis.call('PEXPIRE', KEYS[1], ARGV[5]) \
redis.call('PEXPIRE', KEYS[2], ARGV[5])";

const REMOVE: &str = "\
redis.call('ZREM', KEYS[1], ARGV[1]) \
redis.call('ZREM', KEYS[2], ARGV[1])";

/// Removes couriers not seen for long, and finds the nearest of the others.
const NEAR: &str = "\
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[5], 'LIMIT', 0, 1000) \
if #old > 0 then \
redis.call('ZREM', KEYS[1], unpack(old)) redis.call('ZREM', KEYS[2], unpack(old)) end \
local near = redis.call('GEOSEARCH', KEYS[1], 'FROMLONLAT', ARGV[1], ARGV[2], 'BYRADIUS', ARGV[3], 'm', \
'ASC', 'COUNT', ARGV[4], 'WITHCOORD') \
local found = {} \
for _, one in ipairs(near) do \
local seen = redis.call('ZSCORE', KEYS[2], one[1]) \
if seen then found[#found + 1] = {one[1], one[2][1], one[2][2], seen} end end \
return found";

/// See the module.
pub struct Redis {
    desk: Arc<Desk>,
    /// The positions this process received, for when Redis does not answer.
    own: Memory,
    _tasks: Tasks,
}

/// A courier's position and when it was measured, or `None` to remove the courier.
type Place = Option<(LatLon, Timestamp)>;

struct Desk {
    /// Positions to write, the newest for each courier.
    waiting: Mutex<HashMap<CourierId, Place>>,
    /// Positions being written.
    sending: Mutex<HashMap<CourierId, Place>>,
    /// The positions enqueued last, to decide whether the next is worth writing.
    written: DashMap<CourierId, (LatLon, Timestamp)>,
    wake: Notify,
    connection: Arc<RedisConnection>,
    names: Names,
    clock: Arc<dyn Clock>,
    kept: Duration,
    limits: RedisLimits,
}

impl Redis {
    pub(crate) fn new(
        connection: &Arc<RedisConnection>,
        names: &Names,
        clock: &Arc<dyn Clock>,
        kept: Duration,
        limits: &RedisLimits,
    ) -> Self {
        let desk = Arc::new(Desk {
            waiting: Mutex::default(),
            sending: Mutex::default(),
            written: DashMap::new(),
            wake: Notify::new(),
            connection: Arc::clone(connection),
            names: names.clone(),
            clock: Arc::clone(clock),
            kept,
            limits: limits.clone(),
        });
        let mut tasks = Tasks::default();
        tasks.spawn(Arc::clone(&desk).run());
        Self { desk, own: Memory::new(Arc::clone(clock), kept), _tasks: tasks }
    }
}

impl Desk {
    async fn run(self: Arc<Self>) {
        loop {
            self.wake.notified().await;
            self.connection.opened().await;
            self.forget_old();
            while self.send().await {}
        }
    }

    /// Writes a batch; false when nothing is queued.
    async fn send(&self) -> bool {
        let commands: Vec<Cmd> = {
            let (mut waiting, mut sending) = (lock(&self.waiting), lock(&self.sending));
            let some: Vec<CourierId> = waiting.keys().take(BATCH).copied().collect();
            *sending = some.iter().filter_map(|courier| waiting.remove_entry(courier)).collect();
            sending.iter().map(|(courier, place)| self.command(*courier, *place)).collect()
        };
        if commands.is_empty() {
            return false;
        }
        if self.connection.all(commands).await.is_none() {
            self.put_back();
            tokio::time::sleep(PAUSE).await;
        }
        lock(&self.sending).clear();
        true
    }

    /// Queues the unwritten positions again, unless a newer one is queued.
    fn put_back(&self) {
        let (mut waiting, sending) = (lock(&self.waiting), lock(&self.sending));
        for (courier, place) in sending.iter() {
            waiting.entry(*courier).or_insert(*place);
        }
    }

    fn command(&self, courier: CourierId, place: Place) -> Cmd {
        let shard = courier.0.as_u128() % SHARDS;
        let mut command = redis::cmd("EVAL");
        let script = if place.is_some() { PUT } else { REMOVE };
        command.arg(script).arg(2).arg(self.places(shard)).arg(self.seen(shard));
        if let Some((position, at)) = place {
            command.arg(position.lon()).arg(position.lat()).arg(courier.0.as_bytes().as_slice());
            let kept_ms = u64::try_from(self.kept.as_millis()).unwrap_or(u64::MAX);
            command.arg(at.timestamp_micros()).arg(kept_ms.saturating_mul(2));
        } else {
            command.arg(courier.0.as_bytes().as_slice());
        }
        command
    }

    fn places(&self, shard: u128) -> String {
        self.names.named(format_args!("couriers:{shard}"))
    }

    fn seen(&self, shard: u128) -> String {
        format!("{}:seen", self.places(shard))
    }

    /// Whether the position is worth writing: it is old enough or far enough from the last.
    fn is_news(&self, courier: CourierId, position: LatLon, at: Timestamp) -> bool {
        self.written.get(&courier).is_none_or(|last| {
            let (before, then) = *last;
            let rested = (at - then).to_std().unwrap_or_default() >= self.limits.moved_within;
            rested || before.distance_m(position) >= self.limits.moved_m
        })
    }

    fn put(&self, courier: CourierId, place: Place) {
        match place {
            Some(place) => self.written.insert(courier, place),
            None => self.written.remove(&courier).map(|(_, place)| place),
        };
        lock(&self.waiting).insert(courier, place);
        self.wake.notify_one();
    }

    fn forget_old(&self) {
        // At most one position of each courier is queued, so an outage costs bounded memory.
        let oldest = self.clock.now() - self.kept;
        if self.written.len() > BATCH {
            self.written.retain(|_, (_, at)| *at >= oldest);
        }
        lock(&self.waiting).retain(|_, place| place.is_none_or(|(_, at)| at >= oldest));
    }

    /// The nearest couriers in Redis; `None` if it does not answer.
    async fn ask(&self, centre: LatLon, radius_m: f64, limit: usize) -> Option<Vec<Spotted>> {
        let oldest = (self.clock.now() - self.kept).timestamp_micros();
        let asked = (0..SHARDS).map(|shard| {
            let mut command = redis::cmd("EVAL");
            command.arg(NEAR).arg(2).arg(self.places(shard)).arg(self.seen(shard));
            command.arg(centre.lon()).arg(centre.lat()).arg(radius_m).arg(limit).arg(oldest);
            command
        });
        let answers = self.connection.all(asked.collect()).await?;
        let mut found = Vec::new();
        for answer in answers {
            let rows: Vec<(Vec<u8>, f64, f64, f64)> = redis::from_redis_value(answer.ok()?).ok()?;
            found.extend(rows.into_iter().filter_map(|row| spotted(&row, centre)));
        }
        Some(found)
    }
}

fn spotted((id, lon, lat, seen): &(Vec<u8>, f64, f64, f64), centre: LatLon) -> Option<Spotted> {
    let courier = CourierId(Uuid::from_slice(id).ok()?);
    let position = LatLon::new(*lat, *lon).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "whole microseconds, far below 2^53")]
    let at = Timestamp::from_timestamp_micros(*seen as i64)?;
    Some(Spotted { courier, position, at, distance_m: position.distance_m(centre) })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl GeoIndex for Redis {
    fn put(&self, courier: CourierId, position: LatLon, at: Timestamp) {
        self.own.put(courier, position, at);
        if self.desk.is_news(courier, position, at) {
            self.desk.put(courier, Some((position, at)));
        }
    }

    fn remove(&self, courier: CourierId) {
        self.own.remove(courier);
        self.desk.put(courier, None);
    }

    async fn near(&self, centre: LatLon, radius_m: f64, limit: usize) -> Vec<Spotted> {
        // Read before Redis is asked: a position written in between is then in one of the two.
        let under_way: HashMap<CourierId, Place> = {
            let (waiting, sending) = (lock(&self.desk.waiting), lock(&self.desk.sending));
            sending.iter().chain(waiting.iter()).map(|(courier, place)| (*courier, *place)).collect()
        };
        let Some(mut found) = self.desk.ask(centre, radius_m, limit).await else {
            return self.own.near(centre, radius_m, limit).await;
        };
        found.retain(|spotted| !under_way.contains_key(&spotted.courier));
        found.extend(under_way.into_iter().filter_map(|(courier, place)| {
            let (position, at) = place?;
            let distance_m = position.distance_m(centre);
            (distance_m <= radius_m).then_some(Spotted { courier, position, at, distance_m })
        }));
        nearest(found, limit)
    }
}
