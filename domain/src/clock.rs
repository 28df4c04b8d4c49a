//! The world that rules are given instead of reaching for it.

use chrono::{DateTime, FixedOffset, Utc};
use uuid::Uuid;

/// A moment, always UTC.
pub type Timestamp = DateTime<Utc>;

/// Tells the time. The server's reads the system clock, a test's is set by hand.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Makes identifiers and random numbers.
pub trait Ids: Send + Sync + 'static {
    /// A fresh UUID, version 7: ids sort by the time they were made.
    fn uuid(&self) -> Uuid;

    /// Bytes that nobody can guess.
    fn random(&self) -> [u8; 32];
}

/// Korea keeps one offset all year, so wall-clock rules need no zone database.
pub fn seoul() -> FixedOffset {
    const OFFSET: FixedOffset = FixedOffset::east_opt(9 * 3600).unwrap();
    OFFSET
}

/// Rounds down to what PostgreSQL keeps. A moment that is stored and read back
/// must equal itself, or a repeated command would look like a different one.
pub fn to_micros(at: Timestamp) -> Timestamp {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}
