//! What a courier must know to take the right bag and to hand it over. The delivery stores it
//! as it was ordered, without prices. [`sight`](super::sight) decides who may see it.

use serde::{Deserialize, Serialize};

use crate::cart::QuotedLine;
use crate::order::{Fulfilment, Order};

/// The contents of the bag and how to hand it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Leave the food at the door.
    pub contactless: bool,
    /// What is in the bag.
    pub dishes: Vec<Dish>,
    /// The customer's note to the courier; may be empty.
    pub note: String,
}

/// A dish in the bag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dish {
    /// Its name when ordered.
    pub name: String,
    /// How many, at least 1.
    pub quantity: u32,
    /// The options chosen for each.
    pub options: Vec<DishOption>,
}

/// An option of a dish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DishOption {
    /// Its name when ordered.
    pub name: String,
    /// How often for one dish, at least 1.
    pub quantity: u32,
}

impl Handover {
    /// The handover of `order`; `None` for an order that its customer collects.
    pub fn of(order: &Order) -> Option<Self> {
        let Fulfilment::Delivery { contactless } = order.fulfilment else { return None };
        let dishes = order.lines.iter().map(Dish::of).collect();
        Some(Self { contactless, dishes, note: order.courier_note.clone() })
    }
}

impl Dish {
    fn of(line: &QuotedLine) -> Self {
        let option = |option: &crate::cart::QuotedOption| DishOption {
            name: option.name.clone(),
            quantity: option.quantity,
        };
        Self {
            name: line.name.clone(),
            quantity: line.quantity,
            options: line.options.iter().map(option).collect(),
        }
    }
}
