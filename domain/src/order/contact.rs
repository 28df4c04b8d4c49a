//! The customer does not come to the door: how the courier must try to contact them, and
//! how long the courier must wait.
//!
//! The first attempt starts the timer. The customer's first answer restarts it; later
//! answers are shown to the courier but do not extend the wait. A customer is unreachable
//! only when the timer has run out and [`WAYS_NEEDED`] different ways were tried.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::OrderRefusal;
use crate::Timestamp;

/// How many different ways a courier must try.
pub const WAYS_NEEDED: usize = 2;

/// The most attempts, and the most answers, recorded for one order.
pub const CONTACTS_MAX: usize = 20;

/// How a courier tries to reach the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactMethod {
    /// A telephone call.
    Call,
    /// A message.
    Message,
    /// The bell, or knocking.
    Door,
}

/// One attempt to reach the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Identifies the attempt, so that a repeated report is recognised.
    pub id: Uuid,
    /// The way of contact.
    pub way: ContactMethod,
    /// When it was reported.
    pub at: Timestamp,
}

/// The customer's answer to the courier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The customer's text; may be empty.
    pub text: String,
    /// When it was received.
    pub at: Timestamp,
}

/// The wait at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Until when the courier must wait.
    pub ends_at: Timestamp,
    /// The attempts, oldest first; never empty.
    pub attempts: Vec<Attempt>,
    /// The customer's answers, oldest first.
    pub answers: Vec<Answer>,
}

impl Contact {
    /// Refuses to declare the customer unreachable before enough ways were tried and the
    /// timer has run out.
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
