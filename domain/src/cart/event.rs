//! What the customer's other devices are told of a cart.

use serde_json::{Value, json};

use crate::event::event_kinds;
use crate::{Audience, Event, EventKind as _, Party, UserId};

event_kinds! {
    /// The kinds of a cart's events.
    CartEventKind of Cart(UserId) {
        Changed = "cart.changed": "장바구니가 바뀌었어요.", "The cart has changed.",
    }
}

/// The cart has this version. Its prices are those of the moment at which it is read, so it carries none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CartChanged {
    /// The version, which is also the event's offset.
    pub version: u64,
}

impl Event for CartChanged {
    fn kind(&self) -> &'static str {
        CartEventKind::Changed.as_str()
    }

    fn data(&self) -> Value {
        json!({ "version": self.version })
    }

    fn audience(&self) -> Audience {
        Party::Customer.into()
    }
}
