//! Admission: how many commands may be in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::counter::HighWaterMark;

/// The limits of one kind of entity. All of them are configuration.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Commands admitted for one entity but not yet answered.
    pub in_flight_per_entity: usize,
    /// Commands admitted for all entities of the kind but not yet answered.
    pub in_flight: usize,
    /// How long a caller waits for an answer.
    pub call_timeout: Duration,
    /// An entity without commands for this long is passivated.
    pub idle: Duration,
    /// Crashes of one entity within `crash_window` that quarantine it.
    pub crashes: usize,
    /// The window in which `crashes` are counted.
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

/// The number of commands in flight.
#[derive(Debug, Default)]
pub(super) struct Load(AtomicUsize);

/// The commands in flight of all entities of a kind.
#[derive(Debug, Default)]
pub(super) struct KindLoad {
    load: Arc<Load>,
    admitted: AtomicU64,
    pub(super) peak: HighWaterMark,
}

impl KindLoad {
    pub(super) fn now(&self) -> usize {
        self.load.now()
    }

    /// How many commands were admitted.
    pub(super) fn admitted(&self) -> u64 {
        self.admitted.load(Ordering::Relaxed)
    }
}

impl Load {
    pub(super) fn now(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// Takes a slot, if fewer than `limit` are taken.
    fn enter(self: &Arc<Self>, limit: usize) -> Option<Place> {
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| (taken < limit).then_some(taken + 1))
            .ok()
            .map(|_| Place(Arc::clone(self)))
    }
}

/// A slot that is taken; released on drop.
#[derive(Debug)]
struct Place(Arc<Load>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Admits one command; counts as in flight until dropped.
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
        kind.admitted.fetch_add(1, Ordering::Relaxed);
        Some(Self { _entity, _kind })
    }
}
