//! The clock of a test's servers.

use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use domain::{Clock, Timestamp};
use server::system::SystemClock;

/// The system's clock plus the time by which a test has set it forward.
#[derive(Debug, Default)]
pub struct TestClock(Mutex<TimeDelta>);

impl TestClock {
    /// Sets the clock forward, or back if `by` is negative.
    pub fn set_forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
