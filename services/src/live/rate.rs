//! A rate with a burst, as GCRA: one moment is all that it remembers.

use std::time::Duration;

use tokio::time::Instant;

/// When the next one is due, if all came evenly.
#[derive(Clone, Copy, Debug)]
pub struct Rate(Instant);

impl Rate {
    /// A fresh one, with its whole burst.
    pub fn new(now: Instant) -> Self {
        Self(now)
    }

    /// Whether its whole burst is there again.
    pub fn is_whole(&self, now: Instant) -> bool {
        self.0 <= now
    }

    /// Takes `count` at `every` apiece, or says how long to wait. A request for
    /// more than the whole burst is never granted.
    pub fn take(&mut self, now: Instant, count: u32, every: Duration, burst: u32) -> Result<(), Duration> {
        let due = self.0.max(now) + every * count;
        match due.checked_duration_since(now + every * burst) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.0 = due;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
