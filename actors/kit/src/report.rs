//! The report on one kind of entity, for operators.

use std::time::Duration;

use metrics::{Gauge, Histogram, counter, gauge, histogram};
use tokio::time::Instant;

use super::counter::Counter;
use super::entity::{Entities, Entity, Shared};

/// One kind of entity in this process. Counts are since the process began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindReport {
    /// The kind (`order`).
    pub kind: &'static str,
    /// Active entities.
    pub active: usize,
    /// Commands that were admitted.
    pub commands: u64,
    /// Commands that are admitted but not yet answered.
    pub in_flight: usize,
    /// The most commands in flight at once, ever.
    pub in_flight_peak: usize,
    /// Activations of entities.
    pub activations: u64,
    /// Entities that were passivated because they were idle.
    pub passivations: u64,
    /// Commands that were refused because too many waited.
    pub refused: u64,
    /// Entities that panicked or failed, and were removed.
    pub crashes: u64,
    /// Commits that lost against another activation, and were decided again.
    pub conflicts: u64,
    /// Entities that refuse commands for a while because they crashed too often.
    pub quarantined: Vec<Quarantined>,
}

/// An entity that crashed too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The entity's id.
    pub id: String,
    /// The message of its last crash. Only for operators and the log.
    pub cause: String,
    /// How long the quarantine still lasts.
    pub remaining: Duration,
}

/// Metrics, looked up once per kind and not per command.
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
    /// The current report.
    pub fn report(&self) -> KindReport {
        let Shared { figures, load, directory, entity, .. } = &*self.0;
        KindReport {
            kind: E::KIND,
            active: directory.len(),
            commands: load.admitted(),
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

    /// Sets the gauges. Call it every few seconds.
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
