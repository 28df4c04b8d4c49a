//! The only module of this crate that reads the machine's clock and entropy.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The current time. The server never trusts a client's clock.
#[expect(clippy::disallowed_methods, reason = "a simulated phone has a clock of its own")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A random id that a client chooses: an idempotency key, a message id.
pub fn fresh_id() -> Uuid {
    let mut bytes = [0; 16];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// A random seed, for callers that need no particular one.
pub fn luck() -> u64 {
    rand::Rng::next_u64(&mut rand::rng())
}
