//! The courier stands at the door and nobody comes: how the customer is called, and how
//! long is waited for them.
//!
//! The first attempt starts the timer. The customer's first answer gives them the whole
//! time once more; later ones are told to the courier and change nothing. Only after the
//! timer, and after attempts in [`WAYS_NEEDED`] ways, is a customer unreachable.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::OrderRefusal;
use crate::Timestamp;

/// In how many ways a courier must have tried.
pub const WAYS_NEEDED: usize = 2;

/// Attempts, and answers, that are recorded of one order.
pub const CONTACTS_MAX: usize = 20;

/// How a courier tries to reach the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactMethod {
    /// By telephone.
    Call,
    /// By message.
    Message,
    /// By the bell, or by knocking.
    Door,
}

/// One attempt to reach the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// By which the same attempt, reported again, is known.
    pub id: Uuid,
    /// How.
    pub way: ContactMethod,
    /// When it was reported.
    pub at: Timestamp,
}

/// What the customer let the courier know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// In their words; may be empty.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// The wait at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Until when is waited.
    pub ends_at: Timestamp,
    /// How the customer was called, oldest first; never empty.
    pub attempts: Vec<Attempt>,
    /// What they answered, oldest first.
    pub answers: Vec<Answer>,
}

impl Contact {
    /// Refuses to call a customer unreachable too early, or after too few attempts.
    pub fn check_unreachable(&self, now: Timestamp) -> Result<(), OrderRefusal> {
        let tried = |way| self.attempts.iter().any(|attempt| attempt.way == way);
        let ways = [ContactMethod::Call, ContactMethod::Message, ContactMethod::Door]
            .into_iter()
            .filter(|way| tried(*way))
            .count();
        if ways < WAYS_NEEDED {
            Err(OrderRefusal::ContactTooFew)
        } else if now < self.ends_at {
            Err(OrderRefusal::ContactRunning { until: self.ends_at })
        } else {
            Ok(())
        }
    }
}
