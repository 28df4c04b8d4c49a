//! A rate limit with a burst: GCRA, a leaky bucket whose only state is the time at which it
//! will be empty (ITU-T I.371, annex A). The caller stores that time and chooses the clock.

use std::time::Duration;

/// A bucket that drains evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The size of one unit: the time in which it drains.
    pub each: Duration,
    /// The capacity: the time in which a full bucket drains.
    pub holds: Duration,
}

impl Bucket {
    /// A sustained rate of one unit per `each`, and up to `burst` units at once.
    pub fn new(each: Duration, burst: u32) -> Self {
        Self { each, holds: each.saturating_mul(burst) }
    }

    /// Puts `count` units into a bucket that would be empty after `full`. Returns the new time
    /// until it is empty. If the units do not fit, returns how long to wait until they do, and
    /// nothing is added. More than the whole burst never fits.
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
        /// No period accepts more than the burst plus the amount that drained meanwhile.
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
