//! A rate with a burst (`domain::gcra`), by tokio's clock.

use std::time::Duration;

use domain::gcra::Bucket;
use tokio::time::Instant;

/// The longest wait that [`Rate::charge`] imposes: a client that slows down is soon unlimited
/// again.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The time at which its bucket will be empty.
#[derive(Clone, Copy, Debug)]
pub struct Rate(Instant);

impl Rate {
    /// A new one, with its whole burst available.
    pub fn new(now: Instant) -> Self {
        Self(now)
    }

    /// Whether the whole burst is available again.
    pub fn is_whole(&self, now: Instant) -> bool {
        self.0 <= now
    }

    /// Takes `count` at `every` apiece, or returns how long to wait. More than the whole burst is
    /// never granted.
    pub fn take(&mut self, now: Instant, count: u32, every: Duration, burst: u32) -> Result<(), Duration> {
        let full = Bucket::new(every, burst).put(self.full(now), count)?;
        self.0 = now + full;
        Ok(())
    }

    /// Takes one in any case, and returns how long to wait before the next.
    pub fn charge(&mut self, now: Instant, every: Duration, burst: u32) -> Duration {
        let bucket = Bucket::new(every, burst);
        let full = (self.full(now) + every).min(bucket.holds + LONGEST_WAIT);
        self.0 = now + full;
        full.saturating_sub(bucket.holds)
    }

    fn full(&self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_served_in_any_case_waits_afterwards_but_never_long() {
        let start = Instant::now();
        let every = Duration::from_millis(100);
        let mut rate = Rate::new(start);
        assert!((0..5).all(|_| rate.charge(start, every, 5).is_zero()));
        assert_eq!(rate.charge(start, every, 5), every);
        assert!(rate.charge(start + every * 2, every, 5).is_zero());
        (0..1_000).for_each(|_| assert!(rate.charge(start, every, 5) <= LONGEST_WAIT));
        assert!(rate.is_whole(start + every * 5 + LONGEST_WAIT));
    }

    #[test]
    fn a_burst_passes_and_then_the_sustained_rate() {
        let start = Instant::now();
        let every = Duration::from_millis(100);
        let mut rate = Rate::new(start);
        assert_eq!(rate.take(start, 500, every, 500), Ok(()));
        assert_eq!(rate.take(start, 1, every, 500), Err(every));
        assert_eq!(rate.take(start + every, 1, every, 500), Ok(()));
        assert_eq!(rate.take(start + every, 1, every, 500), Err(every));
        assert_eq!(rate.take(start + Duration::from_secs(60), 500, every, 500), Ok(()));
    }
}
