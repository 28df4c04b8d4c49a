//! The customer's choices for an order other than its dishes. They distinguish a repeated
//! request from a different one for the same cart.

use super::{Fulfilment, Order, Placement};
use crate::Timestamp;
use crate::cart::{DropOff, Method};

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Wishes {
    /// Delivery or pickup.
    pub method: Method,
    /// Leave it at the door; always `false` for pickup.
    pub contactless: bool,
    /// When the customer wants it; `None` for as soon as possible.
    pub slot: Option<Timestamp>,
    /// Where it is delivered; `None` for pickup.
    pub drop_off: Option<DropOff>,
    /// The note to the restaurant.
    pub note: String,
    /// Words to the courier; never for pickup.
    pub courier_note: String,
    /// Disposable cutlery.
    pub cutlery: bool,
}

impl Placement {
    /// The requested choices.
    pub fn wishes(&self) -> Wishes {
        let method = self.quote.method;
        Wishes {
            method,
            contactless: self.contactless && method == Method::Delivery,
            slot: self.quote.slot,
            drop_off: self.quote.drop_off.clone(),
            note: self.note.clone(),
            courier_note: courier_note_for(method, &self.courier_note),
            cutlery: self.cutlery,
        }
    }
}

/// The note to the courier; none where the customer collects it.
pub(super) fn courier_note_for(method: Method, note: &str) -> String {
    if method == Method::Delivery { note.to_owned() } else { String::new() }
}

impl Order {
    /// The choices with which it was ordered.
    pub fn wishes(&self) -> Wishes {
        let (method, contactless) = match self.fulfilment {
            Fulfilment::Delivery { contactless } => (Method::Delivery, contactless),
            Fulfilment::Pickup { .. } => (Method::Pickup, false),
        };
        Wishes {
            method,
            contactless,
            slot: self.slot,
            drop_off: self.drop_off.clone().filter(|_| method == Method::Delivery),
            note: self.note.clone(),
            courier_note: courier_note_for(method, &self.courier_note),
            cutlery: self.cutlery,
        }
    }
}
