//! The one place where this crate asks the machine for the time and for luck.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The time now. A client's clock is its own: the server never trusts it.
#[expect(clippy::disallowed_methods, reason = "a simulated phone has a clock of its own")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// An id that a client chooses: an idempotency key, a message id.
pub fn fresh_id() -> Uuid {
    let mut bytes = [0; 16];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// A seed, where nobody asked for a particular one.
pub fn luck() -> u64 {
    rand::Rng::next_u64(&mut rand::rng())
}
