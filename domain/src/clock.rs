//! The sources of time, ids and randomness that are passed in from outside.

use chrono::{DateTime, FixedOffset, Utc};
use uuid::Uuid;

/// A moment, always UTC.
pub type Timestamp = DateTime<Utc>;

/// A source of the time. The server's reads the system clock, a test sets its own.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A source of identifiers and random numbers.
pub trait Ids: Send + Sync + 'static {
    /// A new UUID, version 7: ids sort by creation time.
    fn uuid(&self) -> Uuid;

    /// Cryptographically random bytes.
    fn random(&self) -> [u8; 32];
}

/// The time zone of Korea. It has no daylight saving, so no zone database is needed.
pub fn seoul() -> FixedOffset {
    const OFFSET: FixedOffset = FixedOffset::east_opt(9 * 3600).unwrap();
    OFFSET
}

/// Truncates to PostgreSQL's precision. A time that is stored and read back must be
/// unchanged, or a repeated command would look like a different one.
pub fn to_micros(at: Timestamp) -> Timestamp {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}
