//! Counts that are read twice: as metrics, and in reports for operators.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use metrics::Counter as Metric;

/// A counter that can be read back. The metric is looked up once, not per count.
pub struct Counter {
    metric: Metric,
    count: AtomicU64,
}

impl Counter {
    /// A counter that also increments `metric`.
    pub fn new(metric: Metric) -> Self {
        Self { metric, count: AtomicU64::new(0) }
    }

    /// Adds one.
    pub fn one(&self) {
        self.add(1);
    }

    /// Adds `more`.
    pub fn add(&self, more: u64) {
        self.metric.increment(more);
        self.count.fetch_add(more, Ordering::Relaxed);
    }

    /// The count since the process began.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The maximum of a value: recently, and ever.
#[derive(Debug, Default)]
pub struct HighWaterMark {
    since_look: AtomicUsize,
    before_look: AtomicUsize,
    ever: AtomicUsize,
}

impl HighWaterMark {
    /// Records a value. Cheap unless it is a new maximum.
    pub fn note(&self, height: usize) {
        if height > self.since_look.load(Ordering::Relaxed) {
            self.since_look.fetch_max(height, Ordering::Relaxed);
        }
    }

    /// The maximum since the last look; starts a new interval.
    pub fn look(&self) -> usize {
        let highest = self.since_look.swap(0, Ordering::Relaxed);
        self.before_look.store(highest, Ordering::Relaxed);
        self.ever.fetch_max(highest, Ordering::Relaxed);
        highest
    }

    /// The maximum since the last look but one.
    pub fn of_late(&self) -> usize {
        self.before_look.load(Ordering::Relaxed).max(self.since_look.load(Ordering::Relaxed))
    }

    /// The maximum since the process began.
    pub fn ever(&self) -> usize {
        self.ever.load(Ordering::Relaxed).max(self.since_look.load(Ordering::Relaxed))
    }
}
