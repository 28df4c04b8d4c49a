//! The hub's metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actor_kit::{Counter, HighWaterMark};
use metrics::{Gauge, Histogram, counter, gauge, histogram};

use super::topic::Outcome;

/// This process's hub. Counts are since the process began, lags are recent maxima.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubReport {
    /// Open sockets and streams.
    pub sockets: usize,
    /// Channels with subscribers in this process.
    pub channels: usize,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Publications that were put into an outbox.
    pub deliveries: u64,
    /// Latest values that were replaced by a newer one before they were sent.
    pub conflated: u64,
    /// Ephemeral events that were dropped because a client lagged.
    pub dropped: u64,
    /// Readings of the journal because the fabric had lost events.
    pub repairs: u64,
    /// From the decision on an event to the hub: the time of commit and fabric.
    pub event_lag: Duration,
    /// From the hub to the socket that sends it.
    pub delivery_lag: Duration,
}

/// A measured duration: as a metric, and its recent maximum.
pub struct Lag {
    metric: Histogram,
    longest_us: HighWaterMark,
}

impl Lag {
    pub(super) fn new(metric: Histogram) -> Self {
        Self { metric, longest_us: HighWaterMark::default() }
    }

    /// Records one duration.
    pub fn note(&self, took: Duration) {
        self.metric.record(took);
        self.longest_us.note(usize::try_from(took.as_micros()).unwrap_or(usize::MAX));
    }

    fn longest(&self) -> Duration {
        Duration::from_micros(self.longest_us.of_late() as u64)
    }
}

/// Metrics, looked up once and not per publication.
pub(super) struct Figures {
    deliveries: Counter,
    conflated: Counter,
    dropped: Counter,
    pub(super) repairs: Counter,
    subscribed: AtomicUsize,
    pub(super) event_lag: Lag,
    pub(super) delivery_lag: Arc<Lag>,
    sockets: Gauge,
    channels: Gauge,
    subscriptions: Gauge,
}

impl Figures {
    pub(super) fn new() -> Self {
        Self {
            deliveries: Counter::new(counter!("realtime_deliveries_total")),
            conflated: Counter::new(counter!("realtime_conflated_total")),
            dropped: Counter::new(counter!("realtime_dropped_total")),
            repairs: Counter::new(counter!("realtime_repairs_total")),
            subscribed: AtomicUsize::new(0),
            event_lag: Lag::new(histogram!("realtime_event_lag_seconds")),
            delivery_lag: Arc::new(Lag::new(histogram!("realtime_delivery_lag_seconds"))),
            sockets: gauge!("realtime_sockets"),
            channels: gauge!("realtime_channels"),
            subscriptions: gauge!("realtime_subscriptions"),
        }
    }

    pub(super) fn subscribed(&self) {
        self.subscribed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unsubscribed(&self) {
        self.subscribed.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self, outcome: &Outcome) {
        for (tally, more) in [
            (&self.deliveries, outcome.deliveries),
            (&self.conflated, outcome.conflated),
            (&self.dropped, outcome.dropped),
        ] {
            if more > 0 {
                tally.add(more);
            }
        }
    }

    pub(super) fn report(&self, sockets: usize, channels: usize) -> HubReport {
        HubReport {
            sockets,
            channels,
            subscriptions: self.subscribed.load(Ordering::Relaxed),
            deliveries: self.deliveries.count(),
            conflated: self.conflated.count(),
            dropped: self.dropped.count(),
            repairs: self.repairs.count(),
            event_lag: self.event_lag.longest(),
            delivery_lag: self.delivery_lag.longest(),
        }
    }

    /// Sets the gauges, and starts a new interval for the maxima.
    pub(super) fn sample(&self, sockets: usize, channels: usize) {
        self.sockets.set(sockets as f64);
        self.channels.set(channels as f64);
        self.subscriptions.set(self.subscribed.load(Ordering::Relaxed) as f64);
        self.event_lag.longest_us.look();
        self.delivery_lag.longest_us.look();
    }
}
