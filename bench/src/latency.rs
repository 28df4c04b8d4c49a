//! Latency histograms, serialized from the load processes to the report.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Latencies in microseconds, up to a minute, with three significant digits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Vec<(u64, u64)>", from = "Vec<(u64, u64)>")]
pub(crate) struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        // The bounds are constants that the library accepts.
        Self(Histogram::new_with_bounds(1, 60_000_000, 3).unwrap_or_else(|_| unreachable!()))
    }
}

impl From<Latency> for Vec<(u64, u64)> {
    fn from(latency: Latency) -> Self {
        latency.0.iter_recorded().map(|at| (at.value_iterated_to(), at.count_at_value())).collect()
    }
}

impl From<Vec<(u64, u64)>> for Latency {
    fn from(counts: Vec<(u64, u64)>) -> Self {
        let mut latency = Self::default();
        counts.into_iter().for_each(|(value, count)| latency.0.saturating_record_n(value, count));
        latency
    }
}

impl Latency {
    pub(crate) fn note(&mut self, passed: Duration) {
        self.0.saturating_record(u64::try_from(passed.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    /// The latency at a quantile, in milliseconds.
    pub(crate) fn ms(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e3
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Quantiles with their milliseconds, for a plot.
    pub(crate) fn curve(&self) -> Vec<(f64, f64)> {
        let nines =
            [0.0, 0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999];
        nines.into_iter().map(|quantile| (quantile, self.ms(quantile))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_survive_their_way_to_the_report() {
        let mut latency = Latency::default();
        (1..=1000).for_each(|ms| latency.note(Duration::from_millis(ms)));
        let text = serde_json::to_string(&latency).unwrap();
        let back: Latency = serde_json::from_str(&text).unwrap();
        assert_eq!(back.count(), 1000);
        assert!((back.ms(0.99) - 990.0).abs() < 1.0, "{}", back.ms(0.99));
    }
}
