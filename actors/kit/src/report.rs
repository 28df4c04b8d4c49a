//! What one kind of entity tells operators of itself.

use std::time::Duration;

use metrics::{Gauge, Histogram, counter, gauge, histogram};
use tokio::time::Instant;

use super::counter::Counter;
use super::entity::{Entities, Entity, Shared};

/// One kind of entity, as it is in this process now. Counts are of its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindReport {
    /// The kind (`order`).
    pub kind: &'static str,
    /// Entities that are active.
    pub active: usize,
    /// Commands that are admitted and not yet answered.
    pub in_flight: usize,
    /// The most that ever were at once.
    pub in_flight_peak: usize,
    /// Entities that were woken up.
    pub activations: u64,
    /// Entities that were let go because nobody asked them anything.
    pub passivations: u64,
    /// Commands that were turned away because too much waited.
    pub refused: u64,
    /// Entities that panicked or failed, and were forgotten.
    pub crashes: u64,
    /// Commits that lost against another activation's, and were decided anew.
    pub conflicts: u64,
    /// Entities that are left alone for a while.
    pub quarantined: Vec<Quarantined>,
}

/// An entity that crashed too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Which one.
    pub id: String,
    /// What it said when it crashed last. For operators and the log alone.
    pub cause: String,
    /// How long it is still left alone.
    pub remaining: Duration,
}

/// Looked up once per kind: a command costs no look-up.
pub(super) struct Figures {
    pub(super) activations: Counter,
    pub(super) passivations: Counter,
    pub(super) refused: Counter,
    pub(super) crashes: Counter,
    pub(super) quarantines: Counter,
    /// How long a command waits in the mailbox.
    pub(super) wait: Histogram,
    active: Gauge,
    in_flight: Gauge,
    in_flight_peak: Gauge,
    quarantined: Gauge,
}

impl Figures {
    pub(super) fn of(kind: &'static str) -> Self {
        Self {
            activations: Counter::new(counter!("entity_activations_total", "kind" => kind)),
            passivations: Counter::new(counter!("entity_passivations_total", "kind" => kind)),
            refused: Counter::new(counter!("entity_refused_total", "kind" => kind)),
            crashes: Counter::new(counter!("entity_crashes_total", "kind" => kind)),
            quarantines: Counter::new(counter!("entity_quarantines_total", "kind" => kind)),
            wait: histogram!("entity_wait_seconds", "kind" => kind),
            active: gauge!("entities_active", "kind" => kind),
            in_flight: gauge!("entity_commands_in_flight", "kind" => kind),
            in_flight_peak: gauge!("entity_commands_in_flight_peak", "kind" => kind),
            quarantined: gauge!("entities_quarantined", "kind" => kind),
        }
    }
}

impl<E: Entity> Entities<E> {
    /// How this kind is.
    pub fn report(&self) -> KindReport {
        let Shared { figures, load, directory, entity, .. } = &*self.0;
        KindReport {
            kind: E::KIND,
            active: directory.len(),
            in_flight: load.now(),
            in_flight_peak: load.peak.ever(),
            activations: figures.activations.count(),
            passivations: figures.passivations.count(),
            refused: figures.refused.count(),
            crashes: figures.crashes.count(),
            conflicts: entity.conflicts().map_or(0, Counter::count),
            quarantined: self.0.quarantined(),
        }
    }

    /// Sets the gauges. Whoever samples does this every few seconds.
    pub fn sample(&self) {
        let Shared { figures, load, directory, .. } = &*self.0;
        figures.active.set(directory.len() as f64);
        figures.in_flight.set(load.now() as f64);
        figures.in_flight_peak.set(load.peak.look() as f64);
        figures.quarantined.set(self.0.quarantined().len() as f64);
    }
}

impl<E: Entity> Shared<E> {
    fn quarantined(&self) -> Vec<Quarantined> {
        let now = Instant::now();
        let all = self.quarantined.iter().filter(|entry| entry.until > now);
        all.map(|entry| Quarantined {
            id: entry.key().to_string(),
            cause: entry.cause.clone(),
            remaining: entry.until - now,
        })
        .collect()
    }
}
