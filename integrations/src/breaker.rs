//! A circuit breaker: stops calls to a party that does not answer, so that callers fail at once
//! instead of waiting for a timeout.
//!
//! ```text
//! closed ─ failures in a row ─▶ open ─ after `rest` ─▶ one probe call is admitted
//!    ▲                            ▲                        │ answered   │ failed
//!    └────────────────────────────┼────────────────────────┘            │
//!                                 └─────────────────────────────────────┘
//! ```

use std::time::Duration;

use tokio::time::Instant;

/// The state of the breaker of one party.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Breaker {
    failures_max: u32,
    rest: Duration,
    failures: u32,
    /// When the next probe call is admitted. Used only while the breaker is open.
    next_at: Instant,
}

impl Breaker {
    pub(crate) fn new(failures_max: u32, rest: Duration) -> Self {
        Self { failures_max, rest, failures: 0, next_at: Instant::now() }
    }

    /// Whether a call may be made now. While open, it admits one call per `rest`, also if the
    /// previous probe call has no result yet.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        if !self.is_open() {
            return true;
        }
        let rested = now >= self.next_at;
        if rested {
            self.next_at = now + self.rest;
        }
        rested
    }

    /// Records that the party answered, which closes the breaker.
    pub(crate) fn answered(&mut self) {
        self.failures = 0;
    }

    /// Records that the party did not answer, or answered that it cannot serve.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.is_open() {
            self.next_at = now + self.rest;
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.failures >= self.failures_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_that_fails_in_a_row_is_left_alone_and_then_tried_by_one() {
        let rest = Duration::from_secs(10);
        let mut breaker = Breaker::new(2, rest);
        let now = Instant::now();
        breaker.failed(now);
        breaker.answered();
        breaker.failed(now);
        assert!(breaker.admits(now), "only failures in a row count");
        breaker.failed(now);
        assert!(!breaker.admits(now + rest / 2));
        assert!(breaker.admits(now + rest));
        assert!(!breaker.admits(now + rest), "one tries for all");
        assert!(breaker.admits(now + rest * 2), "one that was never answered stops nobody");
        breaker.answered();
        assert!(breaker.admits(now + rest * 2) && breaker.admits(now + rest * 2));
    }
}
