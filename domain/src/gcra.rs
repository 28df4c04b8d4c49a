//! A rate with a burst: GCRA, the leaky bucket that remembers one moment only, when it would
//! be empty (ITU-T I.371, annex A). Whoever counts keeps that moment, by a clock of their own.

use std::time::Duration;

/// A bucket that runs out evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// What one fills: the time in which it runs out again.
    pub each: Duration,
    /// What it holds.
    pub holds: Duration,
}

impl Bucket {
    /// One in `each`, sustained, and `burst` at once after a rest.
    pub fn new(each: Duration, burst: u32) -> Self {
        Self { each, holds: each.saturating_mul(burst) }
    }

    /// Puts `count` into a bucket that would be empty after `full`. Returns after which time it
    /// would be empty then; or, if they do not fit, how long to wait until they do, with nothing
    /// put. More than the whole burst never fits.
    pub fn put(self, full: Duration, count: u32) -> Result<Duration, Duration> {
        let next = full.saturating_add(self.each.saturating_mul(count));
        if next <= self.holds { Ok(next) } else { Err(next - self.holds) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EACH: Duration = Duration::from_millis(100);

    #[test]
    fn a_burst_fits_and_then_the_sustained_rate() {
        let bucket = Bucket::new(EACH, 5);
        let full = bucket.put(Duration::ZERO, 5).unwrap();
        assert_eq!(bucket.put(full, 1), Err(EACH));
        assert_eq!(bucket.put(full - EACH, 1), Ok(full));
        assert_eq!(bucket.put(Duration::ZERO, 6), Err(EACH), "more than the burst");
        assert_eq!(bucket.put(Duration::ZERO, u32::MAX).map_err(|wait| wait > EACH), Err(true));
    }

    proptest! {
        /// However they come, no time has more of them than a burst and what ran out meanwhile.
        #[test]
        fn no_time_has_more_than_the_burst_and_the_rate(
            burst in 1_u32..20,
            steps in prop::collection::vec((0_u64..500, 1_u32..5), 1..200),
        ) {
            let bucket = Bucket::new(EACH, burst);
            let (mut full, mut elapsed, mut taken) = (Duration::ZERO, Duration::ZERO, 0);
            for (pause, count) in steps {
                let pause = Duration::from_millis(pause);
                (full, elapsed) = (full.saturating_sub(pause), elapsed + pause);
                match bucket.put(full, count) {
                    Ok(next) => (full, taken) = (next, taken + count),
                    Err(wait) => {
                        prop_assert!(bucket.put(full.saturating_sub(wait), count).is_ok() || count > burst);
                        let short = wait.saturating_sub(Duration::from_nanos(1));
                        prop_assert!(bucket.put(full.saturating_sub(short), count).is_err());
                    }
                }
                prop_assert!(EACH * taken <= EACH * burst + elapsed);
            }
        }
    }
}
