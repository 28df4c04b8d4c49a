//! Admission: how much may wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::counter::HighWaterMark;

/// What one kind of entity may cost. Every number is configuration.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Commands admitted for one entity and not yet answered.
    pub in_flight_per_entity: usize,
    /// Commands admitted for all entities of the kind and not yet answered.
    pub in_flight: usize,
    /// How long a caller waits for an answer.
    pub call_timeout: Duration,
    /// An entity without commands for this long is passivated.
    pub idle: Duration,
    /// Crashes of one entity within `crash_window` that quarantine it.
    pub crashes: usize,
    /// See `crashes`.
    pub crash_window: Duration,
    /// How long a quarantined entity refuses commands.
    pub quarantine: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight_per_entity: 64,
            in_flight: 20_000,
            call_timeout: Duration::from_secs(5),
            idle: Duration::from_secs(600),
            crashes: 3,
            crash_window: Duration::from_secs(60),
            quarantine: Duration::from_secs(30),
        }
    }
}

/// A counter of what is in flight.
#[derive(Debug, Default)]
pub(super) struct Load(AtomicUsize);

/// What is in flight for all entities of a kind.
#[derive(Debug, Default)]
pub(super) struct KindLoad {
    load: Arc<Load>,
    pub(super) peak: HighWaterMark,
}

impl KindLoad {
    pub(super) fn now(&self) -> usize {
        self.load.now()
    }
}

impl Load {
    pub(super) fn now(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// Takes a place, if fewer than `limit` are taken.
    fn enter(self: &Arc<Self>, limit: usize) -> Option<Place> {
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| (taken < limit).then_some(taken + 1))
            .ok()
            .map(|_| Place(Arc::clone(self)))
    }
}

/// One place taken; given back when dropped.
#[derive(Debug)]
struct Place(Arc<Load>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The right to have one command in flight.
#[derive(Debug)]
pub(super) struct Permit {
    _entity: Place,
    _kind: Place,
}

impl Permit {
    pub(super) fn admit(entity: &Arc<Load>, kind: &KindLoad, limits: &Limits) -> Option<Self> {
        let _kind = kind.load.enter(limits.in_flight)?;
        let _entity = entity.enter(limits.in_flight_per_entity)?;
        kind.peak.note(kind.now());
        Some(Self { _entity, _kind })
    }
}
