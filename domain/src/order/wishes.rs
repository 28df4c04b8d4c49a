//! What a customer wants of an order beside its dishes, by which a repeated request is
//! told from another one.

use super::{Fulfilment, Order, Placement};
use crate::Timestamp;
use crate::cart::{DropOff, Method};

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Wishes {
    /// How it gets to the customer.
    pub method: Method,
    /// Put it down at the door; never for pickup.
    pub contactless: bool,
    /// When the customer wants it, if not as soon as it can be.
    pub slot: Option<Timestamp>,
    /// Where it goes; nowhere for pickup.
    pub drop_off: Option<DropOff>,
    /// Words to the restaurant.
    pub note: String,
}

impl Placement {
    /// What is wanted.
    pub fn wishes(&self) -> Wishes {
        let method = self.quote.method;
        Wishes {
            method,
            contactless: self.contactless && method == Method::Delivery,
            slot: self.quote.slot,
            drop_off: self.quote.drop_off.clone(),
            note: self.note.clone(),
        }
    }
}

impl Order {
    /// What was wanted.
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
        }
    }
}
